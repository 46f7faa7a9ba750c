"""Keeping the postmortems on disk: true after each change and each death, and never over a person's words."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import yaml
from bot_process import BotProcess
from incidents import ANN, Case, team
from pushed_clock import PushedClock
from stage import Stage, open_stage
from structlog.testing import capture_logs

from bot import whole_files
from bot.postmortems import Postmortems
from core.incident import commands as c
from core.incident import postmortem
from core.incident.postmortem.seal import is_sealed
from core.incident.state import Incident


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "postmortems"


@pytest.fixture
async def stage(tmp_path: Path, folder: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, postmortems=folder) as stage:
        yield stage


async def _made(stage: Stage, so: Callable[[], bool]) -> None:
    """Waits for the keeper's own thread until it is so."""
    for _ in range(500):
        await stage.fast_forward(seconds=0.5)
        if so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the folder never came to that")


def _says(file: Path, words: str) -> bool:
    return file.exists() and words in file.read_text()


def _names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.glob("*"))


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def _closed(stage: Stage, folder: Path) -> Path:
    await stage.ann.types("declare checkout fails", stage.triage)
    await stage.ann.types("note one")
    assert _names(folder) == []
    await stage.ann.types("close cause=tax rounding fixed=rolled back next=nothing")
    file = folder / f"{stage.incident.name}.md"
    await _made(stage, lambda: _says(file, "tax rounding") and file.with_suffix(".svg").exists())
    stage.expect_everything()
    return file


async def test_it_is_there_from_the_close_on_and_follows_the_record(stage: Stage, folder: Path) -> None:
    file = await _closed(stage, folder)
    assert _mode(folder) == 0o700
    for one in (file, file.with_suffix(".svg")):
        assert _mode(one) == 0o600
        assert is_sealed(one.read_text())
    await stage.ann.types("followup a test for rounding owner=@Mia due=2026-05-12 priority=P1")
    await _made(stage, lambda: _says(file, "| F1 | P1 | a test for rounding | Mia |"))
    number = next(one.number for one in stage.incident.entries if one.text == "one")
    await stage.ann.types(f"amend {number} another one")
    await _made(stage, lambda: _says(file, "another one"))
    assert _names(folder) == [file.name, file.with_suffix(".svg").name]
    stage.expect_everything()


async def test_what_a_person_edited_is_never_written_over(stage: Stage, folder: Path) -> None:
    file = await _closed(stage, folder)
    file.write_text(theirs := file.read_text().replace("*What went right by chance", "*The rollback was ready; what"))
    await stage.ann.types("debrief page the recovery owner too")
    beside = file.with_name(f"{file.stem}.record.md")
    await _made(stage, lambda: _says(beside, "page the recovery owner too"))
    assert file.read_text() == theirs
    assert f"{file.stem}.record.md" in theirs.split("digest")[0], "the file says so itself"
    beside.write_text(also := beside.read_text() + "mine\n")
    await stage.ann.types("debrief page the recovery owner at once")
    keeper = stage.tocsin.postmortems
    await _made(stage, lambda: keeper is not None and keeper.idle)
    assert (file.read_text(), beside.read_text()) == (theirs, also)
    stage.expect_everything()


async def test_after_a_restart_what_is_missing_is_written_again_and_what_is_theirs_stays(
    stage: Stage, folder: Path
) -> None:
    file = await _closed(stage, folder)
    await stage.stop()
    file.unlink()
    file.with_suffix(".svg").write_text("<svg/>")
    (folder / f"half.md{whole_files.NEW}").write_text("ha")
    await stage.again(forget=True)
    await _made(stage, lambda: _says(file, "tax rounding"))
    await _made(stage, lambda: not list(folder.glob(f"*{whole_files.NEW}")))
    assert file.with_suffix(".svg").read_text() == "<svg/>"
    stage.expect_everything()


async def test_once_it_is_reopened_the_file_says_so(stage: Stage, folder: Path) -> None:
    file = await _closed(stage, folder)
    await stage.ann.types("reopen 1 payments fail again now")
    await _made(stage, lambda: _says(file, "**This incident is still open.**"))
    stage.expect_everything()


# --- the folder alone -------------------------------------------------------------------------------------------------


def _over() -> Incident:
    case = team()
    case.does(ANN, c.Close(cause="tax", fixed="rolled back", next="nothing"))
    return case.incident


async def _kept(keeper: Postmortems, clock: PushedClock, so: Callable[[], bool], seconds: float = 1.0) -> None:
    for _ in range(300):
        clock.set(clock.now().__class__.fromtimestamp(clock.now().timestamp() + seconds, clock.now().tzinfo))
        await asyncio.sleep(0.005)
        if so():
            return
    raise AssertionError("it never came to that")


