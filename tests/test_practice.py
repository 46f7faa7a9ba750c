"""`tocsin demo --drill`: one person alone, and a cast that looks and never decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.demo import play
from bot.web.serve import Unavailable


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
