"""The timeline on paper: what is read back is what was said, whatever people typed, and no reader acts on any of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hostile import words as attacks
from hypothesis import given
from hypothesis import strategies as st
from incidents import ANN, EVERYONE, MIA, message, team
from markdown_it import MarkdownIt

from bot.filters import KINDS, Asked, sieve
from bot.formats import COLUMNS, WORDED, as_csv, as_json, as_markdown, as_text, defused
from bot.harmless import harmless
from core.incident import commands as c
from core.incident.cards.letters import timeline_document
from core.incident.commands import one_line
from core.incident.document import plain
from core.incident.state import Entry, Incident

HOSTILE = st.sampled_from(
    [
        *("\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\u202e", "\u2066", "\u200b", "\ud800", "\U000e0041", "\ufeff", "\x00"),
        *("=HYPERLINK(1)", "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", ",", ";", '"', "'", "\r\n", "|"),
        *("# a", "- b", "1. c", "```", "<b>", "[a](javascript:b)", "![a](b)", "**a**", "&amp;", "    code", "💥", "é"),
    ]
)  # fmt: skip
TEXTS = st.text(max_size=8) | st.lists(HOSTILE | st.text(max_size=3), max_size=6).map("".join) | attacks(3)
START = datetime(2026, 5, 2, 10, tzinfo=UTC)
MOMENTS = st.integers(-3000, 3000).map(lambda minutes: START + timedelta(minutes=minutes))
EVERY_KIND = [kind for kinds in KINDS.values() for kind in kinds]
ITEMS = ("", "H1", "H2", "A1")
ENTRIES = st.builds(
    Entry,
    number=st.just(0),
    at=MOMENTS,
    text=TEXTS,
    by=st.none() | st.sampled_from(EVERYONE),
    marked_by=st.none() | st.sampled_from(EVERYONE),
    kind=st.sampled_from(EVERY_KIND),
    message=st.none() | st.just(message("m1")),
    note=st.sampled_from(["", "amended"]) | TEXTS,
    withdrawn=st.booleans(),
    item=st.sampled_from(ITEMS),
    put_at=st.none() | MOMENTS,
    hidden=st.booleans(),
)


def _bare() -> Incident:
    case = team()
    for item in ("hypothesis", "hypothesis", "action"):
        case.does(MIA, c.AddItem.model_validate({"kind": item, "text": f"an {item}"}))
    return case.incident


BARE = _bare()


def made(entries: Sequence[Entry], title: str = "checkout fails") -> Incident:
    return replace(BARE, title=title, entries=tuple(replace(one, number=at) for at, one in enumerate(entries, 1)))


INCIDENTS = st.builds(made, st.lists(ENTRIES, min_size=1, max_size=12), TEXTS)


def shown(incident: Incident) -> list[tuple[Incident, Sequence[Entry]]]:
    return [(incident, incident.in_time)]


def in_words(value: Any, column: str) -> str:
    """A value of the JSON as a cell has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return defused(harmless(value)) if column in WORDED else str(value)


@given(incident=INCIDENTS)
def test_the_csv_read_back_is_the_json(incident: Incident) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(shown(incident)), newline="")))
    data = json.loads(as_json(shown(incident), alone=True))
    assert rows == [
        {name: in_words({"incident": data["incident"], **entry}[name], name) for name in COLUMNS}
        for entry in data["entries"]
    ]
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())


@given(incident=INCIDENTS)
def test_the_json_read_back_is_what_was_said(incident: Incident) -> None:
    data = json.loads(as_json(shown(incident), alone=True))
    assert data["title"] == incident.title
    assert [(one["number"], one["text"], one["hidden"]) for one in data["entries"]] == [
        (one.number, one.text, one.hidden) for one in incident.in_time
    ]
    assert json.loads(as_json(shown(incident), alone=False)) == [data]


@given(incident=INCIDENTS)
def test_nothing_that_is_printed_steers_a_terminal(incident: Incident) -> None:
    texts = [as_text(shown(incident)), as_markdown(shown(incident)), as_json(shown(incident), alone=True)]
    for text in (*texts, as_csv(shown(incident)).replace("\r\n", "\n")):
        assert harmless(text.replace("\n", "")) == text.replace("\n", "")
        # Nor does it end a program that prints it.
        text.encode()


@given(incident=INCIDENTS)
def test_every_entry_is_one_line_of_the_text(incident: Incident) -> None:
    title, *lines = as_text(shown(incident)).splitlines()
    assert title == f"Timeline of {harmless(incident.title)}"
    hidden = sum(one.hidden for one in incident.entries)
    assert len(lines) == len(incident.entries)
    assert sum("hidden from the postmortem" in line for line in lines) >= hidden


