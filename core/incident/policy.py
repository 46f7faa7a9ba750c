"""The house rules in force for one incident: frozen into it when declared, so that a later change of config rewrites nothing."""

from __future__ import annotations

from datetime import date, time, timedelta
from enum import StrEnum

from pydantic import Field

from core.incident.emoji import EMOJI
from core.incident.on_call import Cover, Rotated, Stretch
from core.incident.times import Length
from core.incident.vocabulary import ChannelRef, Person, Severity, Value


class Check(StrEnum):
    """What a finding of the wording check does to a draft (spec, section 7)."""

    BLOCK = "block"
    WARN = "warn"
    OFF = "off"


class Weekly(Value):
    """A moment of every week: Monday is 0."""

    weekday: int = Field(ge=0, le=6)
    at: time


class Names(StrEnum):
    """How a postmortem names people (Google, SRE book, "Postmortem Culture": it is about what, not who)."""

    PEOPLE = "people"
    ROLES = "roles"


class Postmortems(Value):
    """When a postmortem is due and how it reads.

    `days` are business days from the close, `holidays` the days that are none; `remind` says how many business days before
    it is due its owner is reminded, after it where below zero.
    """

    days: int = 5
    holidays: tuple[date, ...] = ()
    remind: tuple[int, ...] = (1, 0, -2)
    names: Names = Names.PEOPLE


class Response(Value):
    """What a severity means and asks for (spec, section 2). `update_every` of zero means no fixed updates; `page_within` is how
    long a page may stay unanswered before the next person is called, zero for ever.
    """

    means: str
    update_every: Length
    pages: tuple[str, ...]
    status_page: bool
    postmortem: bool
    page_within: Length = timedelta(minutes=10)


def practised(response: Response) -> Response:
    """The same in a drill: nobody is paged, no page shows it, and no postmortem is owed (spec, section 11)."""
    return response.model_copy(update={"pages": (), "status_page": False, "postmortem": False})


RESPONSES: dict[Severity, Response] = {
    Severity.SEV1: Response(
        means="major user impact, revenue or safety at risk",
        update_every=timedelta(minutes=15),
        pages=("team", "leadership"),
        status_page=True,
        postmortem=True,
        page_within=timedelta(minutes=5),
    ),
    Severity.SEV2: Response(
        means="significant impact, mitigation possible",
        update_every=timedelta(minutes=30),
        pages=("commander", "oncall"),
        status_page=True,
        postmortem=True,
    ),
    Severity.SEV3: Response(
        means="minor, or one customer",
        update_every=timedelta(0),
        pages=("oncall",),
        status_page=False,
        postmortem=False,
        page_within=timedelta(minutes=15),
    ),
}
"""The defaults of the spec, section 2."""


def _minutes(*count: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=minutes) for minutes in count)


