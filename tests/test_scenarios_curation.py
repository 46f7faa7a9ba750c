"""The record put in order after the fact, in chat: texts, times, and what the postmortem need not say."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from stage import Stage, open_stage

from core.incident.state import Entry


async def _noted(stage: Stage, words: str = "errors began") -> int:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types(f"note {words}")
    return stage.incident.entries[-1].number


def _entry(stage: Stage, number: int) -> Entry:
    return stage.incident.entries[number - 1]


async def test_a_time_is_corrected_days_later_and_moves_the_line(stage: Stage) -> None:
    number = await _noted(stage)
    await stage.ann.types("note the provider was called")
    first = stage.incident.declared_at
    await stage.fast_forward(days=2, hours=5)
    await stage.mia.types(f"amend {number} time=10:01")
    assert _entry(stage, number).at == first.replace(hour=10, minute=1, second=0, microsecond=0)
    lines = (await stage.ann.asks("timeline")).splitlines()
    assert lines[1] == f"10:01 UTC  T{number} Mia: errors began (its time was corrected)"
    await stage.mia.types(f"amend {number} payments began to fail time=2026-05-02T09:59")
    lines = (await stage.ann.asks("timeline")).splitlines()
    assert lines[1] == f"09:59 UTC  T{number} Mia: payments began to fail (amended)"
    assert (await stage.kinds()).count("entry_amended") == 2


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("amend {}", "What shall entry"),
        ("amend {} 10:01", "time=10:02"),
        ("amend {} time=2026-05-02T23:00", "23:00 UTC is still to come"),
        ("amend {} time=25:00", "25:00 is no time"),
        ("amend {} time=soon", "soon is no time like 10:02"),
        ("hide 99", "There is no timeline entry 99"),
        ("hide", "Which timeline entry?"),
        ("hide it", "it is no timeline entry"),
    ],
)
async def test_what_makes_no_sense_is_told(stage: Stage, words: str, answer: str) -> None:
    number = await _noted(stage)
    await stage.mia.is_told(words.format(number), answer)
    assert _entry(stage, number).note == ""


async def test_clock_times_are_those_of_the_houses_zone(tmp_path: Path) -> None:
    async with open_stage(tmp_path, zone=ZoneInfo("Europe/Berlin")) as stage:
        number = await _noted(stage)
        await stage.mia.types(f"amend {number} time=12:01")
        assert f"{_entry(stage, number).at:%H:%M}" == "10:01"
        await stage.mia.types(f"amend {number} time=10:00 UTC")
        assert f"{_entry(stage, number).at:%H:%M}" == "10:00"
        await stage.mia.types(f"amend {number} time=2026-05-02 11:59")
        assert f"{_entry(stage, number).at:%H:%M}" == "09:59"


async def test_an_entry_is_hidden_from_the_postmortem_and_shown_again(stage: Stage) -> None:
    number = await _noted(stage)
    await stage.jon.is_told(f"hide {number}", "leave that entry out", "Ann or Mia")
    await stage.mia.types(f"hide T{number}")
    assert f"T{number} Mia: errors began (hidden from the postmortem)" in await stage.ann.asks("timeline")
    await stage.ann.types(f"after unhide {number}")
    assert "hidden" not in await stage.ann.asks("timeline")


async def test_what_was_amended_is_not_lost_to_an_edit_of_its_message(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    said = await stage.mia.says("errors begann")
    await stage.ann.reacts(said, "📌")
    number = stage.incident.entries[-1].number
    await stage.ann.types(f"amend {number} payments fail for 1 in 8")
    await stage.mia.edits(said, "errors began")
    assert _entry(stage, number).text == "payments fail for 1 in 8"


async def test_the_summary_and_the_notice_follow_what_the_close_is_corrected_to_say(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.ann.types("close cause=cache eviction fixed=restarted next=nothing")
    await stage.fast_forward(seconds=3)
    stage.expect_summaries()
    stage.expect_card("notice", "It is over. Cause: cache eviction")
    close = next(one.number for one in stage.incident.entries if one.kind == "closed")
    await stage.ann.is_told("close cause=tax rounding", f"`amend {close} TEXT`")
    await stage.ann.types(f"amend {close} time=10:01")
    stage.expect_card("summary", lacks="Corrected")
    await stage.ann.types(f"amend {close} tax rounding in release 214; put back")
    await stage.fast_forward(seconds=3)
    for room in (stage.channel, stage.triage, stage.support, stage.leadership):
        stage.expect_card("summary", "Corrected    tax rounding in release 214; put back", where=room)
    stage.expect_card("notice", "It is over. tax rounding in release 214; put back", lacks="cache")
    stage.expect_everything()
