"""From settings to what the core works with: the roster, the policy that is frozen into an incident, the responders.

Rule: settings that came from `load` are whole, so nothing here can fail.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from bot.config.calendars import free_days, handover, holidays, week
from bot.config.settings import Rotation as Written
from bot.config.settings import Settings, zone_of
from bot.oncall.calendars import People
from bot.oncall.rotations import Override, Rotation, moment
from core.incident.on_call import Rotated
from core.incident.policy import RESPONSES, Audience, Policy, Postmortems, Response, Service
from core.incident.vocabulary import ChannelRef, Person, Severity
from core.roster import Member, Roster

INTERNAL = frozenset({"support", "leadership"})
"""Audiences that get the summary at the close unless they say otherwise (spec, section 9)."""


def roster(settings: Settings) -> Roster:
    """The configured people."""
    return Roster([Member(person.name, person.accounts, person.initials or "") for person in settings.people])


def policy(settings: Settings, roster: Roster, year: int) -> Policy:
    """The house rules in force now, in this year. Rooms stand under the names that the config gives them."""
    return Policy(
        responses={severity: _response(settings, severity) for severity in Severity},
        times=settings.times,
        audiences=tuple(
            Audience(
                name=name,
                rooms=tuple(channel(room) for room in audience.rooms),
                frame=audience.frame,
                internal=name in INTERNAL if audience.internal is None else audience.internal,
                status_page=audience.status_page,
            )
            for name, audience in settings.audiences.items()
        ),
        services=tuple(
            Service(
                name=service.name,
                team=_people(settings, roster, service.team),
                rollback_owner=_person(roster, service.rollback_owner),
                backup=_person(roster, service.backup),
                thresholds=service.thresholds,
                unsafe_if=service.unsafe_if or "",
                neighbours=service.neighbours,
                runbook="" if _is_link(service.runbook) else service.runbook or "",
                runbook_link=service.runbook or "" if _is_link(service.runbook) else "",
            )
            for service in settings.services
        ),
        on_call=_people(settings, roster, settings.groups.get("oncall", ())),
        rotations=tuple(
            Rotated(name=one.name, service=one.service or "", zone=one.zone or settings.zone)
            for one in settings.rotations
        ),
        leadership=_people(settings, roster, settings.groups.get("leadership", ())),
        responders=_people(settings, roster, settings.groups.get("responders", ())),
        groups={name: _people(settings, roster, words) for name, words in settings.groups.items()},
        reachable=tuple(person.key for one in settings.people if one.notify and (person := roster.named(one.name))),
        tie_breaker=_person(roster, settings.roles.tie_breaker),
        page_url=public_url(settings) if has_page(settings) else "",
        wording=settings.wording,
        postmortems=_postmortems(settings, year),
        zone=settings.zone,
        weekly=week(settings.followups.weekly),
    )


def _is_link(runbook: str | None) -> bool:
    return bool(runbook) and "://" in str(runbook)


def rotations(settings: Settings, roster: Roster, year: int) -> tuple[Rotation, ...]:
    """The rotations of the config, as stretches are made of them."""
    return tuple(_rotation(settings, roster, one, year) for one in settings.rotations)


def _rotation(settings: Settings, roster: Roster, one: Written, year: int) -> Rotation:
    name = one.zone or settings.zone
    where, (weekday, at) = zone_of(name), handover(one.handover)
    return Rotation(
        name=one.name,
        zone=where,
        zone_name=name,
        people=_people(settings, roster, one.people),
        backups=None if isinstance(one.backup, str) else _people(settings, roster, one.backup),
        every=one.every,
        weekday=weekday,
        at=at,
        start=one.start,
        holidays=free_days(one.holidays, year),
        overrides=tuple(
            Override(who, _moment(each.since, where), _moment(each.until, where))
            for each in one.overrides
            if (who := roster.named(each.who)) is not None
        ),
        service=one.service or "",
        calendar=one.calendar or "",
    )


def _moment(when: datetime, where: tzinfo) -> datetime:
    return moment(when, where) if when.tzinfo is None else when.astimezone(UTC)


def calendar_people(settings: Settings, roster: Roster) -> People:
    """Whom a calendar may mean."""
    by_name = {person.name.casefold(): person for person in roster.people}
    mails = {one.mail.casefold(): by_name[one.name.casefold()] for one in settings.people if one.mail}
    return People(mails, by_name)


def _postmortems(settings: Settings, year: int) -> Postmortems:
    ours = settings.postmortem
    return Postmortems(
        days=ours.days,
        holidays=holidays(ours.calendar, ours.holidays, year),
        remind=ours.remind,
        names=ours.names,
    )


def has_page(settings: Settings) -> bool:
    """Whether there is a status page: it is an audience."""
    return any(audience.status_page for audience in settings.audiences.values())


def public_url(settings: Settings) -> str:
    """Where the page is reached from outside, without a slash at its end; empty where nobody said."""
    return str(settings.web.public_url or "").rstrip("/")


def zone(settings: Settings) -> tzinfo:
    """The time zone in which people type clock times."""
    return zone_of(settings.zone)


def responders(settings: Settings, roster: Roster) -> frozenset[str] | None:
    """Who is one: `triage`, `discord-role:ID`, the keys of people, accounts as `chat:ID`; `None` when nobody said."""
    if "responders" not in settings.groups:
        return None
    return frozenset(_standing(word, roster) for word in settings.groups["responders"])


def channel(room: str) -> ChannelRef:
    """A room of the config, `chat:name`; the chat resolves the name when it is there."""
    transport, _, name = room.partition(":")
    return ChannelRef(transport=transport, id=name.strip())


def _standing(word: str, roster: Roster) -> str:
    if word == "triage" or word.startswith("discord-role:"):
        return word
    if person := roster.named(word):
        return person.key
    if word.startswith("@"):
        return f"matrix:{word}"
    return f"discord:{word}" if word.isdigit() else word


def _person(roster: Roster, word: str | None) -> Person | None:
    return roster.named(word) if word else None


def _people(settings: Settings, roster: Roster, words: tuple[str, ...]) -> tuple[Person, ...]:
    """The people that these words mean, groups spelt out, each person once."""
    found: dict[str, Person] = {}
    for word in words:
        person = roster.named(word)
        members = (person,) if person else _people(settings, roster, settings.groups.get(word, ()))
        found |= {member.key: member for member in members}
    return tuple(found.values())


def _response(settings: Settings, severity: Severity) -> Response:
    changed = getattr(settings.severities, severity.value).model_dump(exclude_none=True)
    return Response.model_validate({**RESPONSES[severity].model_dump(), **changed})
