"""`tocsin timeline`'s filters as they are typed: every one is understood, or answered with one line that says what can be."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from incidents import ANN, MIA, Case, message
from stage import Stage

from bot.cli import main
from bot.filters import KINDS, Asked, Unclear, sieve
from core.incident import commands as c
from core.incident import timeline
from core.incident.events.happened import Happened

BERLIN = ZoneInfo("Europe/Berlin")


def found(case: Case, **asked: str) -> list[str]:
    fits = sieve(Asked(**asked), [case.incident], BERLIN)  # type: ignore[arg-type]
    return [one.text for one in case.incident.in_time if fits(one)]


def noted() -> Case:
    """Notes of 10:02 and 10:05 UTC, and one of 23:30 UTC the day before, which is the same day in Berlin already."""
    case = Case()
    for words, clock in (("first", "10:02:40"), ("second", "10:05:00"), ("before", "22:30:00")):
        at = case.now.replace(hour=int(clock[:2]), minute=int(clock[3:5]), second=int(clock[6:]))
        at -= timedelta(days=words == "before")
        case.does(ANN, c.AddNote(text=words, quote=c.Quote(message=message(words), by=MIA, at=at)))
    return case


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"since": "2026-05-02T10:03Z"}, ["second"]),
        ({"since": "2026-05-02T12:03"}, ["second"]),
        ({"since": "2026-05-02 12:05"}, ["second"]),
        ({"since": "2026-05-02T12:05:01"}, []),
        ({"since": "2026-05-02T14:05:00+04:00"}, ["second"]),
        ({"until": "2026-05-02T12:02"}, ["before", "first"]),
        ({"until": "12:02"}, ["before", "first"]),
        ({"until": "10:02Z"}, ["before", "first"]),
        ({"until": "2026-05-02T12:02:39"}, ["before"]),
        ({"since": "2026-05-02"}, ["before", "first", "second"]),
        ({"since": "2026-05-03"}, []),
        ({"until": "2026-05-01"}, []),
        ({"since": "9:00", "until": "12:04"}, ["first"]),
        ({"by": "mia"}, ["before", "first", "second"]),
        ({"by": "@Mia"}, ["before", "first", "second"]),
        ({"by": "ann"}, ["before", "first", "second"]),
    ],
)
def test_what_is_asked_for_is_understood(asked: dict[str, str], words: list[str]) -> None:
    """Times are those of the config's zone, or UTC where they say so; what is until a minute is with it."""
    assert [
        one for one in found(noted(), **asked) if "declared" not in one and "channel" not in one and "is " not in one
    ] == words


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"since": "soon"}, "--since soon is no time: write 2026-05-02T10:05, 2026-05-02 or 10:05"),
        ({"since": "05/02"}, "--since 05/02 is no time: write 2026-05-02T10:05, 2026-05-02 or 10:05"),
        ({"until": "2026-02-30"}, "--until: there is no 2026-02-30"),
        ({"until": "25:00"}, "--until: there is no 25:00"),
        ({"since": "2026-05-02T10:05+99:00"}, "--since: there is no 2026-05-02T10:05+99:00"),
        ({"since": "9999-12-31"}, "--since: there is no 9999-12-31"),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "--until 2026-05-01 is before --since 2026-05-02"),
        ({"by": "Mai"}, "there is no person called Mai; did you mean Mia? There are Ann, Mia"),
        ({"by": "Zed"}, "there is no person called Zed; there are Ann, Mia"),
        ({"kinds": ("decison",)}, f"there is no kind decison; did you mean decision? There are {', '.join(KINDS)}"),
        ({"kinds": ("xyzzy",)}, f"there is no kind xyzzy; there are {', '.join(KINDS)}"),
        ({"item": "H9"}, "there is no item H9; there are none"),
        ({"item": "nine"}, "nine is no item; items are called H2, A1 or R1"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_line(asked: dict[str, str], line: str) -> None:
    with pytest.raises(Unclear) as wrong:
        found(noted(), **asked)
    assert str(wrong.value) == line


def test_a_clock_time_needs_its_day_where_there_may_be_two() -> None:
    case = noted()
    with pytest.raises(Unclear, match=r"needs its day, as in 2026-05-02T10:05, where more than one incident"):
        sieve(Asked(since="10:05"), [case.incident, case.incident], BERLIN)
    case.now += timedelta(days=1)
    case.does(ANN, c.CloseFalseAlarm(why="the probe was down"))
    with pytest.raises(Unclear, match=r"10:05 needs its day.*: incident 1 went from 2026-05-02 to 2026-05-03"):
        found(case, since="10:05")
    assert found(case, since="2026-05-03")


def test_many_names_are_not_listed() -> None:
    case = Case()
    for number in range(30):
        case.does(ANN.model_copy(update={"key": f"x{number}", "name": f"Nr{number}"}), c.AddNote(text="x"))
    with pytest.raises(Unclear) as wrong:
        found(case, by="Zed")
    assert str(wrong.value) == "there is no person called Zed; there are 31, and `tocsin timeline` shows them"


@pytest.mark.parametrize("word", ["Decisions", "follow-ups", "followup", "UPDATE", "status"])
def test_kinds_are_understood_as_people_write_them(word: str) -> None:
    fits = sieve(Asked(kinds=(word,)), [noted().incident], BERLIN)
    assert not all(map(fits, noted().incident.entries))


def test_every_event_that_makes_an_entry_is_of_a_kind() -> None:
    """The source of `timeline` names them; what is in no group could not be asked for."""
    source = Path(timeline.__file__).read_text(encoding="utf-8")
    cases = re.findall(r"^        case (\w+)\(", source[source.index("def _words") :], re.MULTILINE)
    classes = {one.__name__: one for one in _events()}
    told = {classes[name].model_fields["kind"].default for name in cases if name in classes}
    groups = [kind for kinds in KINDS.values() for kind in kinds]
    assert told <= set(groups)
    assert len(groups) == len(set(groups))
    assert set(groups) <= {one.model_fields["kind"].default for one in _events()}


def _events() -> list[type[Happened]]:
    return list(Happened.__subclasses__())


# --- from the command line ------------------------------------------------------------------------------------------------

Typed = Callable[..., tuple[int, str, str]]


@pytest_asyncio.fixture
async def written(tmp_path: Path) -> Path:
    """The config of a house with two incidents."""
    stage = Stage(tmp_path)
    await stage.start()
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("hypothesis tax rounding")
    await stage.mia.types("grab H1")
    await stage.mia.types("note =SUM(1) *errors*")
    await stage.mia.types(f"hide {stage.incident.entries[-1].number}")
    await stage.ann.types("decide we roll back")
    await stage.fast_forward(minutes=11)
    await stage.ann.types("declare login fails sev3", stage.triage)
    await stage.stop()
    config = tmp_path / "config.toml"
    config.write_text(
        f'database = "{tmp_path / "tocsin.db"}"\nzone = "Europe/Berlin"\n[transports.sandbox]\nport = 0\n',
        encoding="utf-8",
    )
    return config


@pytest.fixture
def tocsin(written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    def typed(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tocsin", "timeline", "-c", str(written), *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return typed


async def _run(tocsin: Typed, *words: str) -> tuple[int, str, str]:
    import asyncio

    # The command has a loop of its own.
    return await asyncio.to_thread(tocsin, *words)


async def test_the_command_line_filters_and_formats(tocsin: Typed) -> None:
    status, out, err = await _run(tocsin, "1", "--item", "h1", "--kind", "items")
    assert (status, err) == (0, "")
    assert [line.split("  ")[1] for line in out.splitlines()[1:3]] == [
        "T4 Mia: H1 hypothesis: tax rounding",
        "T5 Mia: is on H1",
    ]
    assert out.splitlines()[3] == "1 hidden from the postmortem: `--hidden` shows it."
    assert json.loads((await _run(tocsin, "1", "--json", "--kind", "note"))[1])["entries"] == []
    [entry] = json.loads((await _run(tocsin, "1", "--format", "JSON", "--kind", "note", "--hidden"))[1])["entries"]
    assert (entry["hidden"], entry["item"], entry["message"][:8]) == (True, None, "sandbox:")
    _, page, _ = await _run(tocsin, "1", "--format", "csv", "--kind", "note", "--kind", "decision", "--hidden")
    assert page.count("\r\n") == 3
    assert '"\'=SUM(1) *errors*"' in page
    _, page, _ = await _run(tocsin, "--format", "markdown", "--hidden")
    assert "# Timeline of checkout fails\n" in page
    assert "# Timeline of login fails\n" in page
    assert "Mia: =SUM(1) \\*errors\\* (hidden from the postmortem)" in page
    # Only where something fits is there a heading.
    assert "login" not in (await _run(tocsin, "--kind", "decision"))[1]
    assert (await _run(tocsin, "2", "--kind", "decision"))[1] == "No entry fits.\n"
    assert (await _run(tocsin, "2", "--kind", "decision", "--format", "csv"))[1].count("\n") == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--json", "--format", "csv"], "--json and --format csv are two formats; leave one out"),
        (["--format", "xml"], "there is no format xml; there are text, markdown, csv, json"),
        (["--format", "md"], "there is no format md; there are text, markdown, csv, json"),
        (["--since", "10:05"], "--since 10:05 needs its day, as in 2026-05-02T10:05, where more than one incident is asked for"),
        (["--kind", "notes", "--kind", "x"], f"there is no kind x; there are {', '.join(KINDS)}"),
        (["1", "--by", "Zoe"], "there is no person called Zoe; there are Ann, Mia"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_one_line_and_a_status(tocsin: Typed, words: list[str], line: str) -> None:
    assert await _run(tocsin, *words) == (1, "", f"tocsin: {line}\n")


async def test_json_twice_is_json(tocsin: Typed) -> None:
    assert await _run(tocsin, "1", "--json", "--format", "json") == await _run(tocsin, "1", "--json")
