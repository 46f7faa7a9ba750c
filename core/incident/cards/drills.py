"""What a drill shows beside its incident: the briefing, what is played in, the score; and the mark on every card.

Rule: a stranger who sees one message of a drill knows from its first words that it is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from core.incident.cards.card import Card, card
from core.incident.document import Document, Line, Strong, Typed, When, Words, line, spans
from core.incident.drill import MARK
from core.incident.events import DrillsTold
from core.incident.score import Finding, score, suggestion
from core.incident.state import Incident
from core.incident.timeline import PATH_WORDS


def marked(incident: Incident, one: Card) -> Card:
    """The card with the drill's mark before everything else; as it is where nothing is practised."""
    if incident.drill is None:
        return one
    document = one.post.document
    if document.title:
        shown = replace(document, title=(*spans(Strong(MARK), " · "), *document.title))
    else:
        shown = replace(document, lines=(line(Strong(MARK), ": this is practice, not real."), *document.lines))
    return replace(one, post=replace(one.post, document=shown))


def listed(told: DrillsTold) -> Document:
    """What there is to practise, and how each is begun."""
    rows = [line(Typed(begins), f": {title}", bullet=True) for begins, title in told.drills]
    return Document(tuple(rows) or (line("None; the config names a folder of them."),), line(Strong("Drills")).spans)


def drills(incident: Incident) -> Iterator[Card]:
    if incident.drill is None or incident.channel is None:
        return
    ends = incident.declared_at + incident.drill.length
    rows = (
        line(incident.drill.briefing),
        line("Everything else is as always. It ends with the close, or at ", When(ends)),
    )
    yield card(incident, incident.channel, "briefing", Document(rows, spans("What is practised")))
    for one in incident.injected:
        said = Document((line(one.words),), spans(Strong(f"{one.says} says")))
        yield card(incident, incident.channel, f"inject/{one.number}", said)
    if incident.closed:
        yield card(incident, incident.channel, "score", score_document(incident))


def score_document(incident: Incident) -> Document:
    """Each measure with its evidence, what was really wrong, and one suggestion; of an incident that was a drill."""
    assert incident.drill is not None, "real incidents have no score"
    found = score(incident)
    rows = [_row(name, one) for name, one in found]
    herrings = [one for one in incident.drill.injects if one.herring]
    helps = " or ".join(PATH_WORDS[path] for path in incident.drill.mitigates)
    rows.append(line(f"{incident.drill.truth} What helps: {helps}.", label="The truth"))
    rows += [line("; ".join(f"{one.says}: {one.words}" for one in herrings), label="Red herrings")] if herrings else []
    rows.append(line(suggestion(found), label="Next time"))
    return Document(tuple(rows), spans(Strong("How it went")))


def _row(name: str, one: Finding) -> Line:
    entries = [f"T{number}" for number in one.entries]
    words: list[Words] = ["" if one.bad else "✓ ", one.words]
    evidence: list[Words] = [", ".join(entries)] if entries else []
    for at in one.moments:
        evidence += [", " if evidence else "", When(at)]
    return line(*words, *([" (", *evidence, ")"] if evidence else []), label=name)
