"""A runbook on a card: its contents or a page, the next page and the steps as choices; and whether one shall be written."""

from __future__ import annotations

from collections.abc import Iterator

from core.incident.cards.asking import Asking, people, yes
from core.incident.cards.board import clipped
from core.incident.cards.card import Card, card, choice
from core.incident.document import Choice, Code, Document, Line, Strong, Typed, line
from core.incident.emoji import STEPS
from core.incident.events import RunbookShown
from core.incident.runbook import RunbookLine
from core.incident.state import Incident, Prompt
from core.incident.vocabulary import ItemKind

LABEL = 40
"""Characters of a step on its button; the card has it whole."""

LISTED = 30
"""Sections that the contents name."""


def document(shown: RunbookShown, taken: dict[str, str] | None = None) -> Document:
    """What a card says. `taken` are the keys of the actions that steps became, by their words."""
    title = line(Strong(shown.title)).spans
    if shown.link:
        return Document((line(shown.link),), title)
    if shown.shown is None:
        rows = [line(f"{number}  {heading}") for number, heading in enumerate(shown.contents[:LISTED], 1)]
        if len(shown.contents) > LISTED:
            rows.append(line(f"and {len(shown.contents) - LISTED} more"))
        ways = line("To read one: ", Typed(f"runbook {shown.name} 1")) if rows else line("There is nothing in it.")
        return Document((*rows, ways), title)
    count = f" · {shown.page} of {len(shown.contents)}" if len(shown.contents) > 1 else ""
    head = line(Strong(shown.title), f" · {shown.shown.heading}{count}").spans
    return Document(tuple(_row(one, taken or {}) for one in shown.shown.lines), head)


def _row(one: RunbookLine, taken: dict[str, str]) -> Line:
    if one.step:
        key = f" ({taken[one.text]})" if one.text in taken else ""
        return line(f"{one.step}  {one.text}", Strong(key) if key else "")
    match one.kind:
        case "code":
            return line(Code(one.text))
        case "strong":
            return line(Strong(one.text))
        case _:
            return line(one.text, bullet=one.kind == "bullet", quote=one.kind == "quote")


def runbooks(incident: Incident) -> Iterator[Card]:
    """Each page that was asked for, as it was then."""
    if incident.channel is None:
        return
    taken = {item.text: item.key for item in reversed(incident.items_of(ItemKind.ACTION))}
    for number, shown in enumerate(incident.runbooks, 1):
        choices = () if incident.closed else tuple(_choices(incident, shown))
        yield card(incident, incident.channel, f"runbook/{number}", document(shown, taken), choices=choices)


def _choices(incident: Incident, shown: RunbookShown) -> Iterator[Choice]:
    steps = shown.shown.steps if shown.shown is not None else ()
    for (action, number), text in zip(STEPS.items(), steps, strict=False):
        yield choice(incident, action, f"do: {clipped(text, LABEL)}", f"step {number}")
    if shown.page < len(shown.contents):
        label = f"next: {clipped(shown.contents[shown.page], LABEL)}"
        yield choice(incident, "next_page", label, f"runbook {shown.name} {shown.page + 1}")


def suggestion(incident: Incident, prompt: Prompt) -> Asking:
    """There was none, and perhaps there shall be one."""
    ask = line(
        *people(prompt.asked.to),
        f": there is no runbook for {prompt.asked.title}. Shall one be written, as a follow-up of yours? To move it on: ",
        Typed("followup-move N owner=@who"),
    )
    return [ask], yes(incident, prompt, "add the follow-up")
