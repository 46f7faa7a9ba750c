"""What a drill plays into its incident."""

from __future__ import annotations

from typing import Literal

from core.incident.events.happened import Happened


class Injected(Happened):
    """A part in the play said something; `number` counts the scenario's injects from 1."""

    kind: Literal["injected"] = "injected"
    number: int
    says: str
    words: str


class DrillsTold(Happened):
    """Somebody asked which drills there are: what begins each, and its title."""

    kind: Literal["drills_told"] = "drills_told"
    drills: tuple[tuple[str, str], ...] = ()
