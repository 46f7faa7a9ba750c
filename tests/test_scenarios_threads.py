"""Inside an item's thread: what is typed there belongs to that item."""

from __future__ import annotations

from stage import Stage

from core.incident.vocabulary import MessageRef


async def _raised(stage: Stage) -> MessageRef:
    """Sam tells of it and Ann, who is on call, declares."""
    alarm = await stage.sam.says("Checkout fails")
    await stage.ann.reacts(alarm, "🚨")
    return alarm


async def test_a_hypothesis_typed_in_a_thread_is_a_child(stage: Stage) -> None:
    await _raised(stage)
    await stage.ann.types("hypothesis cache")
    await stage.mia.types("action look at the hit rate", thread=stage.find("item/H1").ref)
    stage.expect_everything()
    assert stage.incident.items["A1"].parent == "H1"


async def test_an_answer_in_a_thread_stands_in_the_thread(stage: Stage) -> None:
    await _raised(stage)
    await stage.ann.types("hypothesis cache")
    root = stage.find("item/H1").ref
    asked = await stage.mia.says("!inc board", thread=root)
    stage.expect_everything()
    answer = next(one for one in stage.of_tocsin(stage.channel) if one.reply_to == asked)
    assert answer.thread == root
