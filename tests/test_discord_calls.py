"""The calls on Discord: a decision, a threshold, a stop, an objection and a signal, by buttons and by `/incident call`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest_asyncio
from discord_company import Company, labels, open_company, text, told
from discord_person import Person
from discord_world import Channel, Message

from core.incident.policy import Policy, Service, Times

pytest_plugins = ["conftest_discord"]

THRESHOLDS = ("payment errors stay above 20 % for 5 minutes", "anybody is charged twice")
MANY = (*THRESHOLDS, *(f"sentence {number}: {'as long as people write them ' * 3}" for number in range(3, 10)))
FOUR = ["roll back", "ship a fix", "hold five minutes", "keep digging"]


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    policy = Policy(times=Times(signal=timedelta(seconds=1)), services=(Service(name="checkout", thresholds=MANY),))
    async with open_company(tmp_path, policy=policy) as one:
        yield one


async def team(company: Company) -> tuple[Channel, Person]:
    """Bob commands and Mia has recovery; Cam, who is given back with the channel, has diagnosis."""
    channel, cam = await company.declared(), company.responder("Cam")
    for who, role in ((company.bob, "ic"), (company.mia, "recovery"), (cam, "diagnosis")):
        assert await told(who.slash(channel, "incident role claim", role=role)) == "✅"
    return channel, cam


async def test_a_decision_is_asked_with_four_buttons_and_the_owners_press_decides(company: Company) -> None:
    channel, cam = await team(company)
    later = datetime.now(UTC) + timedelta(minutes=9)
    by_clock = cam.slash(channel, "incident call decide-by", time=f"{later:%H:%M}", condition="fail over")
    assert await told(by_clock) == "✅"
    await company.card(channel, "board", f"{later:%H:%M} UTC fail over (Mia)")
    soon = company.mia.slash(channel, "incident call decide-by", time="1s", condition="roll back if errors stay")
    assert await told(soon) == "✅"
    asked = await company.card(channel, "prompt/decision-1", "Mia: D2 is to be decided", "roll back if errors stay")
    assert asked.pings == {company.mia.id}
    assert labels(asked) == FOUR
    refused = cam.press(asked, "⏪")
    assert "call of the recovery owner" in await told(refused)
    assert refused.answers[0].for_user == cam.id
    stale = [dict(row) for row in asked.components]
    use = company.mia.press(asked, "⏪")
    await use.done()
    decided = await company.card(channel, "prompt/decision-1", "The decision: Mia: roll back.")
    assert decided.components == []
    assert use.answers == []
    await company.card(channel, "item/R1", "roll back: roll back if errors stay")
    # A press that comes late from a client which still shows the buttons changes nothing: the card says how it ended.
    decided.components = stale
    late = company.bob.press(decided, "🔧")
    await late.done()
    assert await told(company.bob.slash(channel, "incident note", text="after it")) == "✅"
    assert late.answers == []
    assert [item.key for item in company.incident().items.values()] == ["R1"]
    assert [one.key for one in company.incident().open_points] == ["D1"]


async def test_nine_thresholds_have_nine_buttons_and_make_rolling_back_the_rule(company: Company) -> None:
    channel, cam = await team(company)
    card = await company.card(channel, "thresholds", "Rolling back checkout", "9  sentence 9")
    assert labels(card) == [f"{number} is met" for number in range(1, 10)]
    assert [len(row["components"]) for row in card.components] == [5, 4]
    assert await told(cam.slash(channel, "incident changed", what="release 214", time="5m ago")) == "✅"
    await cam.press(card, "2️⃣").done()
    await company.card(channel, "thresholds", "2  anybody is charged twice met (Cam)")
    assert await told(company.bob.slash(channel, "incident call met", threshold="9")) == "✅"
    assert "“10” is no one threshold" in await told(company.bob.slash(channel, "incident call met", threshold="10"))
    rule = await company.card(channel, "prompt/rule-1", "Mia: rolling back first is the rule. release 214")
    assert rule.pings == {company.mia.id}
    assert labels(rule) == FOUR
    await company.mia.press(rule, "keep digging").done()
    await company.card(channel, "prompt/unsafe-1", "Why is it unsafe, in one sentence?", "/incident call path")
    assert await told(company.mia.slash(channel, "incident call path", path="dig", why="the migration has run")) == "✅"
    await company.card(channel, "prompt/rule-1", "Mia: keep digging")


async def test_one_path_is_stopped_for_another_and_an_objection_overturns_that(company: Company) -> None:
    channel, cam = await team(company)
    assert await told(company.mia.slash(channel, "incident call path", path="fix", why="put it back")) == "✅"
    company.mia.slash(channel, "incident call path", path="rollback", why="release 214")
    stop = await company.card(channel, "prompt/stop-1", "R1 (ship a fix: put it back) is open")
    assert labels(stop) == ["stop it"]
    assert "asked of Mia" in await told(company.bob.press(stop, "👍"))
    await company.mia.press(stop, "👍").done()
    await company.card(channel, "item/R1", "Stopped by Mia")
    await company.card(channel, "item/R2", "roll back: release 214")
    assert await told(cam.slash(channel, "incident call object", why="it loses the new orders")) == "✅"
    tie = await company.card(channel, "prompt/objection-1", "Bob: you break the tie", "Cam it loses the new orders")
    assert tie.pings == {company.bob.id}
    assert labels(tie) == ["it stands", "it is overturned", *FOUR]
    assert "asked of Bob" in await told(company.mia.press(tie, "❌"))
    await company.bob.press(tie, "❌").done()
    await company.card(channel, "prompt/objection-1", "overturned")
    await company.card(channel, "item/R2", "Stopped by Bob")


async def test_a_path_that_is_done_is_watched_and_asked_about(company: Company) -> None:
    channel, cam = await team(company)
    assert await told(company.mia.slash(channel, "incident call path", path="rollback")) == "✅"
    await company.mia.press(await company.card(channel, "item/R1"), "✅").done()
    await company.card(channel, "prompt/signal-1", "Which signal will show that it worked", "/incident call watch")
    watch = company.mia.slash(channel, "incident call watch", signal="payment success above 99 %", who=cam)
    assert await told(watch) == "✅"
    await company.card(channel, "prompt/signal-1", "Cam watches payment success above 99 %")
    worked = await company.card(channel, "prompt/worked-1", "Cam: did R1 (roll back) work?")
    assert worked.pings == {cam.id}
    assert labels(worked) == ["it worked", "it did not help"]
    assert "asked of Cam" in await told(company.mia.press(worked, "it worked"))
    await cam.press(worked, "it did not help").done()
    await company.card(channel, "item/R1", "Did not help")


async def test_a_second_check_is_confirmed_by_a_button(company: Company) -> None:
    channel, cam = await team(company)
    cards: list[Message] = []
    for number, words in enumerate(("the cache", "tax rounding"), 1):
        await told(cam.slash(channel, "incident item hypothesis", text=words))
        cards.append(await company.card(channel, f"item/H{number}"))
    await cam.press(cards[0], "✋").done()
    await cam.press(cards[1], "✋").done()
    asked = await company.card(channel, "prompt/second-1", "Cam: you are on H1, and Mia could take it. H2 as well?")
    assert "free to grab" in text(await company.card(channel, "item/H2"))
    await cam.press(asked, "yes, as well").done()
    await company.card(channel, "item/H2", "Cam is on it")
