"""What may be asked where there is no incident: help, who is on call, a runbook. All else is told where it belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.incident import commands as c
from core.incident import refusals
from core.incident.decide import covering, drills, runbooks
from core.incident.decide.act import Act, Events
from core.incident.drill import Scenario
from core.incident.events import Told
from core.incident.policy import Policy
from core.incident.refusals import Refusal
from core.incident.vocabulary import FollowUpRef

NAMED = 3
"""Open incidents that somebody is told of who types in triage what belongs in one."""


def outside(
    command: c.AnyCommand, act: Act, scenarios: Mapping[str, Scenario], incidents: Sequence[str] = ()
) -> Events:
    """What comes of a command outside every incident. Raises `Refusal`.

    `incidents` are the names of the open ones that whoever asks may know of, the newest last.
    """
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
        case c.Drill(scenario=""):
            return (drills.told(scenarios),)
        case c.NoteTakenBack():
            return ()
        case _:
            raise _elsewhere(command, act.policy, incidents[-NAMED:])


def _elsewhere(command: c.AnyCommand, policy: Policy, incidents: Sequence[str]) -> Refusal:
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
            return refusals.not_in_an_incident(policy.emoji["declare"], incidents)
