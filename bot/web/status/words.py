"""The page's own words: a state, a phase and a time as people read them, and as machines do."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot.web.status.view import Shown, State
from core.incident.document import utc
from core.incident.vocabulary import Phase

STATE_WORDS: dict[State, str] = {
    State.OPERATIONAL: "Operational",
    State.DEGRADED: "Degraded performance",
    State.PARTIAL: "Partial outage",
    State.MAJOR: "Major outage",
}

INDICATORS: dict[State, str] = {
    State.OPERATIONAL: "none",
    State.DEGRADED: "minor",
    State.PARTIAL: "major",
    State.MAJOR: "critical",
}
"""Statuspage's indicator, which is also an incident's impact."""

PHASE_WORDS: dict[Phase, str] = {
    Phase.INVESTIGATING: "Investigating",
    Phase.IDENTIFIED: "Identified",
    Phase.MONITORING: "Monitoring",
    Phase.RESOLVED: "Resolved",
    Phase.CLOSED: "Resolved",
}
"""That the record is closed is a matter of the inside; for users it was over when they were served again."""


def overall(state: State) -> str:
    """The state of everything, for people."""
    return "All systems operational" if state is State.OPERATIONAL else STATE_WORDS[state]


def standing(one: Shown) -> str:
    """Where an incident stands."""
    return "Withdrawn" if one.known.withdrawn else PHASE_WORDS[one.known.phase]


def day(on: date) -> str:
    """`2 May 2026`."""
    return f"{on.day} {month(on)}"


def month(on: date) -> str:
    """`May 2026`."""
    return f"{MONTHS[on.month - 1]} {on.year}"


def full(at: datetime) -> str:
    """`2 May 2026, 10:05 UTC`."""
    return f"{day(at.astimezone(UTC).date())}, {utc(at)}"


def stamp(at: datetime) -> str:
    """A moment for feed readers, as RFC 3339 has it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute(at: datetime) -> str:
    """A moment for browsers, no finer than people read it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""In English, whatever the machine's locale is."""
