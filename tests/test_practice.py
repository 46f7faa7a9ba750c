"""A drill for one person alone: a cast that looks, does what it is given and never decides, in a sandbox with a real bot."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from demo_stage import on_the_demos_stage

from bot.cast import Stage
from bot.demo import play
from bot.practice import Practice
from bot.scenarios import shipped
from bot.web.serve import Unavailable
from bot.wiring import Tocsin
from core.incident.cards.drills import score_document
from core.incident.document import plain
from core.incident.state import Incident
from core.incident.vocabulary import ItemStatus, Phase, Role
from core.incident.vocabulary import Path as Way

SPEED = 200.0

LOOK = 0.01
"""Real seconds between two looks at the incident."""


@dataclass
class Alone:
    """Zoe, the one person at a drill, and the bot and the cast around her."""

    stage: Stage
    tocsin: Tocsin
    people: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.zoe = self.stage.world.create_person("Zoe")
        self.practice = Practice(self.stage, self.incidents, lambda: self.people)

    def incidents(self) -> list[Incident]:
        return [one for _, one in self.tocsin.post.awake()]

    @property
    def now(self) -> Incident:
        return max(self.incidents(), key=lambda one: one.number)

    def types(self, text: str) -> None:
        assert self.now.channel is not None
        self.stage.world.say(self.zoe, self.now.channel, text)

    async def until(self, look: Callable[[Incident], object], seconds: float = 10) -> None:
        """Waits until the newest incident is so, for so many real seconds at most."""
        for _ in range(int(seconds / LOOK)):
            if self.incidents() and look(self.now):
                return
            await asyncio.sleep(LOOK)
        pytest.fail(f"it did not come; the cast said {[line for who in self.stage.cast for line in self.said(who)]}")

    async def enters(self) -> None:
        """Waits until the drill's channel is open to Zoe."""
        world = self.stage.world
        await self.until(lambda one: one.channel and world.sees(self.zoe, world.room(one.channel)))

    def said(self, who: str) -> list[str]:
        assert self.now.channel is not None
        said = self.stage.world.said(self.now.channel)
        return [one.text for one in said if one.author == self.stage.cast[who]]


@asynccontextmanager
async def alone(folder: Path, speed: float = SPEED) -> AsyncIterator[Alone]:
    async with on_the_demos_stage(folder, speed) as (stage, tocsin):
        yield Alone(stage, tocsin)


@asynccontextmanager
async def playing(one: Alone, scenario: str = "checkout") -> AsyncIterator[asyncio.Task[Incident]]:
    async def whole() -> Incident:
        return await one.practice.play(await one.practice.begin(shipped()[scenario]))

    task = asyncio.create_task(whole())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.endure
