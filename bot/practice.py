"""A drill in the sandbox for one person alone: the played cast joins, looks, and says what it found, also what is wrong.

Rule: the cast never commands and never decides. It takes a role only when nobody has taken it by the line's minute, and
what it says and when is the scenario's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import typer

from bot.cast import LOOK, PATIENCE, REAL, Stage, Stuck
from core.incident.cards.drills import score_document
from core.incident.document import plain
from core.incident.drill import CastLine, Scenario
from core.incident.state import Incident
from core.incident.vocabulary import Role

DECLARES = "Sam"

CALLED = re.compile(r"\{([^}]+)\}")
"""An item by its words, since whoever practises may have added others before."""


async def practise(stage: Stage, incident: Callable[[], Incident | None], scenario: Scenario) -> Incident:
    """Begins the drill, plays the cast's lines, and waits for the end. Raises `Stuck` when something does not come."""
    world, clock = stage.world, stage.clock
    world.say(stage.cast[DECLARES], stage.triage, f"/inc drill {scenario.name}")
    with clock.still():
        begun = await _until(lambda: there if (there := incident()) and there.channel else None, "the drill's channel")
    for one in sorted(scenario.cast, key=lambda each: each.minute):
        wait = begun.declared_at + timedelta(minutes=one.minute) - clock.now()
        await clock.sleep(max(wait.total_seconds(), 0.0))
        now = incident() or begun
        words = _words(now, one)
        if now.closed:
            break
        if words and now.channel is not None and one.who in stage.cast:
            world.say(stage.cast[one.who], now.channel, words)
    wait = begun.declared_at + scenario.length - clock.now()
    while not (incident() or begun).closed and clock.now() < begun.declared_at + scenario.length:
        await clock.sleep(min(max(wait.total_seconds(), 0.0), 1.0))
    return await _until(lambda: over if (over := incident()) and over.closed else None, "the drill's end")


def _words(incident: Incident, one: CastLine) -> str:
    """What is typed; nothing where a person has the role, or the item is not there."""
    if one.claims is not None:
        free = incident.holder(one.claims) is None and one.claims is not Role.IC
        return f"/inc claim {one.claims}" if free else ""
    keys = {item.text: item.key for item in incident.items.values() if item.open}
    if any(name not in keys for name in CALLED.findall(one.types)):
        return ""
    return CALLED.sub(lambda found: keys[found[1]], one.types)


async def _until(look: Callable[[], Incident | None], what: str) -> Incident:
    for _ in range(int(PATIENCE / LOOK)):
        if found := look():
            return found
        await REAL.sleep(LOOK)
    raise Stuck(f"{what} did not come")


def report(incident: Incident) -> None:
    """The score, in words."""
    typer.echo(plain(score_document(incident)))
