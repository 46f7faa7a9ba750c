"""Newcomers: whoever is called into an incident that goes on reads in private how it stands, once, and nothing waits for it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from cast import Someone
from stage import Stage, open_stage
from test_scenarios_private import declares

from core.incident.policy import Policy, Service
from core.incident.vocabulary import Account, Person
from core.roster import Roster
from transports.sandbox.faults import Trouble


def rules(roster: Roster) -> Policy:
    """Ann is on call; checkout is Mia's and Jon's, and Leah stands for a team beside it."""
    named = {name: person for name in ("Ann", "Mia", "Jon", "Leah") if (person := roster.named(name))}
    return Policy(
        on_call=(named["Ann"],),
        services=(
            Service(name="checkout", team=(named["Mia"], named["Jon"]), neighbours=("search",)),
            Service(name="search", team=(named["Leah"],)),
        ),
    )


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, policy=rules) as one:
        yield one


async def _goes_on(stage: Stage) -> None:
    """Ann works on it: the impact, a theory, a path, and something that is free."""
    await stage.ann.types("declare checkout fails")
    for words in (
        "impact nobody can pay",
        "hypothesis tax rounding",
        "hypothesis cache",
        "confirm H1",
        "path rollback release 214",
    ):
        await stage.ann.types(words)


async def _calls(stage: Stage, words: str) -> None:
    await stage.ann.types(words)
    await stage.fast_forward(seconds=1)


def _alone(stage: Stage, person: Someone) -> list[str]:
    """What stands where somebody and the bot are alone, by card."""
    return [one.mark[1] for one in stage.of_tocsin(stage.world.direct(person.account)) if one.mark is not None]


async def test_each_newcomer_of_a_wider_circle_is_told_in_private_how_it_stands(stage: Stage) -> None:
    await _goes_on(stage)
    await _calls(stage, "widen")
    for person in (stage.mia, stage.jon):
        told = stage.expect_told(
            person,
            "You are paged by Ann: the circle is widened: the service's team.",
            "SEV2 · investigating · checkout fails",
            "nobody can pay",
            "H1 tax rounding, confirmed",
            "roll back: release 214",
            "H2 cache",
            stage.incident.name,
        )
        assert re.search(r"So it was at \d\d:\d\d UTC", told)
    assert _alone(stage, stage.leah) == _alone(stage, stage.ann) == []
    await stage.ann.types("impact everybody can pay again")
    await _calls(stage, "widen")
    stage.expect_told(stage.leah, "everybody can pay again", page=2)
    stage.expect_told(stage.mia, "nobody can pay")
    stage.expect_everything()


async def test_it_is_told_once_whatever_happens_to_the_bot_and_to_its_requests(stage: Stage) -> None:
    await _goes_on(stage)
    await stage.ann.types("page @Mia")
    stage.faults.upcoming.extend([Trouble.LOST_REPLY] * 4)
    await stage.fast_forward(minutes=1)
    await stage.restart(away=timedelta(minutes=1))
    await stage.restart(away=timedelta(minutes=1), forget=True)
    await stage.fast_forward(minutes=1)
    assert _alone(stage, stage.mia) == ["newcomer/1"]
    assert len(stage.world.look(stage.find("newcomer/1").ref).versions) == 1
    stage.expect_everything()


async def test_who_takes_no_direct_messages_is_named_and_nothing_waits(stage: Stage) -> None:
    await _goes_on(stage)
    stage.faults.closed.add(stage.mia.account.id)
    await _calls(stage, "widen")
    stage.expect_card(
        "prompt/page-1",
        "Mia could not be told in private (they take no direct messages). What there is to know stands here.",
        "nobody can pay",
    )
    assert "called Mia by direct message, which failed" in await stage.ann.asks("timeline")
    stage.expect_told(stage.jon, "nobody can pay")
    stage.expect_card("item/H2")
    before = stage.incident.version
    await stage.fast_forward(minutes=6)
    assert stage.incident.version == before, "it is tried again, and told once"
    stage.faults.closed.clear()
    await stage.fast_forward(minutes=6)
    stage.expect_told(stage.mia, "nobody can pay")
    assert [one.sent for one in stage.incident.tries] == [False, True]
    stage.expect_everything()


def _with_nat(transport: str, account_id: str) -> Callable[[Roster], Policy]:
    """The house rules with a group of one, who is reached in no chat."""

    def with_nat(roster: Roster) -> Policy:
        account = Account(transport=transport, id=account_id, name="Nat")
        nat = Person(key="person:Nat", name="Nat", initials="NA", account=account)
        return rules(roster).model_copy(update={"groups": {"dba": (nat,)}})

    return with_nat


async def test_who_is_no_member_of_the_chat_is_named_too(tmp_path: Path) -> None:
    async with open_stage(tmp_path, policy=_with_nat("sandbox", "nobody-at-all")) as stage:
        await _goes_on(stage)
        await _calls(stage, "page dba")
        await stage.fast_forward(seconds=5)
        stage.expect_card("prompt/page-1", "Nat could not be told in private (nobody in the sandbox has the id")
        stage.expect_everything()


async def test_who_is_in_no_chat_of_the_bots_is_named_once(tmp_path: Path) -> None:
    async with open_stage(tmp_path, policy=_with_nat("matrix", "@nat:example.org")) as stage:
        await _goes_on(stage)
        await _calls(stage, "page dba")
        stage.expect_card("prompt/page-1", "Nat could not be told in private (Tocsin is not on matrix)")
        await stage.restart()
        await stage.ann.types("note still at it")
        assert len(stage.incident.tries) == 1
        stage.expect_everything()


async def test_who_is_there_and_who_is_asked_once_more_is_not_told(stage: Stage) -> None:
    await _goes_on(stage)
    await stage.kim.says("I look at it")
    await _calls(stage, "page team")
    await stage.mia.types("no page-1")
    stage.expect_card("prompt/page-2", "Jon: you are paged")
    assert _alone(stage, stage.jon) == ["newcomer/1"]
    await stage.ann.says("Kim?")
    await _calls(stage, "page @kim")
    assert _alone(stage, stage.kim) == []
    stage.expect_everything()


async def test_in_private_no_word_of_a_private_incident_is_said_outside_of_its_channel(stage: Stage) -> None:
    await declares(stage.ann, "canary in the keys")
    await stage.ann.types("impact the canary sings")
    await _calls(stage, "page @Mia a canary, come")
    told = stage.expect_told(stage.mia, "You are paged by Ann into a private incident", stage.incident.name)
    assert "canary" not in told
    await stage.ann.types("uninvite @Mia")
    assert "canary" not in stage.expect_told(stage.mia, "private incident")
    stage.expect_everything()


async def test_a_drill_says_so_in_private_too(stage: Stage) -> None:
    await stage.ann.types("drill checkout", stage.triage)
    await _calls(stage, "page @Leah")
    stage.expect_told(stage.leah, "DRILL")
    stage.expect_everything()
