"""Every file of the status page, from what the public may know; nothing is read or written here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.web.status import feed, html, statuspage
from bot.web.status.view import Component, House, View, view
from core.incident.public import PublicIncident

__all__ = ["Component", "House", "files"]


def files(house: House, incidents: Sequence[PublicIncident], at: datetime) -> dict[str, bytes]:
    """Every file by its path: pages, what they link, the feed, and JSON as Statuspage has it.

    Of a page that says nothing new only the front page and the JSON change with `at`.
    """
    return {path: text.encode() for path, text in _texts(view(house, incidents, at))}


def _texts(page: View) -> Iterator[tuple[str, str]]:
    yield from html.pages(page)
    yield from html.pictures(page)
    yield "feed.atom", feed.atom(page)
    yield from statuspage.answers(page)
