"""The insights as numbers: counted once, summed right, and the same in table, plot, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from insights_samples import ANY, DAY, HOSTILE, history, incident, view

from bot.web.insights import words
from bot.web.insights.chosen import Chosen, Refused, chosen, month_of
from bot.web.insights.plots import FEW, HEIGHT, LEFT, LONG, NAME, TOP, axis, by_month, by_name
from bot.web.insights.table import COLUMNS, FORMULA, as_csv, as_json
from bot.web.insights.view import MEASURES, Group, Spread, View
from core.incident.events import CloseKind
from core.incident.figures import Figures, Standing
from core.incident.vocabulary import Severity

Some = tuple[Figures, ...]


@pytest.mark.parametrize(
    ("lengths", "median", "middle"),
    [
        ((7.0,), 7, (7, 7)),
        ((1.0, 2.0), 1.5, (1.25, 1.75)),
        ((1.0, 2.0, 9.0), 2, (1.5, 5.5)),
        ((1.0, 2.0, 3.0, 4.0), 2.5, (1.75, 3.25)),
    ],
)
def test_medians_and_quartiles_are_those_of_the_definition(
    lengths: tuple[float, ...], median: float, middle: tuple[float, float]
) -> None:
    assert (Spread(lengths).median, Spread(lengths).middle) == (median, middle)


@given(st.lists(st.floats(0, 1e6), min_size=2))
def test_quartiles_are_those_that_python_has(lengths: list[float]) -> None:
    one = Spread(tuple(sorted(lengths)))
    low, median, high = statistics.quantiles(lengths, n=4, method="inclusive")
    assert one.quantile(0) == min(lengths)
    assert one.quantile(1) == max(lengths)
    assert (*one.middle, one.median) == pytest.approx((low, high, median))


@given(ANY)
def test_every_incident_is_counted_exactly_once(some: Some) -> None:
    seen = view(*some)
    assert sum(seen.whole.standings.values()) == len(some)
    for groups in (seen.months, seen.severities, seen.by_service):
        assert sorted(one.number for group in groups for one in group.incidents) == [one.number for one in some]
        total: Counter[Standing] = Counter()
        for group in groups:
            total += group.standings
        assert total == +seen.whole.standings
        for count in ("kept", "broken", "handoffs"):
            assert sum(getattr(group, count) for group in groups) == getattr(seen.whole, count)
        for measure in MEASURES:
            parts = sorted(length for group in groups for length in group.spreads[measure.key].lengths)
            assert tuple(parts) == seen.whole.spreads[measure.key].lengths


@given(ANY)
def test_nothing_of_what_is_open_or_was_none_is_in_a_length(some: Some) -> None:
    closed = view(*(one for one in some if one.how is CloseKind.DECLARED))
    for measure in MEASURES:
        assert view(*some).whole.spreads[measure.key] == closed.whole.spreads[measure.key]
    assert (view(*some).whole.kept, view(*some).whole.handoffs) == (closed.whole.kept, closed.whole.handoffs)
    assert [one.number for one in view(*some).open] == [one.number for one in some if one.how is None]


@given(ANY)
def test_every_month_from_the_first_to_the_last_is_there(some: Some) -> None:
    months = [group.key for group in view(*some).months]
    assert months == sorted(set(months))
    for one, two in pairwise(months):
        first = datetime.strptime(one, "%Y-%m").replace(tzinfo=UTC)
        assert month_of(first + timedelta(days=31)) == two
    assert {month_of(one.declared_at) for one in some} <= set(months)


def test_a_month_is_that_of_the_declaration_in_utc() -> None:
    late = datetime.fromisoformat("2026-06-01T01:00:00+02:00")
    assert [group.key for group in view(incident(1, late)).months] == ["2026-05"]


# --- filters ----------------------------------------------------------------------------------------------------------


@given(ANY, st.data())
def test_filters_part_the_whole(some: Some, data: st.DataObject) -> None:
    severities = [Chosen(severity=severity.value).of(some) for severity in Severity]
    assert sorted(one.number for part in severities for one in part) == [one.number for one in some]
    months = sorted({month_of(one.declared_at) for one in some})
    if months:
        at = data.draw(st.sampled_from(months))
        before, within = Chosen(until=at).of(some), Chosen(since=at, until=at).of(some)
        assert len(before) + len(Chosen(since=at).of(some)) - len(within) == len(some)
        assert {month_of(one.declared_at) for one in within} == {at}


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"since": "2026"}, "since is a month, as 2026-01"),
        ({"since": "2026-13"}, "since is a month, as 2026-01"),
        ({"until": "2026-01-02"}, "until is a month, as 2026-01"),
        ({"until": "\u0662\u0660\u0662\u0666-\u0660\u0661"}, "until is a month, as 2026-01"),
        ({"since": "2026-02", "until": "2026-01"}, "since 2026-02 is after until 2026-01; turn them round"),
        ({"severity": "4"}, "severity is one of sev1, sev2, sev3"),
        ({"service": "chekout"}, "service is one of checkout, search"),
        ({"sevrity": "sev1"}, "there is no such filter; there are since, until, severity, service"),
    ],
)
def test_a_filter_that_cannot_be_read_has_one_clear_answer(asked: dict[str, str], answer: str) -> None:
    with pytest.raises(Refused) as refused:
        chosen([*asked.items()], ["search", "checkout", ""])
    assert str(refused.value) == answer


def test_a_filter_is_given_once_and_an_empty_one_is_none() -> None:
    with pytest.raises(Refused, match="since is given twice"):
        chosen([("since", "2026-01"), ("since", "2026-02")], [])
    assert chosen([("since", ""), ("service", " ")], []) == Chosen()
    assert not Chosen()
    with pytest.raises(Refused, match="no service is known"):
        chosen([("service", "checkout")], [])


# --- data -------------------------------------------------------------------------------------------------------------


def undone(cell: str) -> str:
    """What was written, from a cell that was made harmless."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@given(ANY)
