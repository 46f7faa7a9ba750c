"""What Tocsin asks, as cards: the question, whom it asks, and the choices; folded to one line once it is settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.incident.cards import after, calls, paging, runbooks
from core.incident.cards import people as people_out
from core.incident.cards.asking import Asking, people, yes
from core.incident.cards.card import Card, card, choice
from core.incident.commands import Close, Publish
from core.incident.decide import closing
from core.incident.decide.asking import wanted_again
from core.incident.document import Code, Document, Strong, Typed, When, Who, Words, line
from core.incident.events import Ask
from core.incident.state import Incident, Prompt
from core.incident.times import spell
from core.incident.verbs import spelled


def _commander(incident: Incident, prompt: Prompt) -> Asking:
    ask = line(*people(prompt.asked.to), ": nobody has taken command of ", Strong(incident.title), ". Will you?")
    return [ask], (choice(incident, "claim_ic", "take command", "claim ic"),)


def _update(incident: Incident, prompt: Prompt) -> Asking:
    due = prompt.asked.due or prompt.at
    late = prompt.at > due
    words: list[Words] = [" was due " if late else " is due ", When(due), ": "]
    ask = line(
        *people(prompt.asked.to),
        ": the next update",
        *words,
        Typed("update impact=… next=…"),
        ", or ",
        Typed("snooze 10m"),
    )
    if incident.last_update is None:
        return [ask], ()
    return [ask], (choice(incident, "unchanged", "impact is unchanged", "unchanged"),)


def _close(incident: Incident, prompt: Prompt) -> Asking:
    cause = closing.drafted_cause(incident)
    fixed = closing.drafted_fix(incident)
    next_ = closing.drafted_next(incident)
    if prompt.asked.again is not None:
        typed = Close.model_validate_json(prompt.asked.again.fields)
        cause, fixed, next_ = typed.cause or cause, typed.fixed or fixed, typed.next or next_
    rows = [
        line(*people(prompt.asked.to), ": is it over?"),
        line(cause or "not on the record", label="Cause"),
        line(fixed or "not on the record", label="Fixed by"),
        line(next_, label="Next"),
    ]
    if not (cause and fixed):
        lacking = [name for name, known in (("cause", cause), ("fixed", fixed)) if not known]
        form = " ".join(["close", *(f"{name}=…" for name in lacking)])
        return [*rows, line("To close: ", Typed(form), "; ", Code("cause=unknown yet"), " will do.")], ()
    left = closing.left_over(incident)
    rows += [line("Still open:"), *(line(words, bullet=True) for words in left)] if left else []
    label = "close, carry these over" if left else "close"
    return rows, (choice(incident, "close", label, f"yes {prompt.key.removeprefix('prompt/')}"),)


def _watch(incident: Incident, prompt: Prompt) -> Asking:
    until: list[Words] = [" until ", When(prompt.asked.due)] if prompt.asked.due else []
    fixed = closing.drafted_fix(incident)
    signal = incident.signal
    watched: list[Words] = [f" {signal.text} (", Who(signal.who), ")"] if signal is not None and not signal.seen else []
    ask = line(Strong("Resolved"), f" ({fixed})" if fixed else "", ". Watching", *watched, *until, ".")
    return [ask], (choice(incident, "came_back", "it came back", "came-back"),)


def _handoff(incident: Incident, prompt: Prompt) -> Asking:
    roles = " and ".join(role.title for role in prompt.asked.roles)
    giver: list[Words] = [Who(prompt.asked.by)] if prompt.asked.by else []
    ask = line(
        *people(prompt.asked.to), ": ", *giver, f" hands over to you: {roles}. Until you accept, nothing changes."
    )
    return [ask], yes(incident, prompt, "accept")


def _takeover(incident: Incident, prompt: Prompt) -> Asking:
    role, asker = prompt.asked.roles[0], prompt.asked.by
    wait = spell(incident.policy.times.takeover)
    who: list[Words] = [Who(asker)] if asker else []
    ask = line(
        *people(prompt.asked.to), ": ", *who, f" wants to take over as {role.title}; in {wait} of silence it passes. "
    )
    return [ask, line("To keep it: ", Typed(f"claim {role}"))], yes(incident, prompt, "pass it on now")


def _unfreeze(incident: Incident, prompt: Prompt) -> Asking:
    still = "it is over, and changes are still frozen. L" if incident.closed else "l"
    ask = line(*people(prompt.asked.to), f": {still}ift the freeze for everyone?")
    return [ask], yes(incident, prompt, "lift it")


def _same(incident: Incident, prompt: Prompt) -> Asking:
    wait = spell(incident.policy.times.same_or_new)
    ask = line(
        *people(prompt.asked.to),
        f": is this incident {incident.number}, ",
        Strong(incident.title),
        f"? In {wait} it counts as the same.",
    )
    anew = choice(incident, "declare", "a new one", f"declare {prompt.asked.title}")
    return [ask], (*yes(incident, prompt, "the same"), anew)


def _stale(incident: Incident, prompt: Prompt) -> Asking:
    wish = wanted_again(prompt)
    words: list[Words] = [": ", Code(spelled(wish))] if wish else []
    rows = [
        line(
            *people(prompt.asked.to),
            ": Tocsin was away when you asked for this at ",
            When(prompt.asked.due or prompt.at),
            *words,
            ". Still?",
        )
    ]
    if isinstance(wish, Publish) and incident.draft is not None:
        rows.append(line(incident.draft.wording.impact, quote=True))
    return rows, yes(incident, prompt, "yes, do it now")


QUESTIONS: dict[Ask, Callable[[Incident, Prompt], Asking]] = {
    Ask.COMMANDER: _commander,
    Ask.UPDATE: _update,
    Ask.CLOSE: _close,
    Ask.WATCH: _watch,
    Ask.HANDOFF: _handoff,
    Ask.TAKEOVER: _takeover,
    Ask.UNFREEZE: _unfreeze,
    Ask.SAME: _same,
    Ask.STALE: _stale,
    Ask.DECISION: calls.decision,
    Ask.RULE: calls.rule,
    Ask.UNSAFE: calls.unsafe,
    Ask.STOP: calls.stop,
    Ask.SIGNAL: calls.signal,
    Ask.WORKED: calls.worked,
    Ask.OBJECTION: calls.objection,
    Ask.SECOND: calls.second,
    Ask.VACANT: calls.vacant,
    Ask.POSTMORTEM: after.reminder,
    Ask.PAGE: paging.page,
    Ask.UNANSWERED: paging.unanswered,
    Ask.WIDEN: paging.widen,
    Ask.SHIFT: people_out.shift,
    Ask.RUNBOOK: runbooks.suggestion,
}
"""How each question reads; a new one is a row here."""

SETTLED = {
    Ask.COMMANDER: "Command",
    Ask.UPDATE: "The next update",
    Ask.CLOSE: "The close",
    Ask.WATCH: "Watching",
    Ask.HANDOFF: "Hand-off",
    Ask.TAKEOVER: "Takeover",
    Ask.UNFREEZE: "The freeze",
    Ask.SAME: "The second alarm",
    Ask.STALE: "What was asked while Tocsin was away",
    Ask.DECISION: "The decision",
    Ask.RULE: "Rolling back first",
    Ask.UNSAFE: "Why a rollback is unsafe",
    Ask.STOP: "One path at a time",
    Ask.SIGNAL: "The signal",
    Ask.WORKED: "Whether it worked",
    Ask.OBJECTION: "The objection",
    Ask.SECOND: "A second check",
    Ask.VACANT: "The call that was left",
    Ask.POSTMORTEM: "The postmortem",
    Ask.PAGE: "A page",
    Ask.UNANSWERED: "Who is not answering",
    Ask.WIDEN: "A wider circle",
    Ask.SHIFT: "The end of the shift",
    Ask.RUNBOOK: "The runbook",
}


def prompts(incident: Incident) -> Iterator[Card]:
    for prompt in incident.prompts.values():
        ask = prompt.asked.ask
        # A second alarm is asked about where it was raised, in whichever triage channel.
        raised = prompt.asked.message.channel if prompt.asked.message else incident.triage
        # A postmortem is due when the channel may be read-only already.
        channel = {Ask.SAME: raised, Ask.POSTMORTEM: incident.triage}.get(ask, incident.channel)
        if channel is None:
            continue
        if prompt.settled:
            yield card(incident, channel, prompt.key, Document((line(f"{SETTLED[ask]}: {prompt.settled}."),)))
            continue
        rows, choices = QUESTIONS[ask](incident, prompt)
        yield card(
            incident,
            channel,
            prompt.key,
            Document(tuple(rows)),
            pings=prompt.asked.to,
            choices=choices,
            reply_to=prompt.asked.message,
        )
