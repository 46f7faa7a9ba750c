"""What the public may know: the owner's words, the headline and the phase, of what the page shows, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from incidents import ANN, Case

from core.incident import commands as c
from core.incident.policy import Audience, Policy
from core.incident.public import PublicIncident, public
from core.incident.vocabulary import Phase, Severity

PAGE = Policy(on_call=(ANN,), audiences=(Audience(name="customers", status_page=True),))


def _case(severity: Severity = Severity.SEV1, house: Policy = PAGE) -> Case:
    return Case(command=c.Declare(title="acme db melts", severity=severity, service="checkout"), house=house)


def _publishes(case: Case, **fields: str) -> None:
    case.does(ANN, c.Draft.model_validate(fields))
    case.does(ANN, c.Publish())


def _seen(case: Case) -> PublicIncident:
    seen = public(case.incident)
    assert seen is not None
    return seen


def test_nothing_is_public_before_the_first_update() -> None:
    case = _case()
    case.does(ANN, c.SetImpact(text="nobody can pay"))
    case.does(ANN, c.Draft(impact="Nobody can pay", headline="Checkout is down"))
    assert public(case.incident) is None
    case.does(ANN, c.Publish())
    seen = _seen(case)
    assert seen.headline == "Checkout is down"
    assert [one.text for one in seen.updates] == [case.incident.updates[0].text]
    assert seen.service == "checkout"
    assert seen.current
    assert "acme" not in seen.model_dump_json()
    assert "Ann" not in seen.model_dump_json()


def test_the_first_impact_is_the_public_name_until_there_is_a_headline() -> None:
    case = _case()
    _publishes(case, impact="Some users cannot pay")
    assert _seen(case).headline == "Some users cannot pay"
    case.does(ANN, c.CorrectUpdate(impact="All users cannot pay"))
    assert _seen(case).headline == "All users cannot pay"
    _publishes(case, impact="Some users wait longer")
    assert _seen(case).headline == "All users cannot pay"
    case.does(ANN, c.CorrectUpdate(headline="Payments fail"))
    assert _seen(case).headline == "Payments fail"


def test_sev3_is_not_shown_and_words_published_then_are_not_shown_later() -> None:
    case = _case(Severity.SEV3)
    _publishes(case, impact="One customer cannot pay")
    assert public(case.incident) is None
    case.does(ANN, c.SetSeverity(severity=Severity.SEV1))
    # Those words were not meant for the public.
    assert public(case.incident) is None
    _publishes(case, impact="Nobody can pay")
    assert [one.number for one in _seen(case).updates] == [2]
    assert _seen(case).headline == "Nobody can pay"
    case.does(ANN, c.SetSeverity(severity=Severity.SEV3))
    assert public(case.incident) is None


def test_a_headline_that_was_not_meant_for_the_public_names_nothing_later() -> None:
    case = _case(Severity.SEV3)
    _publishes(case, impact="One customer cannot pay", headline="Acme cannot pay")
    case.does(ANN, c.SetSeverity(severity=Severity.SEV1))
    _publishes(case, impact="Nobody can pay")
    assert _seen(case).headline == "Nobody can pay"
    assert "Acme" not in _seen(case).model_dump_json()


def test_a_headline_that_was_taken_back_names_nothing_while_others_stand() -> None:
    case = _case()
    _publishes(case, impact="Some users cannot pay", headline="Acme cannot pay")
    case.does(ANN, c.WithdrawUpdate(why="it was meant for another incident"))
    assert _seen(case).headline == "Acme cannot pay"
    _publishes(case, impact="Nobody can pay")
    assert _seen(case).headline == "Nobody can pay"


def test_without_an_audience_that_is_the_page_nothing_is_shown() -> None:
    case = _case(house=Policy(on_call=(ANN,), audiences=(Audience(name="support"),)))
    _publishes(case, impact="Nobody can pay")
    assert public(case.incident) is None
    # A page that is there from now on gets the update that stands, as a room does.
    case.does(None, c.NoteAudiences(audiences=PAGE.audiences))
    assert [one.number for one in _seen(case).updates] == [1]


def test_what_became_of_an_update_is_public() -> None:
    case = _case()
    _publishes(case, impact="Some users cannot pay")
    case.now += timedelta(minutes=2)
    case.does(ANN, c.CorrectUpdate(impact="All users cannot pay"))
    [update] = _seen(case).updates
    assert update.corrected_at == update.changed_at == case.records[-1].at
    assert update.text == case.incident.updates[0].text
    case.does(ANN, c.WithdrawUpdate(why="it was meant for another incident"))
    [update] = _seen(case).updates
    assert not update.stands
    assert update.why == "it was meant for another incident"
    assert _seen(case).withdrawn
    assert not _seen(case).current
    assert _seen(case).headline == "All users cannot pay"
    _publishes(case, impact="Search is slow")
    assert _seen(case).current
    assert _seen(case).headline == "Search is slow"


def test_the_phase_is_public_and_each_update_keeps_its_own() -> None:
    case = _case()
    _publishes(case, impact="Some users cannot pay")
    case.does(ANN, c.SetPhase(phase=Phase.IDENTIFIED))
    _publishes(case, impact="Some users cannot pay", next="We roll back")
    assert [one.phase for one in _seen(case).updates] == [Phase.INVESTIGATING, Phase.IDENTIFIED]
    assert _seen(case).changed_at == _seen(case).updates[-1].at
    case.does(ANN, c.Resolve(fixed="rolled back release 214"))
    seen = _seen(case)
    assert not seen.current
    assert seen.changed_at == seen.resolved_at == case.records[-1].at
    # How it was fixed is told by the update owner, or not at all.
    assert "214" not in seen.model_dump_json()
    case.does(ANN, c.CameBack())
    assert _seen(case).current
    case.does(ANN, c.Close(cause="tax rounding", fixed="rolled back", next="none"))
    assert not _seen(case).current
    assert "rounding" not in _seen(case).model_dump_json()


def test_a_view_reads_back_as_it_was_kept() -> None:
    case = _case()
    _publishes(case, impact="Some users cannot pay")
    seen = _seen(case)
    assert PublicIncident.model_validate_json(seen.model_dump_json()) == seen
    assert seen.began_at == seen.updates[0].at
