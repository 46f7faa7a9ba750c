"""Times as people type them: `15m`, `in 15 minutes`, `10:20`; read here and shown again by `spell`.

Rule: a time is never guessed. What cannot be read raises `ValueError` with the forms that can.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WORDS = {"sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m"} | {
    "minutes": "m",
    "hr": "h",
    "hrs": "h",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "week": "w",
    "weeks": "w",
}
_PART = re.compile(r"(\d{1,6})\s*([a-z]+)\s*")
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:\s*(?:utc|z))?", re.IGNORECASE)

FORMS = "`10:20`, `15m` or `in 15 minutes`"


def duration(text: str) -> timedelta:
    """A length of time: `90s`, `15m`, `1h30m`, `in 15 minutes`. Raises `ValueError`."""
    words = text.strip().lower().removeprefix("in ").strip()
    total, at = timedelta(), 0
    while match := _PART.match(words, at):
        unit = _WORDS.get(match[2], match[2])
        if unit not in _UNITS:
            break
        total += timedelta(**{_UNITS[unit]: int(match[1])})
        at = match.end()
    if at == 0 or at != len(words):
        raise ValueError(f"{text!r} is not a length of time; write 60s, 15m, 2h or 7d")
    return total


def moment(text: str, now: datetime, zone: tzinfo = UTC, *, past: bool = False) -> datetime:
    """A moment: a clock time, the next one after `now` (the last one before it with `past`), or a length from now.

    Raises `ValueError`, also for a clock time that is more than twelve hours off in the direction asked for: at 10:30,
    `10:20` means ten minutes ago, not tomorrow, and a time that has passed is not a plan.
    """
    words = text.strip().lower().removeprefix("at ").strip()
    if clock := _CLOCK.fullmatch(words):
        local = (now.astimezone(UTC) if words.endswith(("utc", "z")) else now.astimezone(zone)).replace(
            hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0
        )
        said, here = text.strip(), _clock(words, now, zone)
        nearest = min((local + timedelta(days=days) for days in (-1, 0, 1)), key=lambda at: abs(at - now))
        if past and nearest > now + timedelta(minutes=1):
            before = spell(now - nearest + timedelta(days=1)).replace(" ", "")
            raise ValueError(f"{said} is still to come; {here}. For yesterday's, write `{before} ago`")
        if not past and nearest <= now:
            raise ValueError(f"{said} has passed; {here}")
        return nearest.astimezone(UTC)
    try:
        length = duration(words.removesuffix(" ago"))
        return now - length if past else now + length
    except (ValueError, OverflowError):
        raise ValueError(f"{text.strip()!r} is not a time; write {FORMS}") from None


def _clock(words: str, now: datetime, zone: tzinfo) -> str:
    """What time it is. Cards show UTC: where the house's clock is another, one is easily taken for the other."""
    there, here = f"{now.astimezone(UTC):%H:%M}", f"{now.astimezone(zone):%H:%M}"
    if there == here or words.endswith(("utc", "z")):
        return f"it is {there} now"
    return f"it is {here} now in {zone}, and cards show UTC: `{words} UTC` is theirs"


def spell(length: timedelta) -> str:
    """A length of time for people, two units at most: `45 s`, `12 min`, `1 h 30 min`, `7 days`."""
    seconds = round(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days = hours // 24
    return f"{days} days"


def _read(value: object) -> object:
    # Stored events hold seconds; people write "15m".
    return duration(value) if isinstance(value, str) else value


Length = Annotated[timedelta, BeforeValidator(_read), PlainSerializer(lambda v: v.total_seconds(), return_type=float)]
"""A length of time in settings and events: people write `"15m"`, the log keeps seconds."""
