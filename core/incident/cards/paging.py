"""A page as a card, and what comes of silence: whom it asks to come, what they are told in private, and what they find."""

from __future__ import annotations

from collections.abc import Iterator

from core.incident.audience import open_to_all
from core.incident.cards.asking import Asking, no, people, yes
from core.incident.cards.board import clipped
from core.incident.cards.card import Card, card
from core.incident.deliveries import REASON_SHOWN
from core.incident.document import Document, Line, Place, Strong, Typed, When, Who, Words, line
from core.incident.events import Briefing
from core.incident.newcomers import briefing, newcomers, unreached
from core.incident.state import Incident, Prompt
from core.incident.times import spell


def page(incident: Incident, prompt: Prompt) -> Asking:
    by: list[Words] = ["paged by ", Who(prompt.asked.by)] if prompt.asked.by else ["paged"]
    why = f": {prompt.asked.why}" if prompt.asked.why else ""
    ask = line(*people(prompt.asked.to), ": you are ", *by, why, ". Will you come?")
    return [ask, *_unreached(incident, prompt), *found(briefing(incident, ()))], (
        *yes(incident, prompt, "I have it"),
        *no(incident, prompt, "I cannot"),
    )


def _unreached(incident: Incident, prompt: Prompt) -> Iterator[Line]:
    for one in unreached(incident, prompt):
        why = clipped(one.why, REASON_SHOWN)
        yield line(Who(one.to), f" could not be told in private ({why}). What there is to know stands here.")


def found(briefing: Briefing) -> Iterator[Line]:
    """What somebody who comes needs first: the impact, the theory, the path, and what is free to grab."""
    yield line(Strong(briefing.severity.upper()), f" · {briefing.phase} · {briefing.title}")
    rows = {"Impact": briefing.impact, "Theory": briefing.theory, "Recovery": clipped(briefing.path)}
    rows["Free"] = "; ".join(clipped(item) for item in briefing.free)
    yield from (line(words, label=label) for label, words in rows.items() if words)


def told(incident: Incident) -> Iterator[Card]:
    """What newcomers are told in private, each once: it is never edited, and says of when it is."""
    for prompt, person, where in newcomers(incident):
        briefing = prompt.asked.briefing
        assert briefing is not None, "who is told is in it"
        by: list[Words] = ["paged by ", Who(prompt.asked.by)] if prompt.asked.by else ["paged"]
        place = Place(incident.channel, incident.name) if incident.channel else incident.name
        if open_to_all(incident):
            why = f": {prompt.asked.why}" if prompt.asked.why else ""
            rows = [line("You are ", *by, why, "."), *found(briefing)]
            rows.append(line("So it was at ", When(prompt.at), ". What is true now, and where you answer: ", place))
        else:
            # Its words are for its own channel, into which they were let.
            rows = [line("You are ", *by, " into a private incident. What it is stands in its channel: ", place)]
        key = f"newcomer/{prompt.asked.number}"
        yield card(incident, where, key, Document(tuple(rows)), pings=(person,))


def unanswered(incident: Incident, prompt: Prompt) -> Asking:
    wait = spell(incident.response.page_within)
    ask = line(*people(prompt.asked.to), f": no answer in {wait} from {prompt.asked.why}. Who else? ")
    return [ask, line(Typed("page @who"), ", or a ring further out: ", Typed("widen"))], ()


def widen(incident: Incident, prompt: Prompt) -> Asking:
    ask = line(*people(prompt.asked.to), f": it goes on. Call more people? Next would be {prompt.asked.why}.")
    return [ask], yes(incident, prompt, "call them")
