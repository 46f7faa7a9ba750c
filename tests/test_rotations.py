"""Rotations as stretches: whose turn it is, on the nights when clocks change, on holidays, with overrides (spec, 10)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from incidents import ANN, BOB, JON, LEAH, MIA

from bot.oncall.rotations import Override, Rotation, stretches
from core.incident.on_call import Cover, Stretch, called, coming, gaps, on
from core.incident.vocabulary import Person

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rotation(*people: Person, **given: object) -> Rotation:
    plain = {"zone": BERLIN, "zone_name": "Europe/Berlin", "people": people or (ANN, BOB, MIA)}
    return Rotation("payments", **(plain | given))  # type: ignore[arg-type]


def primaries(found: tuple[Stretch, ...], zone: ZoneInfo = BERLIN) -> list[tuple[str, str]]:
    """Who is primary from when, by the clock on the wall."""
    return [(one.who.name, f"{one.since.astimezone(zone):%m-%d %H:%M}") for one in found if not one.backup]


def within(found: tuple[Stretch, ...], since: datetime, until: datetime) -> list[tuple[str, str]]:
    return primaries(tuple(one for one in found if one.since >= since and one.since < until))


TURNS = (
    # clocks go forward on 29 March 2026, and back on 25 October
    ("nine stays nine in spring", {"every": timedelta(days=1), "weekday": None}, "2026-03-28", [
        "03-28 09:00", "03-29 09:00", "03-30 09:00"]),
    ("nine stays nine in autumn", {"every": timedelta(days=1), "weekday": None}, "2026-10-24", [
        "10-24 09:00", "10-25 09:00", "10-26 09:00"]),
    ("half past two that is not there", {"every": timedelta(days=1), "weekday": None, "at": time(2, 30)}, "2026-03-28", [
        "03-28 02:30", "03-29 03:30", "03-30 02:30"]),
    ("half past two that is there twice", {"every": timedelta(days=1), "weekday": None, "at": time(2, 30)}, "2026-10-24", [
        "10-24 02:30", "10-25 02:30", "10-26 02:30"]),
    ("two shifts a day", {"every": timedelta(hours=12), "weekday": None}, "2026-03-28T12:00", [
        "03-28 21:00", "03-29 09:00", "03-29 21:00"]),
)  # fmt: skip


@pytest.mark.parametrize(("given_", "start", "expected"), [row[1:] for row in TURNS], ids=[row[0] for row in TURNS])
def test_a_hand_over_is_told_by_the_clock_on_the_wall(
    given_: dict[str, object], start: str, expected: list[str]
) -> None:
    at = utc(start)
    found = stretches(rotation(**given_), at, at + timedelta(days=4))
    times = [when for _, when in within(found, at, at + timedelta(days=4))]
    assert times[: len(expected)] == expected


def test_the_first_half_past_two_of_an_autumn_night_is_meant() -> None:
    at = utc("2026-10-24T12:00")
    found = stretches(rotation(every=timedelta(days=1), weekday=None, at=time(2, 30)), at, at + timedelta(days=2))
    assert utc("2026-10-25T00:30") in [one.since for one in found], "02:30 summer time, an hour before the other"


def test_a_weekly_turn_goes_round_from_its_start() -> None:
    found = stretches(rotation(start=date(2026, 4, 29)), utc("2026-05-01"), utc("2026-05-27"))
    assert primaries(found) == [
        ("Ann", "05-04 09:00"),
        ("Bob", "05-11 09:00"),
        ("Mia", "05-18 09:00"),
        ("Ann", "05-25 09:00"),
    ]
    assert [one.who.name for one in found if one.backup] == ["Bob", "Mia", "Ann", "Bob"]


def test_the_same_person_is_on_wherever_one_looks_from() -> None:
    whole = stretches(rotation(), utc("2026-01-01"), utc("2026-12-31"))
    for week in range(0, 50, 3):
        at = utc("2026-01-08") + timedelta(weeks=week)
        near = stretches(rotation(), at - timedelta(days=1), at + timedelta(days=15))
        assert [one.who for one in on(near, at)] == [one.who for one in on(whole, at)]


def test_a_rotation_that_began_long_ago_is_told_at_once() -> None:
    old = rotation(
        every=timedelta(hours=4), weekday=None, start=date(2000, 1, 1), holidays=frozenset({date(2026, 5, 1)})
    )
    at, began = utc("2026-05-01T12:00"), perf_counter()
    found = stretches(old, at, at + timedelta(days=15))
    assert perf_counter() - began < 0.1, "it is told on the loop, at an act"
    assert primaries(found)[:2] == [("Ann", "04-30 21:00"), ("Bob", "05-02 01:00")]


def test_a_hand_over_on_a_holiday_waits_for_the_next_business_day() -> None:
    # Easter Monday of 2026 is 6 April, and Labour Day, on which the weekend follows, a Friday.
    found = stretches(rotation(holidays=frozenset({date(2026, 4, 6)})), utc("2026-03-31"), utc("2026-04-14"))
    assert [when for _, when in primaries(found)][1:3] == ["04-07 09:00", "04-13 09:00"]
    friday = rotation(weekday=4, holidays=frozenset({date(2026, 5, 1)}))
    assert ("05-04 09:00") in [when for _, when in primaries(stretches(friday, utc("2026-04-27"), utc("2026-05-09")))]


def test_a_hand_over_that_waited_and_was_overtaken_is_none() -> None:
    daily = rotation(every=timedelta(days=1), weekday=None, holidays=frozenset({date(2026, 5, 1)}))
    found = stretches(daily, utc("2026-04-29T12:00"), utc("2026-05-05"))
    assert [when for _, when in primaries(found)] == [
        "04-29 09:00", "04-30 09:00", "05-02 09:00", "05-03 09:00", "05-04 09:00", "05-05 09:00",
    ][: len(primaries(found))]  # fmt: skip
    assert list(gaps(found, "payments", utc("2026-04-30"), utc("2026-05-04"))) == []


OVERRIDES = (
    ("within a turn", ["2026-05-05T18:00", "2026-05-06T08:00"], [
        ("Ann", "05-04 09:00"), ("Jon", "05-05 20:00"), ("Ann", "05-06 10:00"), ("Bob", "05-11 09:00")]),
    ("across a hand-over", ["2026-05-10T22:00", "2026-05-11T22:00"], [
        ("Ann", "05-04 09:00"), ("Jon", "05-11 00:00"), ("Bob", "05-12 00:00")]),
    ("a whole turn and more", ["2026-05-03T22:00", "2026-05-11T22:00"], [
        ("Jon", "05-04 00:00"), ("Bob", "05-12 00:00")]),
)  # fmt: skip


@pytest.mark.parametrize(("when", "expected"), [row[1:] for row in OVERRIDES], ids=[row[0] for row in OVERRIDES])
def test_an_override_is_on_instead(when: list[str], expected: list[tuple[str, str]]) -> None:
    override = Override(JON, utc(when[0]), utc(when[1]))
    one = rotation(start=date(2026, 5, 4), overrides=(override,))
    assert (
        within(stretches(one, utc("2026-05-02"), utc("2026-05-14")), utc("2026-05-01"), utc("2026-05-14")) == expected
    )


def test_the_later_of_two_overrides_counts_and_one_fills_a_gap() -> None:
    first = Override(JON, utc("2026-05-05"), utc("2026-05-07"))
    second = Override(LEAH, utc("2026-05-06"), utc("2026-05-08"))
    one = rotation(start=date(2026, 5, 4), overrides=(first, second))
    found = stretches(one, utc("2026-05-02"), utc("2026-05-09"))
    assert [who for who, _ in primaries(found)][:4] == ["Ann", "Jon", "Leah", "Ann"]
    before = rotation(start=date(2026, 6, 1), overrides=(first,))
    assert ("Jon", "05-05 02:00") in primaries(stretches(before, utc("2026-05-02"), utc("2026-05-09")))


def test_who_is_on_instead_is_not_their_own_backup() -> None:
    override = Override(BOB, utc("2026-05-05"), utc("2026-05-06"))
    found = stretches(rotation(start=date(2026, 5, 4), overrides=(override,)), utc("2026-05-02"), utc("2026-05-09"))
    assert [one.who.name for one in on(found, utc("2026-05-05T12:00"))] == ["Bob"]
    assert [one.who.name for one in on(found, utc("2026-05-06T12:00"))] == ["Ann", "Bob"]


def test_backups_have_turns_of_their_own_or_there_are_none() -> None:
    found = stretches(rotation(ANN, BOB, start=date(2026, 5, 4), backups=(JON,)), utc("2026-05-05"), utc("2026-05-14"))
    assert {one.who.name for one in found if one.backup} == {"Jon"}
    alone = stretches(rotation(ANN), utc("2026-05-05"), utc("2026-05-14"))
    assert [one.who.name for one in alone] == ["Ann"], "one person's turns are one stretch, without a backup"
    assert not any(one.backup for one in stretches(rotation(backups=()), utc("2026-05-05"), utc("2026-05-14")))


def test_what_comes_next_and_where_nobody_is_on() -> None:
    found = stretches(rotation(start=date(2026, 5, 4)), utc("2026-05-01"), utc("2026-05-14"))
    at = utc("2026-05-05")
    assert [one.who.name for one in coming(found, "payments", at)] == ["Bob", "Mia"]
    assert coming(found, "other", at) == ()
    assert list(gaps(found, "payments", utc("2026-05-01"), utc("2026-05-06"))) == [
        (utc("2026-05-01"), utc("2026-05-04T07:00"))
    ]
    assert list(gaps((), "payments", at, utc("2026-05-06"))) == [(at, utc("2026-05-06"))]


def test_a_cover_takes_the_pages_and_covers_follow_each_other() -> None:
    at = utc("2026-05-05")
    hours = timedelta(hours=2)
    by_bob = Cover(who=ANN, by=BOB, since=at, until=at + hours)
    by_mia = Cover(who=BOB, by=MIA, since=at, until=at + hours)
    back = Cover(who=MIA, by=ANN, since=at, until=at + hours)
    assert called((ANN, JON), (by_bob,), at) == (BOB, JON)
    assert called((ANN, BOB), (by_bob,), at) == (BOB,), "each once"
    assert called((ANN, BOB), (by_bob, by_mia), at) == (MIA,)
    assert called((ANN,), (by_bob, by_mia, back), at) == (MIA,), "a ring ends where it would begin again"
    assert called((ANN,), (by_bob,), at + hours) == (ANN,)


moments = st.integers(0, 364 * 24 * 60).map(lambda minutes: utc("2026-01-01") + timedelta(minutes=minutes))
turning = st.builds(
    lambda every, hour, half, zone, holidays: rotation(
        every=every,
        weekday=None,
        at=time(hour, 30 * half),
        holidays=frozenset(holidays),
        zone=ZoneInfo(zone),
        start=date(2025, 12, 1),
    ),
    every=st.sampled_from([timedelta(hours=n) for n in (4, 8, 12, 24, 48, 168)]),
    hour=st.integers(0, 23),
    half=st.integers(0, 1),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    holidays=st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=6),
)


@settings(max_examples=20, deadline=None)
@given(turning, moments)
def test_at_every_moment_one_is_primary_and_nobody_is_their_own_backup(one: Rotation, at: datetime) -> None:
    found = stretches(one, at - timedelta(days=1), at + timedelta(days=9))
    for hours in range(0, 24 * 9, 7):
        here = on(found, at + timedelta(hours=hours))
        assert [each.backup for each in here] == [False, True]
        assert not here[0].who.is_(here[1].who)
    mine = sorted((each for each in found if not each.backup), key=lambda each: each.since)
    assert all(one_.until == next_.since for one_, next_ in pairwise(mine)), "no gap, no overlap"


@settings(max_examples=20, deadline=None)
@given(
    moments, st.lists(st.tuples(st.integers(-200, 200), st.integers(1, 200), st.sampled_from([JON, LEAH])), max_size=4)
)
def test_the_last_override_that_holds_is_on_and_else_whoever_was(
    at: datetime, hours: list[tuple[int, int, Person]]
) -> None:
    overrides = tuple(
        Override(who, at + timedelta(hours=begin), at + timedelta(hours=begin + length)) for begin, length, who in hours
    )
    plain = stretches(rotation(), at - timedelta(days=1), at + timedelta(days=9))
    found = stretches(rotation(overrides=overrides), at - timedelta(days=1), at + timedelta(days=9))
    for hour in range(0, 24 * 8, 5):
        then = at + timedelta(hours=hour, minutes=30)
        instead = [one.who for one in overrides if one.since <= then < one.until]
        assert on(found, then)[0].who == (instead[-1] if instead else on(plain, then)[0].who)
