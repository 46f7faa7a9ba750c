"""Events of getting people: what became of a page, by whichever road, and how far the circle was widened.

A page itself is an `Asked`: it asks somebody to come.
"""

from __future__ import annotations

from typing import Literal

from core.incident.events.happened import Happened
from core.incident.vocabulary import Person, Ring


class PageTried(Happened):
    """One call to one of somebody's addresses outside the chat, by the kind of address (`ntfy`); `why` it failed."""

    kind: Literal["page_tried"] = "page_tried"
    prompt: str
    to: Person
    via: str
    sent: bool
    why: str = ""


class PageAnswered(Happened):
    """Somebody who was paged has it, or is there."""

    kind: Literal["page_answered"] = "page_answered"
    prompt: str


class PageUnanswered(Happened):
    """The time of a page is over, or whoever was paged cannot come."""

    kind: Literal["page_unanswered"] = "page_unanswered"
    prompt: str
    who: tuple[Person, ...]


class Widened(Happened):
    """The next ring is called (spec, section 10)."""

    kind: Literal["widened"] = "widened"
    ring: Ring
