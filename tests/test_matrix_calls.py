"""The calls on a real Synapse, as ordinary clients make them: by reactions on what Tocsin asks, and by leaving the room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio
from matrix_person import Event, Person
from matrix_story import MARK, Eyes
from pydantic import SecretStr
from running import until
from synapse import Synapse

from bot.runbooks.markdown import runbook
from bot.wiring import Plan, Tocsin
from core.clock import SystemClock
from core.database import open_file
from core.incident.policy import Policy, Service, Times
from core.incident.runbook import Shelf
from core.incident.state import Incident
from core.incident.vocabulary import Role
from core.roster import Member, Roster
from transports.matrix_chat import MatrixSettings, MatrixTransport

pytest_plugins = ["conftest_matrix"]

KEYCAP = "\u20e3"
THRESHOLDS = ("payment errors stay above 20 % for 5 minutes", "anybody is charged twice")


SHELF = Shelf(
    (runbook("checkout", b"# Checkout\n## Symptoms\n\nslow <b>@room</b>\n## Fix\n- flip the flag\n- roll back"),)
)


class Shop:
    """Ann is on call and commands; Mia, Leah and Bo are in triage; Tocsin runs, and its incident is watched through Ann."""

    def __init__(self, server: Synapse, folder: Path, stack: AsyncExitStack) -> None:
        self.server = server
        self._folder = folder
        self._stack = stack

    async def open(self) -> Shop:
        self.account = self.server.register("tocsin")
        self.ann, self.mia, self.leah, self.bo = [await self._person(name) for name in ("ann", "mia", "leah", "bo")]
        self.people = {"Ann": self.ann, "Mia": self.mia, "Leah": self.leah, "Bo": self.bo}
        others = [self.mia, self.leah, self.bo]
        self.triage = await self.ann.create(name="Triage", invite=[self.account.id, *(person.id for person in others)])
        for person in others:
            await person.join(self.triage)
        self.eyes = Eyes(self.ann)
        self.eyes.open()
        self._stack.push_async_callback(self.eyes.close)
        await self._start()
        return self

    async def _person(self, name: str) -> Person:
        return await self._stack.enter_async_context(Person(self.server, self.server.register(name)))

    async def _start(self) -> None:
        database = await open_file(self._folder / "tocsin.db")
        self._stack.push_async_callback(database.close)
        roster = Roster([Member(name, {"matrix": person.id}) for name, person in self.people.items()])
        ann = roster.named("Ann")
        assert ann is not None
        settings = MatrixSettings(
            homeserver=self.server.url,
            user_id=self.account.id,
            password=SecretStr(self.account.password),
            triage=(self.triage,),
        )
        clock = SystemClock()
        policy = Policy(
            on_call=(ann,),
            times=Times(signal=timedelta(seconds=1)),
            services=(Service(name="checkout", thresholds=THRESHOLDS),),
        )
        chat = {"matrix": MatrixTransport(settings, clock, Random(1))}
        self.tocsin = Tocsin(
            Plan(database, clock, chat, {"matrix": [self.triage]}, roster, policy, shelf=lambda: SHELF)
        )
        running = asyncio.create_task(self.tocsin.run())

        async def end() -> None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        self._stack.push_async_callback(end)
        await until(lambda: running.done() or self.tocsin.ticking.is_set())

    async def declared(self, words: str = "payments fail") -> None:
        await self.ann.say(self.triage, f"!inc declare {words} sev3")
        await until(lambda: bool(self.eyes.invited))
        self.room = min(self.eyes.invited)
        for person in self.people.values():
            await person.join(self.room)
        await self.card("board")

    @property
    def incident(self) -> Incident:
        return dict(self.tocsin.post.awake())["inc-1"]

    async def types(self, who: Person, *commands: str) -> None:
        """Each typed once the one before has its ✅."""
        for words in commands:
            await self._ticked(await who.say(self.room, f"!inc {words}"), words)

    async def _ticked(self, said: str, words: str) -> None:
        await self._sees(lambda: (self.account.id, "✅") in self.eyes.reactions(self.room, said), f"✅ on {words}")

    async def card(self, key: str, *words: str) -> str:
        """The event of a card, once it reads so."""
        await self._sees(
            lambda: (
                self.eyes.card(self.room, key) is not None
                and all(each in self.eyes.reads(self.room, key) for each in words)
            ),
            f"{words} on {key}",
        )
        return str(self._first(key)["event_id"])

    def _first(self, key: str) -> Event:
        card = self.eyes.card(self.room, key)
        assert card is not None
        return card

    def called(self, key: str) -> list[str]:
        """Who is called by a card."""
        return list(self._first(key)["content"]["m.mentions"].get("user_ids", []))

    async def offers(self, key: str, *emoji: str) -> None:
        """Wait until a card's choices are put under it, in this order."""
        event = str(self._first(key)["event_id"])

        def seeds() -> list[str]:
            return [one for who, one in self.eyes.reactions(self.room, event) if who == self.account.id]

        await self._sees(lambda: seeds() == list(emoji), f"{emoji} under {key}")

    async def told(self, who: Person, words: str) -> None:
        """Wait until a letter calls somebody and says this; by then they have it."""

        def there() -> bool:
            return any(
                card["content"][MARK]["card"].startswith("letter/")
                and card["content"]["m.mentions"] == {"user_ids": [who.id]}
                and words in card["content"]["body"]
                for card in self.eyes.cards(self.room)
            )

        await self._sees(there, f"{words!r} told to {who.id}")

    async def _sees(self, holds: Callable[[], bool], what: str) -> None:
        try:
            await until(holds)
        except AssertionError:
            cards = {one["content"][MARK]["card"] for one in self.eyes.cards(self.room)}
            raise AssertionError(what, {key: self.eyes.reads(self.room, key) for key in cards}) from None


