"""The fake Discord, asked by the real discord.py over real sockets: is it as Discord is said to be?"""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime, timedelta

import aiohttp
import discord
import discord_shapes
import pytest
from discord_bot import INTENTS, Client, code, connected
from discord_checks import described
from discord_fake import FakeDiscord
from discord_permissions import Permission

pytest_plugins = ["conftest_discord"]

NO_CONTENT = discord.Intents(guilds=True, guild_messages=True, guild_reactions=True)


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


async def test_a_file_has_a_plain_name_a_type_and_an_address_that_ends(fake: FakeDiscord) -> None:
    triage = fake.create_channel("triage")
    async with connected(fake) as client:
        sent = await client.text(triage.id).send(file=discord.File(io.BytesIO("ä".encode()), "was (fällt) aus.md"))
        [file] = sent.attachments
        assert (file.filename, file.title) == ("was_f_llt_aus.md", "was (fällt) aus")
        assert file.content_type == "text/markdown; charset=utf-8"
        assert (await file.read()).decode() == "ä"
        fake.clock.push(fake.windows.signed + 1)
        with pytest.raises(discord.NotFound):
            await file.read()
        [again] = (await client.text(triage.id).fetch_message(sent.id)).attachments
        assert (await again.read()).decode() == "ä"
        await sent.edit(content="words")
        assert [each.id for each in (await client.text(triage.id).fetch_message(sent.id)).attachments] == [file.id]
        await sent.edit(attachments=[], content="words")
        assert (await client.text(triage.id).fetch_message(sent.id)).attachments == []


async def test_files_that_are_too_large_too_many_or_not_allowed_are_refused(fake: FakeDiscord) -> None:
    triage, fake.caps.file_bytes = fake.create_channel("triage"), 10
    fake.owner.overwrite(triage, fake.bot.user, deny=Permission.ATTACH_FILES)

    def files(count: int, size: int) -> list[discord.File]:
        return [discord.File(io.BytesIO(b"x" * size), "a.txt") for _ in range(count)]

    async with connected(fake) as client:
        with pytest.raises(discord.Forbidden) as forbidden:
            await client.text(triage.id).send("x", files=files(1, 1))
        fake.owner.overwrite(triage, fake.bot.user)
        with pytest.raises(discord.HTTPException) as large:
            await client.text(triage.id).send("x", files=files(1, 11))
        with pytest.raises(discord.HTTPException) as many:
            await client.text(triage.id).send("x", files=files(5, 1) + files(6, 1))
        await client.text(triage.id).send("x", files=files(10, 10))
    assert [code(each) for each in (forbidden, large, many)] == [50013, 40005, 50035]
    assert len(fake.messages(triage)) == 1


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


async def test_what_discord_itself_would_not_say_or_take_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="not a route"):
        async with FakeDiscord() as fake, aiohttp.ClientSession() as session:
            await session.get(fake.api_url + "/no/such/route")


@pytest.mark.skipif(not described(), reason="Discord's description is not at hand")
async def test_an_answer_that_discord_would_not_give_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = discord_shapes.user
    monkeypatch.setattr(discord_shapes, "user", lambda user: shape(user) | {"username": None})
    with pytest.raises(AssertionError, match="answer 200 to GET /users/@me username: None is not of type 'string'"):
        await _log_in()


async def _log_in() -> None:
    async with FakeDiscord() as fake, Client(INTENTS) as client:
        with fake.as_discord():
            await client.login(fake.bot.token)
