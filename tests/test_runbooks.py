"""Runbooks: how Markdown reads as pages and steps, what is bounded, and that a folder's changes are seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pushed_clock import PushedClock
from structlog.testing import capture_logs

from bot.runbooks.folder import Bookcase
from bot.runbooks.markdown import CHARACTERS, LIMIT, LINES, PAGES, STEPS, runbook
from core.incident.cards.runbooks import document
from core.incident.decide.runbooks import opened
from core.incident.document import plain
from core.incident.runbook import Runbook, Shelf

CHECKOUT = """---
title: Checkout does not take payments
services: [checkout, payments]
labels:
  alertname: PaymentErrors
  severity: page
---
# Ignored where there is front matter

Call *nobody* first; see [the graphs](https://graphs.example.org/x).

## Symptoms

- errors above `5 %`
  - on one node
1. first
2. second

> a quote

    curl -s localhost

## Mitigations

1. Turn off the **tax** flag
2. Roll back the release
   - with the button

## After

- [ ] tell support
- a thought
"""


def read(text: str, name: str = "checkout") -> Runbook:
    return runbook(name, text.encode())


def rows(book: Runbook, page: int) -> list[tuple[str, str, int]]:
    return [(line.kind, line.text, line.step) for line in book.pages[page - 1].lines]


def test_a_runbook_is_its_sections_and_the_steps_in_them() -> None:
    book = read(CHECKOUT)
    assert book.title == "Checkout does not take payments"
    assert book.services == ("checkout", "payments")
    assert book.labels == {"alertname": "PaymentErrors", "severity": "page"}
    assert [page.heading for page in book.pages] == [
        "Ignored where there is front matter", "Symptoms", "Mitigations", "After",
    ]  # fmt: skip
    assert rows(book, 1) == [("text", "Call nobody first; see the graphs (https://graphs.example.org/x).", 0)]
    assert rows(book, 2) == [
        ("bullet", "errors above 5 %", 0),
        ("bullet", "– on one node", 0),
        ("bullet", "1. first", 0),
        ("bullet", "2. second", 0),
        ("quote", "a quote", 0),
        ("code", "curl -s localhost", 0),
    ]
    assert rows(book, 3) == [
        ("bullet", "Turn off the tax flag", 1),
        ("bullet", "Roll back the release", 2),
        ("bullet", "– with the button", 0),
    ]
    assert rows(book, 4) == [("bullet", "tell support", 1), ("bullet", "a thought", 0)]


HEADINGS = ("Mitigation", "Mitigations", "Fix", "Fixes", "Recovery", "How to fix", "🛠 Recovery steps", "Prefix")


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_items_below_these_headings_are_steps(heading: str) -> None:
    (page,) = read(f"# x\n## {heading}\n- do it").pages
    assert bool(page.steps) is (heading not in ("How to fix", "Prefix"))


def test_without_front_matter_the_first_heading_is_the_title_and_without_that_the_files_name() -> None:
    assert read("# Cache is full\n## Fix\n- flush").title == "Cache is full"
    plainly = read("just words")
    assert (plainly.title, plainly.pages[0].heading) == ("checkout", "Overview")
    assert read("").pages == ()
    assert "nothing in it" in plain(document(opened(read(""), None)))


BROKEN = (
    "---\ntitle: [\n---\n# x\n\nwords",
    "---\n- a list\n---\n# x\n\nwords",
    "---\n&a [*a]\n---\n# x\n\nwords",
    "---\n[a]: b\n---\n# x\n\nwords",
    '---\ntitle: "\\U00110000"\n---\n# x\n\nwords',
)


@pytest.mark.parametrize("text", BROKEN)
def test_front_matter_that_makes_no_sense_is_passed_over(text: str) -> None:
    book = read(text)
    assert book.title == "x"
    assert rows(book, 1) == [("text", "words", 0)]


def test_what_is_no_word_in_the_front_matter_is_no_service() -> None:
    book = read("---\nservice: checkout\nservices: {a: b}\nlabels: [x]\ntitle: 2\n---\nwords")
    assert (book.title, book.services, book.labels) == ("2", (), {})
    assert read("---\nservice: checkout\n---\nwords").services == ("checkout",)


TAGGED = ("!!timestamp soon", "!!bool soon", "!!int ''", "!!float soon", "!!binary x", "0x" + "f" * 4000, '"\\ud800"')


@pytest.mark.parametrize("value", TAGGED, ids=[value[:12] for value in TAGGED])
def test_no_value_in_the_front_matter_keeps_a_file_from_being_read(value: str) -> None:
    book = read(f"---\ntitle: {value}\nlabels: {{a: {value}}}\n---\n# x\n\nwords")
    assert rows(book, 1) == [("text", "words", 0)]
    book.model_dump_json()


def test_a_label_in_the_front_matter_is_what_is_written_there() -> None:
    labels = {"critical": "true", "version": "1.10", "since": "2026-05-02", "shard": "007", "on": "no"}
    front = "\n".join(f"  {name}: {value}" for name, value in labels.items())
    assert read(f"---\nlabels:\n{front}\n---\nwords").labels == labels


def test_html_and_what_would_ping_or_link_elsewhere_stay_words() -> None:
    book = read("# x\n\n<script>alert(1)</script> @everyone <@1> [x](javascript:alert(1)) ![a picture](http://p/x.png)")
    (line,) = book.pages[0].lines
    assert "<script>alert(1)</script> @everyone <@1>" in line.text
    assert "a picture" in line.text
    assert "http://p" not in line.text
    (other,) = read("[write](mailto:ann@example.org) or [read](ftp://example.org/x)").pages[0].lines
    assert other.text == "write or read", "only what a browser opens is shown with where it leads"


HOSTILE = {
    "a megabyte of words": b"word " * 200_000,
    "one line of a megabyte": b"x" * 1_000_000,
    "deep lists": b"".join(b"  " * depth + b"- x\n" for depth in range(500)),
    "deep quotes": b">" * 60_000 + b" x",
    "open brackets": b"[" * 60_000,
    "stars": b"*a **a " * 9_000,
    "backticks": b"".join(b"`" * count for count in range(1, 340)),
    "no text": bytes(range(256)) * 200,
    "many sections": b"## x\n\ny\n\n" * 7_000,
    "many steps": b"# x\n## Fix\n" + b"- do it\n" * 7_000,
    "nothing at all, for long": b"\n" * (LIMIT + 1),
    "a front without an end": b"---\n" + b"a: &x [*x, *x]\n" * 4_000,
    "laughs": b"---\n" + b"".join(
        b"%c: &%c [%s]\n" % (97 + at, 97 + at, b",".join([b"*%c" % (96 + at)] * 9) if at else b"lol") for at in range(20)
    ) + b"services: *t\n---\nx",
}  # fmt: skip


SLOW = ("open brackets", "stars", "many sections", "many steps")
"""These take a second each."""

PLAYED = [pytest.param(data, id=name, marks=[pytest.mark.endure] * (name in SLOW)) for name, data in HOSTILE.items()]


@pytest.mark.parametrize("data", PLAYED)
def test_a_hostile_file_is_bounded(data: bytes) -> None:
    book = runbook("x", data)
    assert len(book.pages) <= PAGES
    for page in book.pages:
        assert len(page.lines) <= LINES + 1
        assert sum(len(line.text) for line in page.lines) <= CHARACTERS + 500
        assert len(page.steps) <= STEPS
        assert [line.step for line in page.lines if line.step] == list(range(1, len(page.steps) + 1))
    for number in range(len(book.pages) + 1):
        assert len(plain(document(opened(book, number)))) < 4000


def test_what_is_cut_off_is_said() -> None:
    book = runbook("x", b"words words\n\n" * 9_000)
    assert "too long to be shown" in book.pages[-1].lines[-1].text
    whole = runbook("x", (b"words words\n\n" * 9_000)[: LIMIT // 4])
    assert "too long" not in whole.pages[-1].lines[-1].text


# --- the shelf -------------------------------------------------------------------------------------------------------

CACHE = read("---\nlabels: {alertname: CacheFull}\n---\n# Cache is full\n\nflush it", "cache")
PAYMENTS = read(CHECKOUT)
GENERAL = read("---\nlabels: {severity: page}\n---\n# Any page\n\nthink", "any")
SHELF = Shelf((CACHE, PAYMENTS, GENERAL))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("checkout", PAYMENTS), ("Checkout.md", PAYMENTS), ("cache is full", CACHE), ("cac", CACHE), ("c", None),
        ("check", PAYMENTS), ("", None), ("nothing", None),
    ],
)  # fmt: skip
def test_a_runbook_is_found_by_its_name(words: str, expected: Runbook | None) -> None:
    assert SHELF.named(words) == expected


@pytest.mark.parametrize(
    ("service", "named", "expected"),
    [("payments", "", PAYMENTS), ("Cache", "", CACHE), ("search", "", None), ("search", "any.md", GENERAL), ("cache", "gone", None)],
)  # fmt: skip
def test_a_service_has_the_one_that_it_or_the_file_names(service: str, named: str, expected: Runbook | None) -> None:
    assert SHELF.for_service(service, named) == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"alertname": "PaymentErrors", "severity": "page", "node": "n1"}, PAYMENTS),
        ({"alertname": "Other", "severity": "page"}, GENERAL),
        ({"alertname": "CacheFull"}, CACHE),
        ({"alertname": "Other", "service": "checkout"}, PAYMENTS),
        ({"alertname": "Other"}, None),
        ({}, None),
    ],
)
def test_an_alert_has_the_one_whose_labels_it_bears(labels: dict[str, str], expected: Runbook | None) -> None:
    assert SHELF.for_labels(labels) == expected


# --- the folder ------------------------------------------------------------------------------------------------------


async def test_the_folder_is_seen_as_it_is_now(tmp_path: Path) -> None:
    case = Bookcase(tmp_path / "runbooks", PushedClock())
    await case.look()
    assert case.shelf().books == ()
    case.folder.mkdir()
    file = case.folder / "cache.md"
    file.write_text("# Cache is full\n\nflush it", encoding="utf-8")
    (case.folder / "notes.txt").write_text("no runbook", encoding="utf-8")
    (case.folder / "folder.md").mkdir()
    await case.look()
    before = case.shelf()
    assert [book.title for book in before.books] == ["Cache is full"]
    await case.look()
    assert case.shelf() is before, "what did not change is not read again"
    file.write_text("# Cache is fuller\n\nflush it", encoding="utf-8")
    await case.look()
    assert [book.title for book in case.shelf().books] == ["Cache is fuller"]
    assert case.shelf().books[0].digest != before.books[0].digest
    file.unlink()
    await case.look()
    assert case.shelf().books == ()


async def test_a_file_that_cannot_be_read_is_told_once_and_the_others_are_there(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("# Good\n\nwords", encoding="utf-8")
    broken = tmp_path / "broken.md"
    broken.write_text("# x", encoding="utf-8")
    case = Bookcase(tmp_path, PushedClock())
    real = Path.open

    def refuse(self: Path, *arguments: object, **given: object) -> object:
        if self == broken:
            raise PermissionError(13, "Permission denied")
        return real(self, *arguments, **given)  # type: ignore[call-overload]

    with pytest.MonkeyPatch.context() as patched, capture_logs() as logs:
        patched.setattr(Path, "open", refuse)
        await case.look()
        await case.look()
    assert [book.title for book in case.shelf().books] == ["Good"]
    assert [line["file"] for line in logs] == ["broken.md"]
    os.utime(broken)
    await case.look()
    assert [book.title for book in case.shelf().books] == ["x", "Good"]


async def test_nothing_outside_of_the_folder_is_shown_and_a_strange_name_hides_no_other(tmp_path: Path) -> None:
    folder, secret = tmp_path / "runbooks", tmp_path / "config.toml"
    folder.mkdir()
    secret.write_text("token = 'geheim'", encoding="utf-8")
    (folder / "secret.md").symlink_to(secret)
    (folder / "up.md").symlink_to("../config.toml")
    (folder / "round.md").symlink_to("round.md")
    (folder / "long.md").symlink_to("x" * 300)
    os.mkfifo(folder / "pipe.md")
    # As a mount of Kubernetes has them: a link within the folder is no way out of it.
    (folder / "..data").mkdir()
    (folder / "..data" / "good.md").write_text("# Good\n\nwords", encoding="utf-8")
    (folder / "good.md").symlink_to("..data/good.md")
    (folder / os.fsdecode(b"\xff.md")).write_text("# Named in no letters\n\nwords", encoding="utf-8")
    case = Bookcase(folder, PushedClock())
    with capture_logs() as logs:
        await case.look()
        await case.look()
    assert sorted(book.title for book in case.shelf().books) == ["Good", "Named in no letters"]
    for book in case.shelf().books:
        opened(book, None).model_dump_json()
    assert {line["file"]: line["reason"] for line in logs} == {
        "secret.md": "it leads out of the folder",
        "up.md": "it leads out of the folder",
        "round.md": "Too many levels of symbolic links",
        "long.md": "File name too long",
        "pipe.md": "it is no file",
    }
    assert len(logs) == 5, "each is told once"
