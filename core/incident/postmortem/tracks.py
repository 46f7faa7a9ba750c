"""The tracks of the picture: phases, roles, items, updates, decisions, each a function that draws its rows on the sheet."""

from __future__ import annotations

from datetime import datetime

from core.incident.course import Span, Track
from core.incident.delays import Kind, delays
from core.incident.document import utc
from core.incident.postmortem.scale import EDGE, LEFT, RIGHT, Label
from core.incident.postmortem.sheet import BAR, DIM, INK, PAPER, RED, ROW, SMALL, TEXT, Sheet
from core.incident.postmortem.svg import clipped, figure, tag, width
from core.incident.state import Entry, Item
from core.incident.times import spell
from core.incident.vocabulary import ItemKind, ItemStatus, Person, Phase, Role

PHASE_FILLS = {
    Phase.INVESTIGATING: "#f8dfae",
    Phase.IDENTIFIED: "#f7f3b0",
    Phase.MONITORING: "#cfe8f8",
    Phase.RESOLVED: "#bfe7da",
    Phase.CLOSED: "#e8e8e8",
}

ITEMS = 24
"""Items with a row of their own; the others are counted."""

DECIDED = frozenset({"decision_marked", "path_chosen", "decision_point_answered", "tie_broken"})


def _spans(sheet: Sheet, track: Track, key: str) -> list[Span]:
    return sheet.places.get((track, key), [])


def _until(sheet: Sheet, one: Span) -> datetime:
    return min(one.until or sheet.end, sheet.end)


def phases(sheet: Sheet) -> None:
    sheet.heading("Phase")
    outside = []
    # The close itself takes no time.
    every = [one for one in sheet.incident.course if one.track is Track.PHASE]
    spans = [one for one in every if _until(sheet, one) > one.since or one.key != Phase.CLOSED]
    for one in spans:
        until = _until(sheet, one)
        sheet.bar(one.since, until, sheet.y, PHASE_FILLS[Phase(one.key)], f"{one.key} from {utc(one.since)}")
        if sheet.fits(one.key, one.since, until):
            sheet.inside(one.key, one.since, until, sheet.y)
        else:
            outside.append(Label(sheet.scale.x(one.since), one.key))
    sheet.y += ROW
    sheet.below(outside, 6)
    if frozen := _spans(sheet, Track.FREEZE, "freeze"):
        sheet.label("changes frozen", sheet.y)
        for one in frozen:
            sheet.bar(one.since, _until(sheet, one), sheet.y, "url(#freeze)", f"changes frozen from {utc(one.since)}")
        sheet.y += ROW


def roles(sheet: Sheet) -> None:
    sheet.heading("Roles")
    for role in Role:
        spans = [(one, one.who) for one in _spans(sheet, Track.ROLE, role.value) if one.who is not None]
        among: list[Person] = []
        for _, who in spans:
            if not any(who.is_(known) for known in among):
                among.append(who)
        sheet.label(role.title, sheet.y)
        middle = sheet.y + BAR / 2
        sheet.line(LEFT, middle, RIGHT, middle, DIM, stroke_width=0.8, stroke_dasharray="2 4")
        if not spans:
            sheet.words("nobody", LEFT + 6, sheet.y + BAR - 4, fill=DIM)
        outside = _holders(sheet, spans, among)
        sheet.y += ROW
        sheet.below(outside, 3)


def _holders(sheet: Sheet, spans: list[tuple[Span, Person]], among: list[Person]) -> list[Label]:
    outside: list[Label] = []
    last: datetime | None = None
    for one, who in spans:
        until, name = _until(sheet, one), clipped(sheet.naming.holder(who, among), TEXT, 160)
        sheet.bar(one.since, until, sheet.y, "#e3edf4", f"{name} from {utc(one.since)}")
        if sheet.fits(name, one.since, until):
            sheet.inside(name, one.since, until, sheet.y)
        else:
            outside.append(Label(sheet.scale.x(one.since), name))
        if last == one.since:
            _handoff(sheet, sheet.scale.x(one.since), sheet.y)
        last = one.until
    return outside


def _handoff(sheet: Sheet, x: float, y: float) -> None:
    middle = y + BAR / 2
    points = [(x - 4, middle - 5), (x + 5, middle), (x - 4, middle + 5)]
    sheet.line(x, y - 3, x, y + BAR + 3, INK, stroke_width=1.6)
    sheet.add(tag("polygon", points=" ".join(f"{figure(a)},{figure(b)}" for a, b in points), fill=INK))


def items(sheet: Sheet) -> None:
    every = [item for item in sheet.incident.items.values() if _spans(sheet, Track.ITEM, item.key)]
    if not every:
        return
    sheet.heading("Items")
    first = sorted(every, key=lambda one: (one.kind is not ItemKind.RECOVERY, one.status is not ItemStatus.CONFIRMED))
    shown = {one.key for one in first[:ITEMS]}
    for item in every:
        if item.key in shown:
            _item(sheet, item)
    if left_out := [one for one in every if one.key not in shown]:
        still = sum(one.open for one in left_out)
        words = f"and {len(left_out)} more: {len(left_out) - still} ended, {still} left open"
        sheet.words(words, LEFT, sheet.y + BAR - 4, fill=DIM)
        sheet.y += ROW


