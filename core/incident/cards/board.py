"""The board, the five-line note and the shared list in one; and the notice, its short form for everybody outside.

Rule: empty lines are left out, and beyond what fits the oldest finished items fold into a count (spec, section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from core.incident import deliveries
from core.incident.cards.card import Card, card
from core.incident.document import Document, Line, Place, Span, Strong, Typed, When, Who, Words, line
from core.incident.emoji import CLAIMS
from core.incident.state import DecisionPoint, Incident, Item
from core.incident.timeline import PATH_WORDS, corrected_close
from core.incident.vocabulary import ItemKind, ItemStatus, Path, Role

FINISHED_SHOWN = 6
"""Finished items of a kind that the board still names."""

ITEM_SHOWN = 80
"""Characters of an item's text on the board; its card has the whole."""

CHANGE_SHOWN = 160
"""Characters of what the last debrief chose: a reminder leaves the board to what is now."""


def clipped(text: str, limit: int = ITEM_SHOWN) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def joined(groups: Sequence[Sequence[Words]], between: str = " · ") -> tuple[Words, ...]:
    """The groups one after the other with `between` them."""
    words: list[Words] = []
    for group in groups:
        words += [between, *group] if words else group
    return tuple(words)


ROLE_LABELS = {
    Role.IC: "Commander",
    Role.DIAGNOSIS: "Diagnosis",
    Role.UPDATES: "Updates",
    Role.RECOVERY: "Recovery",
    Role.SCRIBE: "Scribe",
}


def _roles(incident: Incident) -> Line:
    groups: list[Sequence[Words]] = []
    for role, label in ROLE_LABELS.items():
        holding = incident.holding(role)
        if holding.holder is None and role is not Role.IC:
            continue
        who: list[Words] = [f"{label} ", Who(holding.holder) if holding.holder else Strong("nobody yet")]
        groups.append([*who, " (backup ", Who(holding.backup), ")"] if holding.backup else who)
    return line(*joined(groups))


def _impact(incident: Incident) -> Iterator[Line]:
    impact = incident.users_saw if incident.closed else incident.users_see
    if impact:
        yield line(impact, label="Impact")


def _theory(incident: Incident) -> Iterator[Line]:
    groups: list[Sequence[Words]] = []
    theory = incident.confirmed or next(
        (item for item in incident.items_of(ItemKind.HYPOTHESIS) if item.open and item.holder), None
    )
    if theory is not None:
        groups.append([f"{theory.key} {clipped(theory.text)}"])
    if incident.change is not None:
        groups.append(
            [
                "latest change ",
                When(incident.change.at),
                f" {clipped(incident.change.what)} (",
                Who(incident.change.by),
                ")",
            ]
        )
    if groups:
        yield line(*joined(groups), label="Theory")


def _next(incident: Incident) -> Iterator[Line]:
    # What a false alarm leaves in somebody's hands is nobody's next step.
    if incident.closed:
        return
    busy = [item for item in incident.items.values() if item.open and item.holder]
    groups: list[Sequence[Words]] = [
        [f"{item.holder.initials} {_verb(item)} {item.key}"] for item in busy[:4] if item.holder
    ]
    if incident.open_points:
        groups.append(_decision(incident, incident.open_points[0]))
    if groups:
        yield line(*joined(groups), label="Next")


def _decision(incident: Incident, point: DecisionPoint) -> Sequence[Words]:
    """`10:15 UTC roll back if payment errors stay above 20 % (Leah)`."""
    decider = incident.deciders(Role.RECOVERY)[:1]
    who: list[Words] = [" (", Who(decider[0]), ")"] if decider else []
    late, colon = (["undecided since "], ":") if point.unanswered else ([], "")
    more = len(incident.open_points) - 1
    return [*late, When(point.at), f"{colon} {clipped(point.condition)}", *who, f" and {more} more" if more else ""]


def _verb(item: Item) -> str:
    return "checks" if item.kind is ItemKind.HYPOTHESIS else "does"


def _last_time(incident: Incident) -> Iterator[Line]:
    """What the last debrief chose, for as long as it can still be heeded."""
    said = incident.last_time
    if said is not None and not incident.closed:
        yield line(f"we said: {clipped(said.text, CHANGE_SHOWN)} (inc {said.of})", label="Last time")