@pytest_asyncio.fixture
async def shop(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Shop]:
    async with AsyncExitStack() as stack:
        yield await Shop(synapse, tmp_path, stack).open()


async def test_from_the_decision_point_to_an_overturned_path_by_reactions_alone(shop: Shop) -> None:
    await shop.declared()
    await shop.types(shop.mia, "claim diagnosis")
    await shop.types(shop.leah, "claim recovery", "decide-by 2s roll back if payment errors stay above 20 %")
    # Asked: the owner is called and the four choices stand below.
    asked = await shop.card("prompt/decision-1", "Leah: D1 is to be decided", "⏪ roll back (!inc path rollback)")
    assert shop.called("prompt/decision-1") == [shop.leah.id]
    await shop.offers("prompt/decision-1", "⏪", "🔧", "⏸️", "🔎")
    await shop.mia.react(shop.room, asked, "🔧")
    await shop.told(shop.mia, "call of the recovery owner")
    # The first answer counts, with or without its variation selector; another mind's comes too late.
    await shop.leah.react(shop.room, asked, "🔧\ufe0f")
    await shop.card("prompt/decision-1", "The decision: Leah: ship a fix.")
    await shop.ann.react(shop.room, asked, "⏪")
    await shop.card("item/R1", "ship a fix: roll back if payment errors")
    # A second path stops the first after a 👍 of whoever wants it, in any skin.
    await shop.leah.say(shop.room, "!inc path rollback release 214")
    stop = await shop.card("prompt/stop-1", "R1 (ship a fix: roll back if payment errors stay above 20 %) is open")
    await shop.leah.react(shop.room, stop, "👍🏽")
    await shop.card("item/R1", "Stopped by Leah")
    await shop.card("item/R2", "roll back: release 214")
    # An objection: the tie-breaker is called, and overturns it.
    await shop.types(shop.mia, "object a rollback loses the new orders")
    tie = await shop.card("prompt/objection-1", "Ann: you break the tie", "Mia a rollback loses the new orders")
    assert shop.called("prompt/objection-1") == [shop.ann.id]
    await shop.offers("prompt/objection-1", "👍", "❌", "⏪", "🔧", "⏸️", "🔎")
    await shop.ann.react(shop.room, tie, "❌")
    await shop.card("prompt/objection-1", "overturned")
    await shop.card("item/R2", "Stopped by Ann")
    assert shop.incident.open_path is None
    assert [entry.kind for entry in shop.incident.entries].count("path_chosen") == 2


