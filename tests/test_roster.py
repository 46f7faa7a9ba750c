"""Who is who: linked accounts are one person, and a name finds somebody without giving them anything."""

from __future__ import annotations

import pytest

from core.incident.vocabulary import Account
from core.roster import Member, Roster, initials

ANN = Member("Ann", {"matrix": "@ann:example.org", "discord": "42"}, "AN")
BOB = Member("Bob Olsen", {"matrix": "@bob:example.org"})


@pytest.fixture
def roster() -> Roster:
    return Roster([ANN, BOB])


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Bob Olsen", "BO"), ("leah", "LE"), ("Mia Anna Khan", "MA"), ("x", "X"), ("", "?"), ("jon_nilsen", "JN")],
)
def test_initials_are_two_letters_of_the_name(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_taken_initials_move_on_to_the_next_letter() -> None:
    assert initials("Britt Owe", {"BO"}) == "BW"
    assert initials("leah", {"LE"}) == "LA"
    assert initials("Al", {"AL"}) == "AL", "with no letter left, the plain ones are kept"


def test_members_get_initials_of_their_own() -> None:
    people = Roster([Member("Bob Olsen", {"sandbox": "bob"}), Member("Britt Owe", {"sandbox": "britt"})]).people
    assert [person.initials for person in people] == ["BO", "BW"]


def test_linked_accounts_are_one_person(roster: Roster) -> None:
    there = roster.person(Account(transport="matrix", id="@ann:example.org", name="ann (away)"))
    here = roster.person(Account(transport="discord", id="42", name="annie"))
    assert there.is_(here)
    assert (there.key, there.name, there.initials) == ("person:Ann", "Ann", "AN")
    assert here.account.id == "42", "the act keeps the account it came from"


def test_the_same_id_in_another_chat_is_somebody_else(roster: Roster) -> None:
    stranger = roster.person(Account(transport="sandbox", id="42", name="Ann"))
    assert stranger.key == "sandbox:42"
    assert not stranger.is_(roster.named("Ann"))


def test_an_unlisted_account_goes_by_its_name_in_the_chat(roster: Roster) -> None:
    person = roster.person(Account(transport="matrix", id="@leah:example.org", name="Leah Moss"))
    assert (person.key, person.name, person.initials) == ("matrix:@leah:example.org", "Leah Moss", "LM")


def test_an_unlisted_person_does_not_share_initials_with_a_configured_one(roster: Roster) -> None:
    assert roster.person(Account(transport="matrix", id="@b:x", name="Bo Owe")).initials == "BW"


@pytest.mark.parametrize(
    "words", ["Ann", "ann", "@ANN", " @ann ", "@ann:example.org", "matrix:@ann:example.org", "42", "@42"]
)
def test_who_is_found_by_name_or_account(roster: Roster, words: str) -> None:
    found = roster.named(words)
    assert found is not None
    assert found.key == "person:Ann"


@pytest.mark.parametrize("words", ["", "@", "An", "Olsen", "@ann:elsewhere.org", "ANN:EXAMPLE.ORG"])
def test_nobody_is_guessed(roster: Roster, words: str) -> None:
    assert roster.named(words) is None


def test_a_person_is_reached_where_they_have_an_account(roster: Roster) -> None:
    ann, bob = roster.named("Ann"), roster.named("bob olsen")
    assert ann is not None
    assert bob is not None
    assert ann.on("discord") == Account(transport="discord", id="42", name="Ann")
    assert bob.on("discord") is None
    assert bob.on("matrix") == bob.account


def test_an_unlisted_person_is_reached_only_where_they_spoke(roster: Roster) -> None:
    stranger = roster.person(Account(transport="matrix", id="@leah:example.org", name="Leah"))
    assert stranger.on("matrix") == stranger.account
    assert stranger.on("discord") is None
