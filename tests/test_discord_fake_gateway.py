"""Sessions of the fake Discord: resumed, replayed, lost, left; as the real discord.py takes them."""

from __future__ import annotations

import aiohttp
import pytest
from discord_bot import connected
from discord_fake import FakeDiscord
from running import until

pytest_plugins = ["conftest_discord"]


async def test_a_cut_connection_is_resumed_and_what_was_missed_comes_in_order(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        said = bob.say(triage, "x")
        fake.gateway.abort()
        for key in "🚨🔥👀":
            bob.react(said, key)
        await client.hears("resumed")
        heard = await client.hears("raw_reaction_add", 3)
        assert [each.emoji.name for each in heard] == ["🚨", "🔥", "👀"]
        fake.gateway.reconnect()
        await client.hears("resumed", 2)
        assert fake.gateway.identified == 1
        assert len(await client.hears("ready")) == 1


async def test_a_silent_connection_is_noticed_and_resumed(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake, heartbeat_timeout=0.3) as client:
        fake.gateway.silence()
        said = bob.say(triage, "into the void")
        assert [each.id for each in await client.hears("message")] == [said.id]
        assert fake.gateway.resumed >= 1


async def test_a_lost_session_starts_anew_and_never_tells_what_was_missed(fake: FakeDiscord, hasty: None) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        said = bob.say(triage, "x")
        await client.hears("message")
        fake.gateway.lose_sessions()
        bob.react(said, "🚨")
        await client.hears("ready", 2)
        assert "raw_reaction_add" not in [name for name, _ in client.heard]
        message = await client.text(triage.id).fetch_message(said.id)
        assert [each.emoji for each in message.reactions] == ["🚨"]
        assert [user.id async for user in message.reactions[0].users()] == [bob.id]


async def test_a_session_that_was_left_too_long_or_missed_too_much_is_gone(fake: FakeDiscord, hasty: None) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        fake.gateway.abort()
        fake.clock.push(fake.windows.session + 1)
        await client.hears("ready", 2)
        fake.gateway.abort()
        for number in range(fake.windows.replayed + 1):
            bob.say(triage, str(number))
        await client.hears("ready", 3)
        assert fake.gateway.resumed == 0
    async with aiohttp.ClientSession() as session:
        await _say_goodbye(fake, session)
        await until(lambda: "session-4" not in fake.gateway.sessions)


async def _say_goodbye(fake: FakeDiscord, session: aiohttp.ClientSession) -> None:
    """Identify, and leave with 1000, which ends the session."""
    socket = await session.ws_connect(fake.gateway_url)
    await socket.send_json({"op": 2, "d": {"token": fake.bot.token, "intents": 1}})
    frames = [await socket.receive_json() for _ in range(2)]
    assert [each["t"] for each in frames] == [None, "READY"]
    assert "session-4" in fake.gateway.sessions
    await socket.close(code=1000)


async def test_an_outage_hides_everything_and_ends(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        with fake.faults.outage():
            bob.say(triage, "anybody?")
            with pytest.raises((aiohttp.ClientError, OSError)):
                await client.text(triage.id).send("x")
        assert [each.content for each in await client.hears("message")] == ["anybody?"]
