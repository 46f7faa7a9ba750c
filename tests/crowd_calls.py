"""People who are called out: whom they page, what they answer, and their addresses beyond the chat, which may fail.

Rule: an address outlives the bot, as a telephone does; who was called hears it, whether or not the bot learns that they did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from crowd import Crowd
from simulated_process import Life

from core.incident.policy import RESPONSES, Policy
from core.incident.state import Prompt
from core.incident.vocabulary import Person
from core.pagers import Call, Pager
from core.port import Clock, Permanent, Temporary
from core.roster import Roster
from transports.sandbox.places import Message, Turned

TYPED: tuple[tuple[int, str], ...] = (
    (6, "page @{who} {words}"), (2, "page @{who}"), (2, "page oncall"), (2, "page team {words}"), (2, "page database"),
    (1, "page nobody"), (2, "widen"), (1, "cover @{who} 2m"), (1, "oncall"), (2, "sev {sev}"),
)  # fmt: skip

VIAS = {"Ann": ("ntfy", "sms"), "Leah": ("ntfy",), "Bob": ("sms",), "Jon": ("mail", "sms"), "Mia": ("ntfy",)}
"""The kinds of addresses of those who have any."""

WITHIN = timedelta(seconds=90)
"""How long a page waits for an answer, of every severity: so short that silence falls into a play."""

Key = tuple[str, str, str, str]
"""Incident, prompt, person, kind of address."""


@dataclass(slots=True)
class Ring:
    """One call to one address. `reached`: the process was told that it worked."""

    key: Key
    process: int
    reached: bool = False


def with_calls(policy: Policy, roster: Roster) -> Policy:
    """The house rules where people can be called out."""
    mia, jon = (person for person in roster.people if person.name in ("Jon", "Mia"))
    return policy.model_copy(
        update={
            "reachable": tuple(person.key for person in roster.people if person.name in VIAS),
            "groups": {"database": (mia, jon), "leadership": (mia,)},
            "services": tuple(one.model_copy(update={"team": (mia, jon)}) for one in policy.services),
            "responses": {level: one.model_copy(update={"page_within": WITHIN}) for level, one in RESPONSES.items()},
        }
    )


@dataclass
class Exchange:
    """Where all calls go. `begun` is told of each before it is made, `said` of what is said."""

    seed: int
    clock: Clock
    begun: Callable[[Ring], None]
    said: Callable[[str], None]
    rings: list[Ring] = field(default_factory=list)

    def pagers(self, life: Life) -> Callable[[Person], Sequence[Pager]]:
        """The addresses, as one process has them."""
        return lambda person: [Address(self, life, via) for via in VIAS.get(person.name, ())]

    def answer_at(self, stream: str, prompt: Prompt, person: Person) -> str:
        return f"{stream} {prompt.key} {person.key}"


@dataclass(frozen=True, slots=True)
class Address:
    """One address of somebody's: now and then it is slow, out of order, or does not say that it worked."""

    exchange: Exchange
    life: Life
    via: str

    async def call(self, call: Call) -> None:
        await self.life.gate()
        stream, prompt, person = call.answer_at.split(" ")
        ring = Ring((stream, prompt, person, self.via), self.life.number)
        self.exchange.begun(ring)
        self.exchange.said(f"{call.subject}\n{call.words}")
        self.exchange.rings.append(ring)
        times = sum(one.key == ring.key for one in self.exchange.rings)
        dice = Random(f"{self.exchange.seed} {ring.key} {times}")
        await self.exchange.clock.sleep(dice.choice((0.0, 0.5, 3.0, 30.0)))
        await self.life.gate()
        if dice.random() < 0.25:
            raise dice.choice((Temporary, Permanent))("out of order")
        ring.reached = True


class Calls:
    """Acts of people who page and are paged."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    def act(self, rng: Random) -> None:
        known = self._crowd.rooms
        self._crowd.one_of(rng, ((5 if known else 1, self._types), (5 if known else 0, self._answers)))

    def _types(self, rng: Random) -> None:
        if not self._crowd.rooms:
            raise Turned("There is no incident.")
        room = rng.choice(self._crowd.rooms)
        [words] = rng.choices([words for _, words in TYPED], [weight for weight, _ in TYPED])
        self._crowd.say(rng.choice(self._crowd.people), room.ref, "!inc " + self._crowd.filled(words, rng, room))

    def _answers(self, rng: Random) -> None:
        """Somebody who was paged has it, or cannot come; seldom somebody answers who was not."""
        pages = [page for room in self._crowd.rooms for page in self._pages(room.messages)]
        if not pages:
            raise Turned("Nobody was paged.")
        page = pages[-1] if rng.random() < 0.6 else rng.choice(pages)
        paged = [self._crowd.world.people[name] for name in page.pings if name in self._crowd.world.people]
        who = rng.choice(paged) if paged and rng.random() < 0.9 else rng.choice(self._crowd.people)
        self._crowd.react(who, page, rng.choice("👍👍❌"))

    def _pages(self, names: Sequence[str]) -> list[Message]:
        said = (self._crowd.world.messages[name] for name in names)
        return [one for one in said if one.post and one.post.card.startswith("prompt/page-") and not one.deleted]
