"""Answers to one person: the refusal that names the rule and the way out, and the words somebody asked for.

Rule: a letter is a card like any other, in the place where the act was made; once it no longer applies it is edited
down to a word, so that no dead text stays behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import assert_never

from core.incident.cards.board import clipped
from core.incident.cards.board import document as board_document
from core.incident.cards.card import Card, card
from core.incident.document import Code, Document, Line, Post, Span, Typed, When, Who, Words, line
from core.incident.events import Recorded, Told
from core.incident.help import drills_document, help_document, marked_words
from core.incident.letters import Letter, Letters
from core.incident.state import Entry, Incident

TIMELINE_SHOWN = 30
"""Entries of a `timeline` answer; the command line has them all."""


SETTLED = Document((line("Refused."),))
"""It no longer applies, but was never done: nobody shall read it as done the next morning. One for all: most letters of an incident are settled, and their cards are compared at every act."""


NOT_DONE = Document(
    (line("Not done; why is for its members: type it in its own channel, or once more when you have looked there."),)
)
"""A letter about a private incident, where others read along."""


def elsewhere(letter: Card) -> Card:
    """A letter without a word of what it is about."""
    over = letter.post.document is SETTLED
    return letter if over else replace(letter, post=replace(letter.post, document=NOT_DONE))


def letter_document(letter: Letter) -> Document:
    if letter.settled:
        return SETTLED
    return Document((line(Who(letter.to), ": ", *marked_words(letter.answer)),))


def letters(incident: Incident) -> Iterator[Card]:
    return letters_of(incident.name, incident.letters, incident.number)


def letters_of(name: str, written: Letters, number: int = 0) -> Iterator[Card]:
    """The letters of an incident, or of the house, by the name and number that their cards bear."""
    for letter in written.values():
        if letter.reply_to is not None:
            pings = () if letter.settled else (letter.to,)
            key = f"letter/{letter.number}"
            where, thread = letter.reply_to, letter.thread
            post = Post(letter_document(letter), name, key, number, pings=pings, reply_to=where, thread=thread)
            yield Card(where.channel, post)


def entry_notes(entry: Entry) -> list[str]:
    """What has to be known of an entry beside its words."""
    marked = entry.marked_by if entry.kind == "decision_marked" and entry.marked_by else None
    marker = f"marked by {marked.name}" if marked is not None and not marked.is_(entry.by) else ""
    hidden = "hidden from the postmortem" if entry.hidden else ""
    return [note for note in (marker, entry.note, "withdrawn" if entry.withdrawn else "", hidden) if note]


def entry_line(entry: Entry) -> Line:
    """`10:05 UTC  T4 Ann: decision: roll back`."""
    who: list[Words] = [Who(entry.by), ": "] if entry.by else []
    notes = entry_notes(entry)
    tail = f" ({', '.join(notes)})" if notes else ""
    return line(When(entry.at), f"  T{entry.number} ", *who, entry.text, tail)


def timeline_document(incident: Incident, limit: int = TIMELINE_SHOWN) -> Document:
    shown = incident.in_time[-limit:]
    earlier = len(incident.entries) - len(shown)
    rows = [line(f"{earlier} earlier: `tocsin timeline {incident.number}` shows all")] if earlier else []
    rows += [entry_line(entry) for entry in shown]
    return Document(tuple(rows), timeline_title(incident))


def timeline_title(incident: Incident) -> tuple[Span, ...]:
    return line(f"Timeline of {incident.title}").spans


def form_document(incident: Incident, verb: str) -> Document:
    """The update's fields to copy, filled with what is known."""
    last = incident.draft.wording if incident.draft else incident.last_update.wording if incident.last_update else None
    fields = ("impact", "affected", "working", "next")
    form = " ".join(f"{name}={(getattr(last, name) if last else '') or '…'}" for name in fields)
    rows = [line("Copy this, change it, send it:"), line(Typed(f"{verb} {form} every=15m", alone=True))]
    if verb == "update":
        rows.append(line("Or write it in a thread on your message, a field on each line: ", Code("impact: …")))
    return Document(tuple(rows))


def told(incident: Incident, recorded: Recorded, event: Told) -> Card | None:
    """The words somebody asked for, in reply to their asking."""
    origin = recorded.origin
    where = origin.reply_to if origin else None
    if origin is None or where is None:
        return None
    key = f"answer/{recorded.version}"
    return card(incident, where.channel, key, _shown(incident, event), reply_to=where, thread=origin.thread)


def told_anywhere(event: Told) -> Document:
    """The words that are of no incident: help, or the drills."""
    return drills_document(event.topic) if event.what == "drills" else help_document(event.topic)


def idle_lines(incident: Incident) -> Iterator[Line]:
    """Who is there without a check, and what is free to grab (spec, section 8); nobody is idle who is alone."""
    if incident.alone or incident.closed or not (incident.idle or incident.free):
        return
    idle: Sequence[Words] = [word for person in incident.idle for word in (", ", Who(person))][1:]
    free = [f"{item.key} {clipped(item.text)}" for item in incident.free]
    words: Sequence[Words] = [*idle, " without a check"] if idle else ["nobody is without a check"]
    grab = f" · free to grab: {' · '.join(free)}" if free else ""
    yield line(*words, grab, label="Idle")


def _shown(incident: Incident, event: Told) -> Document:
    match event.what:
        case "board":
            board = board_document(incident)
            return replace(board, lines=(*board.lines, *idle_lines(incident)))
        case "timeline":
            return timeline_document(incident)
        case "help" | "drills":
            return told_anywhere(event)
        case "form":
            return form_document(incident, event.topic or "update")
        case _:
            assert_never(event.what)
