"""Figures of made-up incidents, for the tests of the insights: any at all, and a house with two years behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hostile import words as attacks
from hypothesis import strategies as st
from incidents import ANN

from bot.web.insights.chosen import Chosen
from bot.web.insights.view import View
from core.incident.events import CloseKind
from core.incident.figures import Figures
from core.incident.vocabulary import Phase, Severity

HOSTILE = (
    "<script>alert(1)</script>",
    "</title></svg><img src=x onerror=alert(1)>",
    '"onload="alert(1)',
    '=HYPERLINK("http://evil","x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "'=1",
    "\tx",
    "\r\nx",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202eturned",
    "{{ 7*7 }}",
    'a "quoted", text',
    "عطل في الدفع",
)

NAMES = (
    st.sampled_from(["checkout", "search", "", *HOSTILE])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | attacks(3).map(lambda text: text.encode(errors="replace").decode())
)

DAY = datetime(2026, 5, 2, 10, tzinfo=UTC)


def incident(
    number: int,
    declared_at: datetime = DAY,
    minutes: tuple[float | None, ...] = (1, 5, 20, 30, 60),
    *,
    how: CloseKind | None = CloseKind.DECLARED,
    title: str = "Checkout fails",
    service: str = "checkout",
    severity: Severity = Severity.SEV1,
    kept: int = 0,
    broken: int = 0,
    handoffs: int = 0,
) -> Figures:
    """`minutes` from the declaration to commander, update, mitigation, resolve and close; an open one has no last two."""
    commanded, told, mitigated, resolved, closed = (
        declared_at + timedelta(minutes=one) if one is not None else None for one in minutes
    )
    return Figures(
        number=number,
        name=f"inc-2026-05-02-{number}",
        title=title,
        severity=severity,
        service=service,
        phase=Phase.CLOSED if how else Phase.IDENTIFIED,
        how=how,
        declared_at=declared_at,
        commanded_at=commanded,
        told_at=told,
        mitigated_at=mitigated if how else None,
        resolved_at=resolved if how else None,
        closed_at=closed if how else None,
        updates=kept + broken + 1,
        kept=kept,
        broken=broken,
        handoffs=handoffs,
        reopened=0,
        commander=ANN,
    )


LENGTHS = st.floats(0, 100_000, allow_nan=False).map(lambda one: round(one, 1))


@st.composite
def _any(draw: st.DrawFn, number: int) -> Figures:
    commanded, told = draw(st.none() | LENGTHS), draw(st.none() | LENGTHS)
    mitigated, resolved, closed = sorted(draw(st.tuples(LENGTHS, LENGTHS, LENGTHS)))
    return incident(
        number,
        DAY + timedelta(days=draw(st.integers(-400, 400)), minutes=draw(st.integers(0, 1439))),
        (commanded, told, mitigated, resolved, closed),
        how=draw(st.sampled_from([CloseKind.DECLARED, CloseKind.DECLARED, *CloseKind, None])),
        title=draw(NAMES),
        service=draw(NAMES),
        severity=draw(st.sampled_from(Severity)),
        kept=draw(st.integers(0, 5)),
        broken=draw(st.integers(0, 5)),
        handoffs=draw(st.integers(0, 3)),
    )


ANY = st.integers(0, 14).flatmap(lambda count: st.tuples(*(_any(number) for number in range(1, count + 1))))
"""Some incidents of any kind."""


def history(count: int = 120) -> tuple[Figures, ...]:
    """A house with a long history: a month without anything, some very long closes, all kinds of ends."""
    dice, at, found = Random(6), datetime(2024, 9, 3, 10, tzinfo=UTC), []
    for number in range(1, count + 1):
        at += timedelta(days=dice.choice((1, 3, 5, 9)) if number != 40 else 62)
        resolved = dice.expovariate(1 / 40) + 3
        closed = resolved + dice.choice((10, 20, 30, 40, 12 * 1440))
        found.append(
            incident(
                number,
                at,
                (dice.expovariate(1), dice.expovariate(1 / 5), dice.uniform(1, resolved), resolved, closed),
                how=dice.choice([CloseKind.DECLARED] * 9 + [CloseKind.FALSE_ALARM, CloseKind.DUPLICATE]),
                severity=dice.choice(list(Severity)),
                service=dice.choice(("checkout", "search", "sign-in", "", HOSTILE[0])),
                title=HOSTILE[number % len(HOSTILE)] if number % 7 == 0 else "Checkout fails after payment",
                kept=dice.randint(0, 3),
                broken=dice.choice((0, 0, 1)),
                handoffs=dice.choice((0, 0, 1, 2)),
            )
        )
    return (*found, incident(count + 1, at + timedelta(days=2), how=None))


def view(*incidents: Figures, chosen: Chosen | None = None) -> View:
    chosen = chosen or Chosen()
    services = tuple(sorted({one.service for one in incidents} - {""}))
    return View(chosen, chosen.of(incidents), services)
