"""Resolved, watched, closed, reopened: that users are served again, and that somebody said it is over (spec, 1 and 9)."""

from __future__ import annotations

import re
from datetime import timedelta

from core.incident import refusals
from core.incident.commands import (
    CameBack,
    Close,
    CloseDuplicate,
    CloseFalseAlarm,
    Reopen,
    Resolve,
    SetPhase,
    SetSeverity,
)
from core.incident.decide import paging
from core.incident.decide.act import Act, Events, settle
from core.incident.decide.followups import carried
from core.incident.decide.points import withdraw_all
from core.incident.decide.postmortem import owed
from core.incident.decide.record import noted
from core.incident.decide.reminders import unpromised
from core.incident.decide.runbooks import suggested
from core.incident.events import (
    Again,
    Ask,
    Asked,
    AudiencesSet,
    Closed,
    CloseKind,
    DraftDiscarded,
    PhaseSet,
    RelapseSeen,
    Reopened,
    Resolved,
    SeveritySet,
)
from core.incident.lifecycle import REOPEN_REASON, TRANSITIONS
from core.incident.policy import practised
from core.incident.state import Incident, Item
from core.incident.times import spell
from core.incident.vocabulary import ItemKind, ItemStatus, Path, Phase

MOOT = (Ask.RULE, Ask.UNSAFE, Ask.STOP, Ask.SIGNAL, Ask.WORKED, Ask.PAGE, Ask.UNANSWERED, Ask.WIDEN)
"""What need not be answered any more once users are served again; an objection is still heard."""


NO_POSTMORTEM = re.compile(r"^none\b(?! yet)|\bno(?: need for an?)? post-?mortem", re.IGNORECASE)
"""What comes next, where the commander says that none is written, and why (spec, section 9)."""


def set_severity(incident: Incident, command: SetSeverity, act: Act) -> Events:
    """The response that is in force now for that severity is written into the incident (spec, section 2)."""
    if command.severity is incident.severity:
        return ()
    response = act.policy.responses[command.severity]
    response = practised(response) if incident.drill else response
    return (
        SeveritySet(severity=command.severity, response=response),
        *unpromised(incident, "the severity changed"),
        *paging.paged_at_once(incident, response, act),
    )


def set_phase(incident: Incident, command: SetPhase, act: Act) -> Events:
    """`status PHASE`, where that is no command of its own."""
    wanted, ways = command.phase, TRANSITIONS[incident.phase]
    if wanted is incident.phase:
        return noted(incident, command.why, act)
    if wanted not in ways:
        raise refusals.not_from_here(incident.phase, wanted, [phase for phase in Phase if phase in ways])
    if incident.phase is Phase.RESOLVED:
        return came_back(incident, CameBack(why=command.why), act)
    return (PhaseSet(phase=wanted, why=command.why),)


def resolve(incident: Incident, command: Resolve, act: Act) -> Events:
    if incident.phase is Phase.RESOLVED:
        # The watch goes on as it began; what fixed it is often known a minute later.
        return (Resolved(fixed=command.fixed),) if command.fixed not in ("", incident.fixed) else ()
    watch = incident.policy.times.watch
    asked = Asked(ask=Ask.WATCH, number=incident.next_number(Ask.WATCH), to=(), due=act.at + watch)
    moot = (*settle(incident, MOOT, "resolved"), *unpromised(incident, "resolved"))
    return (Resolved(fixed=command.fixed), *([asked] if watch else []), *withdraw_all(incident, "resolved"), *moot)


def came_back(incident: Incident, command: CameBack, act: Act) -> Events:
    if incident.phase is not Phase.RESOLVED:
        return ()
    asked = [Ask.WATCH, Ask.CLOSE]
    if incident.promised_at is not None and incident.promised_at < act.at and incident.response.update_every:
        # The next is due an interval from now.
        asked.append(Ask.UPDATE)
    return (RelapseSeen(why=command.why), *settle(incident, asked, "it came back"))


def ask_to_close(incident: Incident) -> Events:
    """The watch is over and it stayed well: the commander is asked."""
    if incident.phase is not Phase.RESOLVED or incident.open_prompts(Ask.CLOSE) or incident.commander is None:
        return ()
    return (*settle(incident, [Ask.WATCH], "it stayed well"), _asked(incident))


def _asked(incident: Incident, again: Again | None = None) -> Asked:
    commander = incident.commander
    to = (commander,) if commander else ()
    return Asked(ask=Ask.CLOSE, number=incident.next_number(Ask.CLOSE), to=to, again=again)


def drafted_cause(incident: Incident) -> str:
    """The confirmed hypothesis, in its own words."""
    return incident.confirmed.text if incident.confirmed else ""


def drafted_fix(incident: Incident) -> str:
    """What was said at resolving, or the path that was done."""
    done = [item.text for item in incident.items_of(ItemKind.RECOVERY) if item.status is ItemStatus.DONE]
    return incident.fixed or (done[-1] if done else "")


