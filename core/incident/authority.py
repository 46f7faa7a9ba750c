"""Who may give which command: `AUTHORITY`, a row for every command, checked when the act is carried out.

Source: spec, section 3 ("who may do what"). A backup may do what the holder may; a call that nobody holds is the
commander's. What depends on more than a role (the holder's own hand-off, the author's own entry) is checked where it is
decided, and its row says `RESPONDER` here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.incident import commands as c
from core.incident import refusals
from core.incident.state import Incident
from core.incident.vocabulary import Person, Role


@dataclass(frozen=True, slots=True)
class Right:
    """`roles` of whom any may do `act`; none means any responder. `tocsin` marks what only the clock or a chat does.

    `tie`: the tie-breaker may, too, when asked.
    """

    act: str
    roles: tuple[Role, ...] = ()
    tocsin: bool = False
    tie: bool = False
    outward: bool = False
    after_close: bool = False


def _anyone(act: str, *, after_close: bool = False, outward: bool = False) -> Right:
    return Right(act, (), outward=outward, after_close=after_close)


def _tocsin(act: str) -> Right:
    return Right(act, tocsin=True, after_close=True)


AUTHORITY: dict[type[c.Command], Right] = {
    c.Declare: _anyone("declare", after_close=True),
    c.Join: _anyone("join", after_close=True),
    c.AskSameOrNew: _anyone("declare", after_close=True),
    c.SettleSameOrNew: _anyone("say whether it is the same", after_close=True),
    c.Invite: _anyone("invite", after_close=True),
    c.Uninvite: Right("put somebody out", (Role.IC,), after_close=True),
    c.Drill: _anyone("drill", after_close=True),
    c.SayInject: _tocsin("say what a drill plays"),
    c.EndDrill: _tocsin("end a drill"),
    c.SetSeverity: Right("set the severity", (Role.IC,)),
    c.SetPhase: Right("set the phase", (Role.IC,)),
    c.SetImpact: Right("state the impact", (Role.IC, Role.DIAGNOSIS, Role.UPDATES)),
    c.AddNote: _anyone("note", after_close=True),
    c.RecordChange: _anyone("record a change"),
    c.Show: _anyone("look", after_close=True),
    c.Amend: _anyone("correct an entry", after_close=True),
    c.WithdrawEntry: _anyone("take back an entry", after_close=True),
    c.EditSource: _anyone("edit a message", after_close=True),
    c.DeleteSource: _anyone("delete a message", after_close=True),
    c.HideEntry: _anyone("leave an entry out of the postmortem", after_close=True),
    c.GiveEvidence: _anyone("write in an item's thread", after_close=True),
    c.FollowUp: _anyone("add a follow-up", after_close=True),
    c.MoveFollowUp: _anyone("move a follow-up", after_close=True),
    c.EndFollowUp: _anyone("say how a follow-up ended", after_close=True),
    c.AskPostmortem: _anyone("ask for the postmortem", after_close=True),
    c.PublishPostmortem: _anyone("say that the postmortem is out", after_close=True),
    c.WaivePostmortem: _anyone("say that there will be no postmortem", after_close=True),
    c.Debrief: _anyone("choose the debrief's change", after_close=True),
    c.Claim: _anyone("claim a role that nobody holds"),
    c.Release: _anyone("let go of one's own role"),
    c.Assign: Right("assign a role", (Role.IC,)),
    c.Vacate: Right("vacate a role", (Role.IC,)),
    c.ShowRunbook: _anyone("look into a runbook", after_close=True),
    c.TurnPage: _anyone("look into a runbook", after_close=True),
    c.TakeStep: _anyone("add an action"),
    c.ShowOnCall: _anyone("ask who is on call", after_close=True),
    c.Cover: _anyone("cover", after_close=True),
    c.EndCover: _tocsin("end a cover"),
    c.OfferShift: _tocsin("offer a hand-over"),
    c.NameBackup: _anyone("name one's own backup"),
    c.HandOff: _anyone("hand off one's own roles"),
    c.TakeOver: _anyone("take over a role"),
    c.PassRole: _tocsin("pass a role whose holder is silent"),
    c.AddItem: _anyone("add a hypothesis or an action"),
    c.Grab: _anyone("grab an item"),
    c.LetGo: _anyone("let go of one's own item"),
    c.EndItem: _anyone("say how an item ended"),
    c.MarkDecision: _anyone("mark a decision", after_close=True),
    c.DecideBy: Right("set a decision point", (Role.IC, Role.DIAGNOSIS, Role.RECOVERY)),
    c.MoveDecision: Right("move a decision point", (Role.IC, Role.DIAGNOSIS, Role.RECOVERY)),
    c.WithdrawDecision: Right("withdraw a decision point", (Role.IC, Role.DIAGNOSIS, Role.RECOVERY)),
    c.ChoosePath: Right("choose the path", (Role.RECOVERY,), tie=True, outward=True),
    c.AnswerDecision: Right("decide that", (Role.RECOVERY,), tie=True, outward=True),
    c.WatchSignal: _anyone("say which signal is watched"),
    c.Object: Right("object to a choice", tuple(Role), tie=True),
    c.MeetThreshold: _anyone("say that a threshold is met"),
    c.UnmeetThreshold: _anyone("take back that a threshold is met"),
    c.Freeze: Right("freeze changes", (Role.IC, Role.RECOVERY)),
    c.Unfreeze: Right("lift the freeze", (Role.IC, Role.RECOVERY), after_close=True),
    c.AskAboutFreeze: _tocsin("ask about a freeze"),
    c.AskUnfreeze: Right("lift the freeze", (Role.IC, Role.RECOVERY), after_close=True),
    c.Draft: _anyone("draft an update"),
    c.Publish: Right("publish an update", (Role.UPDATES,), outward=True),
    c.Discard: Right("discard the draft", (Role.UPDATES,)),
    c.PublishUnchanged: Right("publish an update", (Role.UPDATES,), outward=True),
    c.CorrectUpdate: Right("correct an update", (Role.UPDATES,), outward=True, after_close=True),
    c.WithdrawUpdate: Right("withdraw an update", (Role.UPDATES,), outward=True, after_close=True),
    c.Snooze: Right("put the reminders off", (Role.UPDATES,)),
    c.Resolve: Right("resolve", (Role.IC, Role.RECOVERY)),
    c.CameBack: _anyone("say that it came back"),
    c.Close: Right("close", (Role.IC,), outward=True, after_close=True),
    c.CloseFalseAlarm: Right("close", (Role.IC,), outward=True, after_close=True),
    c.CloseDuplicate: Right("close", (Role.IC,), outward=True, after_close=True),
    c.Reopen: _anyone("reopen", after_close=True),
    c.Confirm: _anyone("answer what was asked of one", after_close=True),
    c.Decline: _anyone("answer what was asked of one", after_close=True),
    c.Page: _anyone("page somebody", outward=True),
    c.Widen: _anyone("widen the circle", outward=True),
    c.EscalatePage: _tocsin("call the next"),
    c.OfferWidening: _tocsin("offer to widen the circle"),
    c.NotePageTried: _tocsin("note a call"),
    c.KeepClaim: _anyone("take back a reaction", after_close=True),
    c.NoteTakenBack: _anyone("take back a reaction", after_close=True),
    c.AskForCommander: _tocsin("ask for a commander"),
    c.AskDecision: _tocsin("ask for a decision"),
    c.EndPause: _tocsin("end a pause"),
    c.AskWhetherItWorked: _tocsin("ask whether it worked"),
    c.LetItStand: _tocsin("let a choice stand"),
    c.Nudge: _tocsin("nudge"),
    c.RemindUpdate: _tocsin("remind of an update"),
    c.AskToClose: _tocsin("ask to close"),
    c.RemindPostmortem: _tocsin("remind of the postmortem"),
    c.PostDigest: _tocsin("post the weekly list"),
    c.HearAlerts: _tocsin("hear of alerts"),
    c.DeclareAlert: _tocsin("declare by a rule"),
    c.EndAlerts: _tocsin("end an episode of alerts"),
    c.NoteAlert: _tocsin("note how the alerts stand"),
    c.LockChannel: _tocsin("lock the channel"),
    c.NoteAudiences: _tocsin("note the audiences"),
    c.NoteChannel: _tocsin("note the channel"),
    c.LoseChannel: _tocsin("note that the channel is gone"),
    c.NoteDelivery: _tocsin("note a delivery"),
    c.NoteMissingRight: _tocsin("note a missing right"),
    c.NoteRightGiven: _tocsin("note a right that is there again"),
    c.NoteRemade: _tocsin("note what was made again"),
    c.NoteArrival: _anyone("be there", after_close=True),
    c.NoteLeft: _anyone("leave", after_close=True),
    c.Misread: _anyone("be understood", after_close=True),
    c.DenyStranger: _anyone("ask", after_close=True),
}


def permit(incident: Incident, command: c.AnyCommand, by: Person | None) -> None:
    """Raises the `Refusal` that says who may, unless `by` may give the command now."""
    right = AUTHORITY[type(command)]
    if right.tocsin or by is None:
        return
    asked = right.tie and incident.breaks_tie(by)
    if right.roles and not asked and not any(incident.may(by, role) for role in right.roles):
        raise refusals.not_yours(
            right.act, holders(incident, right.roles), _titles(right.roles), _way_in(incident, right)
        )
    if incident.closed and not right.after_close:
        raise refusals.closed_already()


def holders(incident: Incident, roles: Sequence[Role]) -> tuple[Person, ...]:
    """Who may now: the holder of each role, or whoever has its call while nobody does; each person once."""
    people: list[Person] = []
    for role in roles:
        first = incident.deciders(role)[:1]
        people += [person for person in first if not any(person.is_(known) for known in people)]
    return tuple(people)


def precedence(incident: Incident | None, person: Person) -> int:
    """Whose claim goes first where nobody can tell who was: on call, then who declared, then the rest (spec, section 3)."""
    first = (*incident.policy.on_call, incident.declared_by) if incident is not None else ()
    return next((at for at, each in enumerate(first) if each.is_(person)), len(first))


def _titles(roles: Sequence[Role]) -> str:
    return " or ".join(role.title for role in roles)


def _way_in(incident: Incident, right: Right) -> str:
    role = right.roles[-1]
    holder = incident.holder(role)
    if holder is None:
        return f"`claim {role}` takes it."
    return f"Or `takeover {role}`: {holder.name} is asked first."
