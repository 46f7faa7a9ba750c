"""Who is there: whoever says or does anything in the incident's channel, until they leave it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stage import Stage

from core.port import Temporary
from transports.sandbox.transport import SandboxTransport


async def _declared(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)


def _there(stage: Stage) -> list[str]:
    return [person.name for person in stage.incident.present]


async def test_whoever_says_anything_is_there_and_that_is_noted_once(stage: Stage) -> None:
    await _declared(stage)
    assert _there(stage) == ["Ann"]
    await stage.mia.says("here, looking at the cache", stage.channel)
    await stage.mia.says("it looks fine", stage.channel)
    await stage.mia.types("hypothesis tax rounding")
    stage.expect_card("item/H1")
    await stage.jon.says("I see no errors", thread=stage.find("item/H1").ref)
    await stage.ann.says("thank you", stage.channel)
    await stage.sam.says("what is going on?", stage.triage)
    assert _there(stage) == ["Ann", "Mia", "Jon"]
    # Jon's words are evidence, and say that he is there: one write.
    assert [kind for kind in await stage.kinds() if kind in ("arrived", "evidence_given")] == [
        "arrived",
        "evidence_given",
    ]


async def test_whoever_gives_a_command_is_there_by_that(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("note the provider is fine")
    assert _there(stage) == ["Ann", "Mia"]
    assert "arrived" not in await stage.kinds()


async def test_a_stranger_who_chats_is_not_there_and_told_nothing(stage: Stage) -> None:
    await _declared(stage)
    stage.world.room(stage.channel).members.append(stage.zoe.account.id)
    before = await stage.kinds()
    await stage.zoe.says("hello, may I help?", stage.channel)
    assert _there(stage) == ["Ann"]
    assert await stage.kinds() == before
    stage.expect_letters(0)


async def test_where_the_chat_does_not_say_who_somebody_is_nobody_waits_for_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _declared(stage)

    async def standing(chat: SandboxTransport, account_id: str) -> frozenset[str]:
        raise Temporary("not now", 3600.0)

    with monkeypatch.context() as patch:
        patch.setattr(SandboxTransport, "standing", standing)
        before = stage.clock.now()
        await stage.mia.says("here", stage.channel)
        assert stage.clock.now() - before < timedelta(minutes=1)
    assert _there(stage) == ["Ann"]
    await stage.mia.says("still here", stage.channel)
    assert _there(stage) == ["Ann", "Mia"]


async def test_nobody_arrives_after_the_close(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("close false-alarm the probe itself was down")
    stage.expect_summaries()
    await stage.mia.says("so what was it?", stage.channel)
    assert _there(stage) == ["Ann"]


async def test_whoever_leaves_is_there_no_longer_until_they_write_again(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.says("here", stage.channel)
    await stage.mia.leaves(stage.channel)
    assert _there(stage) == ["Ann"]
    assert (await stage.kinds())[-1] == "left"
    await stage.mia.says("back again", stage.channel)
    assert _there(stage) == ["Ann", "Mia"]


async def test_who_lost_every_right_by_leaving_is_gone_too(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("claim scribe")
    await stage.mia.leaves(stage.triage)
    assert _there(stage) == ["Ann", "Mia"], "triage is not the incident's channel"
    await stage.mia.leaves(stage.channel)
    assert _there(stage) == ["Ann"]
    stage.expect_letters(0)
    stage.expect_card("prompt/vacant-1", "Mia left")
    await stage.jon.reacts("prompt/vacant-1", "✍️")
    stage.expect_card("board", "Scribe Jon")


async def test_who_left_while_tocsin_was_away_is_gone(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.says("here", stage.channel)
    await stage.stop()
    stage.world.leave(stage.mia.account, stage.channel)
    await stage.again(away=timedelta(minutes=1))
    assert _there(stage) == ["Ann"]


async def test_the_commander_who_left_is_not_asked_to_take_command(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.says("here", stage.channel)
    await stage.ann.leaves(stage.channel)
    await stage.fast_forward(minutes=2)
    stage.expect_card("prompt/commander-1", "Mia: nobody has taken command")
    await stage.fast_forward(minutes=3)
    stage.expect_card("prompt/commander-2", "Bob: nobody has taken command")
    await stage.mia.reacts("prompt/commander-2", "🧭")
    stage.expect_card("board", "Commander Mia")


async def test_who_comes_back_is_asked_again(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.leaves(stage.channel)
    await stage.ann.says("I am here again", stage.channel)
    await stage.fast_forward(minutes=2)
    stage.expect_card("prompt/commander-1", "Ann: nobody has taken command", lacks="Ann, Ann")


async def test_no_role_passes_to_somebody_who_left(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("takeover ic")
    await stage.mia.leaves(stage.channel)
    stage.expect_card("prompt/takeover-1", "Takeover: Mia left.")
    await stage.fast_forward(minutes=2)
    stage.expect_card("board", "Commander Ann")


async def test_what_somebody_wrote_before_they_left_does_not_bring_them_back_when_it_is_heard_again(
    stage: Stage,
) -> None:
    await _declared(stage)
    await stage.mia.says("here", stage.channel)
    await stage.mia.says("the cache looks fine", stage.channel)
    await stage.fast_forward(seconds=5)
    await stage.mia.leaves(stage.channel)
    # Without its cursor Tocsin hears everything anew.
    await stage.restart(forget=True)
    assert _there(stage) == ["Ann"]


async def test_whoever_leaves_triage_in_the_middle_may_do_nothing_more(stage: Stage) -> None:
    """Whoever is in triage is a responder, and that is looked up when the act is carried out (spec, section 12)."""
    await stage.ann.types("declare checkout fails", stage.triage)
    await stage.mia.types("note errors began at 10:02")
    await stage.mia.leaves(stage.triage)
    answer = await stage.mia.asks("note and nothing more")
    assert "responder" in answer
    assert not any("nothing more" in entry.text for entry in stage.incident.entries)
    stage.expect_everything()