def drafted_next(incident: Incident) -> str:
    """The postmortem where the severity asks for one (PagerDuty's guide: within five business days)."""
    if incident.drill is not None:
        return "no postmortem, it was a drill"
    if not incident.response.postmortem:
        return "no postmortem for this severity"
    days = incident.policy.postmortems.days
    return f"postmortem within {days} business day{'s' if days != 1 else ''}"


def in_hands(incident: Incident) -> list[Item]:
    """Items in somebody's hands, and the path."""
    open_items = (item for item in incident.items.values() if item.open)
    return [item for item in open_items if item.holder is not None or item.kind is ItemKind.RECOVERY]


def left_over(incident: Incident) -> tuple[str, ...]:
    """What stands in the way of a close: items in somebody's hands, the path, a draft."""
    items = [
        f"{item.key} {item.text}" + (f" ({item.holder.name})" if item.holder else "") for item in in_hands(incident)
    ]
    return (*items, *([f"draft {incident.draft.number}"] if incident.draft else []))


def close(incident: Incident, command: Close, act: Act, *, agreed: bool = False) -> Events:
    """The declared close. What is still in somebody's hands is listed first; one yes carries it over."""
    if incident.closing is not None:
        was = incident.closing
        said = (
            (command.cause, was.cause),
            (command.fixed, was.fixed),
            (command.next, was.next),
            (command.owner, was.owner),
        )
        return _closed_already(incident, all(words in ("", None, known) for words, known in said))
    stands = next((prompt.asked.again for prompt in incident.open_prompts(Ask.CLOSE) if prompt.asked.again), None)
    if stands is not None and command == Close():
        # 🏁 in words: yes to the question that stands, with what it says.
        command, agreed = Close.model_validate_json(stands.fields), True
    cause = command.cause or drafted_cause(incident)
    fixed = command.fixed or drafted_fix(incident)
    if not (cause and fixed):
        raise refusals.close_needs({"cause": cause, "fixed": fixed})
    again = Again(command="Close", fields=command.model_dump_json(exclude_defaults=True))
    twice = any(prompt.asked.again == again for prompt in incident.open_prompts(Ask.CLOSE))
    if left_over(incident) and not agreed and not twice:
        return (_asked(incident, again), *settle(incident, [Ask.CLOSE], "asked again"))
    next_ = command.next or drafted_next(incident)
    asked_for = incident.response.postmortem and not NO_POSTMORTEM.search(next_)
    owner = command.owner or (incident.commander if asked_for else None)
    closed = Closed(how=CloseKind.DECLARED, cause=cause, fixed=fixed, next=next_, owner=owner)
    return (
        # A pause ends by itself.
        *carried(incident, [one for one in in_hands(incident) if one.path is not Path.PAUSE], act.person, act),
        *_closed(incident, closed),
        *(owed(owner, act) if owner else ()),
        *suggested(incident, act),
    )


def _closed_already(incident: Incident, nothing_new: bool) -> Events:
    """Closing twice changes nothing; other words than those of the close are not swallowed."""
    if nothing_new:
        return ()
    entry = next((one.number for one in reversed(incident.entries) if one.kind == "closed"), 0)
    raise refusals.said_at_the_close(entry)


def close_false_alarm(incident: Incident, command: CloseFalseAlarm) -> Events:
    return _closed(incident, Closed(how=CloseKind.FALSE_ALARM, cause=command.why))


def close_duplicate(incident: Incident, command: CloseDuplicate) -> Events:
    if command.of == incident.number:
        raise refusals.duplicate_of_itself()
    return _closed(
        incident, Closed(how=CloseKind.DUPLICATE, cause=f"duplicate of incident {command.of}", of=command.of)
    )


def _closed(incident: Incident, closed: Closed) -> Events:
    """Everything that still waits for an answer ends with it."""
    if incident.closing is not None:
        return _closed_already(incident, (closed.how, closed.cause) == (incident.closing.how, incident.closing.cause))
    draft = [DraftDiscarded(number=incident.draft.number)] if incident.draft else []
    others = [ask for ask in Ask if ask is not Ask.DECISION]
    return (*draft, *withdraw_all(incident, "closed"), *settle(incident, others, "closed"), closed)


def end_drill(incident: Incident) -> Events:
    """Its time is over, whatever is open."""
    over = Closed(how=CloseKind.DRILL, cause="the drill's time was over")
    return _closed(incident, over) if incident.drill is not None and not incident.closed else ()


def reopen(incident: Incident, command: Reopen, act: Act) -> Events:
    if incident.closed_at is None:
        raise refusals.not_open_to_reopen()
    if incident.drill is not None:
        raise refusals.drill_is_over()
    window = timedelta(days=incident.policy.times.reopen_days)
    if act.at - incident.closed_at > window:
        raise refusals.reopen_too_late(spell(window))
    if len(command.why) < REOPEN_REASON:
        raise refusals.reason_too_short(REOPEN_REASON)
    now = act.policy.audiences
    return (
        Reopened(why=command.why),
        # Its question was whether to lift the freeze since all is over.
        *settle(incident, [Ask.UNFREEZE, Ask.POSTMORTEM, Ask.RUNBOOK], "reopened"),
        # Whoever listens by now is told how it goes on.
        *([AudiencesSet(audiences=now)] if now != incident.audiences else []),
    )
