"""`[[rotations]]` in the config: what it means, and one line for what it cannot mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.config import ConfigError, Settings, calendar_people, load, policy, roster, rotations

HEAD = """
[transports.sandbox]
[groups]
second = ["Mia"]
[[people]]
name = "Ann"
sandbox = "ann"
mail = "ann@example.org"
[[people]]
name = "Mia"
sandbox = "mia"
[[services]]
name = "checkout"
runbook = "https://wiki.example.org/checkout"
"""


def read(folder: Path, text: str) -> Settings:
    file = folder / "config.toml"
    file.write_text(HEAD + text, encoding="utf-8")
    return load(file)


def test_a_rotation_is_read_with_its_zone_its_days_and_its_people(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
[[rotations]]
name = "payments"
people = ["Ann", "second"]
backup = ["Ann"]
every = "2w"
handover = "Tue 08:30"
start = 2026-01-06
zone = "Europe/Berlin"
holidays = ["DE-BE", "2026-12-24"]
overrides = [{ who = "@mia", from = 2026-05-04T18:00:00, to = 2026-05-05T09:00:00 }]
service = "checkout"
""",
    )
    (one,) = rotations(settings, roster(settings), 2026)
    assert [person.name for person in one.people] == ["Ann", "Mia"]
    assert [person.name for person in one.backups or ()] == ["Ann"]
    assert (one.every, one.weekday, one.at, one.start) == (timedelta(weeks=2), 1, time(8, 30), date(2026, 1, 6))
    assert {date(2026, 12, 24), date(2026, 5, 1)} <= one.holidays
    (override,) = one.overrides
    assert (override.who.name, override.since) == ("Mia", datetime(2026, 5, 4, 16, tzinfo=UTC))
    house = policy(settings, roster(settings), 2026)
    assert [(each.name, each.service, each.zone) for each in house.rotations] == [
        ("payments", "checkout", "Europe/Berlin")
    ]
    assert house.services[0].runbook_link == "https://wiki.example.org/checkout"
    assert calendar_people(settings, roster(settings)).by_mail["ann@example.org"].name == "Ann"


def test_a_calendars_file_is_beside_the_config_and_an_address_stays_one(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "[[rotations]]\nname = 'a'\ncalendar = 'team.ics'\n[[rotations]]\nname = 'b'\ncalendar = 'https://c.example/x.ics'",
    )
    assert [one.calendar for one in settings.rotations] == [str(tmp_path / "team.ics"), "https://c.example/x.ics"]
    assert settings.runbooks.folder == tmp_path / "runbooks"


ROTATION = "[[rotations]]\nname = 'a'\npeople = ['Ann']\n"
WRONG: dict[str, tuple[str, str]] = {
    "nobody in it": (
        "[[rotations]]\nname = 'a'",
        'rotations, a: nobody is in it; write people = ["NAME"], or calendar = "FILE.ics"',
    ),
    "both": (ROTATION + "calendar = 'x.ics'", "rotations, a: it has people and a calendar; leave one of them out"),
    "an address in clear": (
        "[[rotations]]\nname = 'a'\ncalendar = 'http://c.example/secret'",
        "rotations, calendar of a: an address begins with https://",
    ),
    "a stranger": (
        ROTATION.replace("Ann", "Anne"),
        "rotations, people of a: Anne is nobody in [[people]] (did you mean Ann?), and no group",
    ),
    "a strange backup": (
        ROTATION + "backup = ['Zoltan']",
        "rotations, backup of a: Zoltan is nobody in [[people]], and no group",
    ),
    "twice": (ROTATION + ROTATION, "rotations: a is there twice"),
    "no such service": (ROTATION + "service = 'x'", "rotations, service of a: there is no service x in [[services]]"),
    "no such zone": (
        ROTATION + "zone = 'Berlin'",
        "rotations[1].zone: this is no time zone that this computer knows; did you mean Europe/Berlin?",
    ),
    "no hand-over": (
        ROTATION + "handover = 'noon'",
        'rotations[1].handover: write it as "Mon 09:00", or as "09:00" where shifts are shorter than a week',
    ),
    "an empty hand-over": (
        ROTATION + "handover = ''",
        'rotations[1].handover: write it as "Mon 09:00", or as "09:00" where shifts are shorter than a week',
    ),
    "too short": (
        ROTATION + "every = '1h'",
        "rotations[1].every: write whole weeks, days or hours, from 4h to 52w: 1w, 2w, 1d or 12h",
    ),
    "a bent length": (
        ROTATION + "every = '5h30m'",
        "rotations[1].every: write whole weeks, days or hours, from 4h to 52w: 1w, 2w, 1d or 12h",
    ),
    "too long": (
        ROTATION + "every = '53w'",
        "rotations[1].every: write whole weeks, days or hours, from 4h to 52w: 1w, 2w, 1d or 12h",
    ),
    "a start at the end of time": (
        ROTATION + "start = 9999-12-31",
        "rotations[1].start: write a year from 2000 to 2099",
    ),
    "an override since the beginning of time": (
        ROTATION + "overrides = [{who = 'Ann', from = 0001-01-01T00:00:00, to = 2026-05-05T09:00:00}]",
        "rotations[1].overrides[1].from: write a year from 2000 to 2099",
    ),
    "an override for ever": (
        ROTATION + "overrides = [{who = 'Ann', from = 2026-05-04T18:00:00Z, to = 9999-12-31T00:00:00Z}]",
        "rotations[1].overrides[1].to: write a year from 2000 to 2099",
    ),
    "a day that is none": (
        ROTATION + "holidays = ['2026-13-01']",
        "rotations[1].holidays[1]: write a day as 2026-12-24, or a calendar as DE-BY",
    ),
    "a calendar that is none": (
        ROTATION + "holidays = ['XX']",
        "rotations[1].holidays[1]: this is no calendar; write a country's code, as in DE, or with its part, as in DE-BY",
    ),
    "an override of a stranger": (
        ROTATION + "overrides = [{who = 'Zoltan', from = 2026-05-04T18:00:00, to = 2026-05-05T09:00:00}]",
        "rotations, overrides of a: Zoltan is nobody in [[people]]",
    ),
    "an override that ends before it begins": (
        ROTATION + "overrides = [{who = 'Ann', from = 2026-05-06T18:00:00, to = 2026-05-05T09:00:00}]",
        "rotations[1].overrides[1]: it ends before it begins; write from before to",
    ),
    "an override half in UTC": (
        ROTATION + "overrides = [{who = 'Ann', from = 2026-05-04T18:00:00Z, to = 2026-05-05T09:00:00}]",
        "rotations[1].overrides[1]: give both times their offset from UTC, or neither",
    ),
    "an unknown key": (
        ROTATION + "peopel = ['Ann']",
        "rotations[1].peopel is unknown; did you mean rotations[1].people?",
    ),
    "an unknown key of an override": (
        ROTATION
        + "overrides = [{who = 'Ann', form = 2026-05-04, from = 2026-05-04T18:00:00, to = 2026-05-05T09:00:00}]",
        "rotations[1].overrides[1].form is unknown; did you mean rotations[1].overrides[1].from?",
    ),
}


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG)
def test_what_a_rotation_cannot_mean_is_one_line_that_names_the_fix(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert [said.partition(": ")[2] for said in refused.value.lines] == [line]
    assert "secret" not in str(refused.value)
