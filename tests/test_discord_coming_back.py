"""What happens to acts around the moment at which a bot on Discord comes back: nothing is lost, and nothing begins twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from discord_company import open_company, told
from discord_gateway import Connection
from discord_house import KEY, House, house, post
from discord_permissions import Permission
from running import until
from structlog.testing import capture_logs

from core.incident.vocabulary import ChannelRef
from transports.discord_chat import catch_up, requests
from transports.discord_chat.catch_up import Alone, CatchUp
from transports.discord_chat.refs import channel_ref
from transports.signals import MessageEdited, MessageSent, ReactionAdded, ReactionRemoved


@pytest_asyncio.fixture
async def here() -> AsyncIterator[House]:
    async with house() as one:
        yield one


def said(here: House) -> list[str]:
    return [each.text for each in here.bot.heard if isinstance(each, MessageSent)]


@pytest.mark.endure
async def test_what_is_said_at_the_moment_of_coming_back_overtakes_nothing(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.start()
    here.bob.say(here.triage, "before")
    await here.bot.hears(MessageSent)
    gateway = here.discord.gateway
    identify = gateway._identify

    def and_speak(connection: Connection, data: dict[str, Any]) -> None:
        identify(connection, data)
        here.bob.say(here.triage, "live")

    monkeypatch.setattr(gateway, "_identify", and_speak)
    gateway.lose_sessions()
    here.bob.say(here.triage, "missed")
    await until(lambda: "live" in said(here))
    await asyncio.sleep(0.3)
    assert list(dict.fromkeys(said(here))) == ["before", "missed", "live"]


async def test_a_channel_that_cannot_be_read_for_long_loses_nothing(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "AGAIN", 0.02)
    await here.start()
    here.bob.say(here.triage, "before")
    await here.bot.hears(MessageSent)
    await here.bot.stop()
    here.bob.say(here.triage, "missed")
    trouble = here.discord.faults.fail(503, "GET", "/channels/*/messages", times=20)
    await here.start()
    here.bob.say(here.triage, "live")
    await until(lambda: trouble.met == 20)
    await until(lambda: set(said(here)) == {"live", "missed"})


@pytest.mark.endure
async def test_what_is_being_recorded_is_not_broken_off_by_another_session(here: House) -> None:
    await here.start()
    here.bob.say(here.triage, "before")
    await here.bot.hears(MessageSent)
    begun, going_on, broken = asyncio.Event(), asyncio.Event(), False

    async def slowly(signal: Any) -> None:
        nonlocal broken
        begun.set()
        try:
            await going_on.wait()
        except asyncio.CancelledError:
            broken = True
            raise

    here.bot.on_signal = slowly
    gateway = here.discord.gateway
    gateway.lose_sessions()
    here.bob.say(here.triage, "missed")
    await asyncio.wait_for(begun.wait(), 15)
    gateway.lose_sessions()
    await until(lambda: gateway.identified == 3)
    await asyncio.sleep(0.3)
    going_on.set()
    await until(lambda: "missed" in said(here))
    assert not broken


async def test_a_lost_database_does_not_replay_what_was_edited_long_ago(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "FRESH", timedelta(0))
    old = here.bob.say(here.triage, "!inc declare checkout fails")
    here.bob.edit(old, "!inc declare checkout fails for all")
    for _ in range(2):
        await here.start()
        await asyncio.sleep(0.1)
        assert here.bot.heard == []
        await here.bot.stop()
    await here.start()
    here.bob.edit(old, "!inc declare checkout fails for some")
    [heard] = await here.bot.hears(MessageEdited)
    assert heard.text == "!inc declare checkout fails for some"


class Other(Alone):
    """A config in which only one emoji means anything."""

    def means(self, emoji: str) -> bool:
        return emoji == "🧠"


async def test_an_emoji_that_means_nothing_any_more_was_not_taken_back(here: House) -> None:
    await here.start()
    seen = here.bob.say(here.triage, "errors")
    here.bob.react(seen, "💡")
    await here.bot.hears(ReactionAdded)
    await here.bot.stop()
    here.bob.react(seen, "🧠")
    bot = here.transport()
    bot.brief(Other())
    await here.process(bot).start()
    assert [each.emoji for each in here.bot.heard if isinstance(each, ReactionAdded)] == ["🧠"]
    assert not [each for each in here.bot.heard if isinstance(each, ReactionRemoved)]
    here.bob.unreact(seen, "💡")
    await here.bot.hears(ReactionRemoved)


async def test_a_card_is_found_under_days_of_talk(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = await here.start()
    channel = await bot.open_channel(here.plan())
    since = here.clock.now()
    sent = await bot.send(channel, post(card="board"), KEY)
    room = here.channel(channel)
    for number in range(450):
        here.bob.say(room, f"talk {number}")
    monkeypatch.setattr(requests, "PATIENCE", 0.6)
    here.discord.faults.slow(0.2, "GET", "/channels/*/messages", times=10)
    assert await bot.marked(channel, "inc-1", 1, since) == {"board": sent}
    assert await bot.marked(channel, "inc-1", 1, here.clock.now()) == {}


async def test_a_thread_that_was_deleted_is_there_again(tmp_path: Path) -> None:
    async with open_company(tmp_path) as company:
        channel = await company.declared()
        assert await told(company.bob.slash(channel, "incident item hypothesis", text="the cache")) == "✅"
        card = await company.card(channel, "item/H1")
        thread = await company.there(lambda: company.discord.world.channel(card.id))
        company.discord.owner.delete_channel(thread)
        again = await company.there(
            lambda: one if (one := company.discord.world.channel(card.id)) is not thread else None
        )
        assert again.name == thread.name
        company.bob.say(again, "!inc done H1")
        await company.card(channel, "item/H1", "Confirmed")


async def test_a_guild_that_the_bot_is_not_in_is_no_bug(here: House, capsys: pytest.CaptureFixture[str]) -> None:
    await here.start(guild="5")
    assert "Traceback" not in capsys.readouterr().out


async def test_what_stood_in_triage_before_the_bot_came_is_no_alarm(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "FRESH", timedelta(0))
    old = [here.bob.say(here.triage, f"last year {number}") for number in range(3)]
    for each in old:
        here.bob.react(each, "🚨")
    await asyncio.sleep(0.01)
    for _ in range(2):
        await here.start()
        await asyncio.sleep(0.1)
        assert here.bot.heard == []
        await here.bot.stop()
    new = here.bob.say(here.triage, "tonight")
    here.bob.react(new, "🚨")
    await here.start()
    [heard] = await here.bot.hears(ReactionAdded)
    assert heard.message.id == str(new.id)
    here.bob.react(old[0], "🔥")
    await here.bot.hears(ReactionAdded, 2)


async def test_rights_that_are_lacking_are_named_at_start_and_when_that_changes(here: House) -> None:
    role, all_of_them = here.discord.bot.role, here.discord.bot.role.permissions
    here.discord.edit_role(role, all_of_them & ~int(Permission.MANAGE_CHANNELS))
    with capture_logs() as logs:
        await here.start()
        await until(lambda: any(line.get("lacks") == "Manage Channels" for line in logs))
        here.discord.edit_role(role, all_of_them)
        await until(lambda: any(line["event"] == "no right is lacking" for line in logs))
    assert len([line for line in logs if "lacks" in line]) == 2


async def test_a_bug_over_one_channel_leaves_no_other_unread(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await here.start()
    other = here.discord.create_channel("other")
    await here.bot.stop()
    said_there = here.bob.say(here.triage, "missed")
    whole = CatchUp._channel

    async def stumble(self: CatchUp, channel: ChannelRef, *, live: bool) -> None:
        if channel.id == str(other.id):
            raise ZeroDivisionError
        await asyncio.sleep(0.1)
        await whole(self, channel, live=live)

    monkeypatch.setattr(CatchUp, "_channel", stumble)
    monkeypatch.setattr(Alone, "channels", lambda *_: (channel_ref(other.id),))
    with capture_logs() as logs:
        await here.start()
    assert [each.message.id for each in here.bot.heard if isinstance(each, MessageSent)] == [str(said_there.id)]
    assert [line["channel"] for line in logs if "failed" in line["event"]] == [str(other.id)]
