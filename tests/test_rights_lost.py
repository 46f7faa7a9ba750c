"""A responder who is none any more, in the middle: what they held and were asked is of no use to them, on every chat.

Their role stays theirs by name until somebody takes it over, as with anybody who does not answer (spec, section 3).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from permission_chats import in_sandbox, on_discord, on_matrix
from permission_doors import ChatDoor
from permission_play import shown
from synapse import Synapse

from core.incident import commands as c
from core.incident.events import Ask
from core.incident.vocabulary import Role

pytest_plugins = ["conftest_discord", "conftest_matrix"]


async def _loses_her_right(door: ChatDoor) -> None:
    mia = door.mention("Mia")
    setting = [
        ("Ann", "claim ic"),
        ("Mia", "claim updates"),
        ("Mia", "hypothesis tax rounding"),
        ("Mia", "grab H1"),
        ("Mia", "draft impact=some users cannot pay next=we test a rollback every=15m"),
        ("Jon", "claim scribe"),
        ("Jon", f"handoff {mia} scribe"),
    ]
    for answer in await door.act(setting):
        assert answer.kinds[0] != "refused", answer
    assert door.leave is not None
    await door.leave("Mia")
    before = dict(shown(door.incident()))
    pressed = [
        answer
        for card, emoji in (("item/H1", "✅"), ("draft/1", "📤"), ("prompt/handoff-1", "👍"), ("board", "🔎"))
        for answer in await door.press(card, [("Mia", emoji)])
    ]
    typed = await door.act(
        [("Mia", words) for words in ("publish", "drop H1", "release updates", "yes handoff-1", f"assign scribe {mia}")]
    )
    for answer in (*pressed, *typed):
        assert answer.kinds == ("refused",), answer
        assert answer.refusal == "Only responders may do that. Please ask Ann."
    assert dict(shown(door.incident())) == before
    # Nothing can be given to her, and what she holds is free for whoever asks for it.
    answers = await door.act(
        [("Ann", f"assign diagnosis {mia}"), ("Jon", "takeover updates"), ("Mia", "claim updates")]
    )
    assert [answer.kinds[0] for answer in answers] == ["refused", "asked", "refused"]
    assert answers[0].refusal == "Mia is no responder, and could do nothing with it. Name one who is."
    [asked] = door.incident().open_prompts(Ask.TAKEOVER)
    await door.give(c.PassRole(prompt=asked.key))
    holder = door.incident().holder(Role.UPDATES)
    assert holder is not None
    assert holder.name == "Jon"
    [published, freed] = await door.act([("Jon", "publish"), ("Ann", "release H1")])
    assert (published.kinds[0], freed.kinds[0]) == ("published", "item_let_go")
    await door.finish()


async def test_a_responder_who_leaves_the_sandboxs_triage(tmp_path: Path) -> None:
    async with in_sandbox(tmp_path) as door:
        await _loses_her_right(door)


async def test_a_responder_whose_role_is_taken_on_discord(tmp_path: Path) -> None:
    async with on_discord(tmp_path) as door:
        await _loses_her_right(door)


@pytest.mark.endure
async def test_a_responder_who_leaves_triage_on_matrix(tmp_path: Path, synapse: Synapse) -> None:
    async with on_matrix(tmp_path, synapse) as door:
        await _loses_her_right(door)
