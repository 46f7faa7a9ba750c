"""The insights as HTML, from templates, with everything that people wrote escaped.

Rule: templates hold the shape, `words` the words, `view` the numbers, `plots` the pictures. Pictures come escaped from where
they are drawn, and nothing else is taken as markup; no script, nothing from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from urllib.parse import urlencode

from jinja2 import Environment

from bot.web.insights import words
from bot.web.insights.chosen import NAMES, Chosen
from bot.web.insights.plots import Part, Plot, by_month, by_name, counts
from bot.web.insights.view import MEASURES, NO_SERVICE, Group, Measure, View
from bot.web.templates import environment
from core.incident.audience import open_to_all
from core.incident.figures import Figures, Standing, figures
from core.incident.postmortem import picture
from core.incident.state import Incident
from core.incident.vocabulary import Severity

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""No script, nothing from elsewhere, and forms that lead back here."""

LATEST = 50
"""Incidents that the page lists; the files have all."""


@dataclass(frozen=True)
class Row:
    """A group's lengths of one measure, in words."""

    name: str
    n: int
    median: str
    middle: str
    shortest: str
    longest: str


@dataclass(frozen=True)
class Chart:
    """A plot with the table under it."""

    what: str
    plot: Plot
    rows: tuple[Row, ...]


def index(view: View) -> str:
    """The page of them all."""
    whole = view.whole
    return _render(
        "index.html",
        view=view,
        sentences=list(words.sentences(view)),
        apart=words.apart(whole),
        closed=whole.standings[Standing.CLOSED],
        measures=[(measure, _charts(view, measure)) for measure in MEASURES if whole.spreads[measure.key].n],
        promises=_promises(view),
        handoffs=_handoffs(view),
        tables=[("Month", view.months), ("Severity", view.severities), ("Service", view.by_service)],
        latest=view.incidents[: -LATEST - 1 : -1],
        severities=list(Severity),
    )


def one(incident: Incident) -> str:
    """The page of one incident."""
    # Its course is told in the words of its people.
    drawn = picture(incident) if open_to_all(incident) else ""
    return _render(
        "incident.html",
        one=figures(incident),
        lengths=[(measure, measure.of(figures(incident))) for measure in MEASURES],
        # What stands before the element is for a file.
        picture=drawn[drawn.index("<svg") :] if drawn else "",
    )


def missing(number: int) -> str:
    """The page in the place of an incident that there is not."""
    return _render("missing.html", number=number)


def query(wanted: Chosen) -> str:
    """The filters in an address; nothing when there are none."""
    given = {name: value for name in NAMES if (value := getattr(wanted, name))}
    return f"?{urlencode(given)}" if given else ""


def linked(name: str) -> str:
    """What the pages link."""
    return resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _charts(view: View, measure: Measure) -> Iterator[Chart]:
    months, severities, services = view.months, view.severities, view.by_service
    yield Chart("month", by_month(measure, months), _rows(months, measure))
    yield Chart("severity", by_name(measure, severities, "severity"), _rows(severities, measure))
    yield Chart("service", by_name(measure, services, "service"), _rows(services, measure))


def _rows(groups: Sequence[Group], measure: Measure) -> tuple[Row, ...]:
    return tuple(_row(group, measure) for group in groups)


def _row(group: Group, measure: Measure) -> Row:
    spread = group.spreads[measure.key]
    if not spread.n:
        return Row(group.name, 0, *[words.NOT_YET] * 4)
    middle = " to ".join(map(words.length, spread.middle))
    ends = words.length(spread.lengths[0]), words.length(spread.lengths[-1])
    return Row(group.name, spread.n, words.length(spread.median), middle, *ends)


def _promises(view: View) -> Plot | None:
    months = view.months
    if not view.whole.kept + view.whole.broken:
        return None
    kept = Part("kept", "kept", tuple(group.kept for group in months))
    broken = Part("broken", "broken", tuple(group.broken for group in months))
    return counts("promises", "Promised updates that came on time, and that did not,", months, (kept, broken))


def _handoffs(view: View) -> Plot | None:
    if not view.whole.handoffs:
        return None
    part = Part("hand-offs", "kept", tuple(group.handoffs for group in view.months))
    return counts("handoffs", "Hand-offs", view.months, (part,))


def _render(template: str, **given: object) -> str:
    return _environment().get_template(template).render(**given)


def _seconds(one: Figures, measure: Measure) -> str:
    length = measure.of(one)
    return words.length(length.total_seconds() if length is not None else None)


@cache
def _environment() -> Environment:
    jinja = environment("bot.web.insights")
    jinja.filters |= {"spelt": words.length, "counted": words.counted, "standing": words.standing}
    jinja.filters |= {"took": _seconds, "day": words.day, "full": words.full, "shown": words.shown, "query": query}
    jinja.globals |= {
        "no_service": NO_SERVICE,
        "not_yet": words.NOT_YET,
        "Standing": Standing,
        "measures_all": MEASURES,
    }
    return jinja