@pytest.mark.endure
async def test_thresholds_are_met_by_keycaps_as_any_client_sends_them(shop: Shop) -> None:
    await shop.declared("checkout fails")
    card = await shop.card("thresholds", "Rolling back checkout", "2  anybody is charged twice")
    await shop.offers("thresholds", *(f"{number}\ufe0f{KEYCAP}" for number in (1, 2)))
    await shop.mia.react(shop.room, card, f"1{KEYCAP}")
    second = await shop.bo.react(shop.room, card, f"2\ufe0f{KEYCAP}")
    await shop.card("thresholds", "for 5 minutes met (Mia)", "charged twice met (Bo)")
    await shop.bo.redact(shop.room, second)
    await until(lambda: set(shop.incident.met) == {1})
    await shop.types(shop.mia, "changed release 214 1m ago")
    await shop.card("prompt/rule-1", "Ann: rolling back first is the rule. release 214")
    # A second check while others are free, and the question whether a path that was watched has worked.
    await shop.types(shop.bo, "hypothesis the cache", "hypothesis tax rounding", "grab H1")
    await shop.bo.react(shop.room, await shop.card("item/H2"), "✋")
    await shop.bo.react(shop.room, await shop.card("prompt/second-1", "Bo: you are on H1, and", "H2 as well?"), "👍")
    await shop.card("item/H2", "Bo is on it")
    await shop.types(shop.ann, "path rollback", f"watch payment success above 99 % {shop.bo.id}", "done R1")
    await shop.bo.react(shop.room, await shop.card("prompt/worked-1", "Bo: did R1"), "👍")
    await shop.card("prompt/worked-1", "it worked")
    assert shop.called("prompt/worked-1") == [shop.bo.id]


@pytest.mark.endure
async def test_a_role_whose_holder_leaves_the_room_is_the_backups_at_once_or_is_asked_about(shop: Shop) -> None:
    await shop.declared()
    await shop.types(shop.leah, "claim recovery", f"backup recovery {shop.bo.id}")
    await shop.types(shop.mia, "claim diagnosis")
    await shop.leah.leave(shop.room)
    await shop.card("board", "Recovery Bo")
    await shop.mia.leave(shop.room)
    asked = await shop.card("prompt/vacant-1", "Ann: Mia left, and nobody is diagnosis lead")
    assert shop.called("prompt/vacant-1") == [shop.ann.id]
    await shop.bo.react(shop.room, asked, "🔎")
    await shop.card("board", "Diagnosis Bo")
    holders = {role: holder.name for role in Role if (holder := shop.incident.holder(role))}
    assert holders == {Role.IC: "Ann", Role.DIAGNOSIS: "Bo", Role.RECOVERY: "Bo"}


@pytest.mark.endure
async def test_a_decision_is_asked_in_time_where_the_homeserver_holds_the_bot_back(shop: Shop) -> None:
    """The card comes first and is answered without its choices; these are put under it while there is room, or not."""
    await shop.declared()
    await shop.types(shop.leah, "claim recovery")
    shop.server.limit(shop.account, 1, 2)
    for number in range(6):
        await shop.bo.say(shop.room, f"!inc note {number}")
    await shop.leah.say(shop.room, "!inc decide-by 2s roll back if payment errors stay above 20 %")
    asked = await shop.card("prompt/decision-1", "Leah: D1 is to be decided")
    await shop.leah.react(shop.room, asked, "⏪")
    await shop.card("prompt/decision-1", "The decision: Leah: roll back.")
    await shop.card("item/R1", "roll back")


