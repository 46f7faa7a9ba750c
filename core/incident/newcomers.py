"""Newcomers: whoever is called into an incident that goes on, and what they are told of it in private (spec, section 10).

Rule: what they are told is how it stood when they were called; the board has what is true now. Of a private incident nothing
is told outside of its channel, but that they are called and where.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.incident.events import Briefing, PageTried
from core.incident.state import Incident, Prompt
from core.incident.vocabulary import ChannelRef, Person, direct

IN_PRIVATE = "direct message"
"""How the record calls the road by which they are told."""

FREE = 4
"""Free items that a newcomer is told of; the board has them all."""


def briefing(incident: Incident, to: Sequence[Person]) -> Briefing:
    """How it stands now, for people who know nothing of it: the impact, the theory, the path, and what is free to grab."""
    return Briefing(
        to=tuple(to),
        severity=incident.severity,
        phase=incident.phase,
        title=incident.title,
        impact=incident.users_see,
        theory=f"{incident.confirmed.key} {incident.confirmed.text}, confirmed" if incident.confirmed else "",
        path=f"{incident.open_path.key} {incident.open_path.text}" if incident.open_path else "",
        free=tuple(f"{item.key} {item.text}" for item in incident.free[:FREE]),
    )


def newcomers(incident: Incident) -> Iterator[tuple[Prompt, Person, ChannelRef]]:
    """Who is told, by which page, and where, by the name that their chat is asked for. Once it is over nobody is any more."""
    for prompt in () if incident.closed else incident.prompts.values():
        for person in prompt.asked.briefing.to if prompt.asked.briefing else ():
            account = person.on(incident.triage.transport) or person.account
            yield prompt, person, direct(account)


def unreached(incident: Incident, prompt: Prompt) -> tuple[PageTried, ...]:
    """Who of a page's newcomers could not be told, with the reason; the last try counts."""
    last = {one.to.key: one for one in incident.tries if (one.prompt, one.via) == (prompt.key, IN_PRIVATE)}
    return tuple(one for one in last.values() if not one.sent)
