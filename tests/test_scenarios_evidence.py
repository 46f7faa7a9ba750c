"""What people write in an item's thread is evidence for that item and nothing else: no card, no line, no answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from stage import Stage, open_stage

from core.activity_log import stream_of
from core.incident.state import Evidence
from core.incident.vocabulary import MessageRef
from transports.sandbox.server import Server

WORDS = "totals differ by a cent"


async def _item(stage: Stage) -> MessageRef:
    """An incident with one hypothesis, in Mia's hands. Returns its card, the root of its thread."""
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("hypothesis tax rounding")
    await stage.mia.reacts("item/H1", "✋")
    await stage.fast_forward(seconds=5)
    stage.expect_card("item/H1", "Mia is on it")
    return stage.find("item/H1").ref


def given(stage: Stage) -> list[Evidence]:
    return list(stage.incident.evidence.values())


def told(stage: Stage) -> list[tuple[str, str, str, bool]]:
    return [(one.item, one.text, one.by.name, one.deleted) for one in given(stage)]


async def _act_count(stage: Stage) -> int:
    return len(await stage.kinds())


async def test_words_in_a_thread_are_kept_for_their_item_with_who_and_when(stage: Stage) -> None:
    root = await _item(stage)
    entries = stage.incident.entries
    said = await stage.jon.says(WORDS, thread=root)
    assert told(stage) == [("H1", WORDS, "Jon", False)]
    assert given(stage)[0].at == stage.world.look(said).at
    assert list(stage.incident.evidence) == [said]
    assert stage.incident.entries == entries
    # Nor are words beside the thread any.
    await stage.jon.says("what about the cache?")
    assert len(given(stage)) == 1


