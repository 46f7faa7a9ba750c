"""The calls: decisions marked word for word, and the freeze (spec, section 8)."""

from __future__ import annotations

from core.incident import refusals
from core.incident.commands import Freeze, MarkDecision, Unfreeze
from core.incident.decide.act import Act, Events, settle
from core.incident.decide.record import noted, seconded
from core.incident.events import Ask, Asked, DecisionMarked, FrozenChanges, UnfrozenChanges
from core.incident.state import Incident
from core.incident.vocabulary import Role


def mark_decision(incident: Incident, command: MarkDecision, act: Act) -> Events:
    quote = command.quote
    if quote is None:
        return (DecisionMarked(text=command.text, said_by=act.person, said_at=act.at),)
    standing = seconded(incident, quote.message, "decision_marked", act)
    if standing is not None:
        return standing
    return (DecisionMarked(text=command.text, said_by=quote.by, said_at=quote.at, message=quote.message),)


def freeze(incident: Incident, command: Freeze, act: Act) -> Events:
    if incident.frozen is not None:
        return noted(incident, command.why if command.why != incident.frozen.why else "", act)
    return (FrozenChanges(why=command.why),)


def unfreeze(incident: Incident, command: Unfreeze) -> Events:
    if incident.frozen is None:
        raise refusals.not_frozen()
    return (UnfrozenChanges(why=command.why), *settle(incident, [Ask.UNFREEZE], "lifted"))


def ask_about_freeze(incident: Incident) -> Events:
    """A freeze outlives the fix until it is lifted by name (spec, section 8)."""
    if incident.frozen is None or incident.open_prompts(Ask.UNFREEZE):
        return ()
    to = incident.deciders(Role.IC)[:1] or (incident.frozen.by,)
    return (Asked(ask=Ask.UNFREEZE, number=incident.next_number(Ask.UNFREEZE), to=to),)


def ask_unfreeze(incident: Incident, act: Act) -> Events:
    """🧊 was taken back, perhaps by a slip of the finger: a freeze is lifted on purpose only."""
    if incident.frozen is None:
        return ()
    for prompt in incident.open_prompts(Ask.UNFREEZE):
        if act.person.is_(prompt.asked.to[0]):
            # Doing it a second time is yes too.
            return unfreeze(incident, Unfreeze())
    return (Asked(ask=Ask.UNFREEZE, number=incident.next_number(Ask.UNFREEZE), to=(act.person,)),)
