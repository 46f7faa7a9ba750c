"""The form of a command that was typed without its fields, as the page shows it: filled with what the record knows."""

from __future__ import annotations

from typing import Any

from core.incident.forms import Verb
from core.incident.verbs import SPELLINGS, fold
from core.incident.vocabulary import Account, ChannelRef
from core.port import Headquarters
from transports.prefix import prefix


def form(headquarters: Headquarters, channel: ChannelRef, by: Account, text: str) -> dict[str, Any] | None:
    """What to fill in and the words it is sent with; `None` where that text is better sent as it stands."""
    verb = _bare(text)
    known = headquarters.form(channel, verb.path, by) if verb is not None else None
    if verb is None or known is None:
        return None
    fields = [{"name": slot.name, "asks": slot.asked, "value": known.get(slot.name, "")} for slot in verb.form]
    title = verb.does.partition(" (")[0].partition(":")[0]
    return {"title": title[0].upper() + title[1:], "words": f"/inc {verb.word}", "fields": fields}


def _bare(text: str) -> Verb | None:
    """The verb that stands there alone, or behind its group's name; `None` where more is said, or nothing is to be filled in."""
    *group, word = (prefix(text) or "").split() or [""]
    rows = [row for row in SPELLINGS.get(fold(word), ()) if row.form and not row.arguments]
    return next((row for row in rows if [fold(each) for each in group] in ([], [row.group])), None)
