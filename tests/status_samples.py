"""Incidents as the public may know them, for the tests of the status page and for its picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.web.status.page import House
from core.incident.public import PublicIncident, PublicUpdate
from core.incident.vocabulary import Phase, Severity

AT = datetime(2026, 5, 2, 10, 41, tzinfo=UTC)
"""Saturday, when the page is rendered."""

SHOP = House("Example Shop", ("Checkout", "Sign-in", "Search", "Order e-mails", "API"), "https://status.example.org")

LOOKING, FOUND, WATCHING, OVER, CLOSED = (
    Phase.INVESTIGATING,
    Phase.IDENTIFIED,
    Phase.MONITORING,
    Phase.RESOLVED,
    Phase.CLOSED,
)


def clock(minute: str, day: datetime = AT) -> datetime:
    """`10:05` of a day."""
    hour, _, minutes = minute.partition(":")
    return day.replace(hour=int(hour), minute=int(minutes))


def update(
    number: int, at: datetime, phase: Phase, said: str, *, after: int | None = None, corrected: datetime | None = None
) -> PublicUpdate:
    """An update in the form of a base update; the next one comes `after` so many minutes."""
    promised = at + timedelta(minutes=after) if after else None
    coming = f" Next update {promised:%H:%M} UTC." if promised else ""
    text = f"[{at:%H:%M} UTC] {said}{coming}"
    return PublicUpdate(number=number, text=text, at=at, phase=phase, promised_at=promised, corrected_at=corrected)


def incident(
    number: int,
    headline: str,
    updates: Sequence[PublicUpdate],
    *,
    severity: Severity = Severity.SEV1,
    service: str = "Checkout",
    phase: Phase | None = None,
    resolved_at: datetime | None = None,
) -> PublicIncident:
    """Its phase is that of its last update, and it was resolved with it, unless said otherwise."""
    phase = phase or updates[-1].phase
    if resolved_at is None and phase in (OVER, CLOSED):
        resolved_at = updates[-1].at
    return PublicIncident(
        number=number,
        headline=headline,
        severity=severity,
        phase=phase,
        service=service,
        updates=tuple(updates),
        resolved_at=resolved_at,
    )


def withdrawn(said: PublicUpdate, at: datetime, why: str) -> PublicUpdate:
    return said.model_copy(update={"withdrawn_at": at, "why": why})


def checkout() -> PublicIncident:
    """The checkout outage with four updates, one corrected and one withdrawn."""
    wrong = update(3, clock("10:20"), LOOKING, "Some users cannot sign in. Search still works.", after=15)
    return incident(
        17,
        "Some customers cannot pay",
        [
            update(
                1,
                clock("10:05"),
                LOOKING,
                "Some users cannot pay. Sign-in works. We are looking for the cause.",
                after=15,
            ),
            update(
                2,
                clock("10:19"),
                FOUND,
                "About one in five payments by card fails. Payment by invoice works. We are testing a rollback.",
                after=15,
                corrected=clock("10:22"),
            ),
            withdrawn(wrong, clock("10:21"), "sign-in was never affected"),
            update(
                4,
                clock("10:34"),
                WATCHING,
                "Card payments go through again since 10:31 UTC. Orders that failed were not charged. We are watching.",
                after=15,
            ),
        ],
    )


def search() -> PublicIncident:
    return incident(
        18,
        "Search results are out of date",
        [
            update(
                1,
                clock("10:12"),
                LOOKING,
                "Products added since 09:00 UTC are not found. Orders are not affected.",
                after=30,
            )
        ],
        severity=Severity.SEV2,
        service="Search",
    )


def mails() -> PublicIncident:
    return incident(
        19,
        "Order confirmations arrive late",
        [
            update(
                1,
                clock("09:40"),
                LOOKING,
                "Order e-mails arrive up to an hour late. Orders themselves are safe.",
                after=60,
            ),
            update(2, clock("10:38"), FOUND, "Order e-mails arrive up to 20 minutes late. None is lost.", after=60),
        ],
        severity=Severity.SEV3,
        service="Order e-mails",
    )


def past() -> list[PublicIncident]:
    """What was over before: within two weeks, one of them withdrawn, and in the months before."""
    api = AT - timedelta(days=4, hours=3, minutes=17)
    slow = AT - timedelta(days=9, hours=1)
    false = slow + timedelta(hours=2)
    march = AT - timedelta(days=47)
    alarm = update(1, false, LOOKING, "Customers in Austria cannot reach the shop.", after=30)
    return [
        incident(
            16,
            "API answers with errors",
            [
                update(1, api, LOOKING, "One in three requests to the API fails. The shop itself works.", after=30),
                update(2, api + timedelta(minutes=52), OVER, "The API answers again. No data was lost."),
            ],
            severity=Severity.SEV2,
            service="API",
        ),
        incident(15, "The shop cannot be reached", [withdrawn(alarm, false + timedelta(minutes=6), "a false alarm")]),
        incident(
            14,
            "Sign-in is slow",
            [
                update(
                    1, slow, LOOKING, "Signing in takes up to a minute. Who is signed in notices nothing.", after=30
                ),
                update(2, slow + timedelta(minutes=33), CLOSED, "Signing in is as fast as before."),
            ],
            severity=Severity.SEV2,
            service="Sign-in",
        ),
        incident(
            9,
            "Payments by card fail",
            [
                update(1, march, LOOKING, "No card payment goes through.", after=15),
                update(2, march + timedelta(minutes=21), OVER, "Card payments go through again."),
            ],
        ),
    ]
