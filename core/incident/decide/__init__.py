"""Command + incident + time → events: the one place where it is decided what comes of an act.

`decide` is pure: it reads the incident, returns the events, or raises the `Refusal` that answers the person. No events
means that it was so already. A file for each subject; here is only who decides what.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from core.incident import authority, deliveries, nudges, refusals
from core.incident import commands as c
from core.incident.decide import (
    alerts,
    asking,
    calls,
    closing,
    covering,
    declaring,
    drills,
    followups,
    items,
    paging,
    path,
    people,
    points,
    postmortem,
    record,
    reminders,
    roles,
    runbooks,
    thresholds,
    tie,
    updates,
)
from core.incident.decide.act import Act, Events, answered
from core.incident.decide.declaring import Elsewhere, House, Sibling, declare
from core.incident.events import (
    ChannelGone,
    ChannelLocked,
    ChannelOpened,
    DeliveryNoted,
    Nudged,
    Remade,
    RightGiven,
    RightMissing,
    Told,
)
from core.incident.state import Incident
from core.incident.vocabulary import Phase, Role

__all__ = ["Act", "Elsewhere", "Events", "House", "Sibling", "decide", "declare"]


def decide(incident: Incident, command: c.AnyCommand, act: Act) -> Events:
    """What comes of a command. Raises `Refusal`."""
    if people.is_outsider(incident, act.by) and (events := people.turned_away(command)) is not None:
        return events
    command = _plain(command)
    if _settled(incident, command):
        return ()
    authority.permit(incident, command, act.by)
    right = authority.AUTHORITY[type(command)]
    if (
        right.outward
        and act.by is not None
        and act.stale(incident.policy.times.stale_act)
        and not _stays_inside(incident, command)
    ):
        return asking.ask_again(incident, command, act)
    events = _decide(incident, command, act)
    if events:
        events = (*events, *people.brought_in(incident, command))
    return events if isinstance(command, NO_ANSWER) else (*events, *paging.answered_by_acting(incident, act))


NO_ANSWER = (c.Confirm, c.Decline, c.NoteLeft, c.EditSource, c.DeleteSource, c.Join)
"""What is no sign that somebody is there, or says itself what it is to a page."""


def _plain(command: c.AnyCommand) -> c.AnyCommand:
    """`status resolved` and `status closed` are the commands of those names."""
    match command:
        case c.SetPhase(phase=Phase.RESOLVED):
            return c.Resolve(fixed=command.why)
        case c.SetPhase(phase=Phase.CLOSED):
            return c.Close(cause=command.why)
        case _:
            return command


def _settled(incident: Incident, command: c.AnyCommand) -> bool:
    """A choice on a card that somebody has answered: decided is decided, and whoever was slower is not told off."""
    if not isinstance(command, c.AnswerDecision):
        return False
    prompt = incident.prompts.get(command.prompt)
    return prompt is None or bool(prompt.settled)


def _stays_inside(incident: Incident, command: c.AnyCommand) -> bool:
    """Closing what is closed needs no second question, and of the paths only an answer to a decision point does."""
    match command:
        case c.Close() | c.CloseFalseAlarm() | c.CloseDuplicate():
            return incident.closed
        case c.ChoosePath():
            return path.answered(incident, command) is None
        case _:
            return False


def _decide(incident: Incident, command: c.AnyCommand, act: Act) -> Events:
    match command:
        case c.Declare():
            raise refusals.private_in_public() if command.private else refusals.already_here(incident.name)
        case c.Drill():
            raise refusals.drill_in_triage()
        case c.SayInject():
            return drills.say(incident, command)
        case c.EndDrill():
            return closing.end_drill(incident)
        case c.Invite():
            return people.invite(incident, command, act)
        case c.Uninvite():
            return people.uninvite(incident, command)
        case c.Join():
            return declaring.join(incident, command, act)
        case c.AskSameOrNew():
            return declaring.ask_same_or_new(incident, command, act)
        case c.SettleSameOrNew():
            return declaring.settle_same_or_new(incident, command)
        case c.SetSeverity():
            return closing.set_severity(incident, command, act)
        case c.SetPhase():
            return closing.set_phase(incident, command, act)
        case c.SetImpact():
            return record.set_impact(incident, command)
        case c.AddNote():
            return record.add_note(incident, command, act)
        case c.RecordChange():
            return record.record_change(incident, command, act)
        case c.Show():
            return (Told(what=command.what, topic=command.topic),)
        case c.Amend():
            return record.amend(incident, command, act)
        case c.HideEntry():
            return record.hide(incident, command, act)
        case c.GiveEvidence():
            return record.give_evidence(incident, command)
        case c.FollowUp():
            return followups.add(incident, command, act)
        case c.MoveFollowUp():
            return followups.move(incident, command, act)
        case c.EndFollowUp():
            return followups.end(incident, command, act)
        case c.AskPostmortem():
            return postmortem.ask(incident, command, act)
        case c.PublishPostmortem():
            return postmortem.publish(incident, command, act)
        case c.WaivePostmortem():
            return postmortem.waive(incident, command, act)
        case c.Debrief():
            return postmortem.debrief(incident, command)
        case c.RemindPostmortem():
            return postmortem.remind(incident, command, act)
        case c.PostDigest() | c.HearAlerts() | c.DeclareAlert() | c.EndAlerts():
            # The house's own: `core.incident.digest` makes the list, `core.alarms` hears of alerts.
            return ()
        case c.NoteAlert():
            return alerts.note(incident, command)
        case c.WithdrawEntry():
            return record.withdraw_entry(incident, command, act)
        case c.EditSource():
            return record.edit_source(incident, command)
        case c.DeleteSource():
            return record.delete_source(incident, command)
        case c.Claim():
            return roles.claim(incident, command, act)
        case c.Release():
            return roles.release(incident, command, act)
        case c.Assign():
            return roles.assign(incident, command, act)
        case c.Vacate():
            return roles.vacate(incident, command)
        case c.NameBackup():
            return roles.name_backup(incident, command, act)
        case c.HandOff():
            return roles.hand_off(incident, command, act)
        case c.TakeOver():
            return roles.take_over(incident, command, act)
        case c.ShowRunbook():
            return (runbooks.show(command, act.shelf, incident),)
        case c.TurnPage():
            return runbooks.turn(incident, command, act)
        case c.TakeStep():
            return runbooks.take(incident, command, act)
        case c.ShowOnCall():
            return (covering.told(act.policy, act.now),)
        case c.Cover():
            return covering.cover(command, act, incident)
        case c.EndCover():
            # The house's own.
            return ()
        case c.OfferShift():
            return covering.offer_shift(incident, command, act)
        case c.PassRole():
            return roles.pass_role(incident, command)
        case c.AddItem():
            return items.add(incident, command, act)
        case c.Grab():
            return items.grab(incident, command, act)
        case c.LetGo():
            return items.let_go(incident, command, act)
        case c.EndItem():
            return items.end(incident, command, act)
        case c.MarkDecision():
            return calls.mark_decision(incident, command, act)
        case c.DecideBy():
            return points.set_point(incident, command, act)
        case c.MoveDecision():
            return points.move(incident, command, act)
        case c.WithdrawDecision():
            return points.withdraw(incident, command)
        case c.ChoosePath():
            return path.choose(incident, command, act)
        case c.AnswerDecision():
            return path.answer(incident, command, act)
        case c.WatchSignal():
            return path.watch(incident, command, act)
        case c.Object():
            return tie.object_to(incident, command, act)
        case c.MeetThreshold():
            return thresholds.meet(incident, command)
        case c.UnmeetThreshold():
            return thresholds.unmeet(incident, command, act)
        case c.Freeze():
            return calls.freeze(incident, command, act)
        case c.Unfreeze():
            return calls.unfreeze(incident, command)
        case c.AskAboutFreeze():
            return calls.ask_about_freeze(incident)
        case c.AskUnfreeze():
            return calls.ask_unfreeze(incident, act)
        case c.CorrectUpdate():
            return updates.correct(incident, command, act)
        case c.Draft():
            return updates.draft(incident, command, act)
        case c.Publish():
            return updates.publish(incident, command, act)
        case c.Discard():
            return updates.discard(incident, command)
        case c.PublishUnchanged():
            return updates.unchanged(incident, command, act)
        case c.WithdrawUpdate():
            return updates.withdraw(incident, command)
        case c.Snooze():
            return reminders.snooze(incident, command, act)
        case c.NoteAudiences():
            return updates.note_audiences(incident, command)
        case c.Resolve():
            return closing.resolve(incident, command, act)
        case c.CameBack():
            return closing.came_back(incident, command, act)
        case c.Close():
            return closing.close(incident, command, act)
        case c.CloseFalseAlarm():
            return closing.close_false_alarm(incident, command)
        case c.CloseDuplicate():
            return closing.close_duplicate(incident, command)
        case c.Reopen():
            return closing.reopen(incident, command, act)
        case c.Confirm():
            return _confirm(incident, command, act)
        case c.Decline():
            return asking.decline(incident, command, act)
        case c.Page():
            return paging.page(incident, command, act)
        case c.Widen():
            return paging.widen(incident, act)
        case c.EscalatePage():
            return paging.escalate(incident, command, act)
        case c.OfferWidening():
            return paging.offer(incident, command, act)
        case c.NotePageTried():
            return paging.tried(incident, command)
        case c.KeepClaim():
            if command.role is not None and not act.person.is_(incident.holder(command.role)):
                return ()
            raise refusals.claim_stays(command.role, incident.policy.emoji["declare"])
        case c.NoteTakenBack():
            return ()
        case c.AskForCommander():
            return asking.ask_for_commander(incident, command, act)
        case c.AskDecision():
            return points.ask(incident, command)
        case c.EndPause():
            return path.end_pause(incident, command, act)
        case c.AskWhetherItWorked():
            return path.ask_whether_it_worked(incident, command)
        case c.LetItStand():
            return tie.let_it_stand(incident, command)
        case c.Nudge():
            return _nudge(incident, command, act)
        case c.RemindUpdate():
            return reminders.remind(incident, command, act)
        case c.AskToClose():
            return closing.ask_to_close(incident)
        case c.LockChannel():
            return (ChannelLocked(),) if incident.closed and not incident.locked else ()
        case c.NoteChannel():
            opened = ChannelOpened(channel=command.channel, crowding=command.crowding)
            return () if command.channel == incident.channel else (opened,)
        case c.LoseChannel():
            return (ChannelGone(channel=command.channel),) if command.channel == incident.channel else ()
        case c.NoteDelivery():
            return _note_delivery(incident, command)
        case c.NoteMissingRight():
            return () if command.right in incident.missing_rights else (RightMissing(right=command.right),)
        case c.NoteRightGiven():
            return (RightGiven(right=command.right),) if command.right in incident.missing_rights else ()
        case c.NoteRemade():
            return () if command.what in incident.remade else (Remade(what=command.what),)
        case c.NoteArrival():
            return roles.arrive(incident, act)
        case c.NoteLeft():
            return () if incident.closed else roles.leave(incident, act)
        case c.Misread():
            raise refusals.Refusal("misread", command.answer)
        case c.DenyStranger():
            # Who held command and is no responder any more is not sent to themselves.
            commanders, on_call = (
                [one for one in people if not one.is_(act.by)]
                for people in (incident.deciders(Role.IC), incident.policy.on_call)
            )
            raise refusals.not_a_responder(commanders or on_call)
        case _:
            assert_never(command)


def _confirm(incident: Incident, command: c.Confirm, act: Act) -> Events:
    """A yes ends as the command it stands for, decided as if given now: its rights are checked now, too."""
    prompt = asking.find(incident, command.prompt, act.person)
    meant = asking.answer(incident, prompt, act)
    old = asking.wanted_again(prompt)
    if old is not None:
        if act.stale(incident.policy.times.stale_act) and not _stays_inside(incident, old):
            # The yes is as old by now as what it was to.
            return answered(asking.ask_again(incident, old, act), prompt.key, "asked again")
        events = decide(incident, old, replace(act, at=act.now))
        return answered(events, prompt.key, "done" if events else "it was settled already")
    if isinstance(meant, tuple):
        return meant
    return decide(incident, meant, act)


def _nudge(incident: Incident, command: c.Nudge, act: Act) -> Events:
    """Told once, and only while it is so."""
    to = nudges.told_to(incident, command.row, act.now)
    return () if to is None else (Nudged(row=command.row, to=to),)


def _note_delivery(incident: Incident, command: c.NoteDelivery) -> Events:
    known = {(one.card, one.channel): one.state for one in incident.deliveries}
    before = known.get((command.card, command.channel), "delivered")
    # What cannot be delivered is late as well: that is no news.
    if before == command.state or (before, command.state) == ("impossible", "late"):
        return ()
    if command.state != "delivered" and not deliveries.called_for(incident, command.card, command.channel):
        return ()
    fields = command.model_dump(include={"card", "channel", "state", "reason", "stale"})
    return (DeliveryNoted.model_validate(fields),)
