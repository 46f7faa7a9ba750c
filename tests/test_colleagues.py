"""The played colleagues of a drill, without a chat: what they do with what they are given, and what they answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incidents import ANN, JON, LEAH, MIA, Case, person, policy

from bot.asked import NATURAL, replies
from bot.colleagues import ANSWERS, SOON, WORK, Duty, duties, spoken_of, words
from bot.scenarios import shipped
from bot.story import CAST
from core.incident import commands as c
from core.incident.decide.drills import wanted
from core.incident.drill import CastLine
from core.incident.events import Ask
from core.incident.policy import Policy, Service
from core.incident.vocabulary import ItemStatus, Path, Person, Phase, Role
from core.incident.wording import findings

PLAYED = ("Mia", "Jon", "Leah", "Bo")
"""Ann is the person who practises."""

BO = person("Bo")
MINUTE = timedelta(minutes=1)
CHECKOUT = shipped()["checkout"]


def drill(*roles: tuple[Person, Role], house: Policy | None = None) -> Case:
    case = Case(ANN, wanted(shipped(), c.Drill(scenario="checkout")), house)
    case.does(ANN, c.Claim(role=Role.IC))
    for who in (MIA, JON, LEAH, BO):
        case.does(who, c.NoteArrival())
    for who, role in roles:
        case.does(who, c.Claim(role=role))
    return case


def owed(case: Case) -> list[Duty]:
    return list(duties(case.incident, CHECKOUT, PLAYED))


def typed(case: Case) -> list[tuple[str, str]]:
    """Who types what of all that is theirs now."""
    return [(one.who, line) for one in owed(case) for line in one.lines]


def said(case: Case, text: str, asker: str = "Ann") -> list[tuple[str, str]]:
    return [(one.who, line) for one in replies(case.incident, text, asker, PLAYED) for line in one.lines]


# --- what Tocsin asks -------------------------------------------------------------------------------------------------


def test_a_page_to_somebody_played_is_acknowledged_after_a_while() -> None:
    case = drill()
    case.does(ANN, c.Page(called=BO, why="we need hands"))
    [duty] = owed(case)
    assert (duty.who, duty.lines, duty.after) == ("Bo", ("/inc yes page-1",), SOON)
    case.does(BO, c.Confirm(prompt="prompt/page-1"))
    assert owed(case) == []


def test_a_call_that_is_handed_over_is_taken_and_command_is_not() -> None:
    case = drill((ANN, Role.RECOVERY))
    case.does(ANN, c.HandOff(who=LEAH, role=Role.RECOVERY))
    assert typed(case) == [("Leah", "/inc yes handoff-1")]
    case.does(ANN, c.HandOff(who=MIA, role=Role.IC))
    assert typed(case)[1:] == [
        ("Mia", "Keep command, please: it is your drill. I take any other call."),
        ("Mia", "/inc no handoff-2"),
    ]


def test_who_is_asked_for_a_call_gives_it() -> None:
    case = drill((LEAH, Role.RECOVERY))
    case.does(ANN, c.TakeOver(role=Role.RECOVERY))
    assert typed(case) == [("Leah", "/inc yes takeover-1")]


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        ("roll back if errors stay above 20 %", Path.ROLLBACK),
        ("ship the fix unless errors fall", Path.FIX),
        ("hold five minutes", Path.PAUSE),
        ("keep digging if nothing is found", Path.DIG),
        ("do we stop it", Path.ROLLBACK),
    ],
)
def test_a_decision_point_is_answered_by_its_played_owner_within_its_first_step(condition: str, path: Path) -> None:
    case = drill((LEAH, Role.RECOVERY))
    case.does(ANN, c.DecideBy(at=case.now + MINUTE, condition=condition))
    assert owed(case) == []
    case.passes(2 * MINUTE)
    [duty] = owed(case)
    assert (duty.who, duty.lines) == ("Leah", (f"/inc path {path}",))
    assert duty.after < timedelta(seconds=60)


def test_who_chose_a_path_goes_it_names_the_signal_and_says_truly_whether_it_helped() -> None:
    for path, helps in ((Path.ROLLBACK, "yes"), (Path.FIX, "no")):
        case = drill((LEAH, Role.RECOVERY))
        case.does(LEAH, c.ChoosePath(path=path))
        assert typed(case) == [("Leah", "/inc grab R1")]
        case.does(LEAH, c.Grab(item="R1"))
        assert typed(case) == [("Leah", "/inc done R1")]
        case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DONE))
        assert typed(case) == [("Leah", "/inc watch what monitoring says 2m")]
        case.does(LEAH, c.WatchSignal(signal="what monitoring says", length=2 * MINUTE))
        case.passes(3 * MINUTE)
        assert typed(case)[-1] == ("Leah", f"/inc {helps} worked-1")


def test_who_has_recovery_asks_for_a_path_when_the_cause_is_known_and_again_when_one_failed() -> None:
    case = drill((LEAH, Role.RECOVERY))
    case.does(MIA, c.AddItem(kind="hypothesis", text="release 214"))  # type: ignore[arg-type]
    assert owed(case) == []
    case.does(MIA, c.EndItem(item="H1", status=ItemStatus.CONFIRMED))
    [(who, words)] = typed(case)
    assert who == "Leah"
    assert "“Leah, roll back”" in words
    case.does(LEAH, c.ChoosePath(path=Path.FIX))
    case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DROPPED))
    assert [words for _, words in typed(case)] == [words.replace("take?", "take now?")]
    case.does(ANN, c.Resolve())
    assert owed(case) == []


def test_where_rolling_back_first_is_the_rule_it_is_followed_and_a_fix_has_its_sentence() -> None:
    house = policy().model_copy(update={"services": (Service(name="checkout", thresholds=("errors above 20 %",)),)})
    case = drill((LEAH, Role.RECOVERY), house=house)
    case.does(MIA, c.RecordChange(what="release 214", at=case.incident.declared_at - 5 * MINUTE))
    case.does(MIA, c.MeetThreshold(threshold="1"))
    assert typed(case) == [("Leah", "/inc path rollback")]
    case.does(LEAH, c.ChoosePath(path=Path.FIX))
    assert ("Leah", "/inc path fix the version before has the same fault") in typed(case)


def test_another_path_than_the_open_one_is_stopped_for_it() -> None:
    case = drill((LEAH, Role.RECOVERY))
    case.does(LEAH, c.ChoosePath(path=Path.FIX))
    case.does(LEAH, c.Grab(item="R1"))
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK, why="Ann said so"))
    assert ("Leah", "/inc yes stop-1") in typed(case)


def test_a_pause_is_left_to_its_end() -> None:
    case = drill((LEAH, Role.RECOVERY))
    case.does(LEAH, c.ChoosePath(path=Path.PAUSE))
    assert owed(case) == []


def test_every_question_is_a_colleagues_or_is_known_to_be_none() -> None:
    """What only a commander, a tie-breaker or the author of an act is asked, and what no drill asks."""
    others = {
        *(Ask.COMMANDER, Ask.CLOSE, Ask.WATCH, Ask.VACANT, Ask.UNANSWERED, Ask.WIDEN, Ask.OBJECTION),
        *(Ask.SAME, Ask.STALE, Ask.UNFREEZE, Ask.SHIFT, Ask.RUNBOOK, Ask.POSTMORTEM),
    }
    assert set(Ask) - set(ANSWERS) == others


# --- what is in their hands -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("is it the deploy of 214", "/inc confirm H1 totals differ by a cent"),
        ("the Cache", "/inc rule-out H1 the hit rate is as yesterday"),
        ("sunspots", "/inc release H1"),
    ],
)
def test_a_hypothesis_in_played_hands_is_looked_at_and_told(text: str, ends: str) -> None:
    case = drill()
    case.does(ANN, c.AddItem(kind="hypothesis", text=text))  # type: ignore[arg-type]
    assert owed(case) == []
    case.does(MIA, c.Grab(item="H1"))
    [duty] = owed(case)
    assert (duty.who, duty.lines[-1], duty.after) == ("Mia", ends, WORK)


def test_an_action_that_somebody_played_is_given_is_done() -> None:
    case = drill()
    case.does(ANN, c.AddItem(kind="action", text="look what went out", who=BO))  # type: ignore[arg-type]
    assert typed(case) == [("Bo", "/inc done A1")]
    case.does(ANN, c.EndItem(item="A1", status=ItemStatus.DONE))
    assert owed(case) == []


def test_what_a_person_holds_is_theirs() -> None:
    case = drill((ANN, Role.RECOVERY))
    case.does(ANN, c.AddItem(kind="action", text="look what went out", who=ANN))  # type: ignore[arg-type]
    case.does(ANN, c.SetImpact(text="some customers cannot pay"))
    case.does(ANN, c.ChoosePath(path=Path.ROLLBACK))
    case.does(ANN, c.DecideBy(at=case.now + MINUTE, condition="roll back"))
    case.passes(5 * MINUTE)
    assert owed(case) == []


def test_what_the_scenario_ends_is_left_to_it_and_what_a_person_said_already_is_not_said_again() -> None:
    line = next(one for one in CHECKOUT.cast if one.types == "/inc hypothesis release 214 rounds taxes otherwise")
    case = drill()
    assert words(case.incident, CHECKOUT, line) == line.types
    case.does(BO, c.AddItem(kind="hypothesis", text="release 214 rounds taxes otherwise"))  # type: ignore[arg-type]
    case.does(BO, c.Grab(item="H1"))
    assert owed(case) == []
    grab = next(one for one in CHECKOUT.cast if one.types.startswith("/inc grab {release"))
    assert words(case.incident, CHECKOUT, grab) == "/inc grab H1"
    before = drill()
    before.does(ANN, c.AddItem(kind="hypothesis", text="tax rounding"))  # type: ignore[arg-type]
    assert words(before.incident, CHECKOUT, line) == ""
    assert words(before.incident, CHECKOUT, grab) == ""
    assert words(before.incident, CHECKOUT, CastLine(minute=1, who="Mia", claims=Role.IC)) == ""


# --- updates ----------------------------------------------------------------------------------------------------------

DRAFT = "/inc update impact=Some customers cannot pay next=We are comparing what changed before it began. every=10m"


def tells(case: Case) -> None:
    case.does(JON, c.Draft(impact="some customers cannot pay", next="we roll back", every=10 * MINUTE))
    case.does(JON, c.Publish())


def test_the_update_owner_tells_what_the_commander_said_that_users_see() -> None:
    case = drill((JON, Role.UPDATES))
    assert owed(case) == []
    case.does(ANN, c.SetImpact(text="some customers cannot pay"))
    assert typed(case) == [("Jon", DRAFT)]
    case.does(JON, c.Draft(impact="some customers cannot pay", next="we roll back", every=10 * MINUTE))
    assert typed(case) == [("Jon", "/inc publish")]
    case.does(JON, c.Publish())
    assert owed(case) == []
    case.does(ANN, c.SetImpact(text="nobody can pay"))
    assert "Nobody can pay" in typed(case)[0][1]


def test_the_update_owner_keeps_the_promise_and_says_that_it_is_over() -> None:
    case = drill((JON, Role.UPDATES), (LEAH, Role.RECOVERY))
    case.does(ANN, c.SetImpact(text="some customers cannot pay"))
    tells(case)
    case.passes(8 * MINUTE)
    assert typed(case) == [("Jon", "/inc unchanged")]
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    case.does(LEAH, c.Grab(item="R1"))
    assert "putting the last good version back" in typed(case)[0][1]
    case.does(JON, c.Draft(impact="some customers cannot pay", next="we roll back", every=10 * MINUTE))
    assert ("Jon", "/inc publish") in typed(case)
    assert len([who for who, _ in typed(case) if who == "Jon"]) == 1
    case.does(JON, c.Publish())
    case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DONE))
    case.does(ANN, c.Resolve())
    assert case.incident.phase is Phase.RESOLVED
    assert typed(case) == [("Jon", "/inc update impact=Everything works again.")]
    case.does(JON, c.Draft(impact="everything works again"))
    case.does(JON, c.Publish())
    assert owed(case) == []


def test_an_update_owner_who_knows_no_impact_asks_for_it() -> None:
    case = drill((JON, Role.UPDATES))
    case.passes(12 * MINUTE)
    [(who, asks)] = typed(case)
    assert (who, "“/inc impact …”" in asks) == ("Jon", True)
    assert "/inc impact" in said(case, "Jon, please write an update")[0][1]


def test_every_update_of_theirs_passes_the_wording_check() -> None:
    for path in (None, *Path):
        case = drill((JON, Role.UPDATES), (LEAH, Role.RECOVERY))
        case.does(ANN, c.SetImpact(text="some customers cannot pay"))
        if path not in (None, Path.DIG):
            case.does(LEAH, c.ChoosePath(path=path))
        fields = next(line for who, line in typed(case) if who == "Jon").removeprefix("/inc update ")
        impact, _, rest = fields.removeprefix("impact=").partition(" next=")
        case.does(JON, c.Draft(impact=impact, next=rest.partition(" every=")[0], every=10 * MINUTE))
        assert case.incident.draft is not None
        assert findings(case.incident, case.incident.draft.wording, case.now) == ()


# --- what they are asked in words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("who takes recovery?", ("Leah", "/inc claim recovery")),
        ("can somebody do diagnosis", ("Mia", "/inc claim diagnosis")),
        ("we need comms", ("Jon", "/inc claim updates")),
        ("Bo, can you take customers?", ("Bo", "/inc claim updates")),
        ("who owns the customer side?", ("Jon", "/inc claim updates")),
        ("Leah, will you own the rollback?", ("Leah", "/inc claim recovery")),
        ("@Mia please take diagnosis", ("Mia", "/inc claim diagnosis")),
        ("bo: scribe, please", ("Bo", "/inc claim scribe")),
        ("Mia, take command", ("Mia", "Ann commands.")),
        ("Mia, take H7", ("Mia", "I see no H7 on the board.")),
        ("Leah, roll back", ("Leah", "/inc path rollback Ann said so")),
        ("Leah, should we roll back?", ("Leah", "That is yours to say. Say so, and I do it.")),
        ("Leah, don't roll back yet", ("Leah", "Understood.")),
        ("Mia, look at the release notes!", ("Mia", "“/inc action look at the release notes @Mia”")),
        ("Mia, how is it going?", ("Mia", "I am free.")),
        ("Jon, tell the customers", ("Jon", "What do users see?")),
    ],
)
def test_who_is_spoken_to_does_it_or_says_whose_it_is(text: str, answer: tuple[str, str]) -> None:
    found = said(drill(), text)
    assert {who for who, _ in found} == {answer[0]}
    assert any(answer[1] in line for _, line in found)


@pytest.mark.parametrize("text", ["thanks Mia", "who is in charge?", "the cache looks well to me", "roll back", "hm"])
def test_what_asks_for_nothing_of_theirs_is_answered_by_nobody(text: str) -> None:
    assert said(drill(), text) == []


def test_what_is_held_is_said() -> None:
    case = drill((LEAH, Role.RECOVERY), (JON, Role.UPDATES))
    case.does(ANN, c.AddItem(kind="hypothesis", text="the cache"))  # type: ignore[arg-type]
    assert said(case, "Mia, take h1") == [("Mia", "/inc grab H1")]
    assert said(case, "can somebody take H1?") == [("Mia", "/inc grab H1")]
    case.does(MIA, c.Grab(item="H1"))
    assert said(case, "who has H1?") == [("Mia", "I am on H1, and say so when I know.")]
    assert said(case, "Mia, how is H1?") == [("Mia", "I am on H1, and say so when I know.")]
    assert said(case, "Bo, take H1") == [("Bo", "Mia has H1.")]
    assert said(case, "Mia, what do you see?") == [("Mia", "I am on H1 (the cache). Nothing sure yet.")]
    case.does(MIA, c.EndItem(item="H1", status=ItemStatus.RULED_OUT))
    assert said(case, "Mia, look at H1") == [("Mia", "H1 is over: ruled out.")]
    assert said(case, "Bo, take recovery") == [("Bo", "Leah has recovery.")]
    assert said(case, "Leah, take recovery") == [("Leah", "I have recovery.")]
    assert said(case, "Bo, roll back") == [("Bo", "Leah has recovery.")]
    assert said(case, "Bo, write an update") == [("Bo", "Jon writes the updates.")]
    assert said(case, "Leah, all well?") == [("Leah", "I have recovery, and both hands free. What do you need?")]


def test_a_third_call_is_not_taken() -> None:
    case = drill((LEAH, Role.RECOVERY), (LEAH, Role.UPDATES))
    assert said(case, "Leah, take diagnosis") == [("Leah", "I have two calls. Who else can take diagnosis?")]


def test_a_path_is_gone_when_the_commander_says_so_and_at_no_other_word() -> None:
    case = drill((LEAH, Role.RECOVERY))
    for text in ("roll back", "ok, let's roll back now", "please revert it"):
        assert said(case, text) == [("Leah", "/inc path rollback Ann said so")]
    assert said(case, "a rollback would lose orders") == []
    assert said(case, "Leah, roll back", "Zoe") == [("Leah", "Ann commands. I do it when Ann says so.")]
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    assert said(case, "Leah, roll back") == [("Leah", "R1 is under way.")]
    nobody = Case(ANN, wanted(shipped(), c.Drill(scenario="checkout")))
    assert said(nobody, "Leah, roll back") == [("Leah", "Who commands? 🧭 on the board, and I do as you say.")]
    assert said(nobody, "Leah, take command") == [("Leah", "Command is for you: 🧭 on the board.")]


def test_an_update_is_written_when_it_is_asked_for() -> None:
    case = drill((JON, Role.UPDATES))
    case.does(ANN, c.SetImpact(text="some customers cannot pay"))
    assert said(case, "send an update please") == [("Jon", DRAFT)]
    case.does(JON, c.Draft(impact="some customers cannot pay", next="we roll back", every=10 * MINUTE))
    assert said(case, "Jon, publish the update") == [("Jon", "/inc publish")]


def test_words_that_speak_against_a_path_do_not_name_it() -> None:
    assert spoken_of("do not roll back, ship the fix") is Path.FIX
    assert spoken_of("never roll back") is None
    assert spoken_of("roll back or ship the fix?") is Path.ROLLBACK


def test_the_names_are_the_casts_and_what_each_scenario_has_them_do_can_be_read() -> None:
    assert set(NATURAL.values()) < set(CAST)
    for scenario in shipped().values():
        assert {one.who for one in scenario.cast} <= set(CAST)
        assert any(one.right for one in scenario.clues)
        assert any(not one.right for one in scenario.clues)
