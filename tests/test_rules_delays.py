"""What delayed an incident: found on the record where it is, never guessed, and told in the debrief."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from incidents import ANN, BOB, JON, LEAH, MIA, Case, policy, team
from pushed_clock import START
from test_postmortem_golden import assert_covered

from core.incident import commands as c
from core.incident.cards import cards
from core.incident.delays import Delay, Kind, delays, end_of
from core.incident.document import plain
from core.incident.policy import Policy, Times
from core.incident.vocabulary import ItemKind, ItemStatus, Path, Role

MINUTE = timedelta(minutes=1)
CLOSE = c.Close(cause="tax", fixed="rolled back", next="nothing")


def quiet(**times: object) -> Policy:
    """A house in which silence is no sign, unless asked for."""
    return policy().model_copy(update={"times": Times(**({"quiet_record": timedelta()} | times))})  # type: ignore[arg-type]


def of(case: Case, kind: Kind) -> list[Delay]:
    return [one for one in delays(case.incident) if one.kind is kind]


def lengths(case: Case, kind: Kind) -> list[int]:
    """In whole minutes."""
    return [int(one.lasted(end_of(case.incident)) / MINUTE) for one in of(case, kind)]


def test_a_short_calm_incident_has_none() -> None:
    case = team()
    case.now += 9 * MINUTE
    case.does(ANN, CLOSE)
    assert delays(case.incident) == ()


def test_time_without_a_commander_is_one() -> None:
    case = Case(MIA, house=quiet())
    case.now += 4 * MINUTE
    assert of(case, Kind.COMMAND) == []
    case.does(MIA, c.AddNote(text="still nobody"))
    [still] = of(case, Kind.COMMAND)
    assert still.until is None
    case.does(ANN, c.Claim(role=Role.IC))
    case.now += 5 * MINUTE
    case.does(ANN, c.NoteLeft())
    case.now += 7 * MINUTE
    case.does(BOB, c.Claim(role=Role.IC))
    case.does(BOB, c.Vacate(role=Role.IC))
    case.does(BOB, c.Claim(role=Role.IC))
    assert lengths(case, Kind.COMMAND) == [4, 7]


def test_nobody_waits_for_a_commander_once_users_are_served() -> None:
    case = Case(ANN, house=quiet())
    case.does(ANN, c.Resolve())
    case.does(ANN, c.NoteLeft())
    case.now += 30 * MINUTE
    case.does(MIA, c.CameBack())
    case.now += 3 * MINUTE
    case.does(BOB, c.Claim(role=Role.IC))
    assert lengths(case, Kind.COMMAND) == [3]


def test_silence_longer_than_the_house_allows_is_one() -> None:
    case = team()
    case.now += 11 * MINUTE
    case.does(ANN, c.AddNote(text="a"))
    case.now += 9 * MINUTE
    case.does(ANN, c.AddNote(text="b"))
    case.now += 30 * MINUTE
    case.does(LEAH, c.Resolve())
    case.now += 60 * MINUTE
    case.does(ANN, CLOSE)
    assert lengths(case, Kind.SILENCE) == [11, 30]
    still = team(quiet())
    still.now += 30 * MINUTE
    still.does(ANN, CLOSE)
    assert of(still, Kind.SILENCE) == []


def test_a_promise_that_was_broken_is_one_until_the_update_or_the_close() -> None:
    case = team(quiet())
    for minutes in (4, 9, 4):
        case.does(JON, c.Draft(impact="Some users cannot pay", next="We look", every=5 * MINUTE))
        case.does(JON, c.Publish())
        case.now += minutes * MINUTE
    assert case.incident.promises.broken == 1
    [late] = of(case, Kind.PROMISE)
    assert "came 10:1" in late.text
    case.now += 20 * MINUTE
    case.does(ANN, CLOSE)
    assert case.incident.promises.broken == 2
    assert "did not come" in of(case, Kind.PROMISE)[-1].text
    assert len(of(case, Kind.PROMISE)) == 2


def test_a_withdrawn_update_promises_nothing() -> None:
    case = team(quiet())
    case.does(JON, c.Draft(impact="Some users cannot pay", next="We look", every=5 * MINUTE))
    case.does(JON, c.Publish())
    case.does(JON, c.WithdrawUpdate(why="wrong incident"))
    case.now += 20 * MINUTE
    case.does(ANN, CLOSE)
    assert of(case, Kind.PROMISE) == []


def test_an_item_in_two_hands_and_a_hypothesis_said_twice_are_ones() -> None:
    case = team(quiet())
    case.does(MIA, c.AddItem(kind=ItemKind.HYPOTHESIS, text="the cache evicts sessions"))
    for who in (MIA, MIA, BOB):
        case.does(who, c.Grab(item="H1"))
        case.does(who, c.LetGo(item="H1"))
    case.does(JON, c.AddItem(kind=ItemKind.HYPOTHESIS, text="Cache evicts the sessions?"))
    case.does(JON, c.AddItem(kind=ItemKind.HYPOTHESIS, text="…"))
    case.does(JON, c.AddItem(kind=ItemKind.HYPOTHESIS, text="…!"))
    case.does(ANN, c.EndItem(item="H2", status=ItemStatus.RULED_OUT))
    words = [one.text for one in of(case, Kind.TWICE)]
    assert words == [
        "H1 was in the hands of Mia, then of Bob",
        "H2 says what H1 said: Cache evicts the sessions?",
    ]


def test_a_decision_that_waited_past_its_time_is_one() -> None:
    case = team(quiet())
    case.does(LEAH, c.DecideBy(at=case.now + 5 * MINUTE, condition="roll back if errors stay"))
    case.does(LEAH, c.DecideBy(at=case.now + 30 * MINUTE, condition="fail over"))
    for _ in range(15):
        case.passes(MINUTE)
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK, point="D1"))
    case.does(LEAH, c.WithdrawDecision(point="D2"))
    assert lengths(case, Kind.DECISION) == [10]
    assert of(case, Kind.DECISION)[0].text == (
        "D1 waited past its time, and nobody who was asked had answered: roll back if errors stay"
    )


def test_a_decision_that_is_still_open_waits_until_now() -> None:
    case = team(quiet())
    case.does(LEAH, c.DecideBy(at=case.now + 5 * MINUTE, condition="roll back"))
    case.now += 10 * MINUTE
    case.does(ANN, c.AddNote(text="hm"))
    [one] = of(case, Kind.DECISION)
    assert one.until is None
    assert one.text == "D1 waited past its time: roll back"


def _debrief(case: Case) -> str:
    return next(plain(one.post.document) for one in cards(case.incident) if one.key == "debrief")


def test_the_debrief_says_beneath_each_question_what_the_record_knows() -> None:
    case = Case(MIA)
    case.now += 4 * MINUTE
    case.does(ANN, c.Claim(role=Role.IC))
    case.does(ANN, c.HandOff(role=Role.IC, who=BOB))
    case.does(BOB, c.Confirm(prompt="prompt/handoff-1"))
    case.now += 40 * MINUTE
    case.does(BOB, CLOSE)
    said = _debrief(case).splitlines()
    assert (
        "on the record: nobody was in command for 4 min 2 s, from 10:02 UTC"
        in said[said.index("1. When did everybody know who was in command?") + 1]
    )
    assert "1 hand-off" in said[said.index("2. Which hand-off was unclear?") + 1]
    calm = team()
    calm.does(ANN, CLOSE)
    assert "on the record" not in _debrief(calm)


ACTS = (
    (MIA, c.AddItem(kind=ItemKind.HYPOTHESIS, text="cache")),
    (MIA, c.Grab(item="H1")),
    (BOB, c.Grab(item="H1")),
    (BOB, c.LetGo(item="H1")),
    (MIA, c.EndItem(item="H1", status=ItemStatus.CONFIRMED)),
    (ANN, c.NoteLeft()),
    (BOB, c.Claim(role=Role.IC)),
    (ANN, c.Claim(role=Role.IC)),
    (LEAH, c.ChoosePath(path=Path.FIX, why="patch")),
    (LEAH, c.EndItem(item="R1", status=ItemStatus.DONE)),
    (LEAH, c.Resolve(fixed="x")),
    (ANN, c.CameBack()),
    (LEAH, c.Freeze()),
    (ANN, CLOSE),
    (BOB, CLOSE),
    (ANN, c.Reopen(why="it came back once more")),
    (JON, c.Draft(impact="Some users cannot pay", next="We look", every=5 * MINUTE)),
    (JON, c.Publish()),
    (LEAH, c.DecideBy(at=START + 20 * MINUTE, condition="roll back")),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(ACTS) - 1), st.integers(0, 40)), max_size=25))
def test_durations_add_up(acts: list[tuple[int, int]]) -> None:
    case = team()
    for index, minutes in acts:
        case.passes(minutes * MINUTE)
        case.does(*ACTS[index])
    incident = case.incident
    assert_covered(incident)
    end = end_of(incident)
    whole = end - incident.declared_at
    for kind in (Kind.COMMAND, Kind.SILENCE):
        spent = [one for one in delays(incident) if one.kind is kind]
        assert sum((one.lasted(end) for one in spent), timedelta()) <= whole
        assert all(one.at >= incident.declared_at for one in spent)
