"""How people are named: by their names, or, where the house wants that, by the role that they held (Google, SRE book, "Postmortem Culture").

Rule: with roles, nobody's name is in the file, not in what they typed either. A name is known by its letters: a first name
alone, a nickname, initials, and a name that is an ordinary word as well cannot be told from any other word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from core.incident.course import Track
from core.incident.policy import Names
from core.incident.state import Incident
from core.incident.vocabulary import Account, Person, Role

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")

LONG = 15
"""Letters of an id that is no other word: Discord's have so many."""


class Naming:
    """The names of one incident's people."""

    def __init__(self, incident: Incident) -> None:
        self._incident = incident
        self.shown = incident.policy.postmortems.names is Names.PEOPLE
        self._known: dict[str, Person] = {}
        self._letters: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._held: dict[str, list[tuple[datetime, datetime | None, Role]]] = {}
        if self.shown:
            return
        people: dict[str, Person] = {}
        for person in _people(incident):
            people.setdefault(person.key, person)
            for name in _names(person):
                self._known.setdefault(name, people[person.key])
        self._letters = {key: _letter(index) for index, key in enumerate(people)}
        for one in incident.course:
            if one.track is Track.ROLE and one.who is not None:
                self._held.setdefault(one.who.key, []).append((one.since, one.until, Role(one.key)))
        # The longest first, or a name that begins like another would be found in it.
        names = sorted(self._known, key=lambda name: (-len(name), name))
        known = "|".join(re.escape(name) for name in names)
        self._pattern = re.compile(rf"(?<!\w)@?({known})(?!\w)")

    def person(self, who: Person, at: datetime, *, before: bool = False) -> str:
        """Somebody who did something at a moment; `before` it, where what they did gave them another role."""
        if self.shown:
            return who.name
        role = self._role(who, at, before=before)
        return f"the {role.title}" if role else f"responder {self._letters.get(who.key, '')}".strip()

    def holder(self, who: Person, among: list[Person]) -> str:
        """Somebody who held a role, among all who did, in the order in which they did: the role itself names nobody."""
        if self.shown:
            return who.name
        number = next(index for index, one in enumerate(among) if one.is_(who))
        return f"{ORDINALS[number] if number < len(ORDINALS) else f'{number + 1}th'} holder"

    def text(self, text: str, at: datetime, *, before: bool = False) -> str:
        """Words that may speak of people, said or true at a moment."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self.person(self._known[found[1]], at, before=before), text)

    def _role(self, who: Person, at: datetime, *, before: bool) -> Role | None:
        closed = self._incident.closed_at
        # After the close everybody is named for what they did in it.
        moment = min(at, closed) if closed else at
        held = self._held.get(who.key, ())
        then = {role for since, until, role in held if since < moment and (until is None or moment <= until)}
        if not before:
            now = {role for since, until, role in held if since <= moment and (until is None or moment < until)}
            then = now or then
        return next((role for role in Role if role in then), None)


def _people(incident: Incident) -> Iterator[Person]:
    """Everybody who may be spoken of, those who took part first: their letters stay when others come."""
    policy = incident.policy
    yield from incident.people
    told: list[Person | None] = [incident.reported_by, policy.tie_breaker]
    for entry in incident.entries:
        told += [entry.by, entry.marked_by, *entry.also]
    told += [one.by for one in incident.evidence.values()]
    for item in incident.items.values():
        told += [item.said_by, item.holder, item.ended_by]
    told += [one.who for one in incident.course]
    told += [one.owner for one in incident.follow_ups.values()]
    told += [incident.postmortem.owner] if incident.postmortem else []
    told += [person for holding in incident.roles.values() for person in (holding.holder, holding.backup)]
    told += [one.by for one in incident.updates]
    told += [*policy.on_call, *policy.leadership]
    for service in policy.services:
        told += [*service.team, service.rollback_owner, service.backup]
    yield from (person for person in told if person is not None)


def _names(person: Person) -> Iterator[str]:
    accounts: tuple[Account, ...] = (person.account, *person.others)
    yield from (name for name in (person.name, *(account.name for account in accounts)) if name.strip())
    # A short id could be any word or figure, unless it stands in a mention.
    yield from (f"<@{mark}{account.id}>" for account in accounts for mark in ("", "!"))
    yield from (account.id for account in accounts if ":" in account.id or len(account.id) >= LONG)


def _letter(index: int) -> str:
    """A, B and so on, then AA, AB."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
