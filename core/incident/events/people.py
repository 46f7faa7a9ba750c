"""Who is on call, as it was told; and who takes whose pages."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from core.incident.events.happened import Happened
from core.incident.on_call import Cover, Rotated, Stretch
from core.incident.vocabulary import Person


class CoverBegun(Happened):
    """`by` takes the pages of `who` until a moment; of the house, and of the incident in which it was said."""

    kind: Literal["cover_begun"] = "cover_begun"
    who: Person
    by: Person
    since: datetime
    until: datetime


class CoverEnded(Happened):
    """Its time is over."""

    kind: Literal["cover_ended"] = "cover_ended"
    who: Person
    by: Person


class OnCallTold(Happened):
    """Somebody asked who is on call. `on` are those on then, `coming` the next; `called` is who would have been called."""

    kind: Literal["on_call_told"] = "on_call_told"
    on: tuple[Stretch, ...] = ()
    coming: tuple[Stretch, ...] = ()
    covers: tuple[Cover, ...] = ()
    rotations: tuple[Rotated, ...] = ()
    called: tuple[Person, ...] = ()
