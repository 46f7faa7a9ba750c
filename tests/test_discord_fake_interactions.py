"""Commands, menus, buttons and modals on the fake Discord, answered by the real discord.py."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import discord
import pytest
from discord import app_commands
from discord_bot import INTENTS, Client, connected
from discord_fake import FakeDiscord
from discord_forms import inputs
from discord_limits import Refused
from discord_permissions import Permission

pytest_plugins = ["conftest_discord"]

Interaction = discord.Interaction[Any]


class Draft(discord.ui.Modal, title="Update"):
    words: discord.ui.Label[Any] = discord.ui.Label(
        text="What people should know", component=discord.ui.TextInput(custom_id="words", max_length=100)
    )
    note: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Note", custom_id="note", required=False)

    async def on_submit(self, interaction: Interaction, /) -> None:
        assert isinstance(self.words.component, discord.ui.TextInput)
        await interaction.response.send_message(f"{self.words.component.value}|{self.note.value}", ephemeral=True)


class Confirm(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"confirm:(?P<item>\w+)"):
    def __init__(self, item: str) -> None:
        super().__init__(discord.ui.Button(label="Confirm", custom_id=f"confirm:{item}", emoji="✅"))
        self.meant = item

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Confirm:
        return cls(match["item"])

    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.edit_message(content=f"{self.meant} confirmed", view=None)


def commands(client: Client) -> None:
    """The commands of these tests, each of which answers in its own way."""
    group = app_commands.Group(name="incident", description="Incidents", guild_only=True)

    @group.command(name="open", description="Open one")
    @app_commands.describe(title="What is wrong", severity="1 to 4", lead="Who commands")
    async def declare(
        interaction: Interaction, title: str, severity: app_commands.Range[int, 1, 4], lead: discord.Member
    ) -> None:
        await interaction.response.send_message(f"{title} {severity} {lead.id}", ephemeral=True)

    @group.command(description="Pick one")
    async def pick(interaction: Interaction, incident: str) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send(f"picked {incident}")
        await interaction.followup.send("and more", ephemeral=True)

    @pick.autocomplete("incident")
    async def offer(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current}{number}", value=str(number)) for number in range(3)]

    @group.command(description="Draft")
    async def draft(interaction: Interaction) -> None:
        await interaction.response.send_modal(Draft())

    @group.command(description="Say it to all")
    async def tell(interaction: Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="told")

    client.tree.add_command(group)

    @client.tree.context_menu(name="Add hypothesis")
    async def add(interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"H1: {message.content}")

    @client.tree.command(description="For admins")
    @app_commands.default_permissions(manage_guild=True)
    async def setup(interaction: Interaction) -> None:
        await interaction.response.send_message("done")

    client.add_dynamic_items(Confirm)


async def synced(client: Client, fake: FakeDiscord) -> list[app_commands.AppCommand]:
    guild = discord.Object(fake.guild.id)
    client.tree.copy_global_to(guild=guild)
    return await client.tree.sync(guild=guild)


async def test_commands_are_registered_keep_their_ids_and_are_listed(fake: FakeDiscord) -> None:
    async with connected(fake, setup=commands) as client:
        first = await synced(client, fake)
        again = await client.tree.sync(guild=discord.Object(fake.guild.id))
        listed = await client.tree.fetch_commands(guild=discord.Object(fake.guild.id))
        assert {each.name for each in first} == {"incident", "Add hypothesis", "setup"}
        assert [each.id for each in first] == [each.id for each in again] == [each.id for each in listed]
        assert await client.tree.fetch_commands() == []
        fake.caps.menu_commands = 0
        with pytest.raises(app_commands.CommandSyncFailure):
            await client.tree.sync(guild=discord.Object(fake.guild.id))


async def test_a_slash_command_is_answered_to_one_person_alone(fake: FakeDiscord) -> None:
    triage, bob, mia = fake.create_channel("triage"), fake.create_person("Bob"), fake.create_person("Mia")
    async with connected(fake, setup=commands) as client:
        await synced(client, fake)
        use = bob.slash(triage, "incident open", title="checkout down", severity=2, lead=mia)
        answer = await use.answer()
        assert answer.content == f"checkout down 2 {mia.id}"
        assert use.acknowledged is not None
        assert use.acknowledged < 3
        assert bob.sees(triage) == [answer]
        assert mia.sees(triage) == []
        assert "message" not in [name for name, _ in client.heard]
        for wrong in ({"title": "x", "severity": 5, "lead": mia}, {"title": "x"}):
            with pytest.raises(Refused):
                bob.slash(triage, "incident open", **wrong)
        with pytest.raises(LookupError):
            bob.slash(triage, "incident tell", nonsense=1)
        for unknown in ("incident", "incident close", "nothing", "setup"):
            with pytest.raises(Refused) as refused:
                bob.slash(triage, unknown)
            assert refused.value.code == 10063
        assert (await fake.owner.slash(triage, "setup").answer()).content == "done"


async def test_autocomplete_offers_and_a_deferral_is_filled_by_the_first_follow_up(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake, setup=commands) as client:
        await synced(client, fake)
        typing = bob.type_option(triage, "incident pick", "incident", incident="pay")
        assert await typing.choices() == [("pay0", "0"), ("pay1", "1"), ("pay2", "2")]
        use = bob.slash(triage, "incident pick", incident="1")
        assert (await use.answer()).content == "picked 1"
        await client.hears("app_command_completion")
        assert [each.content for each in use.answers] == ["picked 1", "and more"]
        assert [each.for_user for each in use.answers] == [bob.id, bob.id]
        loud = bob.slash(triage, "incident tell")
        assert (await loud.answer()).content == "told"
        assert [each.content for each in fake.messages(triage)] == ["told"]
        (heard,) = await client.hears("message")
        assert (heard.type, heard.flags.loading) == (discord.MessageType.chat_input_command, True)


async def test_a_menu_carries_the_words_whether_or_not_the_bot_may_read_them(fake: FakeDiscord) -> None:
    fake.bot.privileged = 0
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    said = bob.say(triage, "it is the cache")
    async with connected(fake, INTENTS & ~discord.Intents(message_content=True), commands) as client:
        await synced(client, fake)
        use = bob.menu(said, "Add hypothesis")
        assert (await use.answer()).content == "H1: it is the cache"


async def test_a_modal_is_opened_filled_in_and_sent_off(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake, setup=commands) as client:
        await synced(client, fake)
        use = bob.slash(triage, "incident draft")
        modal = await use.modal()
        assert (modal["title"], [each["custom_id"] for each in inputs(modal)]) == ("Update", ["words", "note"])
        with pytest.raises(Refused):
            bob.submit(use)
        with pytest.raises(Refused):
            bob.submit(use, words="x" * 101)
        sent = bob.submit(use, words="Some cannot pay.", Note="soon")
        assert (await sent.answer()).content == "Some cannot pay.|soon"


async def test_a_button_changes_its_message_and_outlives_the_client(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake) as client:
        view = discord.ui.View(timeout=None)
        view.add_item(Confirm("H1"))
        view.add_item(discord.ui.Button(label="Not now", custom_id="never", disabled=True))
        await client.text(triage.id).send("H1", view=view)
    async with connected(fake, setup=commands):
        (card,) = bob.sees(triage)
        for name in ("Not now", "nothing"):
            with pytest.raises(Refused):
                bob.press(card, name)
        use = bob.press(card, "✅")
        assert await use.done() == 7
        assert (card.content, card.components) == ("H1 confirmed", [])
        with pytest.raises(Refused):
            bob.press(card, "Confirm")


async def test_answering_late_twice_or_after_the_token_is_refused(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    codes: list[int] = []

    def setup(client: Client) -> None:
        @client.tree.command(description="Late")
        async def late(interaction: Interaction) -> None:
            fake.clock.push(fake.windows.acknowledge + 0.1)
            with pytest.raises(discord.NotFound) as refused:
                await interaction.response.defer()
            codes.append(refused.value.code)
            with pytest.raises(discord.NotFound) as unknown:
                await interaction.followup.send("x")
            codes.append(unknown.value.code)

        @client.tree.command(description="Twice")
        async def twice(interaction: Interaction) -> None:
            await interaction.response.defer(ephemeral=True)
            interaction.response._response_type = None
            with pytest.raises(discord.HTTPException) as refused:
                await interaction.response.send_message("again")
            codes.append(refused.value.code)
            fake.clock.push(fake.windows.token)
            with pytest.raises(discord.HTTPException) as expired:
                await interaction.edit_original_response(content="x")
            codes.append(expired.value.code)

    async with connected(fake, setup=setup) as client:
        await synced(client, fake)
        for count, name in enumerate(("late", "twice"), start=1):
            bob.slash(triage, name)
            await client.hears("app_command_completion", count)
    assert codes == [10062, 10015, 40060, 50027]


async def test_an_answer_is_read_changed_and_taken_back(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")

    def setup(client: Client) -> None:
        @client.tree.command(description="Work")
        async def work(interaction: Interaction) -> None:
            answered = await interaction.response.send_message("one", ephemeral=True)
            assert isinstance(answered.resource, discord.InteractionMessage)
            assert answered.is_ephemeral()
            first = await interaction.original_response()
            assert (first.content, first.id) == ("one", answered.message_id)
            await first.edit(content="two", embed=discord.Embed(title="state"))
            more = await interaction.followup.send("three", wait=True, file=discord.File(__file__, "test.py"))
            await more.edit(content="four")
            await more.delete()
            await interaction.delete_original_response()
            with pytest.raises(discord.NotFound):
                await interaction.edit_original_response(content="too late")

    async with connected(fake, setup=setup) as client:
        await synced(client, fake)
        use = bob.slash(triage, "work")
        await client.hears("app_command_completion")
        assert use.answers == []
    assert fake.messages(triage) == []


async def test_who_may_not_use_commands_and_who_is_in_an_archived_thread_cannot(fake: FakeDiscord) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    async with connected(fake, setup=commands) as client:
        await synced(client, fake)
        thread = bob.thread(bob.say(triage, "H1"))
        bob.archive(thread)
        with pytest.raises(Refused) as refused:
            bob.slash(thread, "incident tell")
        assert refused.value.code == 50083
        everyone = fake.guild.roles[fake.guild.id]
        fake.owner.overwrite(triage, everyone, deny=Permission.USE_APPLICATION_COMMANDS)
        with pytest.raises(Refused) as refused:
            bob.slash(triage, "incident tell")
        assert refused.value.code == 50013


async def test_nobody_who_answers_is_noticed(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    triage, bob = fake.create_channel("triage"), fake.create_person("Bob")
    monkeypatch.setattr("discord_interactions.PATIENCE", 0.05)
    async with connected(fake, setup=commands) as client:
        await synced(client, fake)
        fake.faults.abort("POST", "/interactions/*/*/callback", times=9)
        use = bob.slash(triage, "incident tell")
        with pytest.raises(AssertionError, match="no such answer"):
            await use.answer()
        await asyncio.sleep(0)
        assert use.acknowledged is None
