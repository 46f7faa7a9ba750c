"""The path: the one recovery action that is open, how it is chosen, stopped and watched (spec, section 8)."""

from __future__ import annotations

from datetime import timedelta

from core.incident import refusals, rollback
from core.incident.commands import (
    AnswerDecision,
    AskWhetherItWorked,
    ChoosePath,
    DecideBy,
    EndPause,
    WatchSignal,
)
from core.incident.decide import tie
from core.incident.decide.act import Act, Events, once, settle
from core.incident.decide.items import WATCHED, next_key
from core.incident.decide.points import next_point, settle_about
from core.incident.decide.record import noted
from core.incident.decide.tie import stop
from core.incident.events import (
    Again,
    Ask,
    Asked,
    DecisionPointAnswered,
    ItemAdded,
    ItemEnded,
    PathChosen,
    Settled,
    SignalNamed,
    SignalSeen,
)
from core.incident.state import DecisionPoint, Incident, Item, Prompt
from core.incident.timeline import PATH_WORDS
from core.incident.vocabulary import ItemKind, ItemStatus, Path, Phase, Role

PAUSE = timedelta(minutes=5)
"""How long `pause` holds: "hold five minutes" (spec, section 5)."""


def answer(incident: Incident, command: AnswerDecision, act: Act) -> Events:
    """One of the four choices on a card: the decision point's, the rule's, or an objection's."""
    asked = incident.prompts[command.prompt].asked
    if asked.ask is Ask.OBJECTION and not any(act.person.is_(person) for person in asked.to):
        raise refusals.not_asked_of_you(asked.to)
    return choose(incident, in_words(incident, command), act)


def in_words(incident: Incident, command: AnswerDecision) -> ChoosePath:
    """The same choice as it is typed."""
    return ChoosePath(path=command.path, point=incident.prompts[command.prompt].asked.point)


def choose(incident: Incident, command: ChoosePath, act: Act, *, stopping: bool = False) -> Events:
    """Opens a recovery action, at most one at a time; `dig` says that there is none for now.

    `stopping`: who chose it has said that the path which is open shall be stopped for it.
    """
    overruling = tie.path_asked_of(incident, act.person)
    if overruling is not None:
        if incident.path is not None and incident.path.path is command.path and not command.why:
            return tie.settle_it(incident, overruling, overturned=False)
    elif not incident.may(act.person, Role.RECOVERY):
        command = _as_tie_breaker(incident, command, act)
    if command.point and not incident.points[command.point].open:
        return ()
    point, going = answered(incident, command), incident.open_path
    overturns = tie.settle_it(incident, overruling, overturned=True) if overruling is not None else ()
    if going is not None and going.path is command.path:
        if not command.why or going.text == _text(incident, command, point):
            return _confirmed(incident, point, command)
        if going.text == PATH_WORDS[going.path]:
            # It was chosen without a reason, and here is one.
            return (*noted(incident, command.why, act), *_confirmed(incident, point, command))
    if _repeats(incident, command) and point is None:
        return ()
    # Whoever overturns a rollback was told why it is unsafe: in the objection.
    departs = rollback.departs(incident, command.path, None if overturns else going)
    asks = _first_ask(incident, command, act, going=None if stopping or overturns else going, departs=departs)
    if asks is not None:
        return asks
    # What an overturned choice had opened is stopped by that.
    stopped = stop(incident, f"for: {PATH_WORDS[command.path]}") if overruling is None else ()
    chosen = _chosen(incident, command, point, act, departs=departs)
    over = _over(incident, command, point, act)
    return once(*overturns, *stopped, *chosen, *over)


def _as_tie_breaker(incident: Incident, command: ChoosePath, act: Act) -> ChoosePath:
    """The same choice, for the decision that this person was asked about as tie-breaker. Raises `Refusal`."""
    for prompt in incident.open_prompts(Ask.DECISION):
        asked = prompt.asked
        if asked.step and act.person.is_(asked.to[0]) and command.point in ("", asked.point):
            return command.model_copy(update={"point": asked.point})
    raise refusals.not_yours("decide that", incident.deciders(Role.RECOVERY), Role.RECOVERY.title)


def answered(incident: Incident, command: ChoosePath) -> DecisionPoint | None:
    """The decision point that a choice answers: the one named, the one that is asked, or the next. Digging answers no
    question that was not asked yet.
    """
    if command.point:
        return incident.points[command.point]
    asked = [one for one in incident.open_points if incident.asked_about(one)]
    return next(iter(asked or (incident.open_points if command.path is not Path.DIG else ())), None)


def _repeats(incident: Incident, command: ChoosePath) -> bool:
    was = incident.path
    return (
        command.path is Path.DIG
        and was is not None
        and not was.overturned
        and (was.path, was.why) == (Path.DIG, command.why)
    )


def _first_ask(
    incident: Incident, command: ChoosePath, act: Act, *, going: Item | None, departs: bool
) -> Events | None:
    """What has to be answered before the choice is made; nothing when it may be made."""
    if departs and not command.why:
        return _ask(incident, Ask.UNSAFE, command, act)
    if going is not None:
        return _ask(incident, Ask.STOP, command, act, item=going.key)
    return None


def _ask(incident: Incident, ask: Ask, command: ChoosePath, act: Act, item: str = "") -> Events | None:
    """Asks first, once. Said a second time it is a yes to the stop; why a rollback is unsafe takes a sentence."""
    again = Again(command=ChoosePath.__name__, fields=command.model_dump_json(exclude_defaults=True))
    for prompt in incident.open_prompts(ask):
        if prompt.asked.again == again and act.person.is_(prompt.asked.to[0]):
            if ask is Ask.STOP:
                return None
            raise refusals.say_why_unsafe(command.path)
    number = incident.next_number(ask)
    asked = Asked(ask=ask, number=number, to=(act.person,), again=again, item=item, point=command.point)
    return (asked, *settle(incident, [Ask.STOP, Ask.UNSAFE], "chosen anew"))


