"""Who is who: the configured people and the accounts that are theirs, so that one human being is one person everywhere.

Rule: rights come from an account's immutable id. A name is only ever a way to find somebody, never a proof.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.incident.vocabulary import Account, Person


@dataclass(frozen=True, slots=True)
class Member:
    """A configured person. `accounts` has the immutable id in each chat, by transport: one at least, their home first."""

    name: str
    accounts: Mapping[str, str]
    initials: str = ""


class Roster:
    """The configured people, by account and by name. Unlisted accounts are people too, under the name the chat gives."""

    def __init__(self, members: Sequence[Member] = ()) -> None:
        taken = {member.initials.upper() for member in members if member.initials}
        self._members: dict[str, Member] = {}
        self._people: dict[str, Person] = {}
        self._by_account: dict[tuple[str, str], str] = {}
        for member in members:
            key = f"person:{member.name}"
            short = member.initials.upper() or initials(member.name, taken)
            taken.add(short)
            transport, account_id = next(iter(member.accounts.items()))
            home = Account(transport=transport, id=account_id, name=member.name)
            self._members[key] = member
            everywhere = tuple(
                Account(transport=chat, id=id_, name=member.name) for chat, id_ in member.accounts.items()
            )
            self._people[key] = Person(key=key, name=member.name, initials=short, account=home, others=everywhere)
            self._by_account |= dict.fromkeys(member.accounts.items(), key)
        self._taken = frozenset(taken)

    @property
    def people(self) -> tuple[Person, ...]:
        """Everyone configured, in the config's order."""
        return tuple(self._people.values())

    def person(self, account: Account) -> Person:
        """The person behind an account, acting under that account."""
        if key := self._by_account.get((account.transport, account.id)):
            return self._people[key].model_copy(update={"account": account})
        return Person(
            key=str(account), name=account.name, initials=initials(account.name, self._taken), account=account
        )

    def named(self, words: str) -> Person | None:
        """The configured person that `@who` means: a name in any case, or one of their account ids."""
        wanted = words.strip()
        if key := self._by_id(wanted) or self._by_id(wanted.removeprefix("@")):
            return self._people[key]
        name = wanted.removeprefix("@").casefold()
        return next((person for person in self._people.values() if person.name.casefold() == name), None)

    def _by_id(self, words: str) -> str | None:
        return next(
            (key for (transport, id_), key in self._by_account.items() if words in (id_, f"{transport}:{id_}")), None
        )


def initials(name: str, taken: Collection[str] = ()) -> str:
    """Two letters for a name: "Bob Olsen" is BO, "leah" is LE; where they are taken, a later letter of the last word."""
    words: list[str] = re.findall(r"\w+", name.replace("_", " ").upper()) or ["?"]
    first, last = words[0][0], words[1] if len(words) > 1 else words[0][1:]
    pairs = [first + letter for letter in last] or [first]
    return next((pair for pair in pairs if pair not in taken), pairs[0])
