"""Who may do what: every command of `AUTHORITY`, given by every kind of person in one and the same incident (spec, 3)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, message, person

from core.incident import commands as c
from core.incident.authority import AUTHORITY
from core.incident.runbook import Page, Runbook, RunbookLine, Shelf
from core.incident.vocabulary import ChannelRef, ItemKind, ItemStatus, Path, Person, Phase, Role, Severity

ROOM = ChannelRef(transport="sandbox", id="elsewhere")

KIM, SAM, PIP, ZOE = (person(name) for name in ("Kim", "Sam", "Pip", "Zoe"))
KINDS: dict[str, Person] = {
    "commander": ANN,
    "commander's backup": BOB,
    "diagnosis": MIA,
    "updates": JON,
    "updates' backup": KIM,
    "recovery": LEAH,
    "recovery's backup": SAM,
    "scribe": PIP,
    "responder": ZOE,
}
"""One person of every kind."""

ALL = frozenset(KINDS)
COMMAND = frozenset({"commander", "commander's backup"})
UPDATES = frozenset({"updates", "updates' backup"})
RECOVERY = frozenset({"recovery", "recovery's backup"})


BOOK = Runbook(
    name="checkout",
    title="Checkout",
    digest="x",
    pages=(Page(heading="Fix", lines=(RunbookLine(text="roll back", step=1),)),),
)


def scene() -> Case:
    """All roles held, with backups, and one of everything that an act can be about."""
    case = Case()
    for role, who in ((Role.DIAGNOSIS, MIA), (Role.UPDATES, JON), (Role.RECOVERY, LEAH), (Role.SCRIBE, PIP)):
        case.does(who, c.Claim(role=role))
    for role, who in ((Role.IC, BOB), (Role.UPDATES, KIM), (Role.RECOVERY, SAM)):
        case.does(ANN, c.NameBackup(role=role, who=who))
    case.shelf = Shelf((BOOK,))
    case.does(ZOE, c.ShowRunbook(name="checkout"))
    case.does(ZOE, c.AddItem(kind=ItemKind.HYPOTHESIS, text="cache"))
    case.does(ZOE, c.AddNote(text="errors began", quote=c.Quote(message=message("pinned"), by=ZOE, at=case.now)))
    case.does(JON, c.Draft(impact="some users cannot pay"))
    case.does(JON, c.Publish())
    case.does(JON, c.Draft(impact="nobody can pay"))
    case.does(LEAH, c.Freeze())
    case.does(ANN, c.MarkDecision(text="we wait for the provider"))
    case.does(MIA, c.DecideBy(at=case.now + timedelta(hours=1), condition="roll back"))
    case.does(LEAH, c.ChoosePath(path=Path.PAUSE))
    case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DONE))
    case.does(MIA, c.DecideBy(at=case.now + timedelta(hours=1), condition="roll back after all"))
    case.does(None, c.AskDecision(point="D2"))
    return case


QUOTE = c.Quote(message=message("other"), by=ZOE, at=scene().now)

TABLE: tuple[tuple[c.AnyCommand, frozenset[str]], ...] = (
    (c.Join(), ALL),
    (c.Invite(who=person("Ivy")), ALL),
    (c.AskSameOrNew(title="search is empty", quote=QUOTE), ALL),
    (c.SettleSameOrNew(ask=1, new=False), ALL),
    (c.SetSeverity(severity=Severity.SEV1), COMMAND),
    (c.SetPhase(phase=Phase.IDENTIFIED), COMMAND),
    (c.SetPhase(phase=Phase.RESOLVED), COMMAND | RECOVERY),
    (c.SetPhase(phase=Phase.CLOSED), frozenset()),
    (c.SetImpact(text="nobody can pay"), COMMAND | UPDATES | {"diagnosis"}),
    (c.AddNote(text="x"), ALL),
    (c.RecordChange(what="release 214"), ALL),
    (c.Show(what="board"), ALL),
    (c.Amend(entry=1, text="x"), COMMAND | {"scribe"}),
    (c.HideEntry(entry=1, hidden=True), COMMAND | {"scribe"}),
    (c.GiveEvidence(item="H1", text="x", quote=QUOTE), ALL),
    (c.FollowUp(text="alert", owner=ZOE, due=date(2027, 5, 1)), ALL),
    (c.WithdrawEntry(message=message("pinned"), kind="noted"), ALL),
    (c.EditSource(message=message("pinned"), text="y"), ALL),
    (c.DeleteSource(message=message("pinned")), ALL),
    (c.Claim(role=Role.SCRIBE), frozenset({"scribe"})),
    (c.Release(role=Role.DIAGNOSIS), frozenset({"diagnosis"})),
    (c.Assign(role=Role.SCRIBE, who=ZOE), COMMAND),
    (c.Vacate(role=Role.SCRIBE), COMMAND),
    (c.NameBackup(role=Role.DIAGNOSIS, who=ZOE), COMMAND | {"diagnosis"}),
    (c.HandOff(who=BOB, role=Role.DIAGNOSIS), frozenset({"diagnosis"})),
    (c.TakeOver(role=Role.SCRIBE), ALL),
    (c.ShowOnCall(), ALL),
    (c.ShowRunbook(name="checkout"), ALL),
    (c.TurnPage(card="runbook/1"), ALL),
    (c.TakeStep(step=1), ALL),
    (c.Cover(who=person("Max")), ALL),
    (c.AddItem(kind=ItemKind.ACTION, text="call them"), ALL),
    (c.Grab(item="H1"), ALL),
    (c.LetGo(item="H1"), ALL),
    (c.EndItem(item="H1", status=ItemStatus.DONE), ALL),
    (c.MarkDecision(text="roll back"), ALL),
    (c.ChoosePath(path=Path.ROLLBACK), RECOVERY),
    (c.DecideBy(at=scene().now + timedelta(hours=2), condition="fail over"), COMMAND | {"diagnosis"} | RECOVERY),
    (c.MoveDecision(at=scene().now + timedelta(hours=2)), COMMAND | {"diagnosis"} | RECOVERY),
    (c.WithdrawDecision(), COMMAND | {"diagnosis"} | RECOVERY),
    (c.AnswerDecision(prompt="prompt/decision-1", path=Path.ROLLBACK), RECOVERY),
    (c.Object(why="we lose orders"), ALL - {"recovery", "responder"}),
    (c.NoteArrival(), ALL),
    (c.NoteLeft(), ALL),
    (c.Freeze(), COMMAND | RECOVERY),
    (c.Unfreeze(), COMMAND | RECOVERY),
    (c.AskUnfreeze(), COMMAND | RECOVERY),
    (c.Draft(impact="few can pay"), UPDATES),
    (c.Publish(), UPDATES),
    (c.Discard(), UPDATES),
    (c.PublishUnchanged(), UPDATES),
    (c.CorrectUpdate(impact="few can pay"), UPDATES),
    (c.WithdrawUpdate(why="wrong"), UPDATES),
    (c.Snooze(length=timedelta(minutes=28)), UPDATES),
    (c.Resolve(), COMMAND | RECOVERY),
    (c.CameBack(), ALL),
    (c.Close(cause="x", fixed="y"), COMMAND),
    (c.CloseFalseAlarm(why="x"), COMMAND),
    (c.CloseDuplicate(of=2), COMMAND),
    (c.NoteTakenBack(), ALL),
    (c.Page(called="oncall"), ALL),
    (c.Widen(), ALL),
)

NAMES = [repr(command)[:60] for command, _ in TABLE]

ELSEWHERE = (
    # Turned down for everyone in an open incident, or the clock's and the chat's own: the tests below.
    *(c.Declare, c.Reopen, c.Confirm, c.KeepClaim, c.Misread, c.DenyStranger),
    *(c.Decline, c.WatchSignal, c.MeetThreshold, c.UnmeetThreshold),
    *(c.SayInject, c.EndDrill),
    *(c.AskDecision, c.EndPause, c.AskWhetherItWorked, c.LetItStand, c.Nudge),
    *(
        c.PassRole,
        c.EndCover,
        c.OfferShift,
        c.AskForCommander,
        c.AskAboutFreeze,
        c.RemindUpdate,
        c.AskToClose,
        c.LockChannel,
    ),
    *(c.NoteChannel, c.LoseChannel, c.NoteDelivery, c.NoteMissingRight, c.NoteRightGiven, c.NoteRemade),
    # Of a private incident alone: `test_rules_private.py`.
    c.Uninvite,
    # Of triage alone: `test_scenarios_drills.py`.
    c.Drill,
    *(c.NoteAudiences, c.RemindPostmortem, c.PostDigest),
    *(c.EscalatePage, c.OfferWidening, c.NotePageTried),
    *(c.HearAlerts, c.DeclareAlert, c.EndAlerts, c.NoteAlert),
    # Only after the close, or where there is one already.
    *(c.MoveFollowUp, c.EndFollowUp, c.AskPostmortem, c.PublishPostmortem, c.WaivePostmortem, c.Debrief),
)


def test_every_command_has_its_row_and_its_case() -> None:
    assert set(AUTHORITY) == set(get_args(c.AnyCommand))
    assert {type(command) for command, _ in TABLE} | set(ELSEWHERE) == set(AUTHORITY)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(("command", "allowed"), TABLE, ids=NAMES)
def test_who_may(command: c.AnyCommand, allowed: frozenset[str], kind: str) -> None:
    refusal = scene().refusal(KINDS[kind], command)
    if kind in allowed:
        assert refusal is None
        return
    assert refusal is not None
    if refusal.rule in ("close-needs", "to-yourself"):
        assert kind in COMMAND or refusal.rule == "to-yourself"
        return
    assert refusal.rule in ("not-your-call", "not-held", "one-holder")
    named = [who.name for who in KINDS.values() if who.name in refusal.answer]
    assert named or "`" in refusal.answer, f"says neither whom to ask nor what to type: {refusal.answer}"
    assert KINDS[kind].name not in named


@pytest.mark.parametrize("role", [Role.DIAGNOSIS, Role.UPDATES, Role.RECOVERY, Role.SCRIBE])
def test_a_call_that_nobody_holds_is_the_commanders(role: Role) -> None:
    case = Case()
    assert case.incident.deciders(role) == (ANN,)
    for command in (c.SetImpact(text="x"), c.ChoosePath(path=Path.DIG), c.Freeze(), c.Resolve(), c.Draft(impact="x")):
        assert case.refusal(ANN, command) is None
    assert case.refusal(ZOE, c.Draft(impact="x")) is None, "while there is no update owner anyone drafts"
    refusal = case.refusal(ZOE, c.Publish())
    assert refusal is not None
    assert refusal.answer.endswith("please ask Ann. `claim updates` takes it.")


@pytest.mark.parametrize(("command", "allowed"), TABLE, ids=NAMES)
def test_after_the_close_only_the_record_goes_on(command: c.AnyCommand, allowed: frozenset[str]) -> None:
    case = scene()
    case.does(ANN, c.Close(cause="x", fixed="y"))
    case.does(ANN, c.Close(cause="x", fixed="y"))
    assert case.incident.closed
    for kind in sorted(allowed):
        refusal = case.refusal(KINDS[kind], command)
        # The close has settled every question, and who answers one late is not told off.
        if AUTHORITY[type(command)].after_close or isinstance(command, c.SetPhase | c.AnswerDecision):
            assert refusal is None or refusal.rule in ("one-holder", "closed")
        else:
            assert refusal is not None
            assert refusal.rule == "closed"
            assert "`reopen WHY`" in refusal.answer


def test_what_only_the_clock_and_the_chats_do_is_checked_for_nobody() -> None:
    for command, right in AUTHORITY.items():
        assert not (right.tocsin and right.roles), command


def test_strangers_and_misread_words_are_turned_down_always() -> None:
    case = Case()
    stranger, misread = case.refusal(ZOE, c.DenyStranger(wanted="Claim")), case.refusal(ZOE, c.Misread(answer="what?"))
    assert stranger is not None
    assert stranger.answer == "Only responders may do that. Please ask Ann."
    assert misread is not None
    assert misread.answer == "what?"


def test_a_call_that_nobody_holds_is_answered_with_the_way_to_it() -> None:
    case = Case()
    case.does(ANN, c.NoteLeft())
    refusal = case.refusal(MIA, c.SetSeverity(severity=Severity.SEV1))
    assert refusal is not None
    assert "`claim ic` takes" in refusal.answer