async def test_a_folder_that_cannot_be_written_is_tried_again_and_said_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, incident, tries = PushedClock(), _over(), 0
    keeper = Postmortems(folder, clock)

    def full(path: Path, content: bytes, **_: object) -> bool:
        nonlocal tries
        tries += 1
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken, capture_logs() as logs:
        broken.setattr("bot.postmortems.replace", full)
        keeper.show("inc-1", incident, ())
        running = asyncio.create_task(keeper.run())
        await _kept(keeper, clock, lambda: tries > 3)
        broken.undo()
        await _kept(keeper, clock, (folder / postmortem.picture_name(incident)).exists, 60)
        await _kept(keeper, clock, lambda: len(logs) > 1)
    assert [line["event"] for line in logs] == ["postmortems cannot be written", "postmortems are written again"]
    assert logs[0]["reason"] == "No space left on device"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_bug_in_one_file_stops_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, good = PushedClock(), _over()
    keeper, drawn = Postmortems(folder, clock), postmortem.markdown
    calls = iter([True, False])

    def spoiled(incident: Incident) -> str:
        if next(calls):
            raise ValueError("planted")
        return drawn(incident)

    monkeypatch.setattr(postmortem, "markdown", spoiled)
    with capture_logs() as logs:
        for stream in ("inc-1", "inc-2"):
            keeper.show(stream, good, ())
        running = asyncio.create_task(keeper.run())
        await _kept(keeper, clock, (folder / postmortem.picture_name(good)).exists)
    assert [line["event"] for line in logs] == ["bug"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("where", ["open", "fsync", "fdopen"])
def test_killed_at_any_instant_the_file_is_the_old_one_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    file = tmp_path / "a.md"
    whole_files.replace(file, b"old")

    def dies(*_: object, **__: object) -> int:
        raise Killed

    with monkeypatch.context() as killed:
        killed.setattr(os, where, dies)
        with pytest.raises(Killed):
            whole_files.replace(file, b"new and longer")
    assert file.read_bytes() == b"old"
    whole_files.clear_halves(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["a.md"]


def test_what_cannot_be_put_in_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    with pytest.raises(OSError, match="directory"):
        whole_files.replace(tmp_path / "a.md", b"new")
    assert [one.name for one in tmp_path.iterdir()] == ["a.md"]


def test_an_edit_while_the_new_one_is_written_wins(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    whole_files.replace(file, b"old")
    file.write_bytes(b"edited")
    assert not whole_files.replace(file, b"new", still=lambda: False)
    assert file.read_bytes() == b"edited"
    assert [one.name for one in tmp_path.iterdir()] == ["a.md"]


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.endure
async def test_the_command_prints_it_beside_a_running_bot_or_without_one(
    stage: Stage, folder: Path, tmp_path: Path
) -> None:
    file = await _closed(stage, folder)
    await stage.ann.types("declare search is slow", stage.triage)
    config = f'database = "{tmp_path / "tocsin.db"}"\n[transports.sandbox]\nport = 0\n'
    bot = BotProcess(tmp_path / "bot", config)
    status, out, said = await bot.tocsin("postmortem", "1", "--picture", str(tmp_path / "course.svg"))
    assert (status, said) == (0, "")
    assert out == file.read_text()
    assert (tmp_path / "course.svg").read_text() == file.with_suffix(".svg").read_text()
    status, out, _ = await bot.tocsin("postmortem", "inc-1", "--json")
    told = json.loads(out)
    assert (told["number"], told["text"], told["closed_as"]) == (1, file.read_text(), "declared")
    assert told["text"].split("---\n")[1].count("\n") > 20
    assert yaml.safe_load(told["text"].split("---\n")[1])["seconds_to_resolve"] == told["seconds_to_resolve"]
    status, out, _ = await bot.tocsin("postmortem", "--json")
    assert [one["number"] for one in json.loads(out)] == [1, 2]
    status, out, _ = await bot.tocsin("postmortem")
    first, second = out.split("\n<!-- the next incident -->\n\n")
    assert first == file.read_text()
    assert "**This incident is still open.**" in second
    for words in (("7",), ("--picture", "a.svg")):
        status, out, said = await bot.tocsin("postmortem", *words)
        assert (status, out, said.count("\n")) == (1, "", 1), said
    stage.expect_everything()


def test_the_same_log_gives_the_same_bytes() -> None:
    one, other = Case(), Case()
    assert postmortem.markdown(one.incident) == postmortem.markdown(other.incident)
    assert postmortem.picture(one.incident) == postmortem.picture(other.incident)