@given(incident=INCIDENTS)
def test_every_entry_is_one_item_of_the_markdown_and_its_words_are_words(incident: Incident) -> None:
    tokens = MarkdownIt("commonmark").parse(as_markdown(shown(incident)))
    assert {one.type for one in tokens if one.nesting > 0} <= {
        *("heading_open", "paragraph_open", "bullet_list_open", "list_item_open")
    }
    lines = [one for one in tokens if one.type == "inline"]
    assert {leaf.type for one in lines for leaf in one.children or []} <= {"text", "text_special"}
    assert sum(one.type == "list_item_open" for one in tokens) == len(incident.entries)
    words = [" ".join("".join(leaf.content for leaf in one.children or []).split()) for one in lines]
    for entry in incident.entries:
        assert any(" ".join(harmless(entry.text).split()) in line for line in words)


def test_plain_text_is_what_the_chat_shows() -> None:
    assert as_text(shown(BARE)) == plain(timeline_document(BARE)) + "\n"


def test_days_are_headings_of_the_markdown() -> None:
    later = replace(BARE.entries[0], at=START + timedelta(days=1), number=9, text="*late*", by=ANN)
    page = as_markdown(shown(replace(BARE, entries=(BARE.entries[0], later))))
    assert page.splitlines() == [
        "# Timeline of checkout fails",
        "",
        "Incident 1, SEV2, investigating. Times are UTC.",
        "",
        "## Sat 2 May 2026",
        "",
        "- 10:02 T1 Ann: declared SEV2: checkout fails",
        "",
        "## Sun 3 May 2026",
        "",
        "- 10:00 T9 Ann: \\*late\\*",
    ]


def test_how_many_are_left_out_is_said_where_people_read() -> None:
    entries = tuple(replace(one, hidden=one.number > 1) for one in BARE.entries)
    page = [(replace(BARE, entries=entries), entries[:1])]
    left_out = f"{len(entries) - 1} hidden from the postmortem: `--hidden` shows them."
    assert as_text(page).splitlines()[-1] == left_out
    assert as_markdown(page).splitlines()[-2:] == ["", left_out]


@pytest.mark.parametrize("letter", [*"a é💥中\u0301\u200d\u200c\ufe0f", "👩‍🚒"])
def test_ordinary_letters_stay(letter: str) -> None:
    assert harmless(letter) == letter


@given(text=st.text() | attacks())
def test_what_people_type_is_harmless_as_the_record_keeps_it(text: str) -> None:
    """The one list is the other's: what a command drops, a terminal is not shown."""
    kept = one_line(text)
    assert harmless(kept) == kept


@pytest.mark.parametrize("letter", "\ufdd0\ufdef\ufffe\uffff\U0001fffe\U000effff\U0010ffff", ids=ascii)
def test_a_code_that_is_no_letter_is_not_kept_and_not_printed(letter: str) -> None:
    """Found by `poe fuzz`: XML cannot hold some of them, and a terminal shows whatever it likes."""
    assert one_line(f"a{letter}b") == "ab"
    assert harmless(letter) == letter.encode("ascii", "backslashreplace").decode()


# --- what is asked for ----------------------------------------------------------------------------------------------------


def chosen(incident: Incident, **asked: Any) -> list[int]:
    fits = sieve(Asked(**asked), [incident], UTC)
    return [one.number for one in incident.in_time if fits(one)]


@given(incident=INCIDENTS, at=MOMENTS)
def test_before_and_after_are_the_whole(incident: Incident, at: datetime) -> None:
    minute = at.strftime("%Y-%m-%dT%H:%M")
    before = (at - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M")
    earlier, later = chosen(incident, until=before, hidden=True), chosen(incident, since=minute, hidden=True)
    assert earlier + later == chosen(incident, hidden=True)


@given(incident=INCIDENTS)
def test_the_kinds_are_the_whole_and_none_is_two(incident: Incident) -> None:
    found = [number for kind in KINDS for number in chosen(incident, kinds=(kind,), hidden=True)]
    assert sorted(found) == sorted(one.number for one in incident.entries)


@given(incident=INCIDENTS, kinds=st.sets(st.sampled_from(list(KINDS)), min_size=1), item=st.sampled_from(ITEMS[1:]))
def test_filters_compose(incident: Incident, kinds: set[str], item: str) -> None:
    both = chosen(incident, kinds=tuple(kinds), item=item)
    assert both == [one for one in chosen(incident, item=item) if one in chosen(incident, kinds=tuple(kinds))]
    assert set(both) <= set(chosen(incident)) <= set(chosen(incident, hidden=True))


@given(incident=INCIDENTS)
def test_what_is_hidden_is_left_out_unless_it_is_asked_for(incident: Incident) -> None:
    assert chosen(incident) == [one.number for one in incident.in_time if not one.hidden]
    assert chosen(incident, hidden=True) == [one.number for one in incident.in_time]
