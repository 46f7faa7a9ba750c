"""Days in words: what people write is the day they mean, what could be two is turned down, and what we print reads back."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.incident.workdays import day_words
from transports.dates import FARTHEST, day

SATURDAY = date(2026, 5, 2)

MEANT: list[tuple[str, str]] = [
    ("2026-05-12", "2026-05-12"),
    ("2026-5-2", "2026-05-02"),
    ("today", "2026-05-02"),
    ("Tomorrow", "2026-05-03"),
    ("sunday", "2026-05-03"),
    ("Mon", "2026-05-04"),
    ("tues", "2026-05-05"),
    ("Thurs.", "2026-05-07"),
    ("friday", "2026-05-08"),
    ("next Friday", "2026-05-08"),
    ("this friday", "2026-05-08"),
    ("on Friday", "2026-05-08"),
    ("by fri,", "2026-05-08"),
    ("to friday", "2026-05-08"),
    # Today's name is the one in a week.
    ("Saturday", "2026-05-09"),
    ("12 May", "2026-05-12"),
    ("12th of May", "2026-05-12"),
    ("the 12th of May", "2026-05-12"),
    ("12. may", "2026-05-12"),
    ("May 12", "2026-05-12"),
    ("May 12th", "2026-05-12"),
    ("Tuesday 12 May", "2026-05-12"),
    ("Tue, May 12, 2026", "2026-05-12"),
    ("12 May 2027", "2027-05-12"),
    ("sept 1", "2026-09-01"),
    ("29 February 2028", "2028-02-29"),
    ("2 may", "2026-05-02"),
    # A day just past is the one that was said: it is turned down where it must be to come.
    ("1 May", "2026-05-01"),
    # In May, January is the one to come.
    ("2 January", "2026-01-02"),
    ("5d", "2026-05-07"),
    ("in 5 days", "2026-05-07"),
    ("3 days", "2026-05-05"),
    ("1w", "2026-05-09"),
    ("in 2 weeks", "2026-05-16"),
    ("in a week", "2026-05-09"),
    ("in one day", "2026-05-03"),
]


@pytest.mark.parametrize(("words", "meant"), MEANT)
def test_a_day_is_understood(words: str, meant: str) -> None:
    assert day(words, SATURDAY) == date.fromisoformat(meant)


@pytest.mark.parametrize(
    "words",
    ["", "may", "about 12 May", "fix May 12", "mayor 12 May", "12", "fri day", "friday the alert", "p1", "@ann", "5m", "10:15", "ma 5", "s", "m 12", "2 business days", "99999999-01-01"],
)  # fmt: skip
def test_what_is_no_day_is_none(words: str) -> None:
    assert day(words, SATURDAY) is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("05/12", "I do not read 05/12: write the day as in `12 May` or `2026-05-12`"),
        ("5.12.", "I do not read 5.12.: write the day as in"),
        ("12/05/2026", "I do not read 12/05/2026"),
        ("2026-02-30", "there is no 30 February in 2026"),
        ("2026-13-01", "there is no 1 month 13 in 2026"),
        ("29 feb", "there is no 29 February in 2026"),
        ("31 June", "there is no 31 June in 2026"),
        ("0 May", "there is no 0 May in 2026"),
        ("Monday 12 May", "12 May 2026 is a Tuesday"),
        ("wed may 12", "12 May 2026 is a Tuesday"),
        ("next week", "next week is no day: name one, as in `Friday` or `12 May`"),
        ("end of the month", "is no day"),
        ("EOW", "is no day"),
        ("999d", "999d is too far ahead: a day is named for the next two years"),
        ("12 May 2031", "is too far ahead"),
    ],
)
def test_what_could_be_two_days_or_none_is_turned_down(words: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        day(words, SATURDAY)


@pytest.mark.parametrize(
    ("words", "today", "meant"),
    [
        ("12 January", "2026-12-20", "2027-01-12"),
        ("friday", "2026-12-30", "2027-01-01"),
        ("1 Jan", "2026-12-31", "2027-01-01"),
        ("tomorrow", "2026-12-31", "2027-01-01"),
        ("31 December", "2027-01-02", "2027-12-31"),
        ("29 feb", "2028-01-10", "2028-02-29"),
        ("29 feb", "2027-11-10", "2028-02-29"),
        ("tomorrow", "2028-02-28", "2028-02-29"),
        ("5d", "2027-02-26", "2027-03-03"),
    ],
)
def test_years_roll_over_and_leap(words: str, today: str, meant: str) -> None:
    assert day(words, date.fromisoformat(today)) == date.fromisoformat(meant)


DAYS = st.dates(date(2020, 1, 1), date(2090, 1, 1))


@given(today=DAYS, ahead=st.integers(0, FARTHEST.days))
def test_what_is_printed_reads_back_as_the_same_day(today: date, ahead: int) -> None:
    due = today + timedelta(days=ahead)
    assert day(day_words(due), today) == due
    assert day(due.isoformat(), today) == due
    assert day(f"in {ahead} days", today) == due


@given(today=DAYS, ahead=st.integers(0, 180))
def test_a_day_without_its_year_is_the_one_to_come(today: date, ahead: int) -> None:
    due = today + timedelta(days=ahead)
    assert day(f"{due.day} {due:%B}", today) == due
    assert day(f"{due:%b} {due.day}", today) == due


@given(today=DAYS, ahead=st.integers(1, 7))
def test_a_weekday_is_the_next_one(today: date, ahead: int) -> None:
    due = today + timedelta(days=ahead)
    for words in (f"{due:%A}", f"{due:%a}", f"next {due:%A}".upper()):
        assert day(words, today) == due


@given(words=st.text(max_size=40), today=DAYS)
def test_any_words_are_a_day_none_or_one_sentence(words: str, today: date) -> None:
    with suppress(ValueError):
        found = day(words, today)
        assert found is None or found - today <= FARTHEST