async def test_a_drill_that_nobody_watches_ends_by_itself_with_its_score(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await play(headless=True, speed=600, port=0, data=tmp_path, drill="checkout") == 0
    said = capsys.readouterr().out
    # The cast neither takes command nor chooses, and so the score says what was lacking.
    assert "nobody took command" in said
    assert "nobody chose a path" in said
    assert "Release 214 rounds taxes" in said


async def test_a_drill_that_cannot_be_played_alone_names_those_that_can(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="there are bad-deploy, cache-full"):
        await play(headless=True, speed=600, port=0, data=tmp_path, drill="credentials-leaked")


@pytest.mark.endure
@pytest.mark.parametrize("scenario", [name for name, one in shipped().items() if not one.private])
async def test_one_person_alone_brings_a_drill_to_its_end_by_asking(tmp_path: Path, scenario: str) -> None:
    helps = shipped()[scenario].mitigates[0]
    async with alone(tmp_path, 120) as zoe, playing(zoe, scenario) as drill:
        await zoe.enters()
        zoe.types("/inc claim ic")
        await zoe.until(lambda one: one.commander)
        zoe.types("/inc impact some customers see an error")
        zoe.types("who takes updates?")
        await zoe.until(lambda one: one.updates)
        zoe.types("Leah, can you take recovery?")
        await zoe.until(lambda one: one.holder(Role.RECOVERY))
        zoe.types("/inc freeze")
        zoe.types("/inc page @Bo we need hands")
        await zoe.until(lambda one: "Bo answered" in [prompt.settled for prompt in one.prompts.values()])
        zoe.types("/inc action look what changed @Ann")
        await zoe.until(lambda one: one.items.get("A1") and not one.items["A1"].open)
        zoe.types("/inc decide-by 1m " + {Way.ROLLBACK: "roll back", Way.FIX: "ship the fix"}[helps])
        # The decision is answered, the path is gone and watched, and what is seen is said; Zoe only says that it is over.
        await zoe.until(lambda one: one.signal and one.signal.seen)
        zoe.types("/inc resolve it works again")
        await zoe.until(lambda one: one.phase is Phase.RESOLVED and one.updates[-1].number > one.resolved_after)
        zoe.types("/inc close cause=known fixed=done")
        await zoe.until(lambda one: one.closed or one.open_prompts("close"))
        zoe.types("/inc yes")
        ended = await drill
    assert ended.closed_by is not None
    assert ended.closed_by.name == "Zoe"
    score = plain(score_document(ended))
    assert "updates came from Jon" in score
    assert "✓ 1 of 1 by the recovery owner" in score
    assert {one.by.name for one in ended.entries if one.by and one.kind in ("closed", "resolved", "frozen")} == {"Zoe"}


async def test_who_is_a_persons_is_not_played(tmp_path: Path) -> None:
    async with alone(tmp_path) as zoe, playing(zoe):
        await zoe.enters()
        zoe.people.add("mia")
        await zoe.until(lambda one: one.holder(Role.UPDATES) and one.holder(Role.RECOVERY))
        assert zoe.said("Mia") == []
        assert zoe.now.holder(Role.DIAGNOSIS) is None
        zoe.stage.world.say(zoe.stage.cast["Mia"], zoe.now.channel or zoe.stage.triage, "Leah, take diagnosis")
        await zoe.until(lambda one: one.holder(Role.DIAGNOSIS))


async def test_a_drill_that_somebody_types_in_an_ordinary_demo_has_the_cast_and_the_next_one_too(
    tmp_path: Path,
) -> None:
    async with alone(tmp_path) as zoe:
        task = asyncio.create_task(zoe.practice.whenever())
        for scenario in ("checkout", "provider-down"):
            zoe.stage.world.say(zoe.zoe, zoe.stage.triage, f"/inc drill {scenario}")
            await zoe.until(lambda one: one.drill and one.drill.name == scenario and one.items)  # noqa: B023  # at once
            assert any(line.startswith("/inc hypothesis") for line in zoe.said("Mia"))
            zoe.types("/inc claim ic")
            zoe.types("/inc close cause=known fixed=done")
            await zoe.until(lambda one: one.closed or one.open_prompts("close"))
            zoe.types("/inc yes")
            await zoe.until(lambda one: one.closed)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_real_incident_has_no_cast(tmp_path: Path) -> None:
    async with alone(tmp_path) as zoe:
        task = asyncio.create_task(zoe.practice.whenever())
        zoe.stage.world.say(zoe.zoe, zoe.stage.triage, "/inc declare search is empty")
        await zoe.enters()
        zoe.types("Mia, can you take diagnosis?")
        await asyncio.sleep(0.5)
        assert [who for who in zoe.stage.cast if zoe.said(who)] == []
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_into_a_private_drill_the_cast_comes_when_it_is_invited(tmp_path: Path) -> None:
    async with alone(tmp_path) as zoe:
        task = asyncio.create_task(zoe.practice.whenever())
        aside = zoe.stage.world.direct(zoe.zoe)
        zoe.stage.world.say(zoe.zoe, aside, "/inc drill credentials-leaked private")
        await zoe.enters()
        zoe.types("Bo, take scribe")
        await asyncio.sleep(0.3)
        assert zoe.said("Bo") == []
        zoe.types("/inc invite @Bo")
        await zoe.until(lambda one: any(person.name == "Bo" for person in one.people))
        zoe.types("Bo, take scribe")
        await zoe.until(lambda one: one.holder(Role.SCRIBE))
        assert zoe.said("Mia") == []
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_hypothesis_of_the_persons_is_looked_at_and_what_is_asked_in_a_thread_is_answered_there(
    tmp_path: Path,
) -> None:
    async with alone(tmp_path) as zoe, playing(zoe):
        await zoe.enters()
        zoe.types("/inc hypothesis the new release")
        await zoe.until(lambda one: "H1" in one.items)
        zoe.types("Bo, take H1")
        await zoe.until(lambda one: one.items["H1"].holder)
        card = zoe.stage.find(zoe.now.channel, "item/H1")
        assert card is not None
        zoe.stage.world.say(zoe.zoe, card.channel, "Bo, how is it going?", thread=card)
        await zoe.until(lambda one: one.items["H1"].status is ItemStatus.CONFIRMED)
        [answer] = (one for one in zoe.stage.world.said(card.channel) if one.text.startswith("I am on H1 (the new"))
        assert answer.thread == card
        assert "/inc confirm H1 totals differ by a cent" in zoe.said("Bo")


class Tab:
    """One person's page of a demo that runs, through its address."""

    def __init__(self, session: aiohttp.ClientSession, origin: str, token: str, who: str) -> None:
        self._session, self._origin, self._token, self._who = session, origin, token, who
        self._headers = {"Origin": origin}

    def live(self) -> aiohttp.client._WSRequestContextManager:
        return self._session.ws_connect(
            f"{self._origin}/live?token={self._token}&as={self._who}", headers=self._headers, max_msg_size=0
        )

    async def says(self, channel: str, text: str) -> None:
        act = {"act": "say", "by": self._who, "channel": channel, "text": text}
        async with self._session.post(
            f"{self._origin}/acts?token={self._token}", json=act, headers=self._headers
        ) as answer:
            assert answer.status == 200, await answer.text()


@asynccontextmanager
async def demo(
    folder: Path, capsys: pytest.CaptureFixture[str], who: str, drill: str = ""
) -> AsyncIterator[tuple[Tab, Callable[[str], Awaitable[str]]]]:
    """A demo in the browser with one tab, and what waits until it has printed some words: all that it has printed."""
    running = asyncio.create_task(play(headless=False, speed=600, port=0, data=folder, drill=drill))
    printed = ""

    async def told(words: str) -> str:
        nonlocal printed
        async with asyncio.timeout(60):
            while words not in printed:
                await asyncio.sleep(LOOK)
                printed += capsys.readouterr().out
        return printed

    try:
        found = re.search(r"(http://\S+)/\?token=(\S+)", await told("Ctrl-C ends it."))
        assert found is not None
        async with aiohttp.ClientSession() as session:
            yield Tab(session, found[1], found[2], who), told
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.endure
async def test_a_drill_in_the_browser_leaves_to_whoever_came_whom_they_chose_to_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with demo(tmp_path, capsys, "mia", "checkout") as (tab, told):
        begun = await told("speak to them by name")
        assert "lasts 20 minutes" in begun
        assert "What customers see" not in begun
        async with tab.live() as socket:
            heard: list[dict[str, str]] = []
            await told("How it went")
            while not any("How it went" in each["text"] for each in heard):
                heard += (await socket.receive_json()).get("messages", [])
        people = {each["author"] for each in heard}
        assert {"jon", "leah", "bo"} <= people
        assert "mia" not in people


@pytest.mark.endure
async def test_a_drill_typed_when_the_story_is_over_has_the_cast(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.demo.SPARE", 0.1)
    async with demo(tmp_path, capsys, "sam") as (tab, told), tab.live() as socket:
        frame = await socket.receive_json()
        [triage] = [each["id"] for each in frame["channels"] if each["name"] == "triage"]
        await told("The story is over")
        await tab.says(triage, "/inc drill provider-down")
        heard: list[str] = []
        async with asyncio.timeout(10):
            while "/inc hypothesis our last deploy broke sign-in" not in heard:
                heard += [each["text"] for each in (await socket.receive_json()).get("messages", [])]
