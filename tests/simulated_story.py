"""The checkout story (spec, section 14) and its calls (section 8), played by people who wait for what they see, then act.

Rule: the end is the same whenever they are heard. Who is asked answers; what a clock may decide first ends the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from simulated_cast import Cast

from transports.sandbox.places import Message

SERVICE = "payments"

THRESHOLDS = ("errors stay above 20 % for 5 minutes", "anybody is charged twice")

TITLE = "Payments are failing for several customers"
"""It names the service, so that recovery is Leah's from the start, with Bob as her backup."""


class Story(Cast):
    """Their parts."""

    async def play(self) -> None:
        """All of it, to the close; ends when the channel is read-only."""
        async with self._habits():
            await asyncio.gather(
                self._sam(), self._ann(), self._mia(), self._jon(), self._jon_disagrees(), self._leah(), self._bob()
            )
            await self.see(lambda: self.room is not None and self.room.locked)

    async def encore(self) -> None:
        """It comes back when everybody, the bot too, had forgotten about it; and there is something to be decided."""
        async with self._habits():
            await self.types(self.ann, self.triage, "!inc reopen 1 payments fail again")
            room = await self.see(lambda: self.room if self.room and not self.room.locked else None)
            await self.see(lambda: self.card("board", without="closed"))
            await self.types(self.ann, room.ref, "!inc decide-by 20m fail over if they fail at noon")

    async def silence(self) -> None:
        """Everybody who is asked keeps silent."""
        await self.see(lambda: self.standing("prompt/decision-", "Nobody has answered yet"))

    async def finale(self) -> None:
        """It is closed again, and there is nothing to be decided any more."""
        board = await self.see(lambda: self.card("board"))
        words = "cause=the rollback was undone by a deploy fixed=rolled back again"
        async with self._habits():
            await self.types(self.ann, board.ref.channel, f"!inc close {words}")
            await self.see(lambda: self.card("board", "closed"))

    @asynccontextmanager
    async def _habits(self) -> AsyncIterator[None]:
        habit = asyncio.ensure_future(self.answer_when_asked_again())
        yield
        habit.cancel()

    async def _sam(self) -> None:
        await self.at(60)
        self.alarm = self.world.say(self.sam, self.triage, f"{TITLE}, they see a blank page")
        await self.at(64)
        await self.types(self.sam, self.triage, "!inc help close")
        await self.at(66)
        await self.types(self.sam, self.triage, "!inc board")
        board = await self.see(lambda: self.card("board"))
        await self.types(self.sam, board.ref.channel, "!inc note a dozen tickets by now, and my hands are free")

    async def _ann(self) -> None:
        world, ann = self.world, self.ann
        await self.at(70)
        await self.reacts(ann, world.look(self.alarm), "🚨")
        board = await self.see(lambda: self.card("board"))
        room = board.ref.channel
        await self.reacts(ann, board, "🧊")
        await self.types(ann, room, "!inc changed release 214 at 10:02")
        item = await self.see(lambda: self.card("item/H1", "free"))
        await self.reacts(ann, item, "✋")
        await self.see(lambda: self.card("item/H1", "is on it"))
        await self.reacts(ann, item, "❌")
        gone = await self.see(lambda: self.card("item/H3"))
        if not any(one.deleted for one in world.messages.values() if one.mark == gone.mark):
            world.delete(ann, gone.ref)
        # She commands and checks, while Sam has his hands free: Tocsin says so.
        await self.reacts(ann, await self.see(lambda: self.card("item/H3", "free")), "✋")
        await self.see(lambda: self.standing("prompt/rule-", "rolling back first is the rule"))
        await self.types(ann, room, "!inc decide-by 2m roll back if payments still fail")
        await self._breaks_the_tie()
        await self.reacts(ann, await self.see(lambda: self.card("item/H3", "is on it")), "❌")
        decided = await self.see(lambda: self.chat("We roll back"))
        await self.reacts(ann, decided, "⚖️")
        await self.see(lambda: self.card("board", "Recovery Bob"))
        await self.types(ann, room, "!inc decide-by 2m stay on release 213 if nothing got worse")
        await self.see(lambda: self.card("item/R4", "Done"))
        await self.see(lambda: self.card("item/H2", "Confirmed"))
        await self.see(lambda: self.standing("prompt/worked-", "it worked"))
        await self.types(ann, room, "!inc resolve rolled back release 214")
        over = await self.see(lambda: self.standing("prompt/close-", "is it over"))
        await self.reacts(ann, over, "🏁")
        await self.see(lambda: self.card("board", "closed"))
        await self.types(ann, room, "!inc followup alert on failing payments owner=@Ann due=2026-06-12")
        await self.types(ann, room, "!inc debrief say aloud who has recovery")
        await self.see(lambda: self.card("debrief", "next time"))
        await self.types(ann, room, "!inc postmortem published the wiki has it")

    async def _breaks_the_tie(self) -> None:
        """The first objection is Ann's to answer. When the clock was faster, Leah stops that fix herself."""
        asked = await self.see(lambda: self.card("prompt/objection-1"))
        if "you break the tie" in asked.text:
            await self.reacts(self.ann, asked, "❌")

    async def _mia(self) -> None:
        world, mia = self.world, self.mia
        board = await self.see(lambda: self.card("board"))
        room = board.ref.channel
        await self.reacts(mia, board, "🔎")
        await self.types(mia, room, "!inc frobnicate")
        await self.see(lambda: self.standing("letter/", "frobnicate"))
        await self.types(mia, room, "!inc hypothesis cache eviction")
        await self.types(mia, room, "!inc hypothesis tax rounding in release 214")
        third = world.say(mia, room, "or is it the payment provider?")
        await self.reacts(mia, world.look(third), "💡")
        await self.reacts(mia, await self.see(lambda: self.card("item/H2", "free")), "✋")
        seen = world.say(mia, room, "errors began at 10:02 exactly")
        await self.reacts(mia, world.look(seen), "📌")
        wrong = world.say(mia, room, "sign-in fails as well")
        await self.reacts(mia, world.look(wrong), "📌")
        await asyncio.sleep(8)
        await self.takes_back(mia, world.look(wrong), "📌")
        fix = await self.see(lambda: self.card("item/R1", "free"))
        await self.reacts(mia, fix, "✋")
        await self.see(lambda: self.card("item/R1", "is on it"))
        await self.reacts(mia, fix, "❌")
        await self.see(lambda: self.card("item/R1", "Did not help"))
        await self.reacts(mia, await self.see(lambda: self.card("thresholds")), "1️⃣")
        await self.see(lambda: self.card("item/R4"))
        # The tie-breaker keeps silent about this one: it is the clock's to let it stand.
        await self.types(mia, room, "!inc object the logs of the provider are not in yet")
        await self.see(lambda: self.card("item/R4", "Done"))
        await self.types(mia, room, "!inc confirm H2 the totals differ by a cent")
        asked = await self.see(lambda: self.standing("prompt/worked-", "did R4"))
        await self.reacts(mia, asked, "👍")

    async def _jon(self) -> None:
        jon = self.jon
        board = await self.see(lambda: self.card("board"))
        room = board.ref.channel
        await self.reacts(jon, board, "📣")
        await self.see(lambda: self.card("item/H3"))
        await self.types(jon, room, "!inc hypothesis maybe it is the cache eviction")
        for number, (after, words) in enumerate(
            (
                (180, "impact=Some users cannot pay working=Sign-in works next=We test a rollback every=5m"),
                (460, "impact=Some users cannot pay working=Sign-in works next=We roll back release 214 every=5m"),
            ),
            1,
        ):
            await self.at(after)
            await self.see(lambda: self.card("board", "Updates Jon"))
            await self.types(jon, room, f"/inc update {words}")
            draft = await self.see(lambda n=number: self.card(f"draft/{n}", "as it will be read"))  # type: ignore[misc]
            await self.reacts(jon, draft, "📤")
            for place in (None, self.support, self.leadership):
                where = self.world.channels[place.id] if place else None
                await self.see(lambda n=number, w=where: self.card(f"update/{n}", room=w))  # type: ignore[misc]

    async def _jon_disagrees(self) -> None:
        """It is not his to decide, and he is told so; then he objects to what was decided."""
        jon = self.jon
        await self.reacts(jon, await self.see(lambda: self._due("D1")), "⏪")
        said = self.world.say(jon, (await self.see(lambda: self.card("board"))).ref.channel, "Why not roll back now?")
        await self.see(lambda: self.card("board", "Updates Jon"))
        await self.see(lambda: self.card("item/R2"))
        await self.types(jon, said.channel, "!inc object nobody has tested that fix")

    async def _leah(self) -> None:
        world, leah = self.world, self.leah
        board = await self.see(lambda: self.card("board"))
        room = board.ref.channel
        await self.reacts(leah, board, "⏪")
        await self.at(300)
        await self.see(lambda: self.card("board", "Recovery Leah"))
        await self.types(leah, room, "!inc path fix put back the config value")
        await self.see(lambda: self.card("item/R1", "Did not help"))
        await self.see(lambda: self._due("D1"))
        await self.see(lambda: self.chat("Why not"))
        await self.reacts(leah, await self.see(lambda: self._due("D1")), "🔧")
        await self.see(lambda: self.standing("prompt/unsafe-", "Why is it unsafe"))
        await self.chooses(leah, room, "fix retry what failed, a rollback loses the orders of today", "item/R2")
        await self.see(lambda: self.card("prompt/objection-1", "The objection:"))
        await self.chooses(leah, room, "fix restart the workers, which loses nothing", "item/R3")
        await self.at(540)
        said = world.say(leah, room, "We roll back release 214 now")
        await self.see(lambda: world.look(said).who("⚖️"))
        world.edit(leah, said, "We roll back release 214 now, errors are above 20 %")
        self._did("Leah edits what she decided")
        back = await self.chooses(leah, room, "rollback release 214 is the latest change", "item/R4")
        await self.reacts(leah, back, "✋")
        await self.see(lambda: self.card("item/R4", "is on it"))
        await self.see(lambda: self.card("prompt/objection-2", "The objection: no answer"))
        await self.leaves(leah, room)

    async def _bob(self) -> None:
        """Leah's backup: the call is his when she has left."""
        bob = self.bob
        board = await self.see(lambda: self.card("board", "Recovery Bob"))
        back = await self.see(lambda: self.card("item/R4", "free"))
        await self.reacts(bob, back, "✋")
        await self.see(lambda: self.card("item/R4", "is on it"))
        await self.reacts(bob, await self.see(lambda: self._due("D2")), "⏪")
        await self.see(lambda: self.standing("prompt/decision-", "as is under way"))
        await self.reacts(bob, back, "✅")
        await self.see(lambda: self.standing("prompt/signal-", "Which signal"))
        await self.types(bob, board.ref.channel, "!inc watch payments above 99 % @Mia 2m")

    def _due(self, point: str) -> Message | None:
        """The question about a decision point, once it is asked."""
        return self.standing("prompt/decision-", f"{point} is to be decided")
