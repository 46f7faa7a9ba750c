"""A wall clock that jumps by an hour changes when things happen, never what: who is asked what, in which order, and the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import count

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, message, team

from core.incident import commands as c
from core.incident.deadlines import deadlines
from core.incident.events import Ask, Asked, Nudged, Objected
from core.incident.policy import Policy, Times
from core.incident.vocabulary import ItemKind, ItemStatus, Path, Person, Phase, Role, Severity

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

UNTIMED = Times(checklist=(timedelta(),) * 5, quiet_record=timedelta(), no_mitigation=timedelta())
"""Without the nudges of which only the last is told when several are late: lateness is what a jump does change."""

Act = tuple[Person, Callable[[Case], c.AnyCommand]]


def _says(by: Person, command: c.AnyCommand) -> Act:
    return by, lambda _: command


def _again(case: Case) -> c.AnyCommand:
    quote = c.Quote(message=message("other"), by=JON, at=case.now)
    return c.AskSameOrNew(title="search is empty", quote=quote)


STORY: tuple[tuple[Act, ...], ...] = (
    (),
    (
        _says(ANN, c.Claim(role=Role.IC)),
        _says(LEAH, c.Claim(role=Role.RECOVERY)),
        _says(LEAH, c.NameBackup(role=Role.RECOVERY, who=BOB)),
        _says(MIA, c.Claim(role=Role.UPDATES)),
        _says(JON, c.TakeOver(role=Role.UPDATES)),
    ),
    ((ANN, lambda case: c.DecideBy(at=case.now + 15 * MINUTE, condition="roll back if errors stay")),),
    (_says(LEAH, c.ChoosePath(path=Path.PAUSE)),),
    (_says(LEAH, c.ChoosePath(path=Path.ROLLBACK)), _says(JON, c.Object(why="it loses orders"))),
    (
        _says(LEAH, c.WatchSignal(signal="errors fall", who=BOB)),
        _says(LEAH, c.EndItem(item="R1", status=ItemStatus.DONE)),
        _says(LEAH, c.EndItem(item="R2", status=ItemStatus.DONE)),
    ),
    (_says(BOB, c.Confirm(prompt="")), (MIA, _again)),
    (_says(ANN, c.Freeze()), _says(ANN, c.Resolve())),
    (_says(ANN, c.Close(cause="release 214", fixed="rolled back")),),
)
"""What is done in one breath, and then everybody is silent for as long as anything is due within hours."""

MOMENTS = 2 * len(STORY)


def _jump(case: Case, jumps: Mapping[int, timedelta], moments: Iterator[int]) -> timedelta:
    jump = jumps.get(next(moments), timedelta())
    case.passes(jump)
    return jump


def _play(jumps: Mapping[int, timedelta]) -> Case:
    """The story, with the clock jumping after a breath (even moments) or after the first deadline since (odd ones)."""
    case, moments = (
        Case(MIA, c.Declare(title="checkout fails", severity=Severity.SEV3), Policy(on_call=(ANN, BOB), times=UNTIMED)),
        count(),
    )
    for breath in STORY:
        for by, command in breath:
            case.does(by, command(case))
        until = case.now + (8 * 24 * HOUR if case.incident.closed else 4 * HOUR)
        until += _jump(case, jumps, moments)
        jumped = False
        while case.now < until:
            due = [one.at for one in deadlines(case.incident) if one.key not in case.spent]
            case.passes(max(min([*due, until]) - case.now, timedelta()))
            if not jumped:
                jumped = True
                until += _jump(case, jumps, moments)
    return case


def _asked(case: Case) -> dict[str, list[object]]:
    """Who was asked what, in order: each kind by itself, since what is late does not wait for the others."""
    asked: dict[str, list[object]] = {}
    for record in case.records:
        match record.event:
            case Asked() as one:
                names = [person.name for person in one.to]
                asked.setdefault(one.ask, []).append((names, one.step, one.point, one.item, one.roles))
            case Nudged() as one:
                asked.setdefault("nudge", []).append((one.to.name, one.row))
            case _:
                pass
    return asked


def _end(case: Case) -> object:
    """The end state, without its times and what was said to whom when."""
    incident = case.incident
    return (
        {role: (holding.holder, holding.backup) for role, holding in incident.roles.items()},
        {item.key: (item.text, item.status, item.result) for item in incident.items.values()},
        {point.key: (point.condition, point.over, point.unanswered) for point in incident.points.values()},
        {prompt.key: prompt.settled for prompt in incident.prompts.values()},
        (incident.phase, incident.locked, incident.frozen is None, incident.fixed, incident.closing),
        incident.signal and (incident.signal.item, incident.signal.seen),
        Counter(entry.kind for entry in incident.entries),
    )


TRUE = _play({})


def test_the_story_asks_all_that_silence_can_be_asked() -> None:
    assert {*_asked(TRUE)} == {
        *(Ask.COMMANDER, Ask.TAKEOVER, Ask.DECISION, Ask.OBJECTION, Ask.WORKED, Ask.SAME, Ask.WATCH, Ask.CLOSE),
        *(Ask.UNFREEZE, "nudge"),
    }
    assert [one.asked.to[0].name for one in TRUE.incident.prompts.values() if one.asked.point == "D1"] == [
        "Leah",
        "Bob",
        "Ann",
    ]
    assert TRUE.incident.phase is Phase.CLOSED
    assert TRUE.incident.locked


ONE = [{moment: jump} for moment in range(MOMENTS) for jump in (HOUR, -HOUR)]
SEVERAL = [
    {moment: HOUR if (moment + odd) % 2 else -HOUR for moment in range(odd, MOMENTS, every)}
    for odd in (0, 1)
    for every in (1, 2, 3)
]


@pytest.mark.parametrize(
    "jumps",
    [*ONE, *SEVERAL],
    ids=lambda jumps: " ".join(f"{at}{'+' if by > timedelta() else '-'}" for at, by in jumps.items()),
)
def test_a_jump_makes_things_late_or_early_and_nothing_else(jumps: Mapping[int, timedelta]) -> None:
    case = _play(jumps)
    assert _asked(case) == _asked(TRUE)
    assert _end(case) == _end(TRUE)


def test_a_vacancy_after_a_jump_back_asks_for_a_commander_anew() -> None:
    case = Case(MIA)
    case.passes(3 * MINUTE)
    case.passes(3 * MINUTE)
    case.does(JON, c.Claim(role=Role.IC))
    case.now -= HOUR
    case.does(JON, c.NoteLeft())
    assert [event for event in case.passes(10 * MINUTE) if isinstance(event, Asked) and event.ask is Ask.COMMANDER]


def _published(case: Case) -> None:
    case.does(ANN, c.Draft(impact="some users cannot pay", next="we roll back", every=15 * MINUTE))
    case.does(ANN, c.Publish())


def test_an_update_after_a_jump_back_keeps_its_promise_and_its_reminders() -> None:
    case = Case()
    case.now -= HOUR
    _published(case)
    promised = case.incident.promised_at
    assert promised is not None
    assert case.incident.update_due == promised
    case.does(ANN, c.CloseFalseAlarm(why="the probe was down"))
    case.does(ANN, c.Reopen(why="payments fail again"))
    assert case.incident.promised_at is None, "a close ends every promise made before it"


def test_the_impact_that_was_said_last_counts() -> None:
    case = Case()
    _published(case)
    case.now -= HOUR
    case.does(ANN, c.SetImpact(text="nobody can pay"))
    assert case.incident.users_see == "nobody can pay"
    _published(case)
    assert case.incident.users_see == "some users cannot pay"


def test_an_update_after_the_resolve_is_not_what_users_saw() -> None:
    case = Case()
    _published(case)
    case.does(ANN, c.Resolve())
    case.now -= HOUR
    case.does(ANN, c.Draft(impact="everybody can pay", next="we watch"))
    case.does(ANN, c.Publish())
    assert case.incident.users_saw == "some users cannot pay"


def test_an_objection_is_to_the_choice_that_was_made_last() -> None:
    case = team()
    case.does(ANN, c.MarkDecision(text="we wait"))
    case.now -= HOUR
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    objected = [event for event in case.does(JON, c.Object(why="it loses orders")) if isinstance(event, Objected)]
    assert case.incident.entries[objected[0].entry - 1].kind == "path_chosen"


def test_a_person_is_called_again_when_the_clock_was_set_back() -> None:
    case = Case()
    case.does(MIA, c.NoteArrival())
    case.passes(58 * MINUTE)
    told = len(case.incident.nudges)
    assert told == 1
    # Back at 10:02; without a new card nobody would be called before 11:05.
    case.now -= 58 * MINUTE
    for text in ("tax rounding", "the tax rounding"):
        case.does(MIA, c.AddItem(kind=ItemKind.HYPOTHESIS, text=text))
    case.passes(MINUTE)
    assert [card.rows[0][0] for card in case.incident.nudges] == ["quiet record", "same twice"]
