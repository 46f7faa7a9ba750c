"""The README's generated parts are what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.readme import PARTS, README, main, regenerate
from core.incident.verbs import VERBS
from core.incident.vocabulary import Phase
from transports.reactions import REACTIONS, Where


def block(name: str, body: str = "stale 7\n") -> str:
    return f"before\n<!-- generated: {name} -->\n{body}<!-- end -->\nafter\n"


def test_the_readme_is_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    assert regenerate(text) == text, "run `poe readme`"


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_replaced_and_the_rest_kept(name: str) -> None:
    fresh = regenerate(block(name))
    assert fresh == block(name, f"{PARTS[name]()}\n")
    assert regenerate(fresh) == fresh
    assert regenerate(block(name, "")) == fresh


def test_two_parts_beside_each_other() -> None:
    text = "\n".join(block(name) for name in PARTS)
    fresh = regenerate(text)
    assert all(part() in fresh for part in PARTS.values())
    assert "stale 7" not in fresh


@pytest.mark.parametrize(
    "text",
    [block("weather"), "<!-- generated: emoji -->\n", block("emoji").replace("<!-- end -->", "") + block("commands")],
)
def test_a_marker_that_means_nothing_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="part"):
        regenerate(text)


def test_the_tables_hold_every_row() -> None:
    commands, emoji, diagram = PARTS["commands"](), PARTS["emoji"](), PARTS["lifecycle"]()
    assert all(verb.usage.replace("|", "\\|") in commands for verb in VERBS)
    assert all(
        row.does in emoji and (row.emoji in emoji or row.where in (Where.THRESHOLDS, Where.RUNBOOK))
        for row in REACTIONS
    )
    assert "| the thresholds' card | 1️⃣ 2️⃣ … | that sentence is met" in emoji
    assert "3️⃣" not in emoji
    assert all(phase in diagram for phase in Phase)


def test_check_tells_and_writing_mends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "README.md"
    page.write_text(block("commands"), encoding="utf-8")
    monkeypatch.setattr("bot.readme.README", page)
    assert main(["--check"]) == 1
    assert "poe readme" in capsys.readouterr().out
    assert page.read_text(encoding="utf-8") == block("commands")
    assert main([]) == 0
    assert main(["--check"]) == 0
