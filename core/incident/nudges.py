"""Nudges: `NUDGES`, every reminder to one person as a row, told once while the record shows that it is so.

Rule: they all go on one card a person, edited in place; who is called again and when is decided in one place,
`core.incident.evolve.calls`. Alone, the rows about roles and idle people do not apply (spec, section 8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.incident.checklist import CHECKLIST, steps
from core.incident.state import Incident
from core.incident.stuck import SIGNS, Sign
from core.incident.vocabulary import Person, Phase, Role


@dataclass(frozen=True, slots=True)
class Row:
    """`due` is when it is to be told as the record stands, nothing while it is not so; `says` is what the card says.

    `step` is its number in the checklist, from 1.
    """

    name: str
    due: Callable[[Incident], datetime | None]
    says: Callable[[Incident], str]
    step: int = 0


def _step(number: int) -> Row:
    check = CHECKLIST[number]

    def due(incident: Incident) -> datetime | None:
        # Counted from the declaration: one that is opened again is past its first 15 minutes.
        mine = [at for step, _, at in steps(incident) if step == number and not incident.reopenings]
        return mine[0] if mine and not check.done(incident) else None

    return Row(f"checklist {number + 1}", due, lambda incident: f"{check.does}. {check.way(incident)}", number + 1)


def _sign(sign: Sign) -> Row:
    def due(incident: Incident) -> datetime | None:
        wait = sign.wait(incident) if sign.wait else timedelta()
        off = sign.wait is not None and not wait
        return sign.since(incident) + wait if not off and sign.evidence(incident) else None

    return Row(sign.name, due, lambda incident: f"{sign.evidence(incident)}. Advice: {sign.advice(incident)}")


def _coordinates(incident: Incident) -> datetime | None:
    """The commander coordinates and does not debug (spec, section 3): they grabbed an item while others could."""
    commander = incident.commander
    if commander is None or not incident.busy_with(commander) or not incident.idle:
        return None
    return incident.begun_at


def _one_of_the_two(incident: Incident) -> str:
    commander = incident.commander
    items = incident.busy_with(commander) if commander else ()
    keys, names = ", ".join(item.key for item in items), ", ".join(person.name for person in incident.idle)
    free = f"{names} could take it" if names else "hand one of the two over"
    first = items[0].key if items else "ITEM"
    return f"you command, and are on {keys}; {free}: `release {first}`, or hand over command: `handoff @who ic`"


def _undecided(key: str) -> Row:
    """A decision point is never decided by silence; where the commander alone was asked, they know."""

    def due(incident: Incident) -> datetime | None:
        point = incident.points.get(key)
        if point is None or not (point.open and point.unanswered):
            return None
        asked = [who for prompt in incident.asked_about(point) for who in prompt.asked.to]
        return None if all(who.is_(incident.commander) for who in asked) else point.at

    return Row(f"{UNDECIDED}{key}", due, lambda incident: _still_open(incident, key))


def _still_open(incident: Incident, key: str) -> str:
    commander = incident.commander
    may = commander is not None and (incident.may(commander, Role.RECOVERY) or incident.breaks_tie(commander))
    way = "`path rollback|fix|pause|dig`" if may else f"`assign {Role.RECOVERY} @who`, or `takeover {Role.RECOVERY}`"
    return f"nobody has decided {key}, and it stays open. Advice: {way}"


UNDECIDED = "undecided "
"""How the name begins of the row that each decision point has."""

NUDGES: dict[str, Row] = {
    row.name: row
    for row in (
        *(_step(number) for number in range(len(CHECKLIST))),
        *(_sign(sign) for sign in SIGNS),
        Row("coordinate", _coordinates, _one_of_the_two),
    )
}


def row_of(name: str) -> Row | None:
    """The row of this name; nothing for one that an earlier version had."""
    return _undecided(name.removeprefix(UNDECIDED)) if name.startswith(UNDECIDED) else NUDGES.get(name)


def due(incident: Incident) -> Iterator[tuple[Row, datetime]]:
    """The rows that are to be told, and when, as the record stands."""
    if incident.commander is None or incident.phase in (Phase.RESOLVED, Phase.CLOSED):
        return
    for row in (*NUDGES.values(), *(_undecided(point.key) for point in incident.open_points)):
        at = None if incident.nudged(row.name) else row.due(incident)
        if at is not None:
            yield row, at


def told_to(incident: Incident, name: str, now: datetime) -> Person | None:
    """Whom a row is told to now: the commander; a step of the checklist only until the next one has its time."""
    row, at = next(((row, at) for row, at in due(incident) if row.name == name), (None, None))
    if row is None or at is None or at > now:
        return None
    later = [step for step, _, moment in steps(incident) if moment <= now and step >= row.step]
    return None if row.step and later else incident.commander


def standing(incident: Incident, name: str, told: datetime) -> str:
    """What the card says of a row that was told; nothing once it is so no more."""
    row = row_of(name)
    at = row.due(incident) if row else None
    if row is None or at is None or at > told or incident.phase in (Phase.RESOLVED, Phase.CLOSED):
        return ""
    return row.says(incident)