def _last_update(incident: Incident) -> Iterator[Line]:
    words: list[Words] = []
    last = incident.last_update
    if last is not None:
        words += [When(last.at)]
    due = incident.update_due
    if due is not None:
        late = any(one.asked.due == due and one.asked.step > 0 for one in incident.prompts.values())
        soon, late_words = (
            (", next due ", ", overdue since ") if last else ("none yet, due ", "none yet, overdue since ")
        )
        words += [late_words if late else soon, When(due)]
    if incident.snoozed is not None and incident.snoozed.due == due:
        words += [", reminders put off until ", When(incident.snoozed.until), " (", Who(incident.snoozed.by), ")"]
    if incident.draft is not None:
        words += [" · " if words else "", f"draft {incident.draft.number} waiting"]
    if words:
        yield line(*words, label="Last update")


def _copies(incident: Incident) -> Iterator[Line]:
    """The newest update that is not everywhere, and where it is not; nothing while all copies are there."""
    if incident.closed:
        return
    lacking = [update for update in incident.updates if deliveries.outstanding(incident, update)]
    for update in lacking[-1:]:
        there, every = deliveries.how_many(incident, update)
        words = [f"{there} of {every} of update {update.number} are there"]
        words += [deliveries.fares(update, copy) for copy in deliveries.outstanding(incident, update)]
        before = len(deliveries.outstanding(incident)) - len(words) + 1
        words += [f"and {before} of earlier updates"] if before else []
        yield line(*joined([[one] for one in words]), label="Copies")


def _recovery(incident: Incident) -> Iterator[Line]:
    going, call = incident.open_path, incident.path
    words: list[Words] = []
    if going is not None:
        who: list[Words] = [", ", Who(going.holder), " on it"] if going.holder else [", free"]
        words += [f"{going.key} {clipped(going.text)}", *who]
    elif call is not None and call.path is Path.DIG and not call.overturned:
        words += [PATH_WORDS[call.path], f": {call.why}" if call.why else ""]
    elif call is not None and call.item and incident.items[call.item].status is ItemStatus.DONE:
        words += [f"{call.item} {clipped(incident.items[call.item].text)}: done", *_watched(incident, call.item)]
    elif incident.frozen is not None or call is not None:
        words += ["undecided"]
    if incident.frozen is not None:
        words += [" · changes frozen since ", When(incident.frozen.at), " (", Who(incident.frozen.by), ")"]
    if words:
        yield line(*words, label="Recovery")


def _watched(incident: Incident, key: str) -> Sequence[Words]:
    """Which signal will show that it worked, and who watches it."""
    signal = incident.signal_of(incident.items[key])
    if signal is None or (incident.closed and not signal.seen):
        return []
    if signal.seen:
        return [f", and it worked: {clipped(signal.text)}"]
    return [" · ", Who(signal.who), f" watches {clipped(signal.text)} until ", When(signal.until)]


def _item(item: Item, *, over: bool) -> Sequence[Words]:
    head = f"{item.key} {clipped(item.text)}: "
    if item.open and over:
        return [head, "open at the close"]
    if item.open:
        return [head, f"{item.holder.initials} on it"] if item.holder else [head, "free"]
    # Carried over, it is still in somebody's hands; else it is told who said so, as on its card.
    by = item.holder if item.status is ItemStatus.CARRIED else item.ended_by or item.holder
    return [head + item.status, f" ({by.initials})" if by else ""]


def _list(kinds: Sequence[ItemKind], label: str) -> Callable[[Incident], Iterator[Line]]:
    def rows(incident: Incident) -> Iterator[Line]:
        items = incident.items_of(*kinds)
        finished = [item for item in items if not item.open]
        folded = finished[:-FINISHED_SHOWN] if len(finished) > FINISHED_SHOWN else []
        shown = [_item(item, over=incident.closed) for item in items if item not in folded]
        if folded:
            shown.append([f"and {len(folded)} finished before"])
        if shown:
            yield line(*joined(shown), label=label)

    return rows


def _runbook(incident: Incident) -> Iterator[Line]:
    """What to read first, by name."""
    service = incident.catalogue
    if service is None or incident.closed:
        return
    if service.runbook:
        yield line(f"{service.runbook}: ", Typed("runbook"), label="Runbook")
    elif service.runbook_link:
        yield line(service.runbook_link, label="Runbook")


