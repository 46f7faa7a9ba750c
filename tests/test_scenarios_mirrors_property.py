"""Whatever happens, in any order: every copy reads as its base text, and no text reaches anybody unless its owner published it.

Rule: what stands is read from the chats, what was published from the log's rows; what the bot believes is not asked.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from elsewhere import Elsewhere
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage import AUDIENCES, Stage
from test_scenarios_mirrors import room

from core.card_keeping import CardKeeping
from core.incident.cards import updates as cards_of_updates
from core.incident.document import line
from core.incident.events import Corrected, Published
from core.incident.policy import Audience
from core.port import Temporary
from transports.sandbox.faults import Trouble
from transports.sandbox.places import Kind

IMPACTS = st.sampled_from(["Some users cannot pay", "All users cannot pay", "*Nobody* <b>can</b> pay & sign in"])
STEPS = st.one_of(
    st.tuples(st.just("publish"), IMPACTS),
    st.tuples(st.just("draft"), IMPACTS),
    st.tuples(st.just("correct"), IMPACTS),
    st.tuples(st.sampled_from(["withdraw", "unchanged", "delete", "restart", "forget", "grow", "shrink", "close"])),
    st.tuples(st.sampled_from(["sandbox away", "matrix away", "lost replies", "lost requests"])),
)

ROOMS = ("support", "leadership", "sales")
PARTS = re.compile(r"\[\d\d:\d\d UTC\] .*")


SAID = {
    "publish": ("update impact={}", "publish"),
    "draft": ("update impact=Secret: {}",),
    "correct": ("correct impact={}",),
    "withdraw": ("withdraw it was wrong",),
    "unchanged": ("unchanged 20m",),
    "close": ("close false-alarm nothing was wrong",),
}

TROUBLES = {
    "sandbox away": [Trouble.LOST_REQUEST] * 12,
    "lost replies": [Trouble.LOST_REPLY] * 12,
    "lost requests": [Trouble.LOST_REQUEST, Trouble.LOST_REPLY] * 6,
}


class Play:
    """One incident, audiences in two chats, and one step after another."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.chat = Elsewhere("#leadership", "#press")
        self.audiences = [
            AUDIENCES[0],
            Audience(name="leadership", rooms=(self.chat.room("#leadership"),), frame="Hi."),
        ]

    async def begin(self) -> None:
        self.stage.others[self.chat.name] = self.chat
        self.stage.world.create_channel("sales", Kind.AUDIENCE)
        await self.again()
        await self.stage.ann.says("!inc declare checkout fails sev2", self.stage.triage)

    async def again(self, *, forget: bool = False) -> None:
        await self.stage.stop()
        self.stage.policy = self.stage.policy.model_copy(update={"audiences": tuple(self.audiences)})
        await self.stage.again(forget=forget)

    async def say(self, *words: str) -> None:
        for one in words:
            # The incident's channel is read-only for nobody: how people reach it is not what this is about.
            self.stage.world.room(self.stage.channel).locked = False
            await self.stage.ann.says(f"!inc {one}", self.stage.channel)

    async def take(self, what: str, impact: str = "") -> None:
        stage = self.stage
        if what in SAID:
            await self.say(*(words.format(impact) for words in SAID[what]))
        stage.faults.upcoming.extend(TROUBLES.get(what, ()))
        match what:
            case "delete":
                copies = [one for one in stage.of_tocsin(stage.support) if one.post and one.post.text]
                if copies:
                    await stage.ann.deletes(copies[-1].ref)
            case "restart" | "forget":
                await self.again(forget=what == "forget")
            case "grow":
                more = Audience(name="more", rooms=(room("sales"), self.chat.room("#press")), frame="For sales.")
                self.audiences = [*self.audiences[:2], more]
                await self.again()
            case "shrink":
                self.audiences = self.audiences[:1]
                await self.again()
            case "matrix away":
                self.chat.refusing = {name: Temporary("away") for name in self.chat.rooms}
        await stage.fast_forward(seconds=7)

    def shown(self) -> list[tuple[str, str, str | None, str]]:
        """Every copy that people see in an audience's room: where, which, its text in the mark, what is read."""
        stage = self.stage
        here = [place.ref for name in ROOMS if (place := stage.world.named(name))]
        found = [
            (one.ref.channel.id, one.post.card, one.post.text, one.text)
            for place in here
            for one in stage.of_tocsin(place)
            if one.post is not None
        ]
        for name, posts in self.chat.rooms.items():
            for post in posts.values():
                read = "\n".join(
                    "".join(getattr(span, "text", "") for span in row.spans) for row in post.document.lines
                )
                found.append((name, post.card, post.text, read))
        return found

    async def published(self) -> dict[str, list[str]]:
        """The texts that the log published, by card, in their order."""
        texts: dict[str, list[str]] = {}
        for record in await self.stage.tocsin.log.load("inc-1"):
            if isinstance(record.event, Published | Corrected):
                assert record.by is not None, "nobody published it"
                texts.setdefault(f"update/{record.event.number}", []).append(record.event.text)
        return texts

    async def nothing_leaks(self) -> None:
        """At any moment: whatever stands in an audience's room was published so, once."""
        texts = await self.published()
        for where, card, text, read in self.shown():
            if text is None:
                assert card.startswith("summary"), f"{card} in {where}"
                continue
            assert text in texts.get(card, []), f"{card} in {where} reads {text!r}, which nobody published"
            assert PARTS.findall(read) == [text], f"{card} in {where} reads {read!r}"

    async def ends_true(self) -> None:
        """In the end: every copy that should be there is, once, with the base text, struck where it was withdrawn."""
        self.chat.refusing = {}
        self.stage.faults.upcoming.clear()
        await self.stage.fast_forward(minutes=7)
        await self.nothing_leaks()
        texts, shown = await self.published(), self.shown()
        for update in self.stage.incident.updates:
            card = f"update/{update.number}"
            mine = [(where, text, read) for where, key, text, read in shown if key == card]
            assert len({where for where, *_ in mine}) == len(mine) == len(update.mirrors), f"{card}: {mine}"
            assert {text for _, text, _ in mine} <= {texts[card][-1]}, f"{card}: {mine}"
            assert all(("Withdrawn: " in read) == bool(update.withdrawn) for *_, read in mine), f"{card}: {mine}"
            assert all(
                ("Corrected " in read) == (len(texts[card]) > 1 and not update.withdrawn) for *_, read in mine
            ), f"{card}: {mine}"
        assert self.stage.incident.deliveries == ()


