"""What Tocsin asks, and what a yes does: prompts end as the ordinary command they stand for."""

from __future__ import annotations

from typing import get_args

from core.incident import commands as c
from core.incident import refusals
from core.incident.decide import closing, declaring, items, paging, path, roles, runbooks, tie
from core.incident.decide.act import Act, Events, answered, settle
from core.incident.events import Again, Ask, Asked, Settled
from core.incident.state import Incident, Prompt
from core.incident.vocabulary import Person, Role

Outward = (
    (c.Publish | c.PublishUnchanged | c.CorrectUpdate | c.WithdrawUpdate)
    | (c.Close | c.CloseFalseAlarm | c.CloseDuplicate | c.ChoosePath)
    | (c.Page | c.Widen)
)
AGAIN: dict[str, type[Outward]] = {one.__name__: one for one in get_args(Outward)}
"""The acts that reach outside: done while Tocsin was away for long, they are asked again (spec, section 12)."""


def ask_again(incident: Incident, command: c.Command, act: Act) -> Events:
    """Asks whether an old act that reaches outside is still wanted."""
    if isinstance(command, c.AnswerDecision):
        command = path.in_words(incident, command)
    again = Again(command=type(command).__name__, fields=command.model_dump_json(exclude_defaults=True))
    number = incident.next_number(Ask.STALE)
    return (Asked(ask=Ask.STALE, number=number, to=(act.person,), due=act.at, again=again),)


def ask_for_commander(incident: Incident, command: c.AskForCommander, act: Act) -> Events:
    """First the declarer and who is on call; then on-call's backup, who is paged (spec, section 8)."""
    if incident.commander is not None or incident.closed:
        return ()
    declarer, on_call = incident.declared_by, paging.on_call_now(incident, act)
    # An alert that declared by itself can be asked nothing.
    who = () if declarer.machine else (declarer,)
    first = (*who, *on_call[:1]) if command.step == 0 else on_call[1:] or on_call or who
    # Nobody twice; and instead of those who left whoever is there, one of them, since that is no crowd's question.
    here = [person for person in first if not incident.has_left(person)]
    to = tuple({person.key: person for person in here or incident.present[:1] or first}.values())
    return (
        *settle(incident, [Ask.COMMANDER], "asked again"),
        Asked(
            ask=Ask.COMMANDER,
            number=incident.next_number(Ask.COMMANDER),
            to=to,
            step=command.step,
        ),
        *(paging.paged_to_command(incident, to, act) if command.step else ()),
    )


def find(incident: Incident, key: str, by: Person) -> Prompt:
    """The prompt of this key, or with none the newest that is open, asks this person, and takes a yes or a no if any does."""
    if key:
        found = incident.prompts.get(key)
    else:
        mine = [prompt for prompt in incident.prompts.values() if not prompt.settled and _may(incident, prompt, by)]
        found = max(mine, key=lambda one: (one.asked.ask not in ANSWERED_BY, one.at), default=None)
    if found is None:
        raise refusals.nothing_asked() if key else refusals.nothing_asked_of_you()
    return found


def _may(incident: Incident, prompt: Prompt, by: Person) -> bool:
    if prompt.asked.ask is Ask.CLOSE:
        return incident.may(by, Role.IC)
    return any(by.is_(person) for person in prompt.asked.to)


def answer(incident: Incident, prompt: Prompt, act: Act) -> c.AnyCommand | Events:
    """What a yes to this prompt means: a command to decide in turn, or the events themselves."""
    if prompt.settled:
        return ()
    asked, by = prompt.asked, act.person
    if asked.ask is Ask.COMMANDER:
        return c.Claim(role=Role.IC)
    if not _may(incident, prompt, by):
        raise refusals.not_asked_of_you(asked.to or incident.deciders(Role.IC))
    match asked.ask:
        case Ask.HANDOFF:
            return roles.accept(incident, prompt)
        case Ask.TAKEOVER:
            return roles.pass_now(incident, prompt)
        case Ask.UNFREEZE:
            return c.Unfreeze()
        case Ask.SAME:
            return declaring.settle_same_or_new(incident, c.SettleSameOrNew(ask=asked.number, new=False))
        case Ask.CLOSE:
            command = c.Close.model_validate_json(asked.again.fields) if asked.again else c.Close()
            if act.stale(incident.policy.times.stale_act):
                return ask_again(incident, command, act)
            return closing.close(incident, command, act, agreed=True)
        case Ask.STALE:
            return ()
        case _:
            return _yes_to_a_call(incident, prompt, act)


