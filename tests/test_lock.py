"""One process per database: the second one hears who holds it, and a killed holder leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.lock import Held, hold

NOW = datetime(2026, 5, 2, 10, 2, tzinfo=UTC)

HOLDER = """
import sys, datetime, pathlib
from bot.lock import hold
with hold(pathlib.Path(sys.argv[1]), datetime.datetime(2026, 5, 2, 10, 2, tzinfo=datetime.UTC)):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(database: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_hears_who_holds_it(tmp_path: Path) -> None:
    database = tmp_path / "tocsin.db"
    with holder(database) as first:
        with pytest.raises(Held) as refused, hold(database, NOW):
            pass
        first.kill()
    line = str(refused.value)
    assert f"process {first.pid} on {os.uname().nodename} since 2026-05-02 10:02:00 UTC" in line
    assert "\n" not in line


def test_a_killed_holder_frees_it(tmp_path: Path) -> None:
    database = tmp_path / "tocsin.db"
    with holder(database) as first:
        first.send_signal(signal.SIGKILL)
    with hold(database, NOW) as path:
        assert str(os.getpid()) in path.read_text()


def test_another_path_to_the_same_database_is_the_same_lock(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with hold(tmp_path / "tocsin.db", NOW), pytest.raises(Held), hold(tmp_path / "link" / "tocsin.db", NOW):
        pass


def test_two_databases_are_two_locks(tmp_path: Path) -> None:
    with hold(tmp_path / "a.db", NOW) as a, hold(tmp_path / "b.db", NOW) as b:
        assert a != b


def test_it_can_be_held_again_and_a_failure_inside_frees_it(tmp_path: Path) -> None:
    database = tmp_path / "tocsin.db"
    with pytest.raises(RuntimeError, match="inside"), hold(database, NOW):
        raise RuntimeError("inside")
    with hold(database, NOW) as path:
        pass
    assert path.read_text() == "", "a note about nobody would mislead"


@pytest.mark.parametrize("note", ["", "{", "[]", '{"pid": 1}'])
def test_a_note_that_cannot_be_read_is_still_one_clear_line(tmp_path: Path, note: str) -> None:
    database = tmp_path / "tocsin.db"
    with hold(database, NOW) as path:
        path.write_text(note)
        with pytest.raises(Held, match="another process that has just started"), hold(database, NOW):
            pass
