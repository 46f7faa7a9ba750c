"""Calendars: whom their events name, what is turned down whole, and what goes on when one cannot be had."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from incidents import ANN, BOB, MIA
from pushed_clock import PushedClock
from structlog.testing import capture_logs

from bot.oncall.calendars import EVENTS, LIMIT, CalendarUnreadable, People, Reading, read
from bot.oncall.rota import Rota
from bot.oncall.rotations import Rotation, told
from core.incident.on_call import on

BERLIN = ZoneInfo("Europe/Berlin")
MAY = datetime(2026, 5, 1, tzinfo=UTC)
DAYS = timedelta(days=15)
PEOPLE = People({"ann@example.org": ANN}, {"ann": ANN, "bob": BOB, "mia": MIA})


def event(summary: str, start: str, end: str, *lines: str) -> str:
    rows = ["BEGIN:VEVENT", f"UID:{summary}{start}", "DTSTAMP:20260101T000000Z", f"SUMMARY:{summary}"]
    return "\r\n".join([*rows, start, end, *lines, "END:VEVENT"])


def calendar(*events: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//", *events, "END:VCALENDAR", ""]).encode()


def days(summary: str, first: int, last: int, *lines: str) -> str:
    return event(summary, f"DTSTART;VALUE=DATE:202605{first:02}", f"DTEND;VALUE=DATE:202605{last:02}", *lines)


def reading(*events: str) -> Reading:
    return read(calendar(*events), PEOPLE, BERLIN, MAY, MAY + DAYS)


def at(found: Reading, when: str) -> list[str]:
    stretches = told(Rotation("house"), found.pieces)
    return [one.who.name for one in on(stretches, datetime.fromisoformat(when).replace(tzinfo=UTC))]


NAMED: tuple[tuple[str, str, list[str]], ...] = (
    ("an address", days("on call", 4, 5, "ATTENDEE:MAILTO:Ann@example.org"), ["Ann"]),
    ("a name that attends", days("on call", 4, 5, 'ATTENDEE;CN="Mia":mailto:m@example.org'), ["Mia"]),
    ("two who attend", days("x", 4, 5, "ATTENDEE;CN=Bob:mailto:b@x.org", "ATTENDEE:mailto:ann@example.org"), ["Bob", "Ann"]),
    ("the summary", days("bob", 4, 5), ["Bob"]),
    ("who attends before the summary", days("on call for Bob", 4, 5, "ATTENDEE:mailto:ann@example.org"), ["Ann"]),
    ("a word of the summary", days("On call: Bob!", 4, 5), ["Bob"]),
    ("no part of a word", days("Bobby Annan", 4, 5), []),
    ("a backup alone", days("Bob (backup)", 4, 5), ["Bob"]),
    ("what was called off", days("Bob", 4, 5, "STATUS:CANCELLED"), []),
)  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in NAMED], ids=[row[0] for row in NAMED])
def test_an_event_names_people(given: str, expected: list[str]) -> None:
    assert at(reading(given), "2026-05-04T12:00") == expected


def test_of_those_who_are_on_at_once_the_first_is_primary_and_the_second_backup() -> None:
    found = reading(days("Ann", 4, 8), days("Bob", 6, 10), days("Mia (backup)", 3, 10))
    assert at(found, "2026-05-03T12:00") == ["Mia"]
    assert at(found, "2026-05-05T12:00") == ["Ann", "Mia"]
    assert at(found, "2026-05-07T12:00") == ["Ann", "Bob"]
    assert at(found, "2026-05-09T12:00") == ["Bob", "Mia"]
    assert at(found, "2026-05-11T12:00") == []


def test_days_and_bare_times_are_of_the_rotations_zone_and_repeat_through_the_night_when_clocks_change() -> None:
    found = reading(days("Ann", 4, 5))
    assert at(found, "2026-05-03T22:30") == ["Ann"], "midnight in Berlin"
    daily = calendar(event("Ann", "DTSTART:20260320T090000", "DTEND:20260320T170000", "RRULE:FREQ=DAILY"))
    spring = read(daily, PEOPLE, BERLIN, datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    assert at(spring, "2026-03-28T08:30") == ["Ann"]
    assert at(spring, "2026-03-28T07:30") == []
    assert at(spring, "2026-03-29T07:30") == ["Ann"], "nine o'clock still"
    zoned = calendar(
        event("Bob", "DTSTART;TZID=America/New_York:20260504T090000", "DTEND;TZID=America/New_York:20260504T100000")
    )
    assert at(read(zoned, PEOPLE, BERLIN, MAY, MAY + DAYS), "2026-05-04T13:30") == ["Bob"]


def test_a_name_that_is_nobodys_is_left_out_and_told() -> None:
    found = reading(days("Zoltan", 4, 6), days("Bob", 5, 7))
    assert found.unknown == ("Zoltan",)
    assert at(found, "2026-05-04T12:00") == []
    assert at(found, "2026-05-05T12:00") == ["Bob"]


HOSTILE: tuple[tuple[str, bytes, str], ...] = (
    ("no calendar", b"<html>Sign in</html>", "no iCalendar file"),
    ("nothing", b"", "no iCalendar file"),
    ("no text", b"\xff\xfe\x00BEGIN", "not text"),
    ("another component", b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "no iCalendar file"),
    ("half of one", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:2026", "no iCalendar file"),
    ("too large", b"BEGIN:VCALENDAR\r\n" + b"X" * LIMIT, "more than 1024 KiB"),
    ("by the second", calendar(days("Ann", 4, 5, "RRULE:FREQ=SECONDLY")), "more often than daily"),
    ("since the beginning of time", calendar(*(
        event("Ann", f"DTSTART:{year:04}0101T000000", f"DTEND:{year:04}0101T010000", "RRULE:FREQ=DAILY")
        for year in range(1000, 1010))), "too often for too long"),
    ("a rule that is none", calendar(days("Ann", 4, 5, "RRULE:FREQ=DAILY;BYMONTH=99;COUNT=x")), "it"),
    ("an end before the start", calendar("BEGIN:VEVENT\r\nSUMMARY:Ann\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT"), "no DTSTART"),
    ("a zone that is a folder", calendar(
        event("Ann", "DTSTART;TZID=America:20260504T000000", "DTEND;TZID=America:20260505T000000")), "it is no"),
    ("a zone that is no name", calendar(
        event("Ann", f"DTSTART;TZID={'a' * 300}:20260504T000000", "DTEND:20260505T000000Z")), "it is no"),
    ("too many", calendar(*(days("Ann", 4, 5) for _ in range(EVENTS + 1))), f"more than {EVENTS} events"),
)  # fmt: skip


@pytest.mark.parametrize(("data", "why"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_a_calendar_that_makes_no_sense_is_turned_down_in_a_line(data: bytes, why: str) -> None:
    with pytest.raises(CalendarUnreadable, match=why) as refused:
        read(data, PEOPLE, BERLIN, MAY, MAY + DAYS)
    assert len(str(refused.value).splitlines()) == 1


# --- where they come from --------------------------------------------------------------------------------------------


class Site:
    """A web site with one calendar."""

    def __init__(self) -> None:
        self.answer: Callable[[], web.Response] = lambda: web.Response(body=calendar(days("Ann", 1, 20)))
        self.asked = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        async def handle(_: web.Request) -> web.Response:
            self.asked += 1
            return self.answer()

        app = web.Application()
        app.router.add_get("/{tail:.*}", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        try:
            yield f"http://{host}:{port}/secret-token/basic.ics"
        finally:
            await runner.cleanup()


def rota(folder: Path, source: str, clock: PushedClock | None = None) -> Rota:
    clock = clock or PushedClock()
    return Rota([Rotation("house", calendar=source)], PEOPLE, folder / "kept", clock)


def who(one: Rota) -> list[str]:
    now = PushedClock().now()
    return [each.who.name for each in on(one.stretches(now), now)]


async def test_an_address_is_fetched_and_kept_for_a_start_without_a_network(tmp_path: Path) -> None:
    site = Site()
    async with site.open() as address:
        first = rota(tmp_path, address)
        await first.begin()
        assert who(first) == [], "nothing is known yet, and nobody waits"
        await first.fetch(first.calendars[0])
        assert who(first) == ["Ann"]
        site.answer = lambda: web.Response(body=calendar(days("Bob", 1, 20)))
        await first.fetch(first.calendars[0])
        assert who(first) == ["Bob"]
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.stat().st_mode & 0o077 == 0, "its address and who is on call are nobody else's business"
    again = rota(tmp_path, address)
    await again.begin()
    assert who(again) == ["Bob"]
    with capture_logs() as logs:
        await again.fetch(again.calendars[0])
    assert who(again) == ["Bob"]
    (line,) = logs
    assert line["instead"] == "the last good copy"
    assert "secret-token" not in str(logs)


BAD: tuple[tuple[str, Callable[[], web.Response], str], ...] = (
    ("a sign-in page", lambda: web.Response(text="<html>"), "no iCalendar"),
    ("an error", lambda: web.Response(status=503), "it answers 503"),
    ("ten megabytes", lambda: web.Response(body=b"x" * 10_000_000), "more than 1024 KiB"),
    ("a way on", lambda: web.Response(status=302, headers={"Location": "/again"}), "it leads elsewhere"),
)


@pytest.mark.parametrize(("answer", "why"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_what_an_address_answers_instead_of_a_calendar_leaves_what_there_was(
    tmp_path: Path, answer: Callable[[], web.Response], why: str
) -> None:
    site = Site()
    async with site.open() as address:
        one = rota(tmp_path, address)
        await one.fetch(one.calendars[0])
        site.answer = answer
        with capture_logs() as logs:
            await one.fetch(one.calendars[0])
            await one.fetch(one.calendars[0])
    assert [why in line["reason"] for line in logs] == [True], "told once, until it is another thing"
    assert who(one) == ["Ann"]
    again = rota(tmp_path, address)
    await again.begin()
    assert who(again) == ["Ann"], "and on disk"


async def test_an_address_that_hangs_delays_nothing_and_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.oncall.sources.PATIENCE", 0.05)

    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    app = web.Application()
    app.router.add_get("/{tail:.*}", hang)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    one = rota(tmp_path, f"http://{host}:{port}/x.ics")
    with capture_logs() as logs:
        await one.fetch(one.calendars[0])
    await runner.cleanup()
    assert ["did not answer within" in line["reason"] for line in logs] == [True]


async def test_a_file_is_read_at_start_and_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "team.ics"
    one = rota(tmp_path, str(file))
    with capture_logs() as logs:
        await one.begin()
        await one.fetch(one.calendars[0])
    assert who(one) == []
    assert [line["reason"] for line in logs] == ["it cannot be read: no such file or directory"]
    file.write_bytes(calendar(days("Ann", 1, 20), days("Zoltan", 1, 20)))
    with capture_logs() as logs:
        await one.fetch(one.calendars[0])
        await one.fetch(one.calendars[0])
    assert who(one) == ["Ann"]
    assert [line.get("event") for line in logs] == ["a calendar names nobody of [[people]]"]
    os.truncate(file, 10)
    with capture_logs():
        await one.fetch(one.calendars[0])
    assert who(one) == ["Ann"]


async def test_the_days_to_come_are_told_from_the_copy_while_the_address_is_away(tmp_path: Path) -> None:
    clock, file = PushedClock(), tmp_path / "team.ics"
    weekly = event("Ann", "DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20260102", "RRULE:FREQ=DAILY")
    file.write_bytes(calendar(weekly))
    one = rota(tmp_path, str(file), clock)
    await one.begin()
    file.unlink()
    clock.set(clock.now() + timedelta(days=60))
    with capture_logs():
        await one.fetch(one.calendars[0])
    now = clock.now()
    assert [each.who.name for each in on(one.stretches(now), now)] == ["Ann"]


def test_a_large_calendar_takes_its_time_off_the_loop_and_no_more_than_that() -> None:
    rows = [event("Ann", f"DTSTART:2024{m:02}{d:02}T000000Z", f"DTEND:2024{m:02}{d:02}T010000Z", "RRULE:FREQ=WEEKLY")
            for m in range(1, 13) for d in range(1, 28)]  # fmt: skip
    small, large = calendar(*rows[:30]), calendar(*rows[:300])
    costs = []
    for data in (small, large):
        start = perf_counter()
        read(data, PEOPLE, BERLIN, MAY, MAY + DAYS)
        costs.append(perf_counter() - start)
    assert costs[1] < costs[0] * 40, "ten times the events, some ten times the work"