def _item(sheet: Sheet, item: Item) -> None:
    spans = _spans(sheet, Track.ITEM, item.key)
    text = sheet.naming.text(item.text, spans[0].since)
    sheet.label(f"{item.key} {text}", sheet.y)
    names: list[str] = []
    for one in spans:
        who = sheet.naming.person(one.who, one.since) if one.who else ""
        # A path is the recovery owner's, whoever lends a hand.
        busy = who or item.kind is ItemKind.RECOVERY
        fill, more = (f"url(#{item.kind.value})", {}) if busy else (PAPER, {"stroke_dasharray": "3 2"})
        sheet.bar(one.since, _until(sheet, one), sheet.y, fill, f"{item.key} {text}: {who or 'nobody on it'}", **more)
        if who and who not in names:
            names.append(who)
    how = item.status.value if not item.open else "left open" if sheet.incident.closed else "open"
    nobody = [] if item.kind is ItemKind.RECOVERY else ["nobody"]
    words = " · ".join([*([", then ".join(names)] if names else nobody), how])
    _beside(sheet, words, sheet.scale.x(spans[0].since), sheet.scale.x(_until(sheet, spans[-1])))
    sheet.y += ROW - 2


def _beside(sheet: Sheet, words: str, left: float, right: float) -> None:
    """Words in the bar where they fit, else on the side where there is more room."""
    long, y = width(words, TEXT), sheet.y + BAR - 4
    if long + 8 <= right - left:
        sheet.words(words, (left + right) / 2, y, anchor="middle")
    elif right + 6 + long <= EDGE or EDGE - right >= left - LEFT:
        sheet.words(clipped(words, TEXT, EDGE - right - 6), right + 6, y)
    else:
        sheet.words(clipped(words, TEXT, left - LEFT - 6), left - 6, y, anchor="end")


def updates(sheet: Sheet) -> None:
    sheet.heading("Updates")
    sheet.label("published", sheet.y)
    middle = sheet.y + BAR / 2
    sheet.line(LEFT, middle, RIGHT, middle, DIM, stroke_width=0.8)
    room = LEFT - 20
    for one in sheet.incident.updates:
        x = sheet.scale.x(one.at)
        title = tag("title", text=f"update {one.number}, {utc(one.at)}")
        # Where they are many, each is a tick.
        if x - room < 18:
            sheet.add(tag("line", title, x1=x, y1=middle - 5, x2=x, y2=middle + 5, stroke=INK, stroke_width=1.4))
            continue
        room = x
        fill, ink = (PAPER, INK) if one.withdrawn else ("#0072b2", PAPER)
        sheet.add(tag("circle", title, cx=x, cy=middle, r=8, fill=fill, stroke=INK))
        number = tag("text", text=str(one.number), x=x, y=middle + 3.5, font_size=9, text_anchor="middle", fill=ink)
        sheet.add(number)
        if one.withdrawn:
            sheet.line(x - 8, middle + 6, x + 8, middle - 6, INK, stroke_width=1.4)
    sheet.y += ROW
    if any(one.promised_at for one in sheet.incident.updates):
        _promises(sheet)


def _promises(sheet: Sheet) -> None:
    sheet.label("next one promised", sheet.y)
    middle, late = sheet.y + BAR / 2, []
    sheet.line(LEFT, middle, RIGHT, middle, DIM, stroke_width=0.8)
    for one in delays(sheet.incident):
        if one.kind is not Kind.PROMISE:
            continue
        due, came = one.at, one.until or sheet.end
        x, to = sheet.scale.x(due), sheet.scale.x(came)
        sheet.line(x, middle, max(to, x + 2), middle, RED, stroke_width=5.0)
        late.append(Label(x, f"late: {spell(came - due)}"))
    room = LEFT - 20
    for update in sheet.incident.updates:
        promised = update.promised_at
        if promised is None or update.withdrawn or not sheet.scale.start <= promised <= sheet.end:
            continue
        x = sheet.scale.x(promised)
        title = tag("title", text=f"after update {update.number} the next was promised for {utc(promised)}")
        size = 6.0 if x - room >= 14 else 3.0
        room = x if size > 3 else room
        points = [(x, middle - size), (x + size, middle), (x, middle + size), (x - size, middle)]
        around = " ".join(f"{figure(a)},{figure(b)}" for a, b in points)
        sheet.add(tag("polygon", title, points=around, fill=PAPER, stroke=INK, stroke_width=1.2))
    sheet.y += ROW
    sheet.below(late, 3)


def decisions(sheet: Sheet) -> None:
    made = [one for one in sheet.incident.entries if one.kind in DECIDED and not one.withdrawn and not one.hidden]
    if not made:
        return
    sheet.heading("Decisions")
    middle = sheet.y + BAR / 2
    sheet.line(LEFT, middle, RIGHT, middle, DIM, stroke_width=0.8)
    labels = [_decision(sheet, one, middle) for one in sorted(made, key=lambda one: (one.at, one.number))]
    sheet.y += ROW
    sheet.below(labels, 12)


def _decision(sheet: Sheet, entry: Entry, middle: float) -> Label:
    x = sheet.scale.x(entry.at)
    text = sheet.naming.text(entry.text, entry.at).removeprefix("decision: ").removeprefix("path: ")
    points = [(x, middle - 7), (x + 6, middle + 5), (x - 6, middle + 5)]
    around = " ".join(f"{figure(a)},{figure(b)}" for a, b in points)
    title = tag("title", text=f"{utc(entry.at)} {text}")
    sheet.add(tag("polygon", title, points=around, fill="#e69f00", stroke=INK))
    return Label(x, clipped(f"{entry.at:%H:%M} {text}", SMALL, 190))