async def test_an_update_is_written_in_a_thread_as_any_client_sends_it(shop: Shop) -> None:
    await shop.declared("checkout fails")

    def thread(root: str) -> dict[str, object]:
        # As Element sends it: an answer in the thread, with a fallback for clients that know none.
        return {
            "m.relates_to": {
                "rel_type": "m.thread",
                "event_id": root,
                "is_falling_back": True,
                "m.in_reply_to": {"event_id": root},
            }
        }

    asked = await shop.ann.say(shop.room, "!inc update")
    await shop._sees(
        lambda: any("in a thread on your message" in one["content"]["body"] for one in shop.eyes.cards(shop.room)),
        "the form",
    )
    said = await shop.ann.say(shop.room, "impact: Some users cannot pay\nevery: 10m", **thread(asked))
    draft = await shop.card("draft/1", "Some users cannot pay. Next update")
    await shop.ann.say(shop.room, "working: Sign-in works", **thread(draft))
    await shop.card("draft/2", "Some users cannot pay. Sign-in works. Next update")
    assert said != draft
    assert shop.incident.draft is not None


async def test_what_is_written_in_an_items_thread_is_evidence(shop: Shop) -> None:
    """As Element sends it, edits it and redacts it; nothing is said to it, and a picture is none."""
    await shop.declared()
    await shop.types(shop.mia, "hypothesis tax rounding")
    root = await shop.card("item/H1", "tax rounding")
    thread = {"m.relates_to": {"rel_type": "m.thread", "event_id": root, "is_falling_back": True}}
    picture = {"msgtype": "m.image", "body": "graph.png", "url": "mxc://example.org/graph", **thread}
    await shop.leah.send(shop.room, "m.room.message", picture)
    await shop.leah.send(shop.room, "m.room.message", {**picture, "filename": "graph.png"})
    said = await shop.leah.say(shop.room, "totals differ by a dent", **thread)

    def kept() -> list[tuple[str, str, str, bool]]:
        return [(one.item, one.text, one.by.name, one.deleted) for one in shop.incident.evidence.values()]

    await until(lambda: kept() == [("H1", "totals differ by a dent", "Leah", False)])
    cards = len(shop.eyes.cards(shop.room))
    await shop.leah.change(shop.room, said, "totals differ by a cent")
    await until(lambda: kept() == [("H1", "totals differ by a cent", "Leah", False)])
    await shop.leah.redact(shop.room, said)
    await until(lambda: kept() == [("H1", "totals differ by a cent", "Leah", True)])
    assert len(shop.eyes.cards(shop.room)) == cards


@pytest.mark.endure
async def test_a_runbook_is_read_and_its_steps_are_taken_by_reactions(shop: Shop) -> None:
    await shop.declared("checkout fails")
    await shop.card("board", "checkout: `!inc runbook`")
    await shop.types(shop.mia, "runbook")
    contents = await shop.card("runbook/1", "1  Symptoms", "2  Fix")
    await shop.mia.react(shop.room, contents, "▶")
    page = await shop.card("runbook/2", "slow <b>@room</b>")
    assert shop.called("runbook/2") == []
    await shop.leah.react(shop.room, page, "▶️")
    fix = await shop.card("runbook/3", "1  flip the flag", "2  roll back")
    await shop.offers("runbook/3", "1️⃣", "2️⃣")
    await shop.leah.react(shop.room, fix, "2" + KEYCAP)
    await shop.card("item/A1", "roll back")
    await shop.card("runbook/3", "2  roll back (A1)")
    await shop.types(shop.ann, "cover @Bo 1h")
    await shop.card("cover/1", "Bo takes Ann's pages until")
    assert shop.called("cover/1") == [shop.bo.id]