def _rights(incident: Incident) -> Iterator[Line]:
    if incident.missing_rights:
        yield line("Tocsin lacks: ", "; ".join(incident.missing_rights), label="Rights")


def _remade(incident: Incident) -> Iterator[Line]:
    if incident.remade and not incident.closed:
        yield line(", ".join(incident.remade), ": somebody had deleted it", label="Made again")


def _crew(incident: Incident) -> Iterator[Line]:
    """Who is there and what they are on, once people were called in."""
    if not any(prompt.key.startswith("prompt/page-") for prompt in incident.prompts.values()) or incident.closed:
        return
    groups: list[list[Words]] = []
    for person in incident.present:
        on = [str(role) for role in incident.roles_of(person)]
        on += [item.key for item in incident.items.values() if item.open and person.is_(item.holder)]
        groups.append([Who(person), f" {', '.join(on)}" if on else " free"])
    if groups:
        yield line(*joined(groups), label="Here")


def _alerts(incident: Incident) -> Iterator[Line]:
    """How the alerts stand that it came from; what a person sees goes before what monitoring says."""
    if incident.alerts and not incident.closed:
        shown: list[Sequence[Words]] = [
            [f"{clipped(one.title)}: {'firing' if one.firing else 'cleared'} since ", When(one.since)]
            for one in incident.alerts.values()
        ]
        yield line(*joined(shown), label="Alert")


SECTIONS: tuple[Callable[[Incident], Iterator[Line]], ...] = (
    _impact,
    _theory,
    _next,
    _last_update,
    _copies,
    _recovery,
    _alerts,
    _last_time,
    _runbook,
    _list([ItemKind.HYPOTHESIS], "Hypotheses"),
    _list([ItemKind.ACTION, ItemKind.RECOVERY], "Actions"),
    _crew,
    _rights,
    _remade,
)
"""The board's sections below its first two lines, in order; a new one is a function here."""


def headline(incident: Incident) -> tuple[Span, ...]:
    """`SEV1 · investigating · Checkout fails after payment   inc 7`."""
    return line(
        Strong(incident.severity.upper()),
        f" · {incident.phase} · ",
        Strong(incident.title),
        # Set off by a wide space, as in the spec's example: it is no part of the title.
        f"\u2003inc {incident.number}",
    ).spans


def document(incident: Incident) -> Document:
    rows = [_roles(incident), *(row for section in SECTIONS for row in section(incident))]
    return Document(tuple(rows), headline(incident))


def board(incident: Incident) -> Iterator[Card]:
    if incident.channel is not None:
        seeds = () if incident.closed else tuple(incident.policy.emoji[action] for action in (*CLAIMS, "freeze"))
        yield card(
            incident,
            incident.channel,
            "board",
            document(incident),
            calls=incident.people,
            seeds=seeds,
            pinned=True,
            spaced=True,
        )


def notice(incident: Incident) -> Iterator[Card]:
    """Who holds it, what users see, the phase, when the next update comes, and the way in."""
    commander = incident.commander
    held: list[Words] = ["Commander ", Who(commander)] if commander else [Strong("Nobody has taken command yet")]
    rows = [line(*held)]
    if incident.users_see and not incident.closed:
        rows.append(line("Users see: ", incident.users_see))
    if incident.closing is not None:
        rows.append(line("It is over. ", corrected_close(incident) or f"Cause: {incident.closing.cause}"))
    elif incident.update_due is not None:
        rows.append(line("Next update ", When(incident.update_due)))
    if incident.channel is not None:
        rows.append(line("Follow it in ", Place(incident.channel, incident.name)))
        if any(entry.kind == "channel_gone" for entry in incident.entries):
            rows.append(line("Its channel was deleted and made again."))
        if incident.crowding and not incident.closed:
            rows.append(line(incident.crowding))
    if incident.missing_rights and not incident.closed:
        # Here too: it may be the right to say so on the board.
        rows.append(line("Tocsin lacks a right: ", "; ".join(incident.missing_rights)))
    yield card(
        incident,
        incident.triage,
        "notice",
        Document(tuple(rows), headline(incident)),
        reply_to=incident.message,
        spaced=True,
    )
