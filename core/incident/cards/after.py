"""What comes after the close, as cards: the follow-ups, the postmortem, the debrief."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from core.incident import postmortem
from core.incident.cards.asking import Asking, people
from core.incident.cards.board import clipped
from core.incident.cards.card import Card, card, choice
from core.incident.delays import Delay, Kind, delays, end_of
from core.incident.document import Document, File, Line, Strong, Struck, Typed, When, Who, Words, line, utc
from core.incident.parts import FollowUp, Lesson
from core.incident.state import Incident, Prompt
from core.incident.times import spell
from core.incident.workdays import day_words

QUESTIONS = (
    "When did everybody know who was in command?",
    "Which hand-off was unclear?",
    "What was checked twice, or by nobody?",
    "Which decision waited, and for whom?",
    "What did customers hear late, or in two versions?",
)
"""The debrief's five questions, one for each thing that goes wrong when one chat turns into five jobs at once."""


ABOUT = (Kind.COMMAND, None, Kind.TWICE, Kind.DECISION, Kind.PROMISE)
"""Which delays the record may know of to each of the five questions; hand-offs are none, and are counted."""

LISTED = 20
"""Follow-ups that the card names: the open ones first, those that are due first. A chat cuts off a longer list."""

TEXT_SHOWN = 120
"""Characters of an open follow-up's text on the card; the record has it whole."""


def follow_ups(incident: Incident) -> Iterator[Card]:
    """One list, edited in place: whose each is, by when, and how it ended."""
    if incident.channel is not None and incident.follow_ups:
        every = incident.follow_ups.values()
        shown = sorted(every, key=lambda one: (not one.open, one.due, one.number))[:LISTED]
        rows = [_follow_up(one) for one in sorted(shown, key=lambda one: one.number)]
        if len(every) > LISTED:
            rows.append(line(f"and {len(every) - LISTED} more; all are in the record: ", Typed("postmortem")))
        if any(one.open for one in incident.follow_ups.values()):
            rows.append(
                line(
                    Typed("followup-done N"),
                    ", ",
                    Typed("followup-move N due=DATE"),
                    " or ",
                    Typed("followup-drop N WHY"),
                )
            )
        title = line(Strong("Follow-ups"), f" · inc {incident.number}").spans
        yield card(incident, incident.channel, "followups", Document(tuple(rows), title))


def _follow_up(one: FollowUp) -> Line:
    head = f"F{one.number} · {one.priority} · "
    if not one.open:
        why = f" ({clipped(one.why)})" if one.why else ""
        return line(head, Struck(clipped(one.text)), " · ", Who(one.owner), f" · {one.over}{why}", bullet=True)
    return line(head, clipped(one.text, TEXT_SHOWN), " · ", Who(one.owner), f" · due {day_words(one.due)}", bullet=True)


def postmortems(incident: Incident) -> Iterator[Card]:
    """Each time that the record was posted to write in; the newest says whose it is."""
    duty = incident.postmortem
    if duty is None or incident.channel is None:
        return
    record = File(postmortem.file_name(incident), "text/markdown", partial(postmortem.markdown, incident))
    for number, at in enumerate(duty.drafts, 1):
        newest = number == len(duty.drafts)
        key = "postmortem" if number == 1 else f"postmortem/{number}"
        rows = [line("The record as a postmortem to fill in, as of ", When(at), ".")]
        if not newest:
            yield card(incident, incident.channel, key, Document(tuple(rows)), file=record)
            continue
        if duty.published_at is not None:
            rows = [
                line(
                    Strong("Postmortem"),
                    ": out since ",
                    When(duty.published_at),
                    f", {duty.where}" if duty.where else "",
                )
            ]
        elif duty.waived:
            rows = [line(Strong("Postmortem"), f": none, since {duty.waived}")]
        else:
            rows.insert(0, line(Strong("Postmortem"), ": ", Who(duty.owner), f", due {day_words(duty.due)}"))
            rows.append(line("When it is out: ", Typed("postmortem published LINK")))
        choices = (choice(incident, "published", "it is out", "postmortem published"),) if duty.owed else ()
        yield card(incident, incident.channel, key, Document(tuple(rows)), choices=choices, file=record)


def courses(incident: Incident) -> Iterator[Card]:
    """The picture of its course, once for each time that the record was posted."""
    if incident.postmortem is None or incident.channel is None:
        return
    drawn = File(postmortem.picture_name(incident), "image/svg+xml", partial(postmortem.picture, incident))
    for number in range(1, len(incident.postmortem.drafts) + 1):
        key = "course" if number == 1 else f"course/{number}"
        yield card(incident, incident.channel, key, Document((line("Its course as a picture."),)), file=drawn)


def reminder(incident: Incident, prompt: Prompt) -> Asking:
    duty = incident.postmortem
    due = day_words(duty.due) if duty else ""
    late = prompt.asked.step > 0
    words: list[Words] = [
        f": the postmortem of inc {incident.number}, ",
        Strong(incident.title),
        f", {'was' if late else 'is'} due {due}.",
    ]
    ask = line(*people(prompt.asked.to), *words)
    way = line(
        "When it is out: ",
        Typed(f"postmortem published {incident.number} LINK"),
        "; or ",
        Typed(f"postmortem none {incident.number} WHY"),
    )
    return [ask, way], (choice(incident, "published", "it is out", f"postmortem published {incident.number}"),)


def _questions(incident: Incident) -> Iterator[Line]:
    """The questions, and beneath each what the record says to it, if it does."""
    found = delays(incident)
    for number, (question, kind) in enumerate(zip(QUESTIONS, ABOUT, strict=True), 1):
        yield line(f"{number}. {question}")
        known = _longest(incident, [one for one in found if one.kind is kind]) if kind else _handed(incident)
        if known:
            yield line(f"   on the record: {known}")


def _longest(incident: Incident, found: Sequence[Delay]) -> str:
    """The longest of some delays in few words, and how many more there were."""
    if not found:
        return ""
    end = end_of(incident)
    one = max(found, key=lambda one: one.lasted(end))
    more = f", and {len(found) - 1} more" if found[1:] else ""
    return f"{clipped(one.text)} for {spell(one.lasted(end))}, from {utc(one.at)}{more}"


def _handed(incident: Incident) -> str:
    count = incident.handoffs
    return f"{count} hand-off{'s' if count > 1 else ''}" if count else ""


def debrief(incident: Incident) -> Iterator[Card]:
    """Fifteen minutes, five questions, one change: each close's own."""
    rounds = [(one.asked, one.lesson, False) for one in incident.reopenings]
    if incident.closed:
        rounds.append((incident.postmortem is not None or incident.lesson is not None, incident.lesson, True))
    for number, (asked, lesson, now) in enumerate(rounds, 1):
        if asked and incident.channel is not None:
            key = "debrief" if number == 1 else f"debrief/{number}"
            rows = _chosen(lesson) if lesson else _asking(incident) if now else [line("Debrief: it was reopened.")]
            yield card(incident, incident.channel, key, Document(tuple(rows)), topic="Debrief")


def _chosen(lesson: Lesson) -> list[Line]:
    who: list[Words] = [" (", Who(lesson.by), ")"] if lesson.by else []
    return [line(Strong("Debrief"), f": next time {lesson.text}", *who)]


def _asking(incident: Incident) -> list[Line]:
    return [
        line(Strong("Debrief"), ", 15 minutes, everybody who was here. Talk in this thread."),
        *_questions(incident),
        line("One change, not ten: ", Typed("debrief CHANGE"), "; the next incident's board shows it."),
    ]
