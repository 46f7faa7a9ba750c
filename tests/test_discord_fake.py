"""The fake Discord, asked by the real discord.py over real sockets: is it as Discord is said to be?"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import discord
import pytest
import pytest_asyncio
from discord_bot import INTENTS, Client, connected
from discord_fake import FakeDiscord
from discord_limits import Refused
from discord_permissions import Permission

NO_CONTENT = discord.Intents(guilds=True, guild_messages=True, guild_reactions=True)


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as one:
        yield one


def code(error: pytest.ExceptionInfo[discord.HTTPException]) -> int:
    return error.value.code


async def test_login_makes_ready_with_the_guild_and_only_what_the_bot_may_see(fake: FakeDiscord) -> None:
    triage = fake.create_channel("triage", topic="talk")
    secret = fake.create_channel("secret", topic="hush")
    fake.owner.overwrite(secret, fake.guild.roles[fake.guild.id], deny=Permission.VIEW_CHANNEL)
    async with connected(fake) as client:
        assert client.user is not None
        assert client.user.id == fake.bot.user.id
        assert client.application_id == fake.bot.application_id
        guild = client.guilds[0]
        assert (guild.name, guild.me.guild_permissions.pin_messages) == ("Acme", True)
        assert client.text(triage.id).topic == "talk"
        hidden = client.text(secret.id)
        assert (hidden.name, hidden.topic) == ("___hidden___", None)
        assert [each.id for each in await guild.fetch_channels()] == [triage.id]
        with pytest.raises(discord.Forbidden) as refused:
            await client.fetch_channel(secret.id)
        assert code(refused) == 50001


async def test_a_wrong_token_and_an_intent_that_is_off_are_refused(fake: FakeDiscord) -> None:
    fake.bot.privileged = 0
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with connected(fake):
            pass
    fake.bot.token = "another"
    with fake.as_discord():
        async with Client(INTENTS) as client:
            with pytest.raises(discord.LoginFailure):
                await client.login("a-token-for-tests")


async def test_what_a_person_does_is_heard(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        said = bob.say(triage, f"payments fail <@{fake.bot.user.id}>")
        bob.react(said, "🚨")
        bob.unreact(said, "🚨")
        bob.edit(said, "payments fail again")
        bob.delete(said)
        (message,) = await client.hears("message")
        (added,), (removed,) = await client.hears("raw_reaction_add"), await client.hears("raw_reaction_remove")
        (edited,), (deleted,) = await client.hears("raw_message_edit"), await client.hears("raw_message_delete")
    assert (message.id, message.author.id, message.author.display_name) == (said.id, bob.id, "Bob")
    assert [each.id for each in message.mentions] == [fake.bot.user.id]
    assert abs(message.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert (added.user_id, added.emoji.name, added.member.id, added.message_author_id) == (bob.id, "🚨", bob.id, bob.id)
    assert (removed.user_id, removed.emoji.name) == (bob.id, "🚨")
    assert (edited.message_id, edited.message.content) == (said.id, "payments fail again")
    assert deleted.message_id == said.id


async def test_without_the_content_intent_words_are_missing_but_from_mentions_and_own_messages(
    fake: FakeDiscord,
) -> None:
    fake.bot.privileged = 0
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake, NO_CONTENT) as client:
        said = bob.say(triage, "secret words", files=[("a.txt", b"words")])
        bob.say(triage, f"<@{fake.bot.user.id}> hello")
        await client.text(triage.id).send("mine")
        heard = await client.hears("message", 3)
        assert [each.content for each in heard] == ["", f"<@{fake.bot.user.id}> hello", "mine"]
        assert heard[0].attachments == []
        assert (await client.text(triage.id).fetch_message(said.id)).content == ""
        assert bob.message(triage, said.id).content == "secret words"


async def test_the_same_nonce_makes_one_message_within_its_window_only(fake: FakeDiscord) -> None:
    triage = fake.create_channel("triage")
    async with connected(fake) as client:
        channel = client.text(triage.id)
        first = await channel.send("board", nonce="inc-1:board")
        assert (await channel.send("board", nonce="inc-1:board")).id == first.id
        fake.clock.push(fake.windows.nonce + 1)
        second = await channel.send("board", nonce="inc-1:board")
        assert second.id != first.id
        await second.delete()
        with pytest.raises(discord.NotFound) as refused:
            await channel.send("board", nonce="inc-1:board")
        assert code(refused) == 10008
        with pytest.raises(discord.HTTPException) as too_long:
            await channel.send("board", nonce="x" * 26)
        assert code(too_long) == 50035
    assert [each.content for each in fake.messages(triage)] == ["board"]


async def test_a_502_after_the_effect_doubles_a_channel_but_no_message(fake: FakeDiscord) -> None:
    triage = fake.create_channel("triage")
    async with connected(fake) as client:
        fake.faults.fail(502, "POST", "/channels/*/messages", after=True)
        fake.faults.fail(502, "POST", "/guilds/*/channels", after=True)
        await asyncio.gather(client.text(triage.id).send("once"), client.guilds[0].create_text_channel("twice"))
    assert len(fake.messages(triage)) == 1
    assert len(fake.asked("POST", "/channels/*/messages")) == 2
    assert [each.name for each in fake.guild.channels.values()] == ["triage", "twice", "twice"]


async def test_faults_before_the_effect_and_dropped_connections(fake: FakeDiscord) -> None:
    triage = fake.create_channel("triage")
    async with connected(fake) as client:
        channel = client.text(triage.id)
        fake.faults.fail(503, "POST", "/channels/*/messages")
        with pytest.raises(discord.DiscordServerError):
            await channel.send("never")
        fake.faults.abort("POST", "/channels/*/messages")
        with pytest.raises((aiohttp.ClientError, OSError)):
            await channel.send("never")
        assert fake.messages(triage) == []
        fake.faults.abort("POST", "/channels/*/messages", after=True)
        with pytest.raises((aiohttp.ClientError, OSError)):
            await channel.send("once")
        fake.faults.lose_reply("POST", "/channels/*/messages")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(channel.send("lost"), 0.1)
    assert [each.content for each in fake.messages(triage)] == ["once", "lost"]


async def test_429s_are_waited_out_and_buckets_prevent_them(fake: FakeDiscord) -> None:
    triage = fake.create_channel("triage")
    fake.rates.pace = 0.04
    async with connected(fake) as client:
        channel = client.text(triage.id)
        loop = asyncio.get_running_loop()
        start = loop.time()
        await asyncio.gather(*(channel.send(str(number)) for number in range(12)))
        assert loop.time() - start >= 0.4  # two whole windows of 0.2 s
        assert fake.rest.buckets.refused == []
        fault = fake.faults.limit("POST", "/channels/*/messages", seconds=0.3)
        start = loop.time()
        await channel.send("late")
        assert fault.met == 1
        assert 0.3 <= loop.time() - start < 1
    assert len(fake.messages(triage)) == 13


async def test_a_bucket_that_nobody_minds_answers_429_and_a_flood_bans(fake: FakeDiscord) -> None:
    triage = fake.create_channel("triage")
    fake.rates.pace = 1
    headers = {"Authorization": f"Bot {fake.bot.token}"}
    url = f"{fake.api_url}/channels/{triage.id}/messages"
    async with aiohttp.ClientSession(headers=headers) as session:
        answers = [await session.post(url, json={"content": "x"}) for _ in range(6)]
        assert [each.status for each in answers] == [200] * 5 + [429]
        assert answers[0].headers["X-RateLimit-Remaining"] == "4"
        assert answers[5].headers["X-RateLimit-Scope"] == "user"
        assert 4 < (await answers[5].json())["retry_after"] <= 5
        fake.rest.buckets.invalid = 9_999
        banned = await session.post(url, json={"content": "x"})
        assert (banned.status, banned.content_type, "Via" in banned.headers) == (429, "text/html", False)


async def test_edits_of_old_messages_and_renames_have_limits_of_their_own(fake: FakeDiscord) -> None:
    triage = fake.create_channel("triage")
    async with connected(fake) as client:
        message = await client.text(triage.id).send("board")
        for number in range(4):
            await message.edit(content=str(number))
        fake.clock.push(3601)
        fake.rates.buckets["message-edit"] = fake.rates.everything
        statuses = []
        for number in range(4):
            before = len(fake.requests)
            await message.edit(content=f"old {number}")
            statuses += [(each.status, (each.answer or {}).get("code")) for each in fake.requests[before:]]
        assert statuses == [(200, None)] * 3 + [(429, 30046), (200, None)]
        fake.rates.pace = 0.0002
        for number in range(3):
            await client.text(triage.id).edit(topic=str(number))
    assert ("rename-topic", str(triage.id)) in fake.rest.buckets.refused


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


async def test_a_lost_session_starts_anew_and_never_tells_what_was_missed(
    fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    # discord.py waits five seconds before it identifies again; an awaited nothing is enough here.
    monkeypatch.setattr(discord.client, "asyncio", _Hasty())
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


class _Hasty:
    """asyncio, in which nobody waits for longer than a moment."""

    def __getattr__(self, name: str) -> object:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


async def test_a_session_that_was_left_too_long_or_missed_too_much_is_gone(
    fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    monkeypatch.setattr(discord.client, "asyncio", _Hasty())
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
        await asyncio.sleep(0.02)
        assert all(each.connection is None for each in fake.gateway.sessions.values())
        assert "session-4" not in fake.gateway.sessions


async def _say_goodbye(fake: FakeDiscord, session: aiohttp.ClientSession) -> None:
    """Identify, and leave with 1000, which ends the session."""
    socket = await session.ws_connect(fake.gateway_url)
    await socket.send_json({"op": 2, "d": {"token": fake.bot.token, "intents": 1}})
    frames = [await socket.receive_json() for _ in range(2)]
    assert [each["t"] for each in frames] == [None, "READY"]
    assert "session-4" in fake.gateway.sessions
    await socket.close(code=1000)


async def test_threads_take_the_id_of_their_message_and_sleep(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        card = await client.text(triage.id).send("H1")
        thread = await card.create_thread(name="H1 cache")
        assert thread.id == card.id
        with pytest.raises(discord.HTTPException) as refused:
            await card.create_thread(name="again")
        assert code(refused) == 160004
        inside = await thread.send("noted")
        bob.say(thread.id, "since 10:02")
        assert [each.content for each in bob.sees(thread.id)] == ["noted", "since 10:02"]
        await thread.edit(archived=True)
        for act in (inside.edit(content="x"), inside.add_reaction("👀"), thread.edit(name="x")):
            with pytest.raises(discord.HTTPException) as refused:
                await act
            assert code(refused) == 50083
        with pytest.raises(Refused, match="archived"):
            bob.react(fake.messages(thread.id)[-1], "👀")
        assert [each.id async for each in client.text(triage.id).archived_threads()] == [thread.id]
        bob.say(thread.id, "awake")
        assert [each.id for each in await client.guilds[0].active_threads()] == [thread.id]
        await thread.edit(archived=True, locked=True)
        with pytest.raises(Refused) as locked:
            bob.say(thread.id, "let me in")
        assert locked.value.code == 160005
        fake.caps.active_threads = 0
        with pytest.raises(discord.HTTPException) as refused:
            await client.text(triage.id).create_thread(name="one more", type=discord.ChannelType.public_thread)
        assert code(refused) == 160006


async def test_an_idle_thread_archives_itself(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        thread = bob.thread(bob.say(triage, "H1"), "H1")
        await client.hears("thread_create")
        fake.clock.push(thread.auto_archive * 60 + 1)
        await client.text(triage.id).send("tick")
        await client.hears("thread_update")
        assert thread.archived


async def test_pins_are_paged_told_and_counted(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        channel = client.text(triage.id)
        messages = [await channel.send(str(number)) for number in range(3)]
        for message in messages:
            await message.pin(reason="board")
        await messages[0].pin()
        assert [each.id async for each in channel.pins(limit=2)] == [messages[2].id, messages[1].id]
        assert [each.content for each in bob.pins(triage)] == ["2", "1", "0"]
        assert len(await client.hears("guild_channel_pins_update")) == 3
        assert [each.type for each in bob.sees(triage, notes=True)].count(6) == 3
        assert fake.requests[-2].method == "PUT"
        assert fake.asked("PUT", "/channels/*/messages/pins/*")[0].reason == "board"
        fake.caps.pins = 3
        with pytest.raises(discord.HTTPException) as refused:
            await (await channel.send("one more")).pin()
        assert code(refused) == 30003


async def test_what_is_lacking_is_refused_by_its_code(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        channel, said = client.text(triage.id), bob.say(triage, "x")
        mine = await channel.send("mine")
        message = await channel.fetch_message(said.id)
        fake.edit_role(fake.bot.role, 0)
        everyone = fake.guild.roles[fake.guild.id]
        fake.owner.overwrite(triage, everyone, deny=Permission.ADD_REACTIONS | Permission.CREATE_PUBLIC_THREADS)
        acts: dict[str, Callable[[], Awaitable[object]]] = {
            "pin": mine.pin,
            "delete": message.delete,
            "topic": lambda: channel.edit(topic="x"),
            "create": lambda: client.guilds[0].create_text_channel("x"),
            "overwrite": lambda: channel.set_permissions(client.guilds[0].default_role, send_messages=False),
            "thread": lambda: mine.create_thread(name="x"),
            "react": lambda: mine.add_reaction("👀"),
        }
        for name, act in acts.items():
            with pytest.raises(discord.Forbidden) as refused:
                await act()
            assert (name, code(refused)) == (name, 50013)
        bob_may_join = fake.messages(triage)[0]
        fake.owner.react(bob_may_join, "🚨")
        await message.add_reaction("🚨")  # joining a reaction that is there needs no permission
        with pytest.raises(discord.Forbidden) as refused:
            await client.http.edit_message(triage.id, said.id, params=discord.http.handle_message_parameters("x"))
        assert code(refused) == 50005
        for missing in (channel.fetch_message(1), client.fetch_channel(1), client.guilds[0].fetch_member(1)):
            with pytest.raises(discord.NotFound):
                await missing


async def test_who_loses_the_channel_hears_no_more_of_it_until_it_is_back(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    everyone = fake.guild.roles[fake.guild.id]
    async with connected(fake) as client:
        fake.owner.overwrite(triage, everyone, deny=Permission.VIEW_CHANNEL)
        with pytest.raises(Refused) as refused:
            bob.say(triage, "into the dark")
        assert refused.value.code == 50001
        fake.owner.say(triage, "nobody hears")
        await client.hears("guild_channel_update")
        assert client.text(triage.id).name == "___hidden___"
        fake.owner.overwrite(triage, everyone)
        fake.owner.say(triage, "all hear")
        assert [each.content for each in await client.hears("message")] == ["all hear"]
        assert client.text(triage.id).name == "triage"


async def test_a_channel_that_is_made_private_lets_in_whom_it_names(fake: FakeDiscord) -> None:
    bob, eve = fake.create_person("Bob"), fake.create_person("Eve")
    async with connected(fake) as client:
        guild = client.guilds[0]
        hidden, shown = discord.PermissionOverwrite(view_channel=False), discord.PermissionOverwrite(view_channel=True)
        named: list[discord.Role | discord.Member | discord.Object] = [guild.default_role, guild.me]
        named.append(discord.Object(bob.id, type=discord.Member))
        overwrites = dict(zip(named, (hidden, shown, shown), strict=True))
        made = await guild.create_text_channel("INC 7 Payments", overwrites=overwrites, reason="incident")
        assert made.name == "inc-7-payments"
        bob.say(made.id, "in")
        with pytest.raises(Refused):
            eve.enter(made.id)
        assert fake.asked("POST", "/guilds/*/channels")[0].reason == "incident"
        await made.set_permissions(await guild.fetch_member(eve.id), overwrite=shown)
        eve.say(made.id, "in too")
        locked = discord.PermissionOverwrite(manage_guild=True)
        with pytest.raises(discord.Forbidden):  # nobody gives what they have not
            await made.set_permissions(guild.default_role, overwrite=locked)
        await made.delete()
        await client.hears("guild_channel_delete")


async def test_caps_have_their_codes(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    fake.caps.guild_channels, fake.caps.category_channels = 5, 1
    async with connected(fake) as client:
        channel, guild = client.text(triage.id), client.guilds[0]
        too_big = discord.Embed(description="x" * 4096)
        fields = discord.Embed()
        for number in range(26):
            fields.add_field(name=str(number), value="x")
        title, description = discord.Embed(title="x" * 257), discord.Embed(description="x" * 4097)
        for embeds in ([too_big, too_big], [title], [description], [fields]):
            with pytest.raises(discord.HTTPException) as refused:
                await channel.send(embeds=embeds)
            assert code(refused) == 50035
        with pytest.raises(discord.HTTPException) as refused:
            await channel.send("x" * 2001)
        assert code(refused) == 50035
        with pytest.raises(discord.HTTPException) as refused:
            await channel.send("   ")
        assert code(refused) == 50006
        card = fake.messages((await channel.send("card")).channel.id)[-1]
        for number in range(20):
            bob.react(card, chr(0x1F600 + number))
        with pytest.raises(discord.HTTPException) as refused:
            await channel.get_partial_message(card.id).add_reaction("👀")
        assert code(refused) == 30010
        with pytest.raises(discord.HTTPException) as refused:
            await channel.get_partial_message(card.id).add_reaction("nothing")
        assert code(refused) == 10014
        category = await guild.create_category("incidents")
        await guild.create_text_channel("a", category=category)
        with pytest.raises(discord.HTTPException, match="Maximum number of channels in category"):
            await guild.create_text_channel("b", category=category)
        await guild.create_text_channel("c")
        await guild.create_text_channel("d")
        with pytest.raises(discord.HTTPException) as refused:
            await guild.create_text_channel("e")
        assert code(refused) == 30013


async def test_files_go_up_and_come_down(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        file = discord.File(io.BytesIO(b"a graph"), "graph.png", description="errors per second")
        sent = await client.text(triage.id).send("look", file=file)
        assert [(each.filename, each.size, each.description) for each in sent.attachments] == [
            ("graph.png", 7, "errors per second")
        ]
        assert await sent.attachments[0].read() == b"a graph"
        edited = await sent.add_files(discord.File(io.BytesIO(b"more"), "more.txt"))
        assert [each.filename for each in edited.attachments] == ["graph.png", "more.txt"]
        bob.say(triage, "mine", files=[("log.txt", b"line")])
        assert await (await client.hears("message", 2))[1].attachments[0].read() == b"line"


async def test_history_is_read_from_any_side(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    said = [bob.say(triage, str(number)) for number in range(7)]
    async with connected(fake) as client:
        channel = client.text(triage.id)
        middle = discord.Object(said[3].id)
        assert [each.content async for each in channel.history(limit=2)] == ["6", "5"]
        assert [each.content async for each in channel.history(after=middle)] == ["4", "5", "6"]
        assert [each.content async for each in channel.history(before=middle, limit=2)] == ["2", "1"]
        around = [each.content async for each in channel.history(around=middle, limit=3)]
        assert sorted(around) == ["2", "3", "4"]


async def test_only_who_may_be_rung_is_rung(fake: FakeDiscord) -> None:
    bob, mia = fake.create_person("Bob"), fake.create_person("Mia")
    role = fake.create_role("oncall", mentionable=True)
    fake.owner.give_role(mia, role)
    triage = fake.create_channel("triage")
    everyone = fake.guild.roles[fake.guild.id]
    fake.edit_role(everyone, everyone.permissions & ~Permission.MENTION_EVERYONE)
    loud = f"@everyone <@{bob.id}> <@&{role.id}>"
    async with connected(fake) as client:
        none = await client.text(triage.id).send(loud, allowed_mentions=discord.AllowedMentions.none())
        some = await client.text(triage.id).send(
            loud, allowed_mentions=discord.AllowedMentions(everyone=False, roles=[discord.Object(role.id)], users=False)
        )
        every = await client.text(triage.id).send(loud)
    pings = {each.id: set(each.pings) for each in fake.messages(triage)}
    assert [pings[each.id] for each in (none, some, every)] == [set(), {mia.id}, {bob.id, mia.id}]


async def test_members_are_fetched_searched_and_given_roles(fake: FakeDiscord) -> None:
    bob = fake.create_person("Bob")
    role = fake.create_role("responders")
    fake.bot.role.position = 9
    async with connected(fake, INTENTS | discord.Intents(members=True)) as client:
        guild = client.guilds[0]
        member = await guild.fetch_member(bob.id)
        assert (member.display_name, member.bot) == ("Bob", False)
        assert [each.id for each in await guild.query_members("bo")] == [bob.id]
        await member.add_roles(discord.Object(role.id))
        assert [each.id for each in (await guild.fetch_member(bob.id)).roles] == [guild.id, role.id]
        fake.bot.role.position = 0
        with pytest.raises(discord.Forbidden):
            await member.remove_roles(discord.Object(role.id))
        assert len([each async for each in guild.fetch_members()]) == 3
        fake.bot.privileged = 0
        with pytest.raises(discord.Forbidden):
            [each async for each in guild.fetch_members()]
        bob.leave_guild()
        with pytest.raises(discord.NotFound):
            await guild.fetch_member(bob.id)


async def test_an_outage_hides_everything_and_ends(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        with fake.faults.outage():
            bob.say(triage, "anybody?")
            with pytest.raises((aiohttp.ClientError, OSError)):
                await client.text(triage.id).send("x")
        assert [each.content for each in await client.hears("message")] == ["anybody?"]


async def test_what_discord_itself_would_not_say_or_take_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="not a route"):
        async with FakeDiscord() as fake, aiohttp.ClientSession() as session:
            await session.get(fake.api_url + "/no/such/route")