def test_csv_read_back_is_the_json(some: Some) -> None:
    rows = json.loads(as_json(view(*some)))["incidents"]
    found = read(as_csv(some))
    assert [tuple(row) for row in rows] == [COLUMNS] * len(some)
    texts = ("name", "title", "service", "commander")
    for cells, row in zip(found, rows, strict=True):
        for name, value in row.items():
            cell = undone(cells[name]) if name in texts else cells[name]
            assert cell == ("" if value is None else str(value)), name


@given(ANY)
def test_no_cell_of_text_is_a_formula(some: Some) -> None:
    for row in csv.reader(io.StringIO(as_csv(some), newline="")):
        assert not [cell for cell in row if cell.startswith(FORMULA)]


def test_csv_is_as_rfc_4180_has_it() -> None:
    text = as_csv([incident(1, title='a "quoted", text\nof two lines')])
    head, rest = text.split("\r\n", 1)
    assert head == ",".join(COLUMNS)
    assert '"a ""quoted"", text\nof two lines"' in rest
    assert rest.endswith("\r\n")


def test_a_row_has_times_in_iso_8601_and_lengths_in_seconds() -> None:
    [row] = json.loads(as_json(view(incident(1, minutes=(1, None, 20, 30, 60.5)))))["incidents"]
    assert (row["declared_at"], row["closed_at"]) == ("2026-05-02T10:00:00+00:00", "2026-05-02T11:00:30+00:00")
    assert (row["seconds_to_commander"], row["seconds_to_update"], row["seconds_to_close"]) == (60, None, 3630)
    assert (row["standing"], row["commander"], row["told_at"]) == ("closed", "Ann", None)


# --- plots ------------------------------------------------------------------------------------------------------------


def groups_of(plot: Any) -> tuple[ET.Element, list[ET.Element]]:
    tree = ET.fromstring(str(plot.svg))
    return tree, [one for one in tree.iter("g") if one.get("class") == "group"]


def check(seen: View, groups: tuple[Group, ...], measure: Any, *, upright: bool) -> None:
    shown = groups if upright else tuple(group for group in groups if group.spreads[measure.key].n)[:12]
    plot = by_month(measure, groups) if upright else by_name(measure, groups, "service")
    tree, found = groups_of(plot)
    assert tree.get("role") == "img"
    names = {one.get("id") for one in tree.iter() if one.tag in ("title", "desc")}
    assert {tree.get("aria-labelledby"), tree.get("aria-describedby")} == names
    scale = axis(group.spreads[measure.key] for group in shown[-36:])
    assert scale.ticks[0] == 0
    for group, drawn in zip(shown[-36:], found, strict=True):
        spread = group.spreads[measure.key]
        assert (drawn.get("data-key"), drawn.get("data-n")) == (words.shown(group.key), str(spread.n))
        marks = list(drawn)
        if not spread.n:
            assert marks == [], "nothing is drawn where there is nothing"
            continue
        medians = [one for one in marks if one.get("class") == "median"]
        assert len(medians) == (spread.median <= scale.top), "what is beyond the axis is not drawn on it"
        for median in medians:
            place = TOP + HEIGHT - float(median.get("y1", 0)) if upright else float(median.get("x1", 0)) - NAME
            value = place / (HEIGHT if upright else LONG) * scale.top
            assert value == pytest.approx(spread.median, abs=scale.top / 10_000)
        points = [one for one in marks if one.get("class") == "point"]
        boxes = [one for one in marks if one.get("class") == "box"]
        beyond = [one for one in marks if one.get("class") == "beyond"]
        assert len(boxes) == (spread.n > FEW)
        assert len(beyond) == (spread.lengths[-1] > scale.top)
        assert len(points) == (sum(one <= scale.top for one in spread.lengths) if spread.n <= FEW else 0)
    told = "".join(tree.itertext())
    assert f"n = {sum(group.spreads[measure.key].n for group in shown[-36:])}" in told