def _yes_to_a_call(incident: Incident, prompt: Prompt, act: Act) -> c.AnyCommand | Events:
    match prompt.asked.ask:
        case Ask.RUNBOOK:
            return answered(runbooks.wanted(incident, prompt, act), prompt.key, "it is a follow-up")
        case Ask.SHIFT:
            assert prompt.asked.by is not None, "it is offered to hand over to somebody"
            return answered(roles.hand_off(incident, c.HandOff(who=prompt.asked.by), act), prompt.key, "offered")
        case Ask.SECOND:
            return items.grab(incident, c.Grab(item=prompt.asked.item), act, sure=True)
        case Ask.STOP:
            wish = path.wish_behind(prompt)
            if act.stale(incident.policy.times.stale_act) and path.answered(incident, wish) is not None:
                return ask_again(incident, wish, act)
            return path.stop_and_choose(incident, prompt, act)
        case Ask.WORKED:
            return path.it_worked(incident, prompt)
        case Ask.OBJECTION:
            return tie.settle_it(incident, prompt, overturned=False)
        case Ask.PAGE:
            return paging.answered(prompt, act)
        case Ask.WIDEN:
            return c.Widen()
        case _:
            raise refusals.more_than_yes(ANSWERED_BY[prompt.asked.ask])


ANSWERED_BY: dict[Ask, str] = {
    Ask.DECISION: "path rollback|fix|pause|dig",
    Ask.RULE: "path rollback|fix|pause|dig",
    Ask.UNSAFE: "path fix WHY",
    Ask.SIGNAL: "watch SIGNAL",
    Ask.VACANT: "assign ROLE @who",
    Ask.UPDATE: "unchanged",
    Ask.WATCH: "came-back",
    Ask.POSTMORTEM: "postmortem published",
    Ask.UNANSWERED: "page @who",
}
"""What answers a question that a yes or a no does not."""


def decline(incident: Incident, command: c.Decline, act: Act) -> Events:
    """No: what was asked is not done. To an objection it says that the choice does not stand; to the sentence why a
    rollback is unsafe, that its choice is not made.
    """
    prompt = find(incident, command.prompt, act.person)
    asked = prompt.asked
    if prompt.settled:
        return ()
    if not _may(incident, prompt, act.person):
        raise refusals.not_asked_of_you(asked.to or incident.deciders(Role.IC))
    match asked.ask:
        case Ask.COMMANDER if len(asked.to) > 1:
            # The other one is still asked.
            return ()
        case Ask.OBJECTION:
            return tie.settle_it(incident, prompt, overturned=True)
        case Ask.WORKED:
            return path.it_did_not_help(incident, prompt)
        case Ask.PAGE:
            return paging.cannot(incident, prompt, act)
        case Ask.SAME:
            return declaring.settle_same_or_new(incident, c.SettleSameOrNew(ask=asked.number, new=True))
        case _ if asked.ask in ANSWERED_BY and asked.ask is not Ask.UNSAFE:
            raise refusals.more_than_yes(ANSWERED_BY[asked.ask])
        case _:
            return (Settled(prompt=prompt.key, how=f"{act.person.name} said no"),)


def wanted_again(prompt: Prompt) -> Outward | None:
    """The old act that a yes to this prompt does after all."""
    again = prompt.asked.again
    if prompt.asked.ask is not Ask.STALE or again is None or prompt.settled:
        return None
    return AGAIN[again.command].model_validate_json(again.fields)
