"""What Tocsin asks about the calls: a decision that is due, the rule, a path to be stopped, a signal, a tie."""

from __future__ import annotations

from core.incident.cards.asking import Asking, no, people, yes
from core.incident.cards.card import choice
from core.incident.commands import ChoosePath
from core.incident.document import Choice, Line, Strong, Typed, When, Who, Words, line
from core.incident.evolve.calls import PATHS_CHOSEN
from core.incident.state import Incident, Prompt
from core.incident.timeline import PATH_WORDS
from core.incident.times import spell
from core.incident.vocabulary import Path


def _four(incident: Incident) -> tuple[Choice, ...]:
    return tuple(choice(incident, f"path_{path}", PATH_WORDS[path], f"path {path}") for path in Path)


def decision(incident: Incident, prompt: Prompt) -> Asking:
    point = incident.points[prompt.asked.point]
    asked = line(
        *people(prompt.asked.to), f": {point.key} is to be decided, ", When(point.at), ": ", Strong(point.condition)
    )
    rows = [asked]
    if prompt.asked.step:
        rows.append(line("The recovery owner has not answered; as tie-breaker you may."))
    if point.unanswered:
        rows.append(line("Nobody has answered yet. It stays open."))
    return [*rows, *_unsafe_if(incident)], _four(incident)


def _unsafe_if(incident: Incident) -> list[Line]:
    service = incident.catalogue
    return [line(service.unsafe_if, label="Unsafe if")] if service and service.unsafe_if else []


def rule(incident: Incident, prompt: Prompt) -> Asking:
    met = [incident.thresholds[number - 1] for number in sorted(incident.met) if number <= len(incident.thresholds)]
    why = line(
        *people(prompt.asked.to),
        ": ",
        Strong("rolling back first is the rule"),
        f". {prompt.asked.title} went out ",
        When(prompt.asked.due or prompt.at),
        f", shortly before it began, and {'this is' if len(met) == 1 else 'these are'} met: {'; '.join(met)}.",
    )
    return [why, *_unsafe_if(incident)], _four(incident)


def _wish(prompt: Prompt) -> ChoosePath:
    assert prompt.asked.again is not None, "what was wished for is kept with the question"
    return ChoosePath.model_validate_json(prompt.asked.again.fields)


def unsafe(incident: Incident, prompt: Prompt) -> Asking:
    wish = _wish(prompt)
    ask = line(
        *people(prompt.asked.to),
        f": before you {PATH_WORDS[wish.path]}: rolling back first is the rule. Why is it unsafe, in one sentence? ",
        Typed(f"path {wish.path} WHY"),
    )
    return [ask, *_unsafe_if(incident)], ()


def stop(incident: Incident, prompt: Prompt) -> Asking:
    item, wish = incident.items[prompt.asked.item], _wish(prompt)
    holder: list[Words] = [", and ", Who(item.holder), " is on it"] if item.holder else []
    ask = line(
        *people(prompt.asked.to),
        f": one recovery path at a time, and {item.key} ({item.text}) is open",
        *holder,
        f". Stop it and {PATH_WORDS[wish.path]}?",
    )
    return [ask], yes(incident, prompt, "stop it")


def signal(incident: Incident, prompt: Prompt) -> Asking:
    item = incident.items[prompt.asked.item]
    ask = line(
        *people(prompt.asked.to),
        f": {item.key} is done. Which signal will show that it worked, and who watches it? ",
        Typed("watch SIGNAL @who 10m"),
    )
    return [ask], ()


def worked(incident: Incident, prompt: Prompt) -> Asking:
    item, watched = incident.items[prompt.asked.item], incident.signal
    what = f" You watched: {watched.text}." if watched else ""
    ask = line(*people(prompt.asked.to), f": did {item.key} ({item.text}) work?{what}")
    return [ask], (*yes(incident, prompt, "it worked"), *no(incident, prompt, "it did not help"))


def objection(incident: Incident, prompt: Prompt) -> Asking:
    """Both sentences and the time that there is."""
    made, asked = incident.entries[prompt.asked.entry - 1], prompt.asked
    chooser: list[Words] = [Who(made.by), " "] if made.by else []
    objector: list[Words] = [Who(asked.by), " "] if asked.by else []
    wait = incident.policy.times.tie_break
    silence = f"; in {spell(wait)} of silence it stands" if wait else ""
    rows = [
        line(*people(asked.to), f": you break the tie{silence}."),
        line(*chooser, made.text, label="Chosen"),
        line(*objector, asked.title, label="Objection"),
    ]
    stands = (*yes(incident, prompt, "it stands"), *no(incident, prompt, "it is overturned"))
    return rows, (*stands, *(_four(incident) if made.kind in PATHS_CHOSEN else ()))


def second(incident: Incident, prompt: Prompt) -> Asking:
    who, wanted = prompt.asked.to[0], incident.items[prompt.asked.item]
    mine = ", ".join(item.key for item in incident.busy_with(who)) or "nothing"
    free = [word for person in incident.idle if not person.is_(who) for word in (", ", Who(person))][1:]
    others: list[Words] = [", and ", *free, " could take it"] if free else []
    ask = line(Who(who), f": you are on {mine}", *others, f". {wanted.key} as well?")
    return [ask], yes(incident, prompt, "yes, as well")


def vacant(incident: Incident, prompt: Prompt) -> Asking:
    role = prompt.asked.roles[0]
    gone: list[Words] = [Who(prompt.asked.by), " left"] if prompt.asked.by else ["somebody left"]
    ask = line(
        *people(prompt.asked.to),
        ": ",
        *gone,
        f", and nobody is {role.title}; the call is yours until somebody is. ",
        Typed(f"assign {role} @who"),
    )
    return [ask], (choice(incident, f"claim_{role}", f"take {role}", f"claim {role}"),)
