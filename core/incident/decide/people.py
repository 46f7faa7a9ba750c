"""People: invited by name, put out again, and whoever is given something to do in a private incident."""

from __future__ import annotations

from core.incident import commands as c
from core.incident import refusals
from core.incident.audience import Eyes, Sight, audience
from core.incident.decide import paging
from core.incident.decide.act import Act, Events
from core.incident.decide.roles import going
from core.incident.events import Joined, PutOut
from core.incident.state import Incident
from core.incident.vocabulary import Person, Role

FACTS = c.EditSource | c.GiveEvidence | c.NoteTakenBack | c.NoteArrival | c.NoteLeft
"""What a chat tells of somebody who is no member, and nobody asked for: silence is the answer."""


def invite(incident: Incident, command: c.Invite, act: Act) -> Events:
    """Into a private incident the commander alone brings whoever is no responder; they count as one there."""
    who, commands = command.who, incident.may(act.by, Role.IC)
    if incident.private and command.guest and not commands:
        raise refusals.guests_of_the_commander(who)
    trusted = incident.private and commands
    if incident.has_member(who) and not incident.has_left(who) and (not trusted or who.key in incident.trusted):
        return ()
    return (Joined(who=who, invited=True, trusted=trusted),)


def uninvite(incident: Incident, command: c.Uninvite) -> Events:
    who = command.who
    if not incident.private:
        raise refusals.open_to_triage()
    if not incident.has_member(who):
        raise refusals.no_member(who)
    if who.is_(incident.commander):
        raise refusals.commander_stays(who)
    return (*going(incident, who), *paging.called_off(incident, who), PutOut(who=who))


def is_outsider(incident: Incident, by: Person | None) -> bool:
    """Whether somebody who acts in the incident's own channel is none of those who may see it."""
    return by is not None and audience(incident, Eyes(by, incident.channel)) is not Sight.WHOLE


def turned_away(command: c.AnyCommand) -> Events | None:
    """What comes of it when somebody who is no member acts inside; `None` for what is a fact whoever did it.

    Raises `Refusal`.
    """
    if isinstance(command, FACTS):
        return ()
    if isinstance(command, c.DeleteSource):
        return None
    raise refusals.for_members()


def brought_in(incident: Incident, command: c.AnyCommand) -> Events:
    """Whoever is given something to do in a private incident is a member of it from then on."""
    who = _named(command)
    return (Joined(who=who, invited=True),) if incident.private and who and not incident.has_member(who) else ()


def _named(command: c.AnyCommand) -> Person | None:
    match command:
        case c.Assign() | c.NameBackup() | c.HandOff() | c.AddItem() | c.WatchSignal():
            return command.who
        case c.FollowUp() | c.MoveFollowUp() | c.AskPostmortem() | c.Close():
            return command.owner
        case _:
            return None