async def test_it_costs_one_write_and_no_word_to_any_chat(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    root = await _item(stage)
    await stage.jon.says("I look at it as well")
    await stage.fast_forward(minutes=1)
    asked: list[Callable[[], Any]] = []
    before = await _act_count(stage)
    request = stage.server.request

    async def counted(_: Server, effect: Callable[[], Any], key: str | None = None) -> Any:
        asked.append(effect)
        return await request(effect, key)

    monkeypatch.setattr(type(stage.server), "request", counted)
    texts = {
        message.ref: message.text for message in stage.world.messages.values() if message.author == stage.world.bot
    }
    for count in range(5):
        await stage.jon.says(f"{WORDS}, order {count}", thread=root)
    await stage.fast_forward(minutes=2)
    # Whether Jon is a responder is looked up once for each, as for any act; most chats know it by heart.
    assert [effect.__name__ for effect in asked] == ["_triage"] * 5
    assert (await stage.kinds())[before:] == ["evidence_given"] * 5
    after = {
        message.ref: message.text for message in stage.world.messages.values() if message.author == stage.world.bot
    }
    assert after == texts


async def test_a_persons_first_words_of_all_are_one_write_too(stage: Stage) -> None:
    root = await _item(stage)
    before = await _act_count(stage)
    await stage.jon.says(WORDS, thread=root)
    assert (await stage.kinds())[before:] == ["evidence_given"]
    assert any(person.name == "Jon" for person in stage.incident.present)


async def test_it_was_said_while_tocsin_was_away(stage: Stage) -> None:
    root = await _item(stage)
    await stage.stop()
    said = stage.world.say(stage.jon.account, root.channel, WORDS, thread=root)
    await stage.again(away=timedelta(minutes=3))
    assert told(stage) == [("H1", WORDS, "Jon", False)]
    assert list(stage.incident.evidence) == [said]
    # Heard once more, as after a start that read too far back, it is still said once.
    await stage.restart()
    await stage.restart(forget=True)
    assert len(given(stage)) == 1
    stage.expect_everything()


async def test_it_follows_its_message(stage: Stage) -> None:
    root = await _item(stage)
    said = await stage.jon.says("totals differ by a dent", thread=root)
    await stage.jon.edits(said, WORDS)
    assert told(stage) == [("H1", WORDS, "Jon", False)]
    await stage.jon.deletes(said)
    assert told(stage) == [("H1", WORDS, "Jon", True)]
    stage.expect_card("item/H1", lacks="cent")


async def test_a_strangers_words_are_none_and_nobody_answers(tmp_path: Path) -> None:
    """Kim may read along, and is no responder."""
    async with open_stage(tmp_path, responders=frozenset({"sandbox:ann", "sandbox:mia"})) as stage:
        root = await _item(stage)
        before = await _act_count(stage)
        said = await stage.kim.says("I know what it is", thread=root)
        await stage.kim.edits(said, "I knew it")
        await stage.kim.deletes(said)
        assert given(stage) == []
        assert await _act_count(stage) == before
        await stage.mia.says(WORDS, thread=root)
        assert len(given(stage)) == 1


@pytest.mark.parametrize("text", ["\u200b", "\u202e \u2066"])
async def test_a_text_without_words_is_none(stage: Stage, text: str) -> None:
    root = await _item(stage)
    before = await _act_count(stage)
    await stage.mia.says(text, thread=root)
    assert given(stage) == []
    assert await _act_count(stage) == before


async def test_a_command_in_the_thread_is_none(stage: Stage) -> None:
    root = await _item(stage)
    await stage.mia.types("note errors fell", thread=root)
    misread = await stage.mia.says("!inc hypotesis cache", thread=root)
    stage.mia.told(misread, "Did you mean `hypothesis`?")
    assert given(stage) == []


@pytest.mark.parametrize(
    ("emoji", "kind"), [("💡", "item_added"), ("🛠️", "item_added"), ("📌", "noted"), ("⚖️", "decision_marked")]
)
async def test_a_message_there_can_still_be_marked_and_its_words_are_evidence_once(
    stage: Stage, emoji: str, kind: str
) -> None:
    root = await _item(stage)
    said = await stage.jon.says(WORDS, thread=root)
    await stage.mia.reacts(said, emoji)
    await stage.mia.takes_back(said, emoji)
    await stage.mia.reacts(said, emoji)
    assert told(stage) == [("H1", WORDS, "Jon", False)]
    assert stage.incident.entries[-1].kind == kind
    await stage.jon.edits(said, f"{WORDS} each")
    assert told(stage) == [("H1", f"{WORDS} each", "Jon", False)]
    if kind == "item_added":
        child = next(item for item in stage.incident.items.values() if item.key != "H1")
        assert (child.parent, child.text) == ("H1", f"{WORDS} each")
    stage.expect_everything()


async def test_words_under_a_child_are_the_childs(stage: Stage) -> None:
    root = await _item(stage)
    said = await stage.jon.says("only gift cards", thread=root)
    await stage.jon.reacts(said, "💡")
    stage.expect_card("item/H2", "only gift cards")
    await stage.jon.says(WORDS, thread=stage.find("item/H2").ref)
    assert told(stage) == [("H1", "only gift cards", "Jon", False), ("H2", WORDS, "Jon", False)]


async def test_after_the_items_end_and_after_the_close_it_still_counts(stage: Stage) -> None:
    root = await _item(stage)
    await stage.mia.types("rule-out H1 totals are the same")
    await stage.jon.says("but not for gift cards", thread=root)
    await stage.ann.types("close cause=tax rounding fixed=rolled back next=nothing")
    await stage.jon.says(WORDS, thread=root)
    assert [text for _, text, *_ in told(stage)] == ["but not for gift cards", WORDS]
    stage.expect_everything()


async def test_a_long_text_is_kept_as_long_as_a_note(stage: Stage) -> None:
    root = await _item(stage)
    await stage.jon.says("x" * 5000, thread=root)
    assert len(given(stage)[0].text) == 2000


async def test_it_is_nothing_new_on_the_record(tmp_path: Path) -> None:
    """The stuck sign looks at what was put on the timeline: a talk in a thread is not that."""
    async with open_stage(tmp_path, nudges=True) as stage:
        root = await _item(stage)
        for _ in range(10):
            await stage.fast_forward(minutes=1)
            await stage.jon.says(WORDS, thread=root)
        await stage.fast_forward(minutes=1)
        assert any("on the record" in message.text for message in stage.of_tocsin(stage.channel))
        stage.expect_everything()


async def test_evidence_is_of_the_incident_whose_item_it_is(stage: Stage) -> None:
    root = await _item(stage)
    await stage.fast_forward(minutes=11)
    await stage.ann.types("declare login fails sev3", stage.triage)
    await stage.jon.says(WORDS, thread=root)
    assert given(stage) == []
    [record] = [one for one in await stage.tocsin.log.load(stream_of(1)) if one.event.kind == "evidence_given"]
    assert record.by is not None
    assert record.by.name == "Jon"
    stage.expect_everything()
