"""What may be asked where there is no incident: help, who is on call, a runbook. All else is told where it belongs."""

from __future__ import annotations

from core.incident import commands as c
from core.incident import refusals
from core.incident.decide import covering, runbooks
from core.incident.decide.act import Act, Events
from core.incident.events import Told
from core.incident.policy import Policy
from core.incident.refusals import Refusal
from core.incident.vocabulary import FollowUpRef


def outside(command: c.AnyCommand, act: Act) -> Events:
    """What comes of a command outside every incident. Raises `Refusal`."""
    number = c.incident_named(command)
    if number is not None:
        raise refusals.no_such_incident(number)
    match command:
        case c.Show(what="help"):
            return (Told(what="help", topic=command.topic),)
        case c.ShowRunbook():
            return (runbooks.show(command, act.shelf, None),)
        case c.ShowOnCall():
            return (covering.told(act.policy, act.now),)
        case c.NoteTakenBack():
            return ()
        case _:
            raise _elsewhere(command, act.policy)


def _elsewhere(command: c.AnyCommand, policy: Policy) -> Refusal:
    """Where such a command belongs."""
    match command:
        case c.Misread():
            return Refusal("misread", command.answer)
        case c.DenyStranger():
            return refusals.not_a_responder(policy.on_call)
        case c.PublishPostmortem():
            return refusals.of_which_incident("postmortem published 7 LINK")
        case c.WaivePostmortem():
            return refusals.of_which_incident("postmortem none 7 WHY")
        case c.MoveFollowUp(follow_up=FollowUpRef(number=one)):
            return refusals.of_which_incident(f"followup-move 7.F{one} due=DATE")
        case c.EndFollowUp(follow_up=FollowUpRef(number=one), done=done):
            return refusals.of_which_incident(f"followup-done 7.F{one}" if done else f"followup-drop 7.F{one} WHY")
        case c.Drill():
            return refusals.private_in_public() if command.private else refusals.drill_in_triage()
        case c.Declare():
            return refusals.private_in_public() if command.private else refusals.declare_in_triage()
        case _:
            return refusals.not_in_an_incident(policy.emoji["declare"])
