"""Entries corrected, put in their time, and left out of the postmortem: by whom, and what stays as it was."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, message, person, team

from core.incident import commands as c
from core.incident.cards.letters import timeline_document
from core.incident.document import plain
from core.incident.events import EntryAmended, EntryHidden, EntryWithdrawn
from core.incident.state import AMENDED, RETIMED, Entry
from core.incident.vocabulary import ItemKind, Path, Person, Role

PIP, ZOE = person("Pip"), person("Zoe")
NOTE = "errors began"


def noted() -> tuple[Case, int]:
    """Mia has noted something; Pip is the scribe."""
    case = team()
    case.does(PIP, c.Claim(role=Role.SCRIBE))
    case.does(MIA, c.AddNote(text=NOTE))
    return case, len(case.incident.entries)


def entry(case: Case, number: int) -> Entry:
    return case.incident.entries[number - 1]


BOTH: tuple[type[c.Amend | c.HideEntry], ...] = (c.Amend, c.HideEntry)


def curating(kind: type[c.Amend | c.HideEntry], number: int) -> c.AnyCommand:
    return c.Amend(entry=number, text="x") if kind is c.Amend else c.HideEntry(entry=number, hidden=True)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("who", "may"), [(PIP, True), (ANN, True), (MIA, True), (BOB, False), (JON, False), (LEAH, False), (ZOE, False)]
)
def test_the_scribe_the_commander_and_the_author_put_the_record_in_order(
    kind: type[c.Amend | c.HideEntry], who: Person, may: bool
) -> None:
    case, number = noted()
    refusal = case.refusal(who, curating(kind, number))
    assert (refusal is None) is may
    if refusal:
        assert refusal.rule == "not-your-call"
        assert "Pip or Mia" in refusal.answer


@pytest.mark.parametrize("kind", BOTH)
def test_whoever_marked_it_may_too_and_without_a_scribe_the_way_to_be_one_is_named(
    kind: type[c.Amend | c.HideEntry],
) -> None:
    case = team()
    case.does(JON, c.AddNote(text=NOTE, quote=c.Quote(message=message("m"), by=MIA, at=case.now)))
    number = len(case.incident.entries)
    assert case.refusal(JON, curating(kind, number)) is None
    assert case.refusal(MIA, curating(kind, number)) is None
    refused = case.refusal(LEAH, curating(kind, number))
    assert refused is not None
    assert "`claim scribe`" in refused.answer


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("number", [0, 99])
def test_an_entry_that_is_not_there_is_said_so(kind: type[c.Amend | c.HideEntry], number: int) -> None:
    refused = team().refusal(ANN, curating(kind, number))
    assert refused is not None
    assert refused.rule == "no-such-entry"


@pytest.mark.parametrize("words", ["", "10:02", "10.02 UTC", "9:02z"])
def test_a_correction_says_what_it_corrects(words: str) -> None:
    case, number = noted()
    refused = case.refusal(ANN, c.Amend(entry=number, text=words))
    assert refused is not None
    assert refused.rule == "amend-needs"
    assert f"`amend {number} time=10:02`" in refused.answer


def test_a_text_and_a_time_are_corrected_each_alone_and_both() -> None:
    case, number = noted()
    began = entry(case, number).at
    case.does(ANN, c.Amend(entry=number, at=began - timedelta(minutes=5)))
    assert (entry(case, number).text, entry(case, number).at) == (NOTE, began - timedelta(minutes=5))
    assert entry(case, number).note == RETIMED
    [event] = case.does(ANN, c.Amend(entry=number, text="payments began to fail"))
    assert event == EntryAmended(entry=number, text="payments began to fail", at=None)
    assert (entry(case, number).at, entry(case, number).note) == (began - timedelta(minutes=5), AMENDED)
    case.does(ANN, c.Amend(entry=number, text=NOTE, at=began))
    assert (entry(case, number).text, entry(case, number).at) == (NOTE, began)
    # When it was put down stays, for what is late is told by that.
    assert entry(case, number).put_at == case.records[-4].at
    assert case.does(ANN, c.Amend(entry=number, text=NOTE, at=began)) == ()


def test_a_time_to_come_is_none() -> None:
    case, number = noted()
    refused = case.refusal(ANN, c.Amend(entry=number, at=case.now + timedelta(minutes=1)))
    assert refused is not None
    assert refused.rule == "still-to-come"
    assert case.refusal(ANN, c.Amend(entry=number, at=case.now)) is None


@pytest.mark.parametrize(
    ("was", "said", "meant"),
    [
        ("2026-05-02T10:05+00:00", time(10, 2, tzinfo=UTC), "2026-05-02T10:02+00:00"),
        ("2026-05-02T00:05+00:00", time(23, 58, tzinfo=UTC), "2026-05-01T23:58+00:00"),
        ("2026-05-01T23:58+00:00", time(0, 5, tzinfo=UTC), "2026-05-02T00:05+00:00"),
        ("2026-05-02T10:05+00:00", time(12, 2, tzinfo=ZoneInfo("Europe/Berlin")), "2026-05-02T10:02+00:00"),
        ("2026-05-01T22:30+00:00", time(0, 10, tzinfo=ZoneInfo("Europe/Berlin")), "2026-05-01T22:10+00:00"),
    ],
)
def test_a_clock_time_is_that_of_the_entrys_day_whenever_it_is_corrected(was: str, said: time, meant: str) -> None:
    case, number = noted()
    case.now += timedelta(days=3)
    case.does(ANN, c.Amend(entry=number, at=datetime.fromisoformat(was)))
    case.does(ANN, c.Amend(entry=number, at=said))
    assert entry(case, number).at == datetime.fromisoformat(meant)
    assert entry(case, number).at.tzinfo == UTC


def test_an_amended_time_moves_the_entry_in_the_timelines_order() -> None:
    case, number = noted()
    case.does(ANN, c.AddNote(text="and later"))
    case.does(MIA, c.Amend(entry=number, at=case.now - timedelta(hours=1)))
    assert [one.number for one in case.incident.in_time][:2] == [number, 1]
    assert NOTE in plain(timeline_document(case.incident)).splitlines()[1]
    # Of the newest few it is none any more.
    assert NOTE not in plain(timeline_document(case.incident, limit=2))


def test_what_is_hidden_stays_on_the_timeline_with_its_mark() -> None:
    case, number = noted()
    assert case.does(MIA, c.HideEntry(entry=number, hidden=True)) == (EntryHidden(entry=number, hidden=True),)
    assert f"T{number} Mia: {NOTE} (hidden from the postmortem)" in plain(timeline_document(case.incident))
    assert case.does(MIA, c.HideEntry(entry=number, hidden=True)) == ()
    case.does(MIA, c.HideEntry(entry=number, hidden=False))
    assert "hidden" not in plain(timeline_document(case.incident))
    assert case.does(MIA, c.HideEntry(entry=number, hidden=False)) == ()


def test_what_was_corrected_stands_though_its_message_is_edited() -> None:
    case = team()
    case.does(JON, c.AddNote(text=NOTE, quote=c.Quote(message=message("m"), by=MIA, at=case.now)))
    number = len(case.incident.entries)
    case.does(JON, c.Amend(entry=number, text="payments began to fail"))
    case.does(MIA, c.EditSource(message=message("m"), text="errors begann"))
    assert (entry(case, number).text, entry(case, number).note) == ("payments began to fail", AMENDED)
    # Nor is it taken back by whoever marked it.
    assert not any(
        isinstance(e, EntryWithdrawn) for e in case.does(JON, c.WithdrawEntry(message=message("m"), kind="noted"))
    )


def test_an_entry_whose_time_alone_was_corrected_follows_its_message() -> None:
    case = team()
    case.does(JON, c.AddNote(text=NOTE, quote=c.Quote(message=message("m"), by=MIA, at=case.now)))
    number = len(case.incident.entries)
    case.does(JON, c.Amend(entry=number, at=case.now - timedelta(minutes=9)))
    assert case.does(JON, c.WithdrawEntry(message=message("m"), kind="noted")) == ()
    case.does(MIA, c.EditSource(message=message("m"), text="errors began in checkout"))
    assert (entry(case, number).text, entry(case, number).note) == ("errors began in checkout", "edited")


def test_entries_say_which_item_they_are_about() -> None:
    case = team()
    case.does(MIA, c.AddItem(kind=ItemKind.ACTION, text="call the provider"))
    case.does(MIA, c.Grab(item="A1"))
    case.does(MIA, c.LetGo(item="A1"))
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    case.does(LEAH, c.AddNote(text="A1 is no use"))
    assert [(one.kind, one.item) for one in case.incident.entries][-5:] == [
        ("item_added", "A1"),
        ("item_grabbed", "A1"),
        ("item_let_go", "A1"),
        ("path_chosen", "R1"),
        ("noted", ""),
    ]


def test_an_edit_of_the_words_that_took_an_item_up_is_no_edit_of_the_item() -> None:
    """Every entry has its item's key by now, and a typed command is a message that its entry goes with."""
    case = team()
    case.does(MIA, c.AddItem(kind=ItemKind.ACTION, text="call the provider"))
    case.does(MIA, c.Grab(item="A1"))
    typed = case.incident.entries[-1].message
    assert typed is not None
    case.does(MIA, c.EditSource(message=typed, text="grab A1 now"))
    assert case.incident.items["A1"].text == "call the provider"