class Times(Value):
    """Every wait, each a setting of the same name; zero turns a step off. Figures are the spec's, by section."""

    no_commander: tuple[Length, ...] = Field(
        _minutes(2, 5), description="without a commander: ask declarer and on-call, then page on-call's backup (8)"
    )
    takeover: Length = Field(timedelta(seconds=60), description="silence after which a takeover passes (3)")
    decision_step: Length = Field(timedelta(seconds=60), description="between those asked at a decision point (8)")
    objection: Length = Field(timedelta(minutes=2), description="how long a choice may be objected to (8)")
    tie_break: Length = Field(
        timedelta(seconds=60), description="silence of the tie-breaker, and the choice stands (8)"
    )
    signal: Length = Field(timedelta(minutes=10), description="how long a signal is watched when nobody says (8)")
    checklist: tuple[Length, ...] = Field(
        _minutes(2, 4, 7, 10, 15),
        min_length=5,
        max_length=5,
        description="the first 15 minutes: when the open step is named to the commander (8)",
    )
    quiet_record: Length = Field(timedelta(minutes=10), description="no new entry on the record is a stuck sign (8)")
    no_mitigation: Length = Field(timedelta(minutes=15), description="no mitigation tried is a stuck sign (8)")
    watch: Length = Field(timedelta(minutes=10), description="watch after resolved, before asking to close (9)")
    lock_after_close: Length = Field(timedelta(days=7), description="channel read-only this long after the close (4)")
    freeze_after_close: Length = Field(
        timedelta(hours=1), description="a freeze that outlives the close is asked about (8)"
    )
    reopen_days: int = Field(7, ge=0, description="days in which a closed incident can be reopened (1)")
    nudge_gap: Length = Field(timedelta(minutes=5), description="between two pings to one person (8)")
    stale_act: Length = Field(timedelta(minutes=10), description="older outward acts are asked again (12)")
    declare_window: Length = Field(timedelta(minutes=10), description="the same title again is the same incident (4)")
    same_or_new: Length = Field(timedelta(seconds=60), description="silence after which a second alarm is the same (4)")
    update_before: Length = Field(
        timedelta(minutes=3), description="reminder before a promised update, at most a third of the interval (7)"
    )
    update_backup: Length = Field(timedelta(minutes=2), description="after a missed promise: the backup (7)")
    update_commander: Length = Field(timedelta(minutes=5), description="after a missed promise: the commander (7)")
    widen: tuple[Length, ...] = Field(
        _minutes(15, 30), description="without a mitigation: the next ring is offered to the commander (10)"
    )
    snooze: Length = Field(timedelta(minutes=10), description="how long reminders are put off when nobody says (7)")
    snooze_limit: Length = Field(
        timedelta(minutes=30), description="the latest that reminders are put off to, after the promised time (7)"
    )


class Audience(Value):
    """Who gets every update, word for word. `internal` ones also get the summary at the close (spec, 7 and 9)."""

    name: str
    rooms: tuple[ChannelRef, ...] = ()
    frame: str = ""
    internal: bool = False
    status_page: bool = False


class Service(Value):
    """An entry of the service catalogue, as far as an incident needs it.

    `thresholds` are the sentences that call for a rollback, `unsafe_if` when it must not be done (spec, section 8).
    `on_call` are those of its own rotations, where it has any; `runbook` is the name of its runbook, `runbook_link` where
    that is when it is kept elsewhere.
    """

    name: str
    team: tuple[Person, ...] = ()
    rollback_owner: Person | None = None
    backup: Person | None = None
    thresholds: tuple[str, ...] = ()
    unsafe_if: str = ""
    neighbours: tuple[str, ...] = ()
    on_call: tuple[Person, ...] = ()
    runbook: str = ""
    runbook_link: str = ""


class Policy(Value):
    """All of it. People are already resolved: linked accounts are one person."""

    responses: dict[Severity, Response] = Field(default_factory=lambda: dict(RESPONSES))
    times: Times = Times()
    audiences: tuple[Audience, ...] = ()
    services: tuple[Service, ...] = ()
    on_call: tuple[Person, ...] = ()
    """Who is called, first the primary: whoever is on now, or covers them."""
    shifts: tuple[Stretch, ...] = ()
    """Who is on and comes on, of every rotation; in an incident, of those that are called for it."""
    rotations: tuple[Rotated, ...] = ()
    covers: tuple[Cover, ...] = ()
    leadership: tuple[Person, ...] = ()
    responders: tuple[Person, ...] = ()
    """Those whom the config names; who is one by a role or a room has no name here."""
    groups: dict[str, tuple[Person, ...]] = Field(default_factory=dict)
    reachable: tuple[str, ...] = ()
    """The keys of those who can be called outside of the chat."""
    tie_breaker: Person | None = None
    emoji: dict[str, str] = Field(default_factory=lambda: dict(EMOJI))
    postmortems: Postmortems = Postmortems()
    weekly: Weekly | None = None
    """When what is still open is listed in triage, if ever."""
    zone: str = "UTC"
    """The zone of the house's days."""
    page_url: str = ""
    """Where the public reads on, for the channel's topic; empty where there is no page, or nobody said."""
    wording: dict[str, Check] = Field(default_factory=dict)
    """What the house has set of the wording check, by the rule's name; the rest is as the rule says."""
