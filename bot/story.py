"""The checkout story as data (spec, section 14): who does what, when, and on which message or card.

Rule: a beat names a reaction's target by the card's key or by the name an earlier beat gave its message; nothing in it
knows how the bot works. A beat says which call or item it takes or needs, so that the cast yields to whoever took that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.incident.vocabulary import Role

BEGIN = datetime(2026, 5, 2, 10, 2, tzinfo=UTC)

CAST = ("Ann", "Mia", "Jon", "Leah", "Bo", "Sam")
"""Ann is on call and commands; Sam speaks for support; Bo is one more pair of hands."""

ON_CALL = "Ann"

SHOP = "Example Shop"

SERVICES = ("Checkout", "Search", "Accounts")
"""The shop's catalogue; the first is what fails."""


@dataclass(frozen=True, slots=True)
class Beat:
    """At `at` from the beginning, `who` writes `says` (in `where`, or in the thread of `on`) or puts `reacts` on `on`.

    With both, `says` is what they write where the question that they would react to is not asked any more.
    `takes` is the call or the item that becomes theirs by it, and `spare` leaves that to whoever watches for a while;
    `needs` is the one without which they would not do it; `gives` is the card that is there once it is done.
    """

    at: timedelta
    who: str
    says: str = ""
    reacts: str = ""
    on: str = ""
    where: str = "incident"
    name: str = ""
    takes: Role | str = ""
    spare: bool = False
    needs: Role | str = ""
    gives: str = ""


def _at(clock: str) -> timedelta:
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds) - timedelta(hours=10, minutes=2)


def _says(clock: str, who: str, says: str, **more: object) -> Beat:
    return Beat(_at(clock), who, says=says, **more)  # type: ignore[arg-type]  # the names of Beat's fields


def _reacts(clock: str, who: str, reacts: str, on: str, **more: object) -> Beat:
    return Beat(_at(clock), who, reacts=reacts, on=on, **more)  # type: ignore[arg-type]  # the names of Beat's fields


def _claims(clock: str, who: str, reacts: str, role: Role, *, spare: bool = False) -> Beat:
    return _reacts(clock, who, reacts, "board", takes=role, spare=spare)


def _grabs(clock: str, who: str, item: str, *, spare: bool = False) -> Beat:
    return _reacts(clock, who, "✋", f"item/{item}", takes=item, spare=spare)


def _ends(clock: str, who: str, reacts: str, item: str) -> Beat:
    return _reacts(clock, who, reacts, f"item/{item}", needs=item)


