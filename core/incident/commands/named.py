"""Which incident a command names from outside of its own channel, as in triage: `reopen 7 WHY`, `followup-done 7.F1`."""

from __future__ import annotations

from core.incident.commands.after import EndFollowUp, MoveFollowUp, PublishPostmortem, WaivePostmortem
from core.incident.commands.closing import Reopen
from core.incident.commands.wish import Command


def incident_named(command: Command) -> int | None:
    """Its number; `None` where the command names none."""
    match command:
        case Reopen() | PublishPostmortem() | WaivePostmortem():
            return command.number
        case EndFollowUp() | MoveFollowUp():
            return command.follow_up.incident
        case _:
            return None
