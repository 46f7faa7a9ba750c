"""Calm: how many messages Tocsin writes while the checkout story is told, and whom it calls; the README has the figures."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from checkout_story import Telling
from stage import Stage, open_stage

from core.incident.vocabulary import ChannelRef, Phase

README = Path(__file__).parent.parent / "README.md"

MESSAGES = 20
"""Messages in the incident's channel until it is closed, at most; everything else is an edit."""

AFTERWARDS = ["postmortem", "course", "debrief"]
"""What stands below the summary."""

CALLS = 5
"""Times that somebody is called by name, at most; nobody but that person."""


@pytest.fixture
async def told(tmp_path: Path) -> Stage:
    """The stage after the story, with every nudge on."""
    async with open_stage(tmp_path, nudges=True) as stage:
        await Telling(stage).tell()
        await stage.fast_forward(minutes=1)
        stage.expect_everything()
        return stage


def _messages(stage: Stage, channel: ChannelRef) -> list[str]:
    return [one.post.card for one in stage.of_tocsin(channel) if one.post is not None]


async def test_the_story_is_told_with_few_messages_and_fewer_calls(told: Stage) -> None:
    assert told.incident.phase is Phase.CLOSED
    written = _messages(told, told.channel)
    assert [card for card in written if card in AFTERWARDS] == AFTERWARDS
    written = [card for card in written if card not in AFTERWARDS]
    called = [
        (one.post.card, one.post.pings)
        for message in told.of_tocsin(told.channel)
        # An edit calls nobody.
        if (one := message.versions[0]).post and one.post.pings
    ]
    assert len(written) <= MESSAGES, Counter(card.partition("/")[0] for card in written)
    assert len(called) <= CALLS, called
    assert all(len(pings) == 1 for _, pings in called), "nothing calls a crowd"
    said = re.search(r"(\d+) messages in the incident's channel and (\d+) calls", README.read_text(encoding="utf-8"))
    assert said is not None
    assert (int(said[1]), int(said[2])) == (len(written), len(called)), "the README has the figures"


async def test_the_story_leaves_no_nudge_open_and_no_letter(told: Stage) -> None:
    cards = _messages(told, told.channel)
    assert not [card for card in cards if card.startswith("letter/")]
    for card in cards:
        if card.startswith("nudge/"):
            assert "all done" in told.find(card).text or "continued" in told.find(card).text
