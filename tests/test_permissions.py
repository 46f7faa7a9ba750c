"""Who may do what, every cell of `permission_table.TABLE`, both outcomes: on the rules alone and on every chat."""

from __future__ import annotations

from pathlib import Path

import pytest
from incidents import message
from permission_asks import QUESTIONS, Question
from permission_chats import in_sandbox, on_discord, on_matrix
from permission_doors import RulesDoor
from permission_play import Tried, cells, play, play_allowed, play_refused, prepare, words_of
from permission_presses import by_the_rules, in_a_chat, machines_are_nobody
from permission_table import AFTER, ANYONE, ELSEWHERE, KINDS, TABLE
from synapse import Synapse

from core.incident import commands as c
from core.incident.events import Ask
from core.incident.forms import Verb
from core.incident.verbs import VERBS
from transports.reactions import REACTIONS, Where
from transports.reading import PLACES, on_card, on_message, place

pytest_plugins = ["conftest_discord", "conftest_matrix"]

EVERYONE = frozenset(KINDS)


async def test_no_verb_is_left_out() -> None:
    """Whoever adds a verb adds its row: what it means is looked up, not how it is spelled."""
    door = RulesDoor()
    await prepare(door, ANYONE)
    given = [door.read(words_of(door, Tried(), row.words, "responder")) for row in (*TABLE, *AFTER)]

    def tried(verb: Verb) -> bool:
        return any(
            isinstance(one, verb.command) and all(getattr(one, name) == value for name, value in verb.fixed.items())
            for one in given
        )

    assert {verb.word for verb in VERBS if not tried(verb)} == {*ELSEWHERE}


async def test_no_emoji_is_left_out() -> None:
    """Each asks for what a row of the table or a question has, and says that not everyone may where that is so."""
    door = RulesDoor()
    await prepare(door, ANYONE)
    may = {type(door.read(words_of(door, Tried(), row.words, "responder"))): row.may for row in TABLE}
    asked = {(place(f"prompt/{one.ask}-1"), action) for one in QUESTIONS for action in one.answers}
    quote = c.Quote(message=message("x"), by=door.person("Ann"), at=door.case.now)
    for row in REACTIONS:
        if (row.where, row.action) in asked or row.where is Where.TRIAGE:
            continue  # In triage: `test_permissions_triage.py`.
        if row.where is Where.MESSAGE:
            command: c.AnyCommand | None = on_message(row.action, quote, "words", "")
        else:
            command = on_card(
                row.action, next(start for start, where in PLACES if where is row.where).strip("/") + "/1"
            )
        # The next page of a runbook is `runbook NAME 2`.
        asks = c.ShowRunbook if isinstance(command, c.TurnPage) else type(command)
        assert asks in may, row
        assert bool(row.who) is (may[asks] != ANYONE), row


def test_no_question_is_left_out() -> None:
    assert {one.ask for one in QUESTIONS} == {*Ask}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: f"{one.ask} {one.about}".strip())
async def test_every_answer_by_the_rules_alone(question: Question) -> None:
    await by_the_rules(question)


async def test_every_cell_by_the_rules_alone() -> None:
    tried = await play(RulesDoor(), ANYONE)
    assert (len(tried.allowed), len(tried.refused)) == cells(ANYONE)


@pytest.mark.endure
async def test_every_cell_in_the_sandbox(tmp_path: Path) -> None:
    async with in_sandbox(tmp_path) as door:
        tried = await play(door)
        assert (len(tried.allowed), len(tried.refused)) == cells(EVERYONE)
        await door.finish()
        print(tried)


@pytest.mark.endure
async def test_every_answer_in_the_sandbox(tmp_path: Path) -> None:
    async with in_sandbox(tmp_path) as door:
        print(await in_a_chat(door))
        await door.finish()


@pytest.mark.endure
async def test_every_answer_on_discord(tmp_path: Path) -> None:
    async with on_discord(tmp_path) as door:
        print(await in_a_chat(door))
        await door.finish()


@pytest.mark.endure
async def test_every_answer_on_matrix(tmp_path: Path, synapse: Synapse) -> None:
    async with on_matrix(tmp_path, synapse) as door:
        print(await in_a_chat(door, every=4))
        await door.finish()


async def test_a_machine_is_nobody_in_every_cell_on_discord(tmp_path: Path) -> None:
    async with on_discord(tmp_path) as door:
        await machines_are_nobody(door)


@pytest.mark.endure
async def test_a_machine_is_nobody_in_every_cell_on_matrix(tmp_path: Path, synapse: Synapse) -> None:
    async with on_matrix(tmp_path, synapse) as door:
        await machines_are_nobody(door)


@pytest.mark.endure
async def test_every_cell_on_discord(tmp_path: Path) -> None:
    async with on_discord(tmp_path) as door:
        tried = await play(door)
        assert (len(tried.allowed), len(tried.refused)) == cells(EVERYONE)
        await door.finish()
        print(tried)


SHARES = 5
"""Incidents over which the cells are spread on Matrix, each a test: a small incident is quick to show."""


@pytest.mark.endure
@pytest.mark.parametrize("share", range(SHARES))
async def test_every_allowed_cell_on_matrix(tmp_path: Path, synapse: Synapse, share: int) -> None:
    async with on_matrix(tmp_path, synapse) as door:
        tried = await play_allowed(door, share, SHARES)
        mine = (*TABLE[share::SHARES], *(() if share else AFTER))
        assert len(tried.allowed) == cells(EVERYONE, mine)[0]
        await door.finish()
        print(tried)


@pytest.mark.endure
@pytest.mark.parametrize("share", range(SHARES))
async def test_every_refused_cell_on_matrix(tmp_path: Path, synapse: Synapse, share: int) -> None:
    async with on_matrix(tmp_path, synapse) as door:
        tried = await play_refused(door, share, SHARES)
        assert len(tried.refused) == len(range(share, cells(EVERYONE, TABLE)[1], SHARES))
        await door.finish()
        print(tried)