@settings(max_examples=40)
@given(ANY)
def test_a_plot_shows_what_the_table_says(some: Some) -> None:
    seen = view(*some)
    for measure in MEASURES:
        check(seen, seen.months, measure, upright=True)
        check(seen, seen.severities, measure, upright=False)
        check(seen, seen.by_service, measure, upright=False)


def test_a_plot_of_a_long_history_shows_what_the_table_says() -> None:
    seen = view(*history())
    for measure in MEASURES:
        check(seen, seen.months, measure, upright=True)
        check(seen, seen.by_service, measure, upright=False)


def test_no_line_leads_through_a_month_without_an_incident() -> None:
    months = [DAY, DAY + timedelta(days=31), DAY + timedelta(days=100), DAY + timedelta(days=130)]
    seen = view(*(incident(number, at) for number, at in enumerate(months, 1)))
    assert [len(group.incidents) for group in seen.months] == [1, 1, 0, 1, 1]
    tree, _ = groups_of(by_month(MEASURES[0], seen.months))
    lines = [one for one in tree.iter("line") if one.get("class") == "trend"]
    assert len(lines) == 2
    wide = (float(lines[0].get("x2", 0)) - float(lines[0].get("x1", 0))) or 1
    starts = [round((float(one.get("x1", 0)) - LEFT) / wide - 0.5) for one in lines]
    assert starts == [0, 3]


def test_what_is_much_longer_is_marked_and_told() -> None:
    some = [incident(number, minutes=(1, 5, 20, 30, 40)) for number in range(1, 13)]
    seen = view(*some, incident(13, minutes=(1, 5, 20, 30, 60 * 24 * 30)))
    plot = by_month(MEASURES[4], seen.months)
    assert plot.notes == ("▲ marks what took longer than the axis shows, up to 30 days.",)
    assert 'class="beyond"' in plot.svg


@pytest.mark.parametrize("lengths", [(), (0.0,), (0.0, 0.0, 1.0), (1e9,), (0.4,)])
def test_an_axis_begins_at_zero_and_has_a_few_ticks(lengths: tuple[float, ...]) -> None:
    one = axis([Spread(lengths)])
    assert one.ticks[0] == 0
    assert 2 <= len(one.ticks) <= 7 or lengths == (1e9,)
    assert one.top >= max(lengths, default=0)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_service_is_text_in_a_plot(hostile: str) -> None:
    seen = view(incident(1, service=hostile))
    tree = ET.fromstring(str(by_name(MEASURES[0], seen.by_service, "service").svg))
    assert {one.tag for one in tree.iter()} <= {"svg", "title", "desc", "g", "line", "text", "circle", "rect", "path"}
    told = [one.text for one in tree.iter("text") if one.get("class") == "name"]
    [name] = told
    assert name is not None
    assert name == words.shown(hostile) or (name[-1] == "…" and words.shown(hostile).startswith(name[:-1]))


# --- words ------------------------------------------------------------------------------------------------------------


def test_what_the_figures_say() -> None:
    told = list(
        words.sentences(view(incident(1, kept=2, broken=1, handoffs=1), incident(2, minutes=(3, None, 20, 30, 60))))
    )
    assert told == [
        "2 incidents were declared over.",
        (
            "From the declaration it took, in the median: 2 min to a commander, 5 min to the first update (n = 1), "
            "20 min to mitigation, 30 min until it was resolved, 1 h until it was closed."
        ),
        "2 of 3 promised updates came on time (67 %).",
        "There was 1 hand-off, 0.5 an incident.",
    ]
    assert list(words.sentences(view(incident(1, how=None), incident(2, how=CloseKind.FALSE_ALARM)))) == []


def test_what_is_not_counted_is_told() -> None:
    some = [incident(1, how=None), *(incident(number, how=CloseKind.FALSE_ALARM) for number in (2, 3))]
    assert words.apart(view(*some).whole) == "Not counted in these lengths: 1 is open, 2 were false alarms."
    assert words.apart(view(incident(1)).whole) == ""


@pytest.mark.parametrize(
    ("part", "whole", "told"), [(0, 0, "–"), (0, 5, "0 %"), (5, 5, "100 %"), (999, 1000, "99 %"), (1, 1000, "1 %")]
)
def test_a_share_that_is_not_all_is_never_said_to_be(part: int, whole: int, told: str) -> None:
    assert words.percent(part, whole) == told
