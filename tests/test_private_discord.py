"""Private incidents on Discord: begun by a slash command that nobody else sees, in a channel that none but its members see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from discord_company import Company, footer, open_company, text, told
from discord_limits import Refused
from discord_permissions import Permission
from discord_person import Person
from discord_world import Channel
from running import until

from core.incident.policy import Audience, Policy
from core.incident.vocabulary import ChannelRef

pytest_plugins = ["conftest_discord"]

TITLE = "Root credentials leaked"


def _policy() -> Policy:
    return Policy(
        audiences=(Audience(name="support", rooms=(ChannelRef(transport="discord", id="lobby"),), internal=True),)
    )


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(tmp_path, policy=_policy()) as one:
        yield one


async def declared(company: Company, where: Channel | None = None, **options: Any) -> Channel:
    """Bob declares in private, from wherever; only he is answered."""
    words = {"title": TITLE, "private": True} | options
    use = company.bob.slash(where or company.triage, "incident declare", **words)
    answer = await told(use)
    assert "is private, and is called inc-" in answer, answer
    assert TITLE not in answer
    assert [one.for_user for one in use.answers] == [company.bob.id]
    channel = await company.there(company.channel)
    await company.card(channel, "board", TITLE)
    return channel


def sees(person: Person, channel: Channel) -> bool:
    return person.may(channel, Permission.VIEW_CHANNEL)


async def test_none_but_the_declarer_and_the_bot_see_its_channel(company: Company) -> None:
    channel = await declared(company)
    assert channel.name == company.incident().name
    assert "credential" not in f"{channel.name} {channel.topic}".casefold()
    assert (sees(company.bob, channel), sees(company.mia, channel), sees(company.eve, channel)) == (True, False, False)
    guild, bot = company.discord.guild.id, company.discord.bot.user.id
    assert set(channel.overwrites) == {guild, bot, company.bob.id}
    assert company.discord.messages(company.triage) == []
    assert [one.name for one in company.incident().people] == ["Bob"]


async def test_it_is_begun_from_wherever_one_is_and_by_slash_alone(company: Company) -> None:
    open_one = await company.declared()
    typed = company.bob.say(company.triage, f"/incident declare {TITLE} private")
    await until(lambda: any("delete it" in text(one) for one in company.discord.messages(company.triage)))
    refused = [text(one) for one in company.discord.messages(company.triage) if "delete it" in text(one)]
    assert not any("credential" in one for one in refused)
    assert "/incident declare TITLE private" in refused[0]
    company.bob.delete(typed)
    for where in (open_one, company.lobby):
        before = company.incident().number
        use = company.bob.slash(where, "incident declare", title=TITLE, private=True)
        assert "is private" in await told(use)
        await until(lambda before=before: company.incident().number == before + 1)  # type: ignore[misc]
        assert company.incident().private


async def test_members_come_and_go_by_name(company: Company) -> None:
    channel = await declared(company)
    assert await told(company.bob.slash(channel, "incident role assign", role="recovery", who=company.mia)) == "✅"
    await until(lambda: sees(company.mia, channel))
    assert await told(company.mia.slash(channel, "incident note", text="rotated")) == "✅"
    assert await told(company.bob.slash(channel, "incident people invite", who=company.eve)) == "✅"
    await until(lambda: sees(company.eve, channel))
    assert await told(company.eve.slash(channel, "incident note", text="I saw it first")) == "✅"
    assert await told(company.bob.slash(channel, "incident people uninvite", who=company.eve)) == "✅"
    await until(lambda: not sees(company.eve, channel))
    assert company.eve.id not in channel.overwrites
    assert sees(company.mia, channel)


async def test_an_administrator_who_sees_it_is_refused_and_a_stranger_hears_of_none(company: Company) -> None:
    channel = await declared(company)
    admin = company.discord.create_role("Admins", permissions=Permission.ADMINISTRATOR)
    root = company.discord.create_person("Root", roles=(admin,))
    assert sees(root, channel)
    answer = await told(root.slash(channel, "incident role claim", role="updates"))
    assert "none of its members" in answer
    outside = await told(company.mia.slash(company.triage, "incident reopen", n="1", why="it has come back"))
    nowhere = await told(company.mia.slash(company.triage, "incident reopen", n="9", why="it has come back"))
    assert outside.replace("incident 1", "incident 9") == nowhere
    with pytest.raises(Refused):
        company.mia.sees(channel)


async def test_a_deleted_channel_comes_back_as_private_as_it_was(company: Company) -> None:
    channel = await declared(company)
    owner = company.discord.create_role("Admins", permissions=Permission.ADMINISTRATOR)
    company.discord.create_person("Root", roles=(owner,)).delete_channel(channel)
    await until(lambda: company.channel() not in (None, channel))
    again = await company.there(company.channel)
    await until(lambda: sees(company.bob, again))
    assert not sees(company.mia, again)
    assert again.name == channel.name


async def _outside(folder: Path, words: dict[str, str]) -> str:
    """What all but the members can find after a private incident with these words: names, topics, rights, messages."""
    async with open_company(folder, policy=_policy()) as company:
        channel = await declared(company, title=words["title"]) if words["title"] == TITLE else None
        if channel is None:
            use = company.bob.slash(company.triage, "incident declare", title=words["title"], private=True)
            assert "is private" in await told(use)
            channel = await company.there(company.channel)
        for path, options in (
            ("incident note", {"text": words["note"]}),
            (
                "incident update draft",
                {"impact": "Sign-in is off for everybody", "next": "we replace keys", "every": "15m"},
            ),
            ("incident update publish", {}),
            ("incident close", {"cause": words["note"], "fixed": words["title"], "next": "no postmortem"}),
        ):
            assert await told(company.bob.slash(channel, path, **options)) == "✅"
        await company.card(company.lobby, "update/1", "Sign-in is off for everybody")
        await company.card(channel, "summary")
        rooms = [one for one in company.discord.guild.channels.values() if sees(company.mia, one)]
        said = [
            [(text(one).partition("] ")[2], footer(one).partition(" · ")[0]) for one in company.discord.messages(room)]
            for room in rooms
        ]
        every = [one for one in company.discord.guild.channels.values() if one is not channel]
        places = [
            (one.name, one.topic, sorted((each.type, each.allow, each.deny) for each in one.overwrites.values()))
            for one in every
        ]
        name = "-".join(channel.name.split("-")[4:])
        assert not any(word in f"{channel.name} {channel.topic}" for word in words.values())
        assert len(name.split("-")) == 2
        return repr((places, said, str(channel.topic).replace(channel.name, "NAME")))


async def test_other_words_look_the_same_to_everybody_outside(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = await _outside(tmp_path / "a", {"title": TITLE, "note": "the payroll server was open"})
    other = await _outside(tmp_path / "b", {"title": "support", "note": "@everyone **look** <#1>"})
    assert one == other