def _text(incident: Incident, command: ChoosePath, point: DecisionPoint | None) -> str:
    """The path's card says what kind of path it is, also where the why is a bare "release 214"."""
    why = command.why
    if not why and command.path is Path.ROLLBACK and rollback.suspect(incident, incident.change) and incident.change:
        why = incident.change.what
    if not why and point is not None:
        why = point.condition
    return PATH_WORDS[command.path] + (f": {why}" if why else "")


def _confirmed(incident: Incident, point: DecisionPoint | None, command: ChoosePath) -> Events:
    """That path is being gone already, and goes on: nobody wishes to stop it any more."""
    how = f"{PATH_WORDS[command.path]}, as is under way"
    over = settle(incident, [Ask.STOP, Ask.UNSAFE], how)
    if point is None:
        return over
    answered = DecisionPointAnswered(key=point.key, path=command.path)
    return (answered, *settle_about(incident, point, how), *over)


def _chosen(incident: Incident, command: ChoosePath, point: DecisionPoint | None, act: Act, *, departs: bool) -> Events:
    path, key = command.path, "" if command.path is Path.DIG else next_key(incident, ItemKind.RECOVERY)
    unsafe = command.why if departs else ""
    chosen = PathChosen(path=path, why=command.why, item=key, point=point.key if point else "", unsafe=unsafe)
    if not key:
        return (chosen,)
    text = _text(incident, command, point)
    return (ItemAdded(key=key, item=ItemKind.RECOVERY, text=text, said_by=act.person, path=path), chosen)


def _over(incident: Incident, command: ChoosePath, point: DecisionPoint | None, act: Act) -> Events:
    """The questions that a choice answers."""
    how = f"{act.person.name}: {PATH_WORDS[command.path]}"
    about = settle_about(incident, point, how) if point else ()
    asks = [Ask.RULE, Ask.UNSAFE, Ask.STOP, Ask.SIGNAL, Ask.WORKED]
    # Those that are overturned by it ended with that.
    others = () if tie.path_asked_of(incident, act.person) else tie.about_path(incident)
    return (*about, *settle(incident, asks, how), *(Settled(prompt=one.key, how="chosen anew") for one in others))


def wish_behind(prompt: Prompt) -> ChoosePath:
    """The path for which the open one is to be stopped."""
    assert prompt.asked.again is not None, "what is to be done after the stop is kept with the question"
    return ChoosePath.model_validate_json(prompt.asked.again.fields)


def stop_and_choose(incident: Incident, prompt: Prompt, act: Act) -> Events:
    """Yes: the path that is open is stopped for the one that was asked for."""
    events = choose(incident, wish_behind(prompt), act, stopping=True)
    return events or (Settled(prompt=prompt.key, how="decided already"),)


def end_pause(incident: Incident, command: EndPause, act: Act) -> Events:
    """The five minutes are over: who makes the call is asked again, at once."""
    item, call = incident.items[command.item], incident.path
    if not item.open:
        return ()
    over = settle(incident, [Ask.STOP], "five minutes are over")
    ended = (ItemEnded(key=item.key, status=ItemStatus.DONE, result="five minutes are over"), *over)
    if incident.closed or incident.phase is Phase.RESOLVED or call is None:
        return ended
    point = incident.points.get(call.point)
    condition = call.why or (point.condition if point else "the five minutes are over: what now?")
    return (*ended, next_point(incident, DecideBy(at=act.now, condition=condition)))


def watch(incident: Incident, command: WatchSignal, act: Act) -> Events:
    """The signal of the path that was gone last, or is being gone."""
    paths = [item for item in incident.items_of(ItemKind.RECOVERY) if item.path in WATCHED]
    if not paths:
        raise refusals.nothing_to_watch()
    item, who = paths[-1], command.who or act.person
    until = act.at + (command.length or incident.policy.times.signal)
    known = incident.signal_of(item)
    if known is not None and (known.text, known.who.key) == (command.signal, who.key) and command.length is None:
        return ()
    named = SignalNamed(item=item.key, signal=command.signal, who=who, until=until)
    return (named, *settle(incident, [Ask.SIGNAL, Ask.WORKED], f"{who.name} watches {command.signal}"))


def ask_whether_it_worked(incident: Incident, command: AskWhetherItWorked) -> Events:
    signal = incident.signal
    if signal is None or signal.item != command.item or signal.seen or incident.open_prompts(Ask.WORKED):
        return ()
    if incident.phase in (Phase.RESOLVED, Phase.CLOSED):
        return ()
    gone = incident.has_left(signal.who)
    to = (gone and incident.deciders(Role.RECOVERY)[:1]) or (signal.who,)
    return (Asked(ask=Ask.WORKED, number=incident.next_number(Ask.WORKED), to=to, item=signal.item),)


def it_worked(incident: Incident, prompt: Prompt) -> Events:
    return (SignalSeen(item=prompt.asked.item), *settle(incident, [Ask.WORKED], "it worked"))


def it_did_not_help(incident: Incident, prompt: Prompt) -> Events:
    ended = ItemEnded(key=prompt.asked.item, status=ItemStatus.DID_NOT_HELP)
    return (ended, *settle(incident, [Ask.WORKED], "it did not help"))
