"""What is due by when: `DEADLINES`, a row for each reason; every moment follows from the record alone.

Rule: a deadline is a command to come. It is absolute, it is due until the record shows that it was met, and its key is
the source under which it is recorded, so that it takes effect once, whatever the clock or a crash does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from core.incident import commands as c
from core.incident import nudges
from core.incident.decide.drills import next_inject
from core.incident.decide.path import PAUSE
from core.incident.decide.points import next_asked
from core.incident.decide.postmortem import reminded as reminded_of
from core.incident.decide.postmortem import reminders
from core.incident.decide.reminders import moments, reminded, said
from core.incident.events import Ask
from core.incident.on_call import Cover
from core.incident.state import Incident, Prompt
from core.incident.vocabulary import ItemStatus, Path, Phase


@dataclass(frozen=True, slots=True)
class Deadline:
    """`command` is due at `at`; `key` is unique within the incident for ever."""

    key: str
    at: datetime
    command: c.AnyCommand


def _no_commander(incident: Incident) -> Iterator[Deadline]:
    since = incident.vacant_since
    if since is None or incident.commander is not None:
        return
    asked = {prompt.asked.step for prompt in incident.prompts.values() if _commander_asked(incident, prompt)}
    for step, wait in enumerate(incident.policy.times.no_commander):
        if wait and step not in asked:
            yield Deadline(f"commander/{since.isoformat()}/{step}", since + wait, c.AskForCommander(step=step))


def _commander_asked(incident: Incident, prompt: Prompt) -> bool:
    return prompt.asked.ask is Ask.COMMANDER and prompt.asked.number > incident.vacant_after


def _takeover(incident: Incident) -> Iterator[Deadline]:
    for prompt in incident.open_prompts(Ask.TAKEOVER):
        due = prompt.at + incident.policy.times.takeover
        yield Deadline(prompt.key, due, c.PassRole(prompt=prompt.key))


def _same_or_new(incident: Incident) -> Iterator[Deadline]:
    for prompt in incident.open_prompts(Ask.SAME):
        due = prompt.at + incident.policy.times.same_or_new
        yield Deadline(prompt.key, due, c.SettleSameOrNew(ask=prompt.asked.number, new=False))


def _decisions(incident: Incident) -> Iterator[Deadline]:
    """A decision point is asked about at its time, then a step after whoever was asked last.

    A resolve withdraws those that there are; one that is set after it is meant for then.
    """
    if incident.closed:
        return
    for point in incident.open_points:
        asked, coming = incident.asked_about(point), next_asked(incident, point)
        last = asked[-1].at + incident.policy.times.decision_step if asked else point.at
        key = f"decision/{point.key}/{point.moves}/{len(asked)}"
        if coming is not None:
            yield Deadline(f"{key}/{coming[0].key}", max(last, point.at), c.AskDecision(point=point.key))
        elif not point.unanswered and incident.policy.times.decision_step:
            yield Deadline(f"{key}/nobody", max(last, point.at), c.AskDecision(point=point.key))


def _objection(incident: Incident) -> Iterator[Deadline]:
    for prompt in incident.open_prompts(Ask.OBJECTION):
        if wait := incident.policy.times.tie_break:
            # Who chose another path, and is asked why that is safer, was not silent.
            asked = [one.at for one in incident.open_prompts(Ask.UNSAFE) if one.asked.to == prompt.asked.to]
            yield Deadline(prompt.key, max(asked, default=prompt.at) + wait, c.LetItStand(prompt=prompt.key))


def _pause(incident: Incident) -> Iterator[Deadline]:
    item, call = incident.open_path, incident.path
    if item is not None and item.path is Path.PAUSE and call is not None and call.item == item.key:
        yield Deadline(f"pause/{item.key}", call.at + PAUSE, c.EndPause(item=item.key))


def _signal(incident: Incident) -> Iterator[Deadline]:
    signal = incident.signal
    if signal is None or signal.seen or incident.closed or incident.phase is Phase.RESOLVED:
        return
    item = incident.items[signal.item]
    if item.status is ItemStatus.DONE and not incident.open_prompts(Ask.WORKED):
        asked = sum(one.asked.ask is Ask.WORKED for one in incident.prompts.values())
        key = f"signal/{signal.item}/{signal.until.isoformat()}/{asked}"
        yield Deadline(key, signal.until, c.AskWhetherItWorked(item=signal.item))


def _nudges(incident: Incident) -> Iterator[Deadline]:
    for row, at in nudges.due(incident):
        # A step has its one moment. A sign that was gone when it was looked at may come back with another entry.
        when = at.isoformat() if row.step else f"{at.isoformat()}/{len(incident.entries)}"
        yield Deadline(f"nudge/{row.name}/{when}", at, c.Nudge(row=row.name))


def _update(incident: Incident) -> Iterator[Deadline]:
    due = incident.update_due
    if due is None or incident.closed:
        return
    # A step that was put off is another moment than the one it was put off from.
    put_off = f"{incident.snoozed.until.isoformat()}/" if incident.snoozed and incident.snoozed.due == due else ""
    for step, at in enumerate(moments(incident, due)):
        if step > said(incident, due) and reminded(incident, step):
            yield Deadline(f"update/{due.isoformat()}/{put_off}{step}", at, c.RemindUpdate(due=due, step=step))


def _watch(incident: Incident) -> Iterator[Deadline]:
    if incident.phase is not Phase.RESOLVED or incident.resolved_at is None or incident.commander is None:
        return
    if not incident.open_prompts(Ask.CLOSE):
        due = incident.resolved_at + incident.policy.times.watch
        yield Deadline(f"watch/{incident.resolved_at.isoformat()}", due, c.AskToClose())


def _pages(incident: Incident) -> Iterator[Deadline]:
    wait = incident.response.page_within
    for prompt in incident.open_prompts(Ask.PAGE):
        if wait and not incident.closed:
            yield Deadline(prompt.key, prompt.at + wait, c.EscalatePage(prompt=prompt.key))


def _widening(incident: Incident) -> Iterator[Deadline]:
    """Offered again only when it is later than before: a clock that is set back offers nothing twice."""
    if incident.commander is None or incident.phase in (Phase.MONITORING, Phase.RESOLVED, Phase.CLOSED):
        return
    begun = incident.begun_at
    offered = [one.asked.step for one in incident.prompts.values() if one.asked.ask is Ask.WIDEN and one.at >= begun]
    for step, wait in enumerate(incident.policy.times.widen, 1):
        if wait and step > max(offered, default=0):
            yield Deadline(f"widen/{begun.isoformat()}/{step}", begun + wait, c.OfferWidening(step=step))


def _freeze(incident: Incident) -> Iterator[Deadline]:
    wait = incident.policy.times.freeze_after_close
    if incident.closed_at is None or incident.frozen is None or incident.locked or not wait:
        return
    if not any(
        prompt.asked.ask is Ask.UNFREEZE and prompt.at >= incident.closed_at for prompt in incident.prompts.values()
    ):
        yield Deadline(f"freeze/{incident.closed_at.isoformat()}", incident.closed_at + wait, c.AskAboutFreeze())


def _postmortem(incident: Incident) -> Iterator[Deadline]:
    duty = incident.postmortem
    for days, at in reminders(incident):
        if duty is not None and not reminded_of(incident, days):
            yield Deadline(
                f"postmortem/{len(duty.drafts)}/{duty.due.isoformat()}/{days}",
                at,
                c.RemindPostmortem(due=duty.due, days=days),
            )


def _shift(incident: Incident) -> Iterator[Deadline]:
    """Whoever is called goes off: they are offered to hand over what they hold, once for each time on call."""
    if incident.closed:
        return
    for one in incident.policy.shifts:
        # What somebody took on after that is no business of the hand-over's.
        if any(one.who.is_(held.holder) and held.since and held.since < one.until for held in incident.roles.values()):
            key = f"shift/{one.rotation}/{one.until.isoformat()}/{one.who.key}/{int(one.backup)}"
            yield Deadline(
                key, one.until, c.OfferShift(who=one.who, rotation=one.rotation, backup=one.backup, at=one.until)
            )


def _lock(incident: Incident) -> Iterator[Deadline]:
    if incident.closed_at is not None and not incident.locked:
        due = incident.closed_at + incident.policy.times.lock_after_close
        yield Deadline(f"lock/{incident.closed_at.isoformat()}", due, c.LockChannel())


def cover_ends(covers: Iterable[Cover]) -> Iterator[Deadline]:
    """When covers are over, of the house."""
    for one in covers:
        key = f"cover/{one.who.key}/{one.by.key}/{one.until.isoformat()}"
        yield Deadline(key, one.until, c.EndCover(who=one.who, by=one.by, until=one.until))


def _drill(incident: Incident) -> Iterator[Deadline]:
    """What is played in comes one by one; at the end of its time a drill ends."""
    if incident.drill is None or incident.closed:
        return
    if (coming := next_inject(incident)) is not None:
        yield Deadline(f"inject/{coming[1]}/{len(incident.injected)}", coming[0], c.SayInject(number=coming[1]))
    yield Deadline("drill/end", incident.declared_at + incident.drill.length, c.EndDrill())


DEADLINES: dict[str, Callable[[Incident], Iterator[Deadline]]] = {
    "nobody is commander": _no_commander,
    "a takeover is unanswered": _takeover,
    "a second alarm is unanswered": _same_or_new,
    "a decision is due": _decisions,
    "a tie is unbroken": _objection,
    "a pause is over": _pause,
    "a watched signal shall tell": _signal,
    "somebody is to be nudged": _nudges,
    "an update is due": _update,
    "the watch is over": _watch,
    "a page is unanswered": _pages,
    "help is a ring further out": _widening,
    "a freeze outlives the close": _freeze,
    "the channel becomes read-only": _lock,
    "somebody goes off call": _shift,
    "a drill goes on": _drill,
    "the postmortem is due": _postmortem,
}


def deadlines(incident: Incident) -> tuple[Deadline, ...]:
    """Everything that is still due, soonest first."""
    found = [deadline for row in DEADLINES.values() for deadline in row(incident)]
    return tuple(sorted(found, key=lambda deadline: deadline.at))
