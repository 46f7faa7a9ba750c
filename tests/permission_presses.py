"""Presses every button of every question, as every kind of person: a good answer takes effect, any other changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from permission_asks import QUESTIONS, Given, Question, Stage, newest
from permission_doors import ChatDoor, RulesDoor
from permission_play import Tried, done, prepare, shown, words_of
from permission_table import AFTER, ANYONE, KINDS, Turn
from permission_table import TABLE as ROWS

from core.activity_log import stream_of
from core.incident import commands as c
from core.incident.cards import cards
from core.incident.document import Choice
from core.incident.events import Ask
from core.incident.state import Incident
from transports.reactions import Table
from transports.reading import on_card, place

LATE = timedelta(minutes=11)
"""How old an act is that was heard late."""

TABLE = Table()


def buttons(incident: Incident, key: str) -> dict[str, Choice]:
    """What a question's card offers, by action."""
    post = next(card.post for card in cards(incident) if card.key == key)
    where = place(key)
    found = {TABLE.action(where, one.emoji) if where else None: one for one in post.choices}
    # A new incident is declared in triage, whatever the card it is said on.
    return {action or "declare": one for action, one in found.items()}


async def by_the_rules(question: Question) -> None:
    """Every button, pressed by everyone, and typed as its card says."""
    door, tried = RulesDoor(), Tried()
    await prepare(door, ANYONE, tried)
    for step in question.steps:
        await _step(door, tried, step)
    key = newest(door.case.incident, question.ask).key
    offered, begun = buttons(door.case.incident, key), door.case
    assert {*offered} == {*question.answers}, f"{question.ask}: the card offers {[*offered]}"
    for action, (may, makes) in question.answers.items():
        pressed = on_card(action, key)
        ways: list[str | c.AnyCommand] = [] if pressed is None else [pressed]
        if not (question.ask is Ask.OBJECTION and isinstance(pressed, c.AnswerDecision)):
            # Typed, a path is the recovery owner's own to choose anew.
            ways.append(offered[action].command)
        for kind in ANYONE if may else ():
            for way in ways:
                door.case = begun.fork()
                _press(door, kind, way, may, makes)


def _press(door: RulesDoor, kind: str, way: str | c.AnyCommand, may: frozenset[str], makes: str) -> None:
    before = dict(shown(door.incident()))
    command = door.read(way) if isinstance(way, str) else way
    kinds = [each.kind for each in door.case.does(door.person(KINDS[kind]), command)]
    if kind in may:
        assert makes in kinds, f"{kind}, {way}: {kinds}"
    else:
        assert kinds == ["refused"], f"{kind}, {way}: {kinds}"
        assert dict(shown(door.incident())) == before


async def _step(door: RulesDoor, tried: Tried, step: Turn | Given | Stage) -> None:
    match step:
        case tuple():
            await done(door, tried, step)
        case Given():
            by = door.person(KINDS[step.by]) if step.by else None
            at = door.case.now - LATE if step.late else None
            events = door.case.does(by, step.command(door.incident()), at)
            assert [each.kind for each in events[:1]] not in ([], ["refused"]), f"{step}: {events}"
        case _:
            step(door)


async def machines_are_nobody(door: ChatDoor) -> None:
    """A machine types every row of the table, and nothing comes of it, no answer either."""
    tried = await prepare(door, frozenset(KINDS))
    stream = stream_of(door.incident().number)
    before = len(await door.tocsin.log.load(stream))
    assert door.machine is not None
    for row in (*ROWS, *AFTER):
        await door.machine(f"!inc {words_of(door, tried, row.words, 'commander')}")
    await done(door, tried, ("responder", "note after all of it"))
    assert [one.event.kind for one in (await door.tocsin.log.load(stream))[before:]] == ["noted"]


FEW = 3
"""How many of those who may answer do, in a chat: each has to be asked anew."""


async def in_a_chat(door: ChatDoor, *, every: int = 1) -> Tried:
    """The same on a chat: whoever may not answer presses all that there is, and then one of those who may, one thing.

    With `every`, that many-th of the former: a slow chat is shown each kind and each button, and not each pair.
    """
    tried = await prepare(door, frozenset(KINDS))
    for question in QUESTIONS:
        may_any = sorted({kind for may, _ in question.answers.values() for kind in may}, reverse=True)
        for index, kind in enumerate(may_any[:FEW] if question.in_chats else ()):
            for step in question.steps:
                await _step_in_chat(door, tried, step)
            key = newest(door.incident(), question.ask).key
            offered = buttons(door.incident(), key)
            if not index:
                await _all_turned_away(door, tried, question, key, offered, every=every)
            mine = [action for action, (may, _) in question.answers.items() if kind in may]
            action = mine[index % len(mine)]
            [answer] = await door.press(key, [(KINDS[kind], offered[action].emoji)])
            assert question.answers[action][1] in answer.kinds, f"{kind}, {question.ask}, {action}: {answer}"
            tried.allowed.add((f"{question.ask} {question.about} {action}", kind))
            for step in question.after:
                await _step_in_chat(door, tried, step, me=kind)
    return tried


async def _all_turned_away(
    door: ChatDoor, tried: Tried, question: Question, key: str, offered: Mapping[str, Choice], *, every: int
) -> None:
    before = dict(shown(door.incident()))
    cells = [
        (kind, action) for action, (may, _) in question.answers.items() for kind in sorted(KINDS) if kind not in may
    ]
    cells = cells[::every]
    answers = await door.press(key, [(KINDS[kind], offered[action].emoji) for kind, action in cells])
    for (kind, action), answer in zip(cells, answers, strict=True):
        assert answer.kinds == ("refused",), f"{kind}, {question.ask}, {action}: {answer}"
        assert answer.refusal
        tried.refused.add((f"{question.ask} {question.about} {action}", kind))
    assert dict(shown(door.incident())) == before, f"{question.ask}: a refused answer changed something"


async def _step_in_chat(door: ChatDoor, tried: Tried, step: Turn | Given | Stage, me: str = "") -> None:
    if isinstance(step, tuple):
        who, words = step
        await done(door, tried, (me if who == "{me}" else who, words))
    elif isinstance(step, Given):
        await door.give(step.command(door.incident()), KINDS.get(step.by, ""), LATE if step.late else timedelta())
