"""Whatever a chat tells, however it is spelled: it is on the record and answered, and no bug."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hostile import ATTACKS, LONG
from stage import Stage

from core.incident.vocabulary import Account
from transports.signals import CommandGiven, MessageEdited, MessageSent, ReactionAdded

LONE = "\ud800"
"""Half a letter: no JSON that is written as UTF-8 can hold it, and a chat's may."""


async def _declared(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev1", stage.triage)
    stage.expect_everything()


async def _hears(stage: Stage, signal: object) -> None:
    await stage.tocsin.intake.take(signal)  # type: ignore[arg-type]
    await stage.settle()
    stage.expect_everything()


def _said(stage: Stage, text: str, name: str = "Ann") -> MessageSent:
    there = stage.world.say(stage.ann.account, stage.channel, "x")
    by = stage.ann.account.model_copy(update={"name": name})
    return MessageSent(there, by, text, stage.clock.now(), f"made:{there.id}", None, ())


@pytest.mark.parametrize(
    "words", ["!inc note half a letter {}", "!inc {}", "!inc sev {}", "!inc grab {}", "impact: {}"]
)
async def test_half_a_letter_keeps_nothing_from_the_record(stage: Stage, words: str) -> None:
    await _declared(stage)
    before = len(await stage.tocsin.log.load("inc-1"))
    said = _said(stage, words.format(LONE))
    await _hears(stage, said)
    await _hears(
        stage, MessageEdited(said.message, said.author, f"!inc note {LONE} again", said.at, "made:edit", None, ())
    )
    kinds = [record.event.kind for record in await stage.tocsin.log.load("inc-1", before)]
    # Each is done, or answered with what was wrong with it.
    assert len(kinds) == 2 or words.startswith("impact")
    assert {*kinds} <= {"noted", "source_edited", "refused"}
    stage.expect_everything()


async def test_half_a_letter_in_a_form_a_reaction_and_a_captured_message(stage: Stage) -> None:
    await _declared(stage)
    now, ann = stage.clock.now(), stage.ann.account
    answer = stage.world.say(ann, stage.channel, "x")
    await _hears(stage, CommandGiven(stage.channel, ann, "note", {"text": f"a{LONE}b"}, now, "made:given", answer))
    board = stage.find("board").ref
    await _hears(stage, ReactionAdded(board, LONE, ann, now, "made:reacted"))
    await _hears(stage, ReactionAdded(board, "x" * 60_000, ann, now, "made:reacted-long"))
    said = stage.world.say(ann, stage.channel, f"c{LONE}d")
    await _hears(stage, ReactionAdded(said, stage.policy.emoji["pin"], ann, now, "made:pinned"))
    assert {"a\ufffdb", "c\ufffdd"} <= {entry.text for entry in stage.incident.entries}, stage.unexpected()
    assert max(len(record.model_dump_json()) for record in await stage.tocsin.log.load("inc-1")) < 20_000


@pytest.mark.parametrize(
    "name", [LONE, "Ann\nCommander Bob", "\u202eAnn", "\x1b[2JAnn", "e" + "\u0301" * 5000, "x" * 70_000, "\x00", " "]
)
async def test_a_name_is_one_short_line(stage: Stage, name: str) -> None:
    account = Account(transport="sandbox", id="ann", name=name)
    assert account.name.strip() == account.name != ""
    assert account.name.isprintable()
    assert len(account.name) <= 100
    await _declared(stage)
    await _hears(stage, replace(_said(stage, "!inc note I am here"), author=account))
    assert stage.incident.entries[-1].text == "I am here"


async def test_a_look_alike_is_nobody_else(stage: Stage) -> None:
    """Names never decide: a stranger called Аnn, Ａｎｎ, or Ann to the letter is a stranger, and is given nothing."""
    await _declared(stage)
    for name in ("Аnn", "Ａｎｎ", "Ann", "Ann\u200b", "ANN"):
        by = Account(transport="sandbox", id=f"ned-{ord(name[0])}-{len(name)}", name=name)
        stage.world.people[by.id] = by
        await _hears(stage, replace(_said(stage, "!inc sev 3"), author=by))
        last = [record.event for record in await stage.tocsin.log.load("inc-1")][-1]
        assert getattr(last, "answer", "").startswith("Only responders may do that")
    assert stage.incident.severity == "sev1"
    await stage.ann.is_told("assign scribe Вob")
    await stage.ann.is_told("assign scribe Ｂob")


@pytest.mark.endure
async def test_every_attack_is_on_the_record_as_it_reads_or_is_answered(stage: Stage) -> None:
    await _declared(stage)
    before = len(await stage.tocsin.log.load("inc-1"))
    for words in (*ATTACKS, *LONG):
        await stage.tocsin.intake.take(_said(stage, f"!inc note {words}"))
        await stage.tocsin.intake.take(_said(stage, f"!inc {words}"))
    await stage.settle()
    stage.expect_everything()
    records = [record for record in await stage.tocsin.log.load("inc-1", before) if record.origin]
    assert len(records) == 2 * len((*ATTACKS, *LONG))
    assert {record.event.kind for record in records} <= {"noted", "refused", "told"}
