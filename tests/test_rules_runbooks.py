"""The rules of runbooks: which one is shown, a page at a time, steps that become actions, and one that is missing."""

from __future__ import annotations

import pytest
from incidents import ANN, MIA, Case
from rules_scenes import BOOK, play, unwritten, yes

from core.incident import commands as c
from core.incident.cards import cards
from core.incident.cards.runbooks import document
from core.incident.document import Post, plain
from core.incident.events import Ask, ItemAdded, RunbookShown
from core.incident.policy import Policy, Service
from core.incident.runbook import Page, Runbook, RunbookLine, Shelf
from core.incident.vocabulary import ItemKind, Severity

OTHER = Runbook(name="mail", title="Mail is late", digest="y", pages=(Page(heading="Overview"),))
SHELF = Shelf((BOOK, OTHER))
HOUSE = Policy(
    on_call=(ANN,),
    services=(
        Service(name="cache"),
        Service(name="search", runbook="mail.md"),
        Service(name="shop", runbook_link="https://wiki.example.org/shop"),
        Service(name="gone", runbook="gone.md"),
        Service(name="bare"),
    ),
)


def about(service: str, shelf: Shelf = SHELF) -> Case:
    return Case(ANN, c.Declare(title="it fails", service=service), HOUSE, shelf)


def shown(case: Case, name: str = "") -> RunbookShown:
    (event,) = case.does(MIA, c.ShowRunbook(name=name))
    assert isinstance(event, RunbookShown)
    return event


def post(case: Case, key: str) -> Post:
    return next(card.post for card in cards(case.incident) if card.key == key)


def test_the_incidents_own_runbook_is_named_on_its_board_and_shown_first_by_its_contents() -> None:
    case = about("cache")
    assert "Runbook      cache: `runbook`" in plain(post(case, "board").document)
    event = shown(case)
    assert (event.name, event.page, event.contents, event.shown) == ("cache", 0, ("Symptoms", "Fix"), None)
    card = post(case, "runbook/1")
    assert plain(card.document) == "Cache is full\n1  Symptoms\n2  Fix\nTo read one: `runbook cache 1`"
    assert [(one.emoji, one.label, one.command) for one in card.choices] == [("▶️", "next: Symptoms", "runbook cache 1")]
    assert case.incident.entries[-1].text == "looked into the runbook cache"
    case.does(ANN, c.CloseFalseAlarm(why="the probe was down"))
    assert "Runbook" not in plain(post(case, "board").document)
    assert post(case, "runbook/1").choices == ()


def test_the_next_page_is_shown_once_from_each_card() -> None:
    case = play(about("cache"), (MIA, c.ShowRunbook()))
    case.does(MIA, c.TurnPage(card="runbook/1"))
    case.does(MIA, c.TurnPage(card="runbook/2"))
    card = post(case, "runbook/3")
    text = "Cache is full · Fix · 2 of 2|in this order|1  flush the cache|2  add a node|cachectl flush"
    assert plain(card.document).splitlines() == text.split("|")
    assert [(one.emoji, one.command) for one in card.choices] == [("1️⃣", "step 1"), ("2️⃣", "step 2")]
    for done in ("runbook/1", "runbook/2", "runbook/3"):
        assert case.decides(ANN, c.TurnPage(card=done)) == (), "it is there, or there is none"
    assert case.incident.entries[-1].text == "looked into the runbook cache: Fix"


def test_what_was_shown_stays_as_it_was_when_the_file_changes() -> None:
    case = play(about("cache"), (MIA, c.ShowRunbook(name="cache 2")))
    edited = BOOK.model_copy(update={"digest": "z", "pages": (Page(heading="Nothing left"),)})
    case.shelf = Shelf((edited,))
    assert "flush the cache" in plain(post(case, "runbook/1").document)
    (event,) = case.does(MIA, c.TakeStep(step=1, card="runbook/1"))
    assert isinstance(event, ItemAdded)
    assert event.text == "flush the cache"
    assert shown(case).digest == "z"
    case.shelf = Shelf()
    case.does(MIA, c.ShowRunbook())
    refusal = play(about("cache"), (MIA, c.ShowRunbook())).fork()
    refusal.shelf = Shelf()
    found = refusal.refusal(MIA, c.TurnPage(card="runbook/1"))
    assert found is not None
    assert found.answer.startswith("There is no runbook cache. Runbooks are Markdown files")


def test_a_step_becomes_an_action_once_and_its_key_stands_beside_it() -> None:
    case = play(about("cache"), (MIA, c.ShowRunbook(name="cache 2")), (MIA, c.TakeStep(step=2)))
    (item,) = case.incident.items_of(ItemKind.ACTION)
    assert (item.key, item.text, item.said_by) == ("A1", "add a node", MIA)
    assert case.decides(ANN, c.TakeStep(step=2, card="runbook/1")) == ()
    assert "2  add a node (A1)" in plain(post(case, "runbook/1").document)
    case.does(MIA, c.ShowRunbook(name="cache 2"))
    assert case.decides(ANN, c.TakeStep(step=2, card="runbook/2")) == (), "nor from another card"


MEANT = (
    ("search", "", "mail", 1),
    ("search", "cache", "cache", 0),
    ("search", "Cache is full 2", "cache", 2),
    ("search", "cache page 1", "cache", 1),
    ("cache", "1", "cache", 1),
    ("shop", "", "shop", 0),
)


