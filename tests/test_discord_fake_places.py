"""Channels, threads, pins, permissions, caps and members on the fake Discord, asked by the real discord.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
import pytest
from discord_bot import INTENTS, code, connected
from discord_fake import FakeDiscord
from discord_limits import Refused
from discord_permissions import Permission

pytest_plugins = ["conftest_discord"]


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


async def test_a_role_that_gives_sight_brings_the_channel_and_its_threads(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    thread = bob.thread(bob.say(triage, f"H1 {bob.mention}"), "H1")
    everyone = fake.guild.roles[fake.guild.id]
    for role in (everyone, fake.bot.role):
        fake.edit_role(role, role.permissions & ~Permission.VIEW_CHANNEL)
    async with connected(fake) as client:
        assert (client.text(triage.id).name, len(client.guilds[0].threads)) == ("___hidden___", 0)
        fake.edit_role(fake.bot.role, fake.bot.role.permissions | Permission.VIEW_CHANNEL)
        await client.hears("thread_join")
        assert client.text(triage.id).name == "triage"
        assert [each.id for each in client.guilds[0].threads] == [thread.id]
        fake.edit_role(fake.bot.role, fake.bot.role.permissions & ~Permission.VIEW_CHANNEL)
        await client.hears("guild_channel_update", 2)
        assert client.text(triage.id).name == "___hidden___"


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
