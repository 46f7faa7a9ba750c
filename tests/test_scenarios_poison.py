"""An act that a bug makes unhandleable: whoever did it is told under which name the log has it, and everything else goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stage import Stage, open_stage


def poisoned(stage: Stage, words: str) -> list[str]:
    """From now on whatever says this is a bug; the sources of what was tried."""
    handle, tried = stage.tocsin.post.handle, []

    async def stumbling(order: Any) -> Any:
        if words in str(getattr(order.command, "text", "")):
            tried.append(order.source)
            raise RuntimeError("a bug")
        return await handle(order)

    stage.tocsin.post.handle = stumbling  # type: ignore[method-assign]
    return tried


async def test_a_poisoned_act_is_told_of_once_and_the_others_go_on(tmp_path: Path) -> None:
    async with open_stage(tmp_path, bugs=1) as stage:
        await stage.mia.types("declare checkout fails sev3", stage.triage)
        tried = poisoned(stage, "poison")
        for words in ("note before", "note poison"):
            stage.world.say(stage.ann.account, stage.channel, f"!inc {words}")
        await stage.settle()
        said = [one.text for one in stage.of_tocsin(stage.channel) if "Something went wrong in Tocsin" in one.text]
        assert len(said) == 1
        assert "look whether it was done. Its log has it under " in said[0]
        await stage.ann.types("note after", stage.channel)
        await stage.fast_forward(minutes=1)
        texts = [entry.text for entry in stage.incident.entries]
        assert ("before" in texts, "poison" in texts, "after" in texts) == (True, False, True)
        assert len(tried) == 1, "it is not tried for ever, nor is it in the way of what comes after"
        stage.expect_everything()


async def test_the_next_process_does_not_stumble_over_it_again(tmp_path: Path) -> None:
    async with open_stage(tmp_path, bugs=1) as stage:
        await stage.mia.types("declare checkout fails sev3", stage.triage)
        poisoned(stage, "poison")
        stage.world.say(stage.ann.account, stage.channel, "!inc note poison")
        await stage.fast_forward(seconds=10)
        await stage.restart()
        tried = poisoned(stage, "poison")
        await stage.ann.types("note goes on", stage.channel)
        assert tried == []
        stage.expect_everything()