STORY: tuple[Beat, ...] = (
    _says("10:02:00", "Mia", "Release 214 is going out.", where="triage"),
    _says(
        "10:03:20",
        "Sam",
        "Checkout fails after payment\nFour customers in five minutes: the card is charged, then an error page.",
        where="triage",
        name="alarm",
    ),
    _reacts("10:03:40", "Ann", "🚨", "alarm"),
    _claims("10:03:55", "Mia", "🔎", Role.DIAGNOSIS),
    _claims("10:04:00", "Jon", "📣", Role.UPDATES),
    _says("10:04:03", "Ann", "Recovery is still free. Whoever takes it: ⏪ on the board."),
    _claims("10:04:05", "Leah", "⏪", Role.RECOVERY, spare=True),
    _reacts("10:04:15", "Ann", "🧊", "board", needs=Role.IC),
    _says("10:04:25", "Ann", "/inc impact some users cannot pay since 10:03 UTC; sign-in works", needs=Role.IC),
    _says("10:04:35", "Mia", "/inc changed release 214 10:02"),
    _says(
        "10:04:50",
        "Jon",
        "/inc update headline=Payments failing for some customers impact=Some users cannot pay. "
        "working=Sign-in and browsing work. next=We are checking the 10:02 release. every=5m",
        needs=Role.UPDATES,
        gives="draft/1",
    ),
    _reacts("10:05:00", "Jon", "📤", "draft/1", needs=Role.UPDATES, gives="update/1"),
    _says("10:05:15", "Bo", "The cache may be evicting sessions since the deploy", name="cache"),
    _says("10:05:25", "Mia", "Release 214 touched the tax rounding; totals no longer match", name="tax"),
    _says("10:05:35", "Ann", "Is the payment provider healthy?", name="provider"),
    _reacts("10:05:40", "Mia", "💡", "cache"),
    _reacts("10:05:45", "Mia", "💡", "tax"),
    _reacts("10:05:50", "Mia", "💡", "provider"),
    _grabs("10:06:00", "Bo", "H1"),
    _grabs("10:06:05", "Mia", "H2"),
    _says("10:06:10", "Ann", "H3 is free as well: ✋ on its card takes it."),
    _grabs("10:06:15", "Sam", "H3", spare=True),
    _says("10:06:35", "Bo", "Eviction rate is flat, sessions are all there.", on="item/H1"),
    _ends("10:06:45", "Bo", "❌", "H1"),
    _says(
        "10:07:00", "Leah", "/inc path fix put tax.rounding back to its old value", needs=Role.RECOVERY, gives="item/R1"
    ),
    _grabs("10:07:10", "Mia", "R1"),
    _says("10:08:00", "Mia", "Value is back. Payment errors still at 31 %.", on="item/R1", name="still"),
    _reacts("10:08:15", "Leah", "❌", "item/R1"),
    _says(
        "10:08:40",
        "Leah",
        "/inc decide-by 10:11 roll back release 214 if payment errors stay above 20 %",
        needs=Role.RECOVERY,
    ),
    _says("10:09:05", "Sam", "The provider's status page is green and other shops take cards.", on="item/H3"),
    _ends("10:09:10", "Sam", "❌", "H3"),
    _says(
        "10:09:45",
        "Jon",
        "/inc update impact=Some users cannot pay. working=Sign-in and browsing work. "
        "next=We are preparing to take back the 10:02 release. every=10m",
        needs=Role.UPDATES,
        gives="draft/2",
    ),
    _reacts("10:10:05", "Jon", "📤", "draft/2", needs=Role.UPDATES, gives="update/2"),
    _says("10:10:25", "Leah", "If we roll back, all of release 214 goes, not only the tax change.", name="whole"),
    _reacts("10:10:35", "Ann", "⚖️", "whole"),
    _reacts(
        "10:11:05",
        "Leah",
        "⏪",
        "prompt/decision-1",
        says="/inc path rollback release 214",
        needs=Role.RECOVERY,
        gives="item/R2",
    ),
    _grabs("10:11:15", "Mia", "R2"),
    _ends("10:12:20", "Mia", "✅", "R2"),
    _says("10:12:35", "Leah", "/inc watch payment success above 99 % for 1m", needs=Role.RECOVERY),
    _says("10:12:50", "Mia", "Payment success is back at 99.4 % since 10:12.", name="well"),
    _reacts("10:12:55", "Bo", "📌", "well"),
    _says("10:13:05", "Mia", "/inc confirm h2 totals match again without release 214"),
    _says("10:13:20", "Ann", "/inc status monitoring watching payment success for two minutes", needs=Role.IC),
    _reacts("10:14:45", "Leah", "👍", "prompt/worked-1", needs=Role.RECOVERY),
    _says("10:15:00", "Leah", "/inc resolve release 214 rolled back", needs=Role.RECOVERY),
    _says(
        "10:15:20",
        "Jon",
        "/inc update impact=Payments work again for everyone. next=We will publish what we learned.",
        needs=Role.UPDATES,
        gives="draft/3",
    ),
    _reacts("10:15:30", "Jon", "📤", "draft/3", needs=Role.UPDATES, gives="update/3"),
    _says("10:16:00", "Leah", "/inc unfreeze payments are steady", needs=Role.RECOVERY),
    _says("10:17:00", "Ann", "/inc close next=postmortem on Monday 10:00, Ann writes it", needs=Role.IC),
)