@pytest.mark.parametrize(("service", "words", "name", "page"), MEANT)
def test_which_runbook_is_meant(service: str, words: str, name: str, page: int) -> None:
    event = shown(about(service), words)
    assert (event.name, event.page) == (name, page)


def test_a_number_alone_is_of_the_runbook_that_was_shown_last() -> None:
    case = play(about("search"), (MIA, c.ShowRunbook(name="cache")))
    assert shown(case, "2").name == "cache"


def test_a_link_is_shown_where_the_runbook_is_kept_elsewhere() -> None:
    case = about("shop")
    assert "Runbook      https://wiki.example.org/shop" in plain(post(case, "board").document)
    assert plain(document(shown(case))) == "Runbook of shop\nhttps://wiki.example.org/shop"


def test_contents_beyond_what_fits_are_counted() -> None:
    long = RunbookShown(name="x", title="X", contents=tuple(f"part {number}" for number in range(40)))
    assert "and 10 more" in plain(document(long))


REFUSED = (
    ("cache", c.ShowRunbook(name="nonsense"), "no-runbook", "There are: `runbook cache` `runbook mail`."),
    ("gone", c.ShowRunbook(), "no-runbook", "There is no runbook for this."),
    ("bare", c.ShowRunbook(name="2"), "no-runbook", "There are"),
    ("cache", c.ShowRunbook(name="cache 9"), "no-such-page", "`runbook cache` lists them."),
    ("cache", c.TakeStep(step=1), "no-steps", "`runbook` shows it."),
)


@pytest.mark.parametrize(("service", "command", "rule", "words"), REFUSED)
def test_what_is_not_there_is_answered_with_what_is(service: str, command: c.AnyCommand, rule: str, words: str) -> None:
    refusal = about(service).refusal(MIA, command)
    assert refusal is not None
    assert refusal.rule == rule
    assert words in refusal.answer


def test_a_step_that_is_not_on_the_page_is_refused() -> None:
    case = play(about("cache"), (MIA, c.ShowRunbook(name="cache 2")), (MIA, c.ShowRunbook(name="cache")))
    for step, card in ((3, ""), (0, ""), (1, "runbook/2")):
        refusal = case.refusal(MIA, c.TakeStep(step=step, card=card))
        assert refusal is not None
        assert refusal.rule == "no-such-step"
        assert "on that page; it has " + ("none." if card else "2.") in refusal.answer


def test_many_runbooks_are_named_in_part() -> None:
    many = Shelf(
        tuple(OTHER.model_copy(update={"name": f"mail-{number}", "title": str(number)}) for number in range(20))
    )
    refusal = about("bare", many).refusal(MIA, c.ShowRunbook(name="x"))
    assert refusal is not None
    assert refusal.answer.endswith(" and more.")


def test_where_there_is_no_catalogue_a_runbook_is_shown_by_name_alone() -> None:
    case = Case(shelf=SHELF)
    assert shown(case, "mail").title == "Mail is late"
    assert case.refusal(MIA, c.ShowRunbook()) is not None


# --- one that is missing ---------------------------------------------------------------------------------------------


def test_a_missing_runbook_is_a_follow_up_that_the_commander_is_offered_at_the_close() -> None:
    case = unwritten()
    assert "there is no runbook for search" in plain(post(case, "prompt/runbook-1").document)
    case.does(ANN, yes("runbook-1"))
    (follow_up,) = case.incident.follow_ups.values()
    assert (follow_up.text, follow_up.owner) == ("write a runbook for search", ANN)
    assert not case.incident.open_prompts(Ask.RUNBOOK)
    case.does(ANN, c.Reopen(why="search is empty again"))
    again = play(unwritten(), (ANN, c.Reopen(why="search is empty again")))
    assert not again.incident.open_prompts(Ask.RUNBOOK)


@pytest.mark.parametrize("service", ["cache", "search", "shop"])
def test_what_has_a_runbook_needs_none(service: str) -> None:
    case = play(about(service), (ANN, c.Close(cause="x", fixed="y")))
    assert not case.incident.open_prompts(Ask.RUNBOOK)


@pytest.mark.parametrize("service", ["gone", "bare"])
def test_one_that_was_written_meanwhile_is_there(service: str) -> None:
    case = about(service)
    assert play(case.fork(), (ANN, c.Close(cause="x", fixed="y"))).incident.open_prompts(Ask.RUNBOOK)
    case.shelf = Shelf((OTHER.model_copy(update={"name": service}),))
    assert not play(case, (ANN, c.Close(cause="x", fixed="y"))).incident.open_prompts(Ask.RUNBOOK)


def test_a_house_without_runbooks_is_not_asked_for_one() -> None:
    case = play(about("bare", Shelf()), (ANN, c.Close(cause="x", fixed="y")))
    assert not case.incident.open_prompts(Ask.RUNBOOK)
    alarm = play(about("bare"), (ANN, c.SetSeverity(severity=Severity.SEV3)), (ANN, c.CloseFalseAlarm(why="the probe")))
    assert not alarm.incident.open_prompts(Ask.RUNBOOK), "nor is a false alarm"


def test_lines_read_as_their_kind() -> None:
    lines = (RunbookLine(text="said", kind="quote"), RunbookLine(text="one", kind="bullet"), RunbookLine(text="plain"))
    event = RunbookShown(name="x", title="X", page=1, contents=("A",), shown=Page(heading="A", lines=lines))
    assert plain(document(event)) == "X · A\n> said\n• one\nplain"
