"""Drills by their rules: what is played when, how one ends, and each measure of the score both ways."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path as File

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, message, policy

from bot.scenarios import Unplayable, scenarios, shipped
from core.entering import topic
from core.incident import commands as c
from core.incident.cards import cards
from core.incident.cards.drills import marked, score_document
from core.incident.cards.letters import told_anywhere
from core.incident.deadlines import deadlines
from core.incident.decide.act import Act
from core.incident.decide.declaring import House, Sibling, declare
from core.incident.decide.drills import GAP, listed, wanted
from core.incident.digest import digest
from core.incident.document import plain
from core.incident.drill import Scenario
from core.incident.events import Closed, CloseKind, Declared, Injected, RoleTaken, Told
from core.incident.figures import figures, kept_apart
from core.incident.policy import Policy, Service
from core.incident.postmortem import markdown
from core.incident.public import public
from core.incident.refusals import Refusal
from core.incident.score import MEASURES, UNLED, Finding, score, suggestion
from core.incident.state import Incident
from core.incident.vocabulary import ItemStatus, Path, Role, Severity

MINUTE = timedelta(minutes=1)


def drill(name: str = "checkout", house: Policy | None = None, *, private: bool = False) -> Case:
    declared = wanted(shipped(), c.Drill(scenario=name, private=private))
    return Case(ANN, declared.model_copy(update={"aside": private}), house)


def led(name: str = "checkout") -> Case:
    """Everybody has a role within seconds."""
    case = drill(name)
    for who, role in ((ANN, Role.IC), (MIA, Role.DIAGNOSIS), (JON, Role.UPDATES), (LEAH, Role.RECOVERY)):
        case.does(who, c.Claim(role=role))
    return case


def found(incident: Incident, name: str) -> Finding:
    return dict(score(incident))[name]


def ends(case: Case) -> Case:
    """Lets its time pass, a minute at a time."""
    for _ in range(25):
        case.passes(MINUTE)
    assert case.incident.closed
    return case


def update(case: Case, who: object = JON) -> None:
    case.does(who, c.Draft(impact="some customers cannot pay", next="we look at the release", every=10 * MINUTE))  # type: ignore[arg-type]
    case.does(who, c.Publish())  # type: ignore[arg-type]


def rolls_back(case: Case, who: object = LEAH) -> None:
    case.does(who, c.ChoosePath(path=Path.ROLLBACK, why="release 214 came just before"))  # type: ignore[arg-type]
    case.does(who, c.EndItem(item="R1", status=ItemStatus.DONE))  # type: ignore[arg-type]


# --- what is played ---------------------------------------------------------------------------------------------------


def test_each_inject_comes_once_in_order_and_at_its_minute() -> None:
    case = led()
    happened = [event for _ in range(14) for event in case.passes(MINUTE) if isinstance(event, Injected)]
    assert [one.number for one in happened] == [1, 2, 3, 4, 5, 6, 7]
    assert [one.number for one in case.incident.injected] == [1, 2, 3, 4, 5, 6, 7]


def test_a_rollback_ends_what_it_mends_and_brings_what_follows_from_it() -> None:
    case = led()
    for _ in range(6):
        case.passes(MINUTE)
    rolls_back(case)
    ends(case)
    said = [one.number for one in case.incident.injected]
    assert said == [1, 2, 3, 4, 5, 9, 10]
    assert 8 not in said
    assert 11 not in said


def test_a_fix_that_does_not_help_is_told_so() -> None:
    case = led()
    case.does(LEAH, c.ChoosePath(path=Path.FIX, why="round as before"))
    case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DONE))
    for _ in range(4):
        case.passes(MINUTE)
    assert 11 in [one.number for one in case.incident.injected]


def test_what_is_late_comes_in_order_and_never_in_a_pile() -> None:
    case = led()
    # Tocsin was away for ten minutes: one now, and the next only after a while.
    assert [event.number for event in case.passes(10 * MINUTE) if isinstance(event, Injected)] == [1]
    assert [event.number for event in case.passes(GAP) if isinstance(event, Injected)] == [2]
    assert (
        next(one for one in deadlines(case.incident) if one.key.startswith("inject/")).at
        >= case.incident.injected[-1].at + GAP
    )


def test_an_inject_that_is_not_its_turn_says_nothing() -> None:
    case = led()
    assert case.decides(None, c.SayInject(number=4)) == ()
    ends(case)
    assert case.decides(None, c.SayInject(number=1)) == ()
    real = Case()
    assert real.decides(None, c.SayInject(number=1)) == ()
    assert real.decides(None, c.EndDrill()) == ()
    assert case.decides(None, c.EndDrill()) == ()


# --- how it begins and ends -------------------------------------------------------------------------------------------


def test_its_time_ends_it_on_the_record_whatever_is_open() -> None:
    case = led()
    case.does(MIA, c.AddItem(kind="hypothesis", text="tax rounding"))  # type: ignore[arg-type]
    case.does(MIA, c.Grab(item="H1"))
    ends(case)
    closed = next(one.event for one in case.records if isinstance(one.event, Closed))
    assert closed.how is CloseKind.DRILL
    assert case.incident.closed_at is not None
    assert case.incident.closed_at - case.incident.declared_at >= timedelta(minutes=20)
    assert case.incident.entries[-1].text == "closed: the drill's time was over"
    # The clock ended it, so nobody is named for that, neither who declared it nor who commanded.
    assert case.incident.closed_by is None
    assert case.incident.entries[-1].by is None
    [summary, *_] = (card for card in cards(case.incident) if card.key == "summary")
    said = plain(summary.post.document)
    assert said.startswith("DRILL · Closed: DRILL: Checkout fails after payment · SEV1 · inc 1\n")
    assert "the drill's time was over" in said


def test_a_close_before_its_time_ends_it_and_it_is_not_reopened() -> None:
    case = led()
    case.does(ANN, c.Close(cause="release 214", fixed="rolled back"))
    assert case.incident.closing is not None
    assert case.incident.closing.next == "no postmortem, it was a drill"
    assert case.incident.postmortem is None
    assert not any(one.key.startswith(("inject/", "drill/")) for one in deadlines(case.incident))
    refusal = case.refusal(ANN, c.Reopen(why="it was only the first half of it"))
    assert refusal is not None
    assert refusal.rule == "drill-is-over"
    assert any(card.key == "score" for card in cards(case.incident))


def test_nobody_is_called_in_and_nothing_is_owed() -> None:
    house = policy().model_copy(
        update={"services": (Service(name="checkout", team=(BOB,), rollback_owner=LEAH),), "reachable": (BOB.key,)}
    )
    case = drill(house=house)
    assert case.incident.people == (ANN,)
    assert case.incident.service == "checkout"
    assert case.incident.policy.reachable == ()
    assert not case.incident.open_prompts("page")
    case.does(ANN, c.Claim(role=Role.IC))
    case.does(ANN, c.SetSeverity(severity=Severity.SEV2))
    assert not case.incident.open_prompts("page")
    assert not case.incident.response.status_page
    assert not case.incident.response.postmortem


def test_a_real_alarm_is_never_taken_for_the_drill_that_is_open() -> None:
    case = drill()
    practice = Sibling(1, case.incident.name, case.incident.title, case.incident.declared_at, open=True, drill=True)
    act = Act(BOB, case.now, case.now, policy())
    quote = c.Quote(message=message("alarm"), by=BOB, at=case.now)
    real = declare(
        House(2, (practice,)), c.Declare(title=case.incident.title, quote=quote), act, policy(), case.incident.triage
    )
    assert isinstance(real, tuple)
    assert isinstance(real[0], Declared)
    assert real[0].drill is None
    again = declare(
        House(2, (practice,)), wanted(shipped(), c.Drill(scenario="Checkout")), act, policy(), case.incident.triage
    )
    assert not isinstance(again, tuple)
    assert again.number == 1


def test_it_is_in_no_page_no_figure_and_no_weekly_list() -> None:
    case = led()
    update(case)
    case.does(ANN, c.FollowUp(text="an alert on failing payments", owner=ANN, due=case.now.date() + timedelta(days=3)))
    assert case.incident.updates
    assert case.incident.follow_ups
    assert public(case.incident) is None
    assert kept_apart(figures(case.incident))
    assert not kept_apart(figures(Case().incident))
    assert digest([case.incident], case.now.date(), case.now) is None


def test_every_card_says_that_it_is_a_drill() -> None:
    case = led()
    update(case)
    case.does(BOB, c.Publish())
    ends(case)
    shown = cards(case.incident)
    assert {card.key for card in shown} >= {"board", "notice", "briefing", "inject/1", "update/1", "score", "summary"}
    assert [card.key for card in shown if not plain(card.post.document).startswith("DRILL")] == []
    assert "drill-checkout" in case.incident.name
    assert topic(case.incident) == "DRILL · Incident 1"
    assert topic(Case().incident) == "Incident 1"
    assert "DRILL: " in case.incident.entries[0].text


def test_a_private_one_has_a_code_name_that_says_so() -> None:
    case = drill("credentials-leaked", private=True)
    assert case.incident.private
    assert case.incident.name.startswith("inc-2026-05-02-drill-")
    assert RoleTaken in map(type, (one.event for one in case.records))
    case.does(ANN, c.Claim(role=Role.UPDATES))
    assert all(plain(card.post.document).startswith("DRILL") for card in cards(case.incident))


@pytest.mark.parametrize(
    ("asked", "rule", "says"),
    [
        (c.Drill(scenario="chekout"), "no-such-drill", "Perhaps `drill checkout`?"),
        (c.Drill(scenario="zzzz"), "no-such-drill", "`drill` alone lists them."),
        (c.Drill(scenario="credentials-leaked"), "drill-in-private", "`drill credentials-leaked private`"),
    ],
)
def test_which_drill_is_answered_in_a_line(asked: c.Drill, rule: str, says: str) -> None:
    with pytest.raises(Refusal) as refused:
        wanted(shipped(), asked)
    assert refused.value.rule == rule
    assert says in refused.value.answer


def test_who_names_none_is_told_which_there_are_and_what_to_type() -> None:
    [told] = listed(shipped())
    assert isinstance(told, Told)
    said = plain(told_anywhere(told))
    assert "`drill checkout` Checkout fails after payment" in said
    assert "`drill credentials-leaked private` A key" in said
    assert len(said.splitlines()) == 1 + len(shipped())
    [none] = listed({})
    assert isinstance(none, Told)
    assert plain(told_anywhere(none)).endswith("There is none.")


# --- the score --------------------------------------------------------------------------------------------------------


def test_time_to_owner_is_well_within_two_minutes_and_worse_after() -> None:
    assert not found(ends(led()).incident, "Owner").bad
    late = drill()
    late.passes(6 * MINUTE)
    late.does(ANN, c.Claim(role=Role.IC))
    assert found(ends(late).incident, "Owner").bad > 2
    assert found(ends(drill()).incident, "Owner").words == "nobody took command"


def test_one_writer_is_well_and_two_are_not() -> None:
    case = led()
    assert found(case.incident, "One writer").words == "no update went out"
    update(case)
    one = found(case.incident, "One writer")
    assert (one.words, one.bad, len(one.entries)) == ("updates came from Jon", 0, 1)
    case.does(JON, c.Release(role=Role.UPDATES))
    case.does(BOB, c.Claim(role=Role.UPDATES))
    update(case, BOB)
    two = found(case.incident, "One writer")
    assert (two.words, two.bad, len(two.entries)) == ("updates came from Jon, Bob", 1, 2)


def test_a_decision_is_its_owners_or_is_counted() -> None:
    owned = led()
    assert found(owned.incident, "Decisions").words == "nobody chose a path"
    rolls_back(owned)
    assert (found(owned.incident, "Decisions").words, found(owned.incident, "Decisions").bad) == (
        "1 of 1 by the recovery owner",
        0,
    )
    nobody = drill()
    nobody.does(ANN, c.Claim(role=Role.IC))
    nobody.does(MIA, c.AddNote(text="I am here"))
    rolls_back(nobody, ANN)
    assert found(nobody.incident, "Decisions").bad == 1
    alone = drill()
    alone.does(ANN, c.Claim(role=Role.IC))
    rolls_back(alone, ANN)
    assert not found(alone.incident, "Decisions").bad


def test_a_decision_point_that_nobody_answered_is_named() -> None:
    case = led()
    case.does(LEAH, c.DecideBy(at=case.now + 2 * MINUTE, condition="roll back unless errors fall"))
    ends(case)
    assert "1 not answered at the time" not in found(led().incident, "Decisions").words
    assert found(case.incident, "Decisions").entries


def test_promises_kept_and_broken_are_told_apart() -> None:
    kept = led()
    assert found(kept.incident, "Promises").words == "nothing fell due"
    update(kept)
    kept.passes(5 * MINUTE)
    update(kept)
    assert (found(kept.incident, "Promises").words, found(kept.incident, "Promises").bad) == (
        "1 of 1 updates came when they were promised",
        0,
    )
    broken = led()
    update(broken)
    assert found(ends(broken).incident, "Promises").bad


def test_a_role_that_was_taken_over_counts_and_one_handed_over_does_not() -> None:
    given = led()
    given.does(LEAH, c.HandOff(who=BOB, role=Role.RECOVERY))
    given.does(BOB, c.Confirm(prompt="prompt/handoff-1"))
    assert (found(given.incident, "Hand-offs").words, found(given.incident, "Hand-offs").bad) == ("1 by name", 0)
    taken = led()
    taken.does(BOB, c.TakeOver(role=Role.RECOVERY))
    taken.passes(2 * MINUTE)
    assert BOB.is_(taken.incident.holder(Role.RECOVERY))
    assert (found(taken.incident, "Hand-offs").bad, len(found(taken.incident, "Hand-offs").entries)) == (1, 1)


def test_the_longest_silence_is_between_two_moments() -> None:
    silent = ends(led())
    assert found(silent.incident, "Silence").bad > 3
    assert len(found(silent.incident, "Silence").moments) == 2
    lively = led()
    for _ in range(10):
        lively.passes(2 * MINUTE)
        lively.does(MIA, c.AddNote(text="nothing new in the logs"))
    lively.does(ANN, c.Close(cause="release 214", fixed="rolled back"))
    assert not found(ends(lively).incident, "Silence").bad


def test_late_steps_and_stuck_signs_are_named_with_their_moments() -> None:
    silent = ends(led())
    late, stuck = found(silent.incident, "Checklist"), found(silent.incident, "Stuck signs")
    assert late.bad > 1
    assert "open until the end" in late.words
    assert late.moments
    assert stuck.bad
    assert stuck.moments
    unled = ends(drill()).incident
    assert found(unled, "Checklist") == found(unled, "Stuck signs") == UNLED
    quick = led()
    quick.does(ANN, c.Close(cause="release 214", fixed="rolled back"))
    assert not found(quick.incident, "Checklist").bad
    assert found(quick.incident, "Stuck signs") == Finding("none")


def test_exactly_one_suggestion_is_made_for_the_weakest() -> None:
    for one in MEASURES:
        fake = tuple((each.name, Finding("", 2.0 if each is one else 1.0)) for each in MEASURES)
        assert suggestion(fake) == one.advice
    assert "nothing stood out" in suggestion(tuple((each.name, Finding("")) for each in MEASURES))
    shown = plain(score_document(ends(led()).incident))
    assert sum(one.advice in shown for one in MEASURES) == 1
    assert "Release 214 rounds taxes" in shown
    assert "The cache" in shown or "cache" in shown


def test_what_is_said_after_the_close_changes_no_score() -> None:
    case = ends(led())
    before = score(case.incident)
    case.does(MIA, c.AddNote(text="that was a long day"))
    assert score(case.incident) == before


# --- the scenarios ----------------------------------------------------------------------------------------------------


def test_seven_are_shipped_each_with_a_red_herring_and_an_end() -> None:
    known = shipped()
    assert set(known) == {
        "checkout",
        "bad-deploy",
        "provider-down",
        "database-unreachable",
        "cache-full",
        "certificate-expired",
        "credentials-leaked",
    }
    for one in known.values():
        assert any(inject.herring for inject in one.injects)
        assert {inject.after for inject in one.injects if inject.after} >= set(one.mitigates)
        assert all(inject.minute < 20 for inject in one.injects)


GOOD = 'title = "x"\nseverity = "sev2"\nbriefing = "b"\ntruth = "t"\nmitigates = ["fix"]\n[[injects]]\nminute = 1\nsays = "A"\nwords = "w"\n'


def test_a_house_has_its_own_beside_those_that_are_shipped(tmp_path: File) -> None:
    (tmp_path / "ours.toml").write_text(GOOD)
    known = scenarios(tmp_path, timedelta(minutes=10))
    assert known["ours"] == Scenario.model_validate({**known["ours"].model_dump()})
    assert len(known) == 8
    assert {one.length for one in known.values()} == {timedelta(minutes=10)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("sev2", "sev9"), "severity"),
        ("title = ", "ours.toml"),
        (GOOD + "colour = 1\n", "colour"),
        (GOOD.replace("minute = 1", "minute = -1"), "minute"),
    ],
)
def test_a_scenario_that_is_none_is_said_in_a_line_that_names_its_file(tmp_path: File, text: str, says: str) -> None:
    (tmp_path / "ours.toml").write_text(text)
    with pytest.raises(Unplayable) as wrong:
        scenarios(tmp_path)
    assert "ours.toml" in str(wrong.value)
    assert says in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: File) -> None:
    with pytest.raises(Unplayable, match="there is no folder"):
        scenarios(tmp_path / "none")


def test_a_real_incident_bears_no_mark_and_begins_no_drill() -> None:
    case = Case()
    assert all(marked(case.incident, one) is one for one in cards(case.incident))
    assert not any(plain(one.post.document).startswith("DRILL") for one in cards(case.incident))
    refusal = case.refusal(ANN, c.Drill())
    assert refusal is not None
    assert refusal.rule == "drill-in-triage"


def test_the_postmortem_of_one_that_its_time_ended_says_what_it_was() -> None:
    case = ends(led())
    text = markdown(case.incident)
    assert "DRILL: Checkout fails after payment" in text
    assert "**Cause:** the drill's time was over" in text
