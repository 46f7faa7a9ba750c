"""Thresholds: the service's sentences, marked as met; with a suspect change they make rolling back first the rule."""

from __future__ import annotations

from core.incident import refusals, rollback
from core.incident.commands import MeetThreshold, UnmeetThreshold
from core.incident.decide.act import Act, Events, settle
from core.incident.events import Ask, Asked, ThresholdMet, ThresholdUnmet
from core.incident.state import Change, Incident
from core.incident.vocabulary import Phase, Role


def meet(incident: Incident, command: MeetThreshold) -> Events:
    number = _meant(incident, command.threshold)
    if number in incident.met:
        return ()
    met = ThresholdMet(number=number, text=incident.thresholds[number - 1])
    return (met, *say_the_rule(incident, incident.change, [*incident.met, number]))


def unmeet(incident: Incident, command: UnmeetThreshold, act: Act) -> Events:
    """Only whoever marked it takes it back by taking the reaction back; the rule goes with the last of them."""
    number = _meant(incident, command.threshold)
    if not act.person.is_(incident.met.get(number)):
        return ()
    unmet = ThresholdUnmet(number=number, text=incident.thresholds[number - 1])
    left = [one for one in incident.met if one != number]
    over = () if left else settle(incident, [Ask.RULE, Ask.UNSAFE], "no threshold is met any more")
    return (unmet, *over)


def say_the_rule(incident: Incident, change: Change | None, met: list[int]) -> Events:
    """Said aloud once for a change, to whoever makes the call, with the four choices."""
    asked = [prompt.asked for prompt in incident.prompts.values() if prompt.asked.ask is Ask.RULE]
    said = change is not None and any(one.title == change.what for one in asked)
    to = incident.deciders(Role.RECOVERY)[:1]
    if said or change is None or incident.phase is Phase.RESOLVED or not rollback.first(incident, change, met):
        return ()
    over = settle(incident, [Ask.RULE], "there is a newer change")
    number = incident.next_number(Ask.RULE)
    return (*over, Asked(ask=Ask.RULE, number=number, to=to, title=change.what, due=change.at))


def _meant(incident: Incident, words: str) -> int:
    """The sentence that is meant, from 1: by its number, or by words that stand in one alone."""
    sentences = incident.thresholds
    if not sentences:
        raise refusals.no_thresholds(incident.service)
    bare = words.removeprefix("#")
    if bare.isdecimal() and 1 <= int(bare) <= len(sentences):
        return int(bare)
    found = [number for number, sentence in enumerate(sentences, 1) if words.casefold() in sentence.casefold()]
    if bare.isdecimal() or len(found) != 1:
        raise refusals.no_such_threshold(words, sentences)
    return found[0]
