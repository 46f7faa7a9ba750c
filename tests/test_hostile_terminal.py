"""What the commands print of a record in which people are called, and said, whatever steers a terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hostile import ATTACKS
from incidents import Case, message

from bot.doctor import _say
from bot.harmless import harmless
from bot.printing import print_postmortem
from bot.records import export_log, verify_log
from bot.timeline import print_timeline
from core.activity_log import ActivityLog
from core.database import open_file
from core.incident import commands as c
from core.incident.vocabulary import Account, Person

STEERS = [each for each in ATTACKS if harmless(each) != each]


def _assert_harmless(text: str) -> None:
    steers = re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text)
    assert steers is None, text[max(0, steers.start() - 40) : steers.end() + 40]


async def test_no_command_prints_what_steers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.toml").write_text('database = "tocsin.db"\n[transports.sandbox]\n')
    words = " ".join(STEERS)[: c.TEXT_LIMIT]
    case = Case(command=c.Declare(title=words[: c.TITLE_LIMIT]))
    for number, name in enumerate(STEERS):
        account = Account(transport="sandbox", id=f"x{number}", name=name)
        # As a configured name is: not cleaned by anybody.
        who = Person(
            key=f"x{number}",
            name=name.replace("\ud800", "").replace("\udc00", "").replace("\ud83d", "") or "x",
            initials="XX",
            account=account,
        )
        case.does(
            who,
            c.AddNote(
                text=f"a {name} b",
                quote=c.Quote(message=message(name if name.isprintable() else f"m{number}"), by=who, at=case.now),
            ),
        )
    database = await open_file(tmp_path / "tocsin.db")
    await ActivityLog(database).append(case.records)
    await database.close()
    config = tmp_path / "config.toml"
    for form in ("text", "json", "csv", "markdown"):
        await print_timeline(config, "1", form=form)
    await verify_log(config, "1", as_json=False)
    await print_postmortem(config, "1", as_json=False, picture=tmp_path / "picture.svg")
    _assert_harmless(capsys.readouterr().out.replace("\r\n", "\n"))
    await print_postmortem(config, "1", as_json=True, picture=None)
    await export_log(config, "1")
    out = capsys.readouterr().out
    _assert_harmless(out)
    exported = [json.loads(row) for row in out.splitlines() if row.startswith('{"stream"')]
    assert len(exported) == len(case.records)


@pytest.mark.parametrize("words", STEERS, ids=ascii)
def test_the_doctor_names_a_room_of_any_name(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not _say(False, f"room {words}", f"ask {words}")
    _assert_harmless(capsys.readouterr().out)
