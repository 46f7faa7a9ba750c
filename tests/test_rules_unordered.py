"""Claims that nobody could put in order: one is taken, and it is said aloud whose were not (spec, section 3)."""

from __future__ import annotations

from incidents import ANN, BOB, JON, LEAH, MIA, Case

from core.incident import commands as c
from core.incident.authority import precedence
from core.incident.cards import cards
from core.incident.document import plain
from core.incident.vocabulary import Role


def test_who_did_not_get_the_role_is_named_aloud() -> None:
    case = Case()
    case.does(MIA, c.Claim(role=Role.DIAGNOSIS, others=(JON, LEAH)))
    case.does(JON, c.Claim(role=Role.DIAGNOSIS, others=(LEAH,)))
    assert case.incident.holder(Role.DIAGNOSIS) == MIA
    said = {card.key: card.post for card in cards(case.incident)}["role/1"]
    assert plain(said.document) == (
        "Mia is diagnosis lead now: claimed while Tocsin was away, as did Jon, Leah; "
        "on call goes first, then who declared, then the older account."
    )
    assert said.pings == (JON, LEAH)
    assert case.incident.entries[-1].text == "is diagnosis lead (claimed while Tocsin was away, as did Jon, Leah)"


def test_a_backup_who_was_not_alone_took_it_over() -> None:
    case = Case()
    case.does(ANN, c.NameBackup(role=Role.IC, who=MIA))
    case.does(MIA, c.Claim(role=Role.IC, others=(JON,)))
    said = {card.key: card.post for card in cards(case.incident)}["role/1"]
    assert "took over from Ann" in plain(said.document)


def test_on_call_goes_first_then_who_declared_then_the_rest() -> None:
    # On call are Ann and Bob; Mia declared.
    incident = Case(MIA).incident
    assert [precedence(incident, person) for person in (ANN, BOB, MIA, JON, LEAH)] == [0, 1, 2, 3, 3]


def test_outside_of_an_incident_all_are_alike() -> None:
    assert precedence(None, ANN) == precedence(None, JON)