async def _play(steps: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        await stage.start()
        try:
            play = Play(stage)
            await play.begin()
            deleted = 0
            for step in steps:
                # A copy comes back once; that twice is on purpose has a test of its own.
                deleted += step[0] == "delete"
                if step[0] != "delete" or deleted == 1:
                    await play.take(*step)
                    await play.nothing_leaks()
            await play.ends_true()
        finally:
            await stage.stop()


FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_every_copy_reads_as_its_base_text_and_nothing_else_gets_out(steps: list[tuple[str, ...]]) -> None:
    asyncio.run(_play([("publish", "Some users cannot pay"), *steps]))


# --- the property can fail --------------------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]


def _no_correction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that stands is not edited."""

    async def _edit(self: CardKeeping, _stream: str, _card: Any, row: Any, *wanted: Any) -> float:
        row.hash = wanted[-1]
        return 0.0

    monkeypatch.setattr(CardKeeping, "_edit", _edit)


def _with_the_draft(monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft shows in the copies before it is published."""
    copy = cards_of_updates._copy

    def leaky(update: Any, frame: str) -> Any:
        document = copy(update, frame)
        return type(document)((*document.lines, line("[10:02 UTC] Secret.")))

    monkeypatch.setattr(cards_of_updates, "_copy", leaky)


def _not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed once is not tried again."""
    attempt: Callable[..., Awaitable[float]] = CardKeeping._send

    async def _send(self: CardKeeping, stream: str, card: Any, row: Any, wanted: str) -> float:
        try:
            return await attempt(self, stream, card, row, wanted)
        except Temporary:
            row.hash = wanted
            self._desk.showing.save(row)
            return 0.0

    monkeypatch.setattr(CardKeeping, "_send", _send)


@pytest.mark.parametrize(
    ("plant", "steps"),
    [
        (_no_correction, [("correct", "All users cannot pay")]),
        (_with_the_draft, []),
        (_not_again, [("matrix away",), ("unchanged",)]),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
async def test_a_bug_that_is_planted_is_found(
    monkeypatch: pytest.MonkeyPatch, plant: Plant, steps: list[tuple[str, ...]]
) -> None:
    await _play([("publish", "Some users cannot pay"), *steps])
    plant(monkeypatch)
    with pytest.raises(AssertionError, match="update/"):
        await _play([("publish", "Some users cannot pay"), *steps])
