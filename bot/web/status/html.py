"""The page's HTML, feed and picture from its templates, with everything that people wrote escaped.

Rule: templates hold the shape, `words` the words, `view` what there is; no markup comes from anywhere but a template.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources

from jinja2 import Environment

from bot.web.status import words
from bot.web.status.view import ON_FRONT, RECENT, Shown, View
from bot.web.templates import environment
from core.incident.document import utc

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
)
"""In each page, so that it holds whoever serves the files."""

LINKED_AS_THEY_ARE = ("style.css", "times.js")


def pages(view: View) -> Iterator[tuple[str, str]]:
    """Every page by its path."""
    yield "index.html", render("index.html", view, "")
    for one in view.incidents:
        yield incident_path(one), render("incident.html", view, "../", one=one)
    for month in view.months:
        yield month_path(month.first), render("month.html", view, "../", month=month)


def pictures(view: View) -> Iterator[tuple[str, str]]:
    """What the pages link: style, script, and the picture of a tab, which tells the state."""
    yield "favicon.svg", render("favicon.svg", view, "")
    for name in LINKED_AS_THEY_ARE:
        yield name, resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def incident_path(one: Shown) -> str:
    return f"incidents/{one.id}.html"


def month_path(first: date) -> str:
    return f"history/{first:%Y-%m}.html"


def render(template: str, view: View, root: str, **more: object) -> str:
    """A template filled in; `root` leads from the page's folder to the front page's."""
    return _environment().get_template(template).render(view=view, root=root, **more)


def moment(at: datetime, beside: datetime | None = None) -> dict[str, str]:
    """A time as text and for machines: with its day, unless that is the day of the time `beside` it."""
    same = beside is not None and at.astimezone(UTC).date() == beside.astimezone(UTC).date()
    return {"text": utc(at) if same else words.full(at), "minute": words.minute(at)}


@cache
def _environment() -> Environment:
    jinja = environment("bot.web.status")
    jinja.filters |= {
        "day": words.day,
        "month": words.month,
        "stamp": words.stamp,
        "minute": words.minute,
        "moment": moment,
        "utc": utc,
    }
    jinja.filters |= {"label": words.STATE_WORDS.__getitem__, "tone": words.INDICATORS.__getitem__}
    jinja.filters |= {"phase": words.PHASE_WORDS.__getitem__, "standing": words.standing, "overall": words.overall}
    jinja.filters |= {"incident_path": incident_path, "month_path": month_path}
    jinja.globals |= {"policy": CONTENT_SECURITY_POLICY, "on_front": ON_FRONT, "recent_days": RECENT.days}
    return jinja
