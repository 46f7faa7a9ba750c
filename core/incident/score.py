"""How a drill went: `MEASURES`, a row for each thing that is looked at, with its evidence (spec, section 11).

Rule: it is about hand-offs, never about who was clever. Everything is read from the record up to the close; what is said
after it changes no score.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from core.incident.checklist import CHECKLIST
from core.incident.course import Span, Track
from core.incident.events import How
from core.incident.nudges import NUDGES
from core.incident.state import Entry, Incident
from core.incident.times import spell
from core.incident.vocabulary import Person, Role

QUIET = timedelta(minutes=5)
"""The longest that nobody says anything where all goes well: a quarter of a drill."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`bad` is 0 where it went well, and larger the worse; `entries` and `moments` are the evidence."""

    words: str
    bad: float = 0.0
    entries: tuple[int, ...] = ()
    moments: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    name: str
    look: Callable[[Incident], Finding]
    advice: str


UNLED = Finding("nobody was reminded, since nobody commanded", 1.0)
"""Of what is told to the commander alone."""


def _entries(incident: Incident, *kinds: str) -> list[Entry]:
    """Of these kinds, or all, as they were put down before the close."""
    until = incident.closed_at
    there = (one for one in incident.entries if until is None or one.put_at is None or one.put_at <= until)
    return [one for one in there if (one.kind in kinds or not kinds) and not one.withdrawn]


def _numbers(entries: list[Entry]) -> tuple[int, ...]:
    return tuple(one.number for one in entries)


def _held(incident: Incident, role: Role) -> list[Span]:
    return [one for one in incident.course if (one.track, one.key) == (Track.ROLE, role.value)]


def _owner(incident: Incident) -> Finding:
    limit = incident.policy.times.no_commander[0] or timedelta(minutes=2)
    held = _held(incident, Role.IC)
    if not held:
        return Finding("nobody took command", 5.0)
    took = max(held[0].since - incident.declared_at, timedelta())
    at = [one for one in _entries(incident, "role_taken") if Role.IC.title in one.text][:1]
    return Finding(
        f"command was taken after {spell(took)}", took / limit if took > limit else 0.0, _numbers(at), (held[0].since,)
    )


def _writer(incident: Incident) -> Finding:
    wrote = {update.by.key: update.by.name for update in incident.updates}
    if not wrote:
        return Finding("no update went out", 3.0)
    # Who was handed the pen may write: that is no second voice.
    passed = sum(one.role is Role.UPDATES and one.how is How.HANDED_OFF for one in incident.passed)
    entries = _numbers(_entries(incident, "published"))
    return Finding(f"updates came from {', '.join(wrote.values())}", float(max(len(wrote) - 1 - passed, 0)), entries)


def _holder_at(incident: Incident, role: Role, at: datetime) -> Person | None:
    held = [one for one in _held(incident, role) if one.since <= at and (one.until is None or at <= one.until)]
    return held[-1].who if held else None


def _decisions(incident: Incident) -> Finding:
    chosen = _entries(incident, "path_chosen")
    unanswered = _entries(incident, "decision_point_unanswered")
    if not chosen:
        return Finding("nobody chose a path", 2.0, _numbers(unanswered))
    backup = incident.holding(Role.RECOVERY).backup
    # Alone, command is all that one needs: then every call is the commander's (spec, section 3).
    others = (
        []
        if incident.alone
        else [
            one
            for one in chosen
            if one.by is not None
            and not one.by.is_(_holder_at(incident, Role.RECOVERY, one.put_at or one.at))
            and not one.by.is_(backup)
        ]
    )
    words = f"{len(chosen) - len(others)} of {len(chosen)} by the recovery owner"
    words += f", {len(unanswered)} not answered at the time" if unanswered else ""
    return Finding(words, float(len(others) + 1.5 * len(unanswered)), _numbers([*chosen, *unanswered]))


def _promises(incident: Incident) -> Finding:
    kept, broken = incident.promises.kept, incident.promises.broken
    words = f"{kept} of {kept + broken} updates came when they were promised" if kept + broken else "nothing fell due"
    return Finding(words, 1.5 * broken, _numbers(_entries(incident, "published")))


