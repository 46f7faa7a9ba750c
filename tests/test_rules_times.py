"""Times and lengths as people write and read them (spec, section 6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.incident.times import duration, moment, spell

NOW = datetime(2026, 5, 2, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("in 15 minutes", 900), ("1h30m", 5400), ("1 hour 30 min", 5400), ("7d", 604800)],
)
def test_a_length(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "15", "5 parsecs", "15m later"])
def test_no_length(text: str) -> None:
    with pytest.raises(ValueError, match="is not a length of time"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "past", "clock"),
    [("10:45", False, "10:45"), ("15m", False, "10:45"), ("at 10:20 utc", True, "10:20"), ("5m ago", True, "10:25")],
)
def test_a_moment(text: str, past: bool, clock: str) -> None:
    assert f"{moment(text, NOW, past=past):%H:%M}" == clock


@pytest.mark.parametrize(
    ("text", "past", "answer"),
    [
        ("10:20", False, "has passed; it is 10:30 now"),
        ("10:40", True, "still to come"),
        ("soon", False, "is not a time"),
    ],
)
def test_no_moment(text: str, past: bool, answer: str) -> None:
    with pytest.raises(ValueError, match=answer):
        moment(text, NOW, past=past)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (45, "45 s"),
        (150, "2 min 30 s"),
        (750, "12 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (7 * 86400, "7 days"),
    ],
)
def test_spelled(seconds: int, text: str) -> None:
    assert spell(timedelta(seconds=seconds)) == text
