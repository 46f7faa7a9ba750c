"""`tocsin insights`: a table for people, JSON and CSV for programs, and one line for what is wrong."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bench_log import fill
from insights_samples import HOSTILE
from test_cli import tocsin  # noqa: F401 - a fixture

from bot.web.insights.table import COLUMNS
from core.database import open_file

Typed = Callable[..., tuple[int, str, str]]

CONFIG = """
database = "tocsin.db"
[transports.sandbox]
port = 0
[groups]
responders = ["Ann"]
[[people]]
name = "Ann"
sandbox = "ann"
[[services]]
name = "checkout"
"""


@pytest.fixture
async def config(tmp_path: Path) -> Path:
    await fill(tmp_path / "tocsin.db", 3)
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def insights(tocsin: Typed, config: Path) -> Typed:  # noqa: F811 - the fixture
    return lambda *words: tocsin("insights", *words, "-c", str(config))


def spoil(config: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(config.with_name("tocsin.db"), isolation_level=None)) as database:
        assert database.execute(sql, values).rowcount, "the damage is done"


def test_a_table_for_people(insights: Typed) -> None:
    status, out, err = insights()
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == (
        [
            "inc",
            "declared",
            "severity",
            "counts",
            "as",
            "commander",
            "first",
            "update",
            "mitigation",
            "resolve",
            "close",
            "promises",
            "hand-offs",
            "title",
        ]
    )
    assert lines[1].startswith("1    2026-05-02  SEV2      closed")
    assert lines[1].endswith("Checkout fails after payment")
    assert "3 incidents were declared over." in lines


def test_json_and_csv_say_the_same(insights: Typed) -> None:
    data = json.loads(insights("--json")[1])
    sheet = list(csv.DictReader(io.StringIO(insights("--csv")[1], newline="")))
    assert [one["number"] for one in data["incidents"]] == [int(one["number"]) for one in sheet] == [1, 2, 3]
    assert tuple(sheet[0]) == COLUMNS


def test_one_incident_by_number_or_name(insights: Typed) -> None:
    one = json.loads(insights("2", "--json")[1])
    assert one["number"] == 2
    assert json.loads(insights(one["name"], "--json")[1]) == one
    assert insights("2")[1].splitlines()[1].startswith("2    2026-05-02")
    assert len(insights("2", "--csv")[1].splitlines()) == 2


def test_filters_choose(insights: Typed) -> None:
    assert insights("--since", "2026-06") == (0, "No incident was declared in what is chosen.\n", "")
    assert len(json.loads(insights("--until", "2026-05", "--severity", "sev2", "--json")[1])["incidents"]) == 3
    assert json.loads(insights("--service", "checkout", "--json")[1])["incidents"] == []


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["--since", "may"], "since is a month, as 2026-01"),
        (["--service", "chekout"], "service is one of checkout"),
        (["--severity", "5"], "severity is one of sev1, sev2, sev3"),
        (["9"], "there is no incident 9; `tocsin timeline` shows all there are"),
        (["--json", "--csv"], "--json and --csv are two forms of the same; ask for one of them"),
        (["1", "--since", "2026-01"], "one incident is named, and filters choose among all; give one or the other"),
    ],
)
def test_what_is_wrong_is_one_line(insights: Typed, typed: list[str], line: str) -> None:
    assert insights(*typed) == (1, "", f"tocsin: {line}\n")


def test_before_the_first_incident(tocsin: Typed, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")

    async def empty() -> None:
        await (await open_file(tmp_path / "tocsin.db")).close()

    asyncio.run(empty())
    typed = ("insights", "-c", str(tmp_path / "config.toml"))
    assert tocsin(*typed) == (0, "No incident has been declared yet.\n", "")
    assert json.loads(tocsin(*typed, "--json")[1])["incidents"] == []
    assert tocsin(*typed, "--csv") == (0, ",".join(COLUMNS) + "\r\n", "")


def test_without_a_database_it_says_so(tocsin: Typed, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    status, out, err = tocsin("insights", "-c", str(tmp_path / "config.toml"))
    assert (status, out) == (1, "")
    assert err.startswith("tocsin: there is no database at")


def test_an_incident_that_cannot_be_read_is_left_out_and_said_to_be(insights: Typed, config: Path) -> None:
    spoil(config, "DELETE FROM events WHERE stream = 'inc-2' AND version = 3")
    status, out, err = insights("--json")
    assert status == 1
    assert [one["number"] for one in json.loads(out)["incidents"]] == [1, 3]
    assert err.startswith("tocsin: left out: inc-2 entry 3 of the log is missing")
    assert err.count("\n") == 1
    status, out, err = insights("2")
    assert (status, out) == (1, "")
    assert err.startswith("tocsin: inc-2 entry 3 of the log is missing")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_title_cannot_move_the_terminal(insights: Typed, config: Path, hostile: str) -> None:
    body: Any = "json_set(body, '$.event.title', ?)"
    spoil(config, f"UPDATE events SET body = {body} WHERE kind = 'declared' AND stream = 'inc-2'", hostile)
    _, out, _ = insights()
    assert all(line.isprintable() for line in out.split("\n"))
    assert len(out.split("\n\n")[0].split("\n")) == 4, "the heads, and a line for each"
    assert json.loads(insights("2", "--json")[1])["title"] == hostile
