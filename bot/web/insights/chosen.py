"""Which incidents are asked about: the filters of the pages, the files and `tocsin insights`.

Rule: what cannot be read is refused with the one thing to write instead; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.incident.figures import Figures
from core.incident.vocabulary import Severity

NAMES = ("since", "until", "severity", "service")

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class Refused(Exception):
    """A filter that cannot be read; the message is the one line that a person reads."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Months as `2026-01`, both counted in; what is empty chooses nothing. A month is that of the declaration, in UTC."""

    since: str = ""
    until: str = ""
    severity: str = ""
    service: str = ""

    def __bool__(self) -> bool:
        return any((self.since, self.until, self.severity, self.service))

    def has(self, one: Figures) -> bool:
        return (
            self.since <= month_of(one.declared_at)
            and (not self.until or month_of(one.declared_at) <= self.until)
            and self.severity in ("", one.severity.value)
            and self.service in ("", one.service)
        )

    def of(self, incidents: Iterable[Figures]) -> tuple[Figures, ...]:
        return tuple(one for one in incidents if self.has(one))


def month_of(at: datetime) -> str:
    """`2026-05`, which sorts as time goes."""
    return f"{at.astimezone(UTC):%Y-%m}"


def chosen(asked: Sequence[tuple[str, str]], services: Iterable[str]) -> Chosen:
    """What was asked for; `services` are those that there are. Raises `Refused`, which repeats nothing of it."""
    given: dict[str, str] = {}
    for name, words in asked:
        if name not in NAMES:
            raise Refused(f"there is no such filter; there are {', '.join(NAMES)}")
        if name in given:
            raise Refused(f"{name} is given twice; give it once")
        given[name] = words.strip()
    one = Chosen(**given)
    for name, words in (("since", one.since), ("until", one.until)):
        if words and not _MONTH.fullmatch(words):
            raise Refused(f"{name} is a month, as 2026-01")
    if one.until and one.since > one.until:
        raise Refused(f"since {one.since} is after until {one.until}; turn them round")
    if one.severity and one.severity not in list(Severity):
        raise Refused(f"severity is one of {', '.join(Severity)}")
    known = sorted({name for name in services if name})
    if one.service and one.service not in known:
        raise Refused(f"service is one of {', '.join(known)}" if known else "no service is known to filter by")
    return one
