"""The sections that people fill in: causes, what went well and badly, luck; and what was agreed to do.

Rule: a question stands where the record has no answer, and it asks for what, never for who (Google, SRE book, chapter 15;
PagerDuty, postmortem template).
"""

from __future__ import annotations

from collections.abc import Iterator

from core.incident.delays import Kind, delays
from core.incident.figures import figures
from core.incident.postmortem.telling import Rows, Telling, asked, table
from core.incident.times import spell
from core.incident.workdays import day_words


def causes(telling: Telling) -> Rows:
    closing, rows = telling.incident.closing, list[str]()
    if closing is not None:
        rows.append(f"- As said at the close: {telling.typed(closing.cause)}")
    confirmed = telling.incident.confirmed
    if confirmed is not None:
        result = f" ({telling.typed(confirmed.result)})" if confirmed.result else ""
        rows.append(f"- {confirmed.key}, confirmed: {telling.typed(confirmed.text)}{result}")
    if telling.incident.change is not None:
        change = telling.incident.change
        rows.append(f"- The latest change: {telling.typed(change.what, change.at)}, {telling.when(change.at)}")
    question = "What made this possible, what made it worse, and why did each step make sense at the time?"
    return [*rows, *([""] if rows else []), *asked(question)]


def false_alarm(_: Telling) -> Rows:
    return asked("What raised the alarm, and should the same raise it again?")


def went_well(telling: Telling) -> Rows:
    rows = [f"- {one}" for one in _well(telling)]
    return [*rows, *([""] if rows else []), *asked("What else worked, and must not be lost?")]


def _well(telling: Telling) -> Iterator[str]:
    incident = telling.incident
    known, kinds = figures(incident), {one.kind for one in delays(incident)}
    if known.to_commander is not None and Kind.COMMAND not in kinds:
        yield f"Somebody was in command {_after(spell(known.to_commander))}, and always after."
    if known.to_update is not None:
        yield f"The first update was out {_after(spell(known.to_update))}."
    if known.kept and not known.broken:
        yield f"Every promise of a next update was kept ({known.kept})."
    if incident.handoffs and Kind.TWICE not in kinds:
        yield "Roles were handed off, and nothing was handled twice."
    if incident.points and Kind.DECISION not in kinds:
        yield "Every decision was made by its time."


def _after(length: str) -> str:
    return "at once" if length == "0 s" else f"{length} after the declaration"


def went_badly(telling: Telling) -> Rows:
    count = len(delays(telling.incident))
    rows = [f"- {count} delay{'' if count == 1 else 's'}: see “What delayed us”."] if count else []
    return [*rows, *([""] if rows else []), *asked("What was slow, missing, confusing or done twice?")]


def lucky(_: Telling) -> Rows:
    return asked("What went right by chance, and would not the next time?")


def follow_ups(telling: Telling) -> Rows:
    rows = [
        (
            f"F{one.number}",
            one.priority.value,
            telling.typed(one.text),
            telling.who(one.owner, telling.end),
            day_words(one.due),
            f"{one.over or 'open'}{f': {telling.typed(one.why)}' if one.why else ''}",
        )
        for one in telling.incident.follow_ups.values()
    ]
    if rows:
        return table(("", "Priority", "What", "Owner", "Due", "State"), rows)
    if not telling.whole:
        return []
    return ["None yet.", "", *asked("What will keep this from happening again, whose is each, and by when?")]


def debrief(telling: Telling) -> Rows:
    lesson = telling.incident.lesson
    if lesson is None:
        return asked("Which one change do we make, not ten?")
    by = f" ({telling.who(lesson.by, telling.end)})" if lesson.by else ""
    return [f"Next time: {telling.typed(lesson.text)}{by}"]
