"""The Atom feed (RFC 4287): an entry for every update, so that a subscriber hears of each, and of what became of it.

An entry's id stays for ever: a tag URI (RFC 4151) of the page's host, the day of the update, and the update's own id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bot.web.status import words
from bot.web.status.html import incident_path, render
from bot.web.status.view import Shown, Update, View

AT_MOST = 50
"""Entries in the feed."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed changed that never held anything: RFC 4287 wants a date, and the moment of rendering would be news each time."""

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """One update as the feed has it."""

    id: str
    incident: Shown
    update: Update
    path: str

    @property
    def title(self) -> str:
        headline = self.incident.headline
        if not self.update.said.stands:
            return f"Withdrawn: {headline}"
        return f"Corrected: {headline}" if self.update.said.corrected_at else headline

    @property
    def corrected(self) -> str:
        """When it was corrected, in words; beside the text and never in it."""
        at = self.update.said.corrected_at
        return f"Corrected {words.full(at)}." if at and self.update.said.stands else ""


def atom(view: View) -> str:
    """The feed, with what changed last first."""
    entries = sorted(_entries(view), key=lambda entry: entry.update.said.changed_at, reverse=True)
    changed = max((one.known.changed_at for one in view.incidents), default=NEVER)
    # In front of a path it makes the link absolute; without a public address it stays relative to the feed.
    base = f"{view.url}/" if view.url else ""
    own = tag(view, NEVER, "feed")
    return render("feed.atom", view, base, entries=entries[:AT_MOST], changed=changed, id=own)


def tag(view: View, at: datetime, *names: str) -> str:
    """A tag URI: who named it, a day on which they were who they are, and the name."""
    host = urlsplit(view.url).hostname or ""
    authority = host if _HOST.fullmatch(host) else "tocsin"
    return f"tag:{authority},{at.astimezone(UTC):%Y-%m-%d}:{'/'.join(names)}"


def _entries(view: View) -> Iterator[Entry]:
    for one in view.incidents:
        for update in one.newest_first:
            named = tag(view, update.said.at, "incident", one.id, "update", update.id)
            yield Entry(named, one, update, incident_path(one))
