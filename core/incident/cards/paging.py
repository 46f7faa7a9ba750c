"""A page as a card, and what comes of silence: whom it asks to come, and what they find when they do."""

from __future__ import annotations

from collections.abc import Iterator

from core.incident.cards.asking import Asking, no, people, yes
from core.incident.cards.board import clipped
from core.incident.document import Line, Strong, Typed, Who, Words, line
from core.incident.state import Incident, Prompt
from core.incident.times import spell

FREE_SHOWN = 4
"""Free items that a newcomer is told of; the board has them all."""


def page(incident: Incident, prompt: Prompt) -> Asking:
    by: list[Words] = ["paged by ", Who(prompt.asked.by)] if prompt.asked.by else ["paged"]
    why = f": {prompt.asked.why}" if prompt.asked.why else ""
    ask = line(*people(prompt.asked.to), ": you are ", *by, why, ". Will you come?")
    return [ask, *briefing(incident)], (*yes(incident, prompt, "I have it"), *no(incident, prompt, "I cannot"))


def briefing(incident: Incident) -> Iterator[Line]:
    """What somebody who comes needs first: the impact, the theory, the path, and what is free to grab."""
    yield line(Strong(incident.severity.upper()), f" · {incident.phase} · {incident.title}")
    if incident.users_see:
        yield line(incident.users_see, label="Impact")
    if incident.confirmed is not None:
        yield line(f"{incident.confirmed.key} {incident.confirmed.text}, confirmed", label="Theory")
    if incident.open_path is not None:
        yield line(f"{incident.open_path.key} {clipped(incident.open_path.text)}", label="Recovery")
    if free := incident.free[:FREE_SHOWN]:
        yield line("; ".join(f"{item.key} {clipped(item.text)}" for item in free), label="Free")


def unanswered(incident: Incident, prompt: Prompt) -> Asking:
    wait = spell(incident.response.page_within)
    ask = line(*people(prompt.asked.to), f": no answer in {wait} from {prompt.asked.why}. Who else? ")
    return [ask, line(Typed("page @who"), ", or a ring further out: ", Typed("widen"))], ()


def widen(incident: Incident, prompt: Prompt) -> Asking:
    ask = line(*people(prompt.asked.to), f": it goes on. Call more people? Next would be {prompt.asked.why}.")
    return [ask], yes(incident, prompt, "call them")
