"""`tocsin doctor` on who is on call and on runbooks: what is missing, and how to mend it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.doctor import examine

HEAD = """
[transports.sandbox]
port = 0
[groups]
responders = ["triage"]
[[people]]
name = "Ann"
sandbox = "ann"
[[services]]
name = "checkout"
runbook = "pay.md"
[[services]]
name = "search"
[[services]]
name = "shop"
runbook = "https://wiki.example.org/shop"
"""


async def said(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    file = folder / "config.toml"
    file.write_text(HEAD + text, encoding="utf-8")
    status = await examine(file)
    return status, capsys.readouterr().out


def days(who: str, first: int, last: int) -> str:
    today = datetime.now(UTC).date()
    begins, ends = today + timedelta(days=first), today + timedelta(days=last)
    return (
        f"BEGIN:VEVENT\r\nUID:{who}{first}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:{who}\r\n"
        f"DTSTART;VALUE=DATE:{begins:%Y%m%d}\r\nDTEND;VALUE=DATE:{ends:%Y%m%d}\r\nEND:VEVENT\r\n"
    )


def calendar(file: Path, *events: str) -> None:
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//\r\n"
    file.write_text(f"{head}{''.join(events)}END:VCALENDAR\r\n", encoding="utf-8", newline="")


ROTATION = "[[rotations]]\nname = 'payments'\ncalendar = 'team.ics'"


async def test_calendars_and_runbooks_that_are_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calendar(tmp_path / "team.ics", days("Ann", -1, 20))
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "pay.md").write_text("# Pay\n\nwords", encoding="utf-8")
    status, out = await said(tmp_path, ROTATION, capsys)
    assert status == 0
    assert "ok    rotation payments\n" in out
    assert f"ok    runbooks in {tmp_path / 'runbooks'}: 1\n" in out
    assert f"hint  search has no runbook: write {tmp_path / 'runbooks' / 'search.md'}" in out
    assert "shop has no runbook" not in out


async def test_a_calendar_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = await said(tmp_path, ROTATION, capsys)
    assert status == 1
    assert "FAIL  rotation payments: its calendar cannot be used: it cannot be read: no such file or directory" in out
    assert "FAIL  runbook of checkout: there is no pay.md in" in out


async def test_an_empty_calendar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calendar(tmp_path / "team.ics")
    status, out = await said(tmp_path, ROTATION, capsys)
    assert status == 1
    assert "FAIL  rotation payments: nobody is on in the next 14 days; [groups] oncall is called" in out


async def test_a_gap_and_a_name_that_is_nobodys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calendar(tmp_path / "team.ics", days("Ann", -1, 3), days("Zoltan", 3, 5), days("Ann", 5, 20))
    _, out = await said(tmp_path, ROTATION, capsys)
    assert "hint  rotation payments: Zoltan names nobody: write that name" in out
    assert "hint  rotation payments: nobody is on " in out
    assert "ok    rotation payments\n" in out


async def test_a_rotation_of_people_needs_no_calendar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out = await said(tmp_path, "[[rotations]]\nname = 'payments'\npeople = ['Ann']", capsys)
    assert "ok    rotation payments\n" in out
    assert "nobody is on" not in out


async def test_an_address_that_cannot_be_read_is_told_before_a_night_needs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = "[[people]]\nname = 'Bob'\nsandbox = 'bob'\nnotify = {}\n"
    status, out = await said(tmp_path, people.format("['json://localhost/a', 'json://localhost/b']"), capsys)
    assert "ok    pages of Bob by json, json 2\n" in out
    status, out = await said(tmp_path, people.format("['json://localhost/a', 'nope://canary']"), capsys)
    assert status == 1
    assert "FAIL  people, notify of Bob: Apprise does not know address 2" in out
    assert "canary" not in out