def _handoffs(incident: Incident) -> Finding:
    silent = [one for one in _entries(incident, "role_taken") if f"({How.TOOK_OVER}" in one.text]
    words = f"{incident.handoffs} by name"
    words += f", {len(silent)} taken over from somebody" if silent else ""
    return Finding(words, float(len(silent)), _numbers(silent))


def _silence(incident: Incident) -> Finding:
    """What the scenario or the clock says is no sign of life."""
    said = [one for one in _entries(incident) if one.by is not None]
    moments = sorted([*(one.put_at or one.at for one in said), incident.closed_at or incident.declared_at])
    gaps = [(after - before, before, after) for before, after in pairwise(moments)]
    longest, since, until = max(gaps, default=(timedelta(), incident.declared_at, incident.declared_at))
    around = [one for one in said if (one.put_at or one.at) in (since, until)]
    bad = longest / QUIET if longest > QUIET else 0.0
    return Finding(f"the longest silence was {spell(longest)}", bad, _numbers(around), (since, until))


def _told(incident: Incident, *, step: bool) -> list[tuple[str, datetime]]:
    told = [row for one in incident.nudges for row in one.rows]
    return [(name, at) for name, at in told if bool(NUDGES[name].step if name in NUDGES else 0) is step]


def _checklist(incident: Incident) -> Finding:
    if not _held(incident, Role.IC):
        return UNLED
    late = _told(incident, step=True)
    if not late:
        return Finding("no step of the first 15 minutes was late")
    # The first that was named is the one that was open for the longest, unless a later one never was done.
    name, at = late[0]
    # What is noted after the close has done nothing in time.
    then = replace(incident, entries=tuple(_entries(incident)))
    never = [(row, when) for row, when in late if not CHECKLIST[NUDGES[row].step - 1].done(then)]
    name, at = never[0] if never else (name, at)
    step = CHECKLIST[NUDGES[name].step - 1].does
    how = "open until the end" if never else "done late"
    return Finding(f"{len(late)} late; longest “{step}”, {how}", 0.5 * len(late) + len(never), (), (at,))


def _signs(incident: Incident) -> Finding:
    if not _held(incident, Role.IC):
        return UNLED
    stuck = _told(incident, step=False)
    if not stuck:
        return Finding("none")
    names = ", ".join(name for name, _ in stuck)
    return Finding(names, 0.75 * len(stuck), (), tuple(at for _, at in stuck))


MEASURES: tuple[Measure, ...] = (
    Measure("Owner", _owner, "whoever sees the alarm first takes command at once, and hands it over later."),
    Measure("One writer", _writer, "name the update owner in the first minutes; everybody else sends them words."),
    Measure(
        "Decisions", _decisions, "give recovery to somebody by name, and let them alone choose the path at its time."
    ),
    Measure("Promises", _promises, "promise only what you can keep, and send `unchanged` when there is nothing new."),
    Measure("Hand-offs", _handoffs, "hand a role over by name before you turn away, so that nobody has to take it."),
    Measure("Silence", _silence, "say every few minutes what you are looking at, if only that you found nothing."),
    Measure("Checklist", _checklist, "the commander reads the checklist aloud until each step has a name."),
    Measure("Stuck signs", _signs, "when Tocsin names a sign of being stuck, answer it before anything else."),
)
"""Each with the advice to give where it was the weakest; of equals the first."""


def score(incident: Incident) -> tuple[tuple[str, Finding], ...]:
    """Every measure's finding, in the order of `MEASURES`."""
    return tuple((one.name, one.look(incident)) for one in MEASURES)


def suggestion(found: tuple[tuple[str, Finding], ...]) -> str:
    """Exactly one: the advice of the weakest."""
    weakest, finding = max(found, key=lambda one: one[1].bad)
    if not finding.bad:
        return "nothing stood out: run another scenario, with other people in the roles."
    return next(one.advice for one in MEASURES if one.name == weakest)
