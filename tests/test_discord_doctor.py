"""`tocsin doctor` on Discord: everything that may be missing is named, in Discord's own words, with its way out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from bot_process import BotProcess
from discord_fake import NEEDED
from discord_house import KEY, House, house, post
from discord_permissions import Permission

from bot.doctor import examine
from transports.discord_chat.permissions import RIGHTS, needed, said
from transports.discord_chat.refs import address

P = Permission


class Clinic:
    """A house with everything in order, a config for it, and the doctor."""

    def __init__(self, here: House, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.here = here
        self.fake = here.discord
        self.support = self.fake.create_channel("support")
        self.incidents = self.fake.create_category("Incidents")
        self.archive = self.fake.create_category("Archive")
        self._capsys = capsys
        self.file = home / "config.toml"
        self.file.touch(0o600)  # it holds the token
        self.file.write_text(
            f"""
            [transports.discord]
            token = "{self.fake.bot.token}"
            guild = "{self.fake.guild.id}"
            triage = ["triage"]
            category = "Incidents"
            archive_category = "{self.archive.id}"
            api_url = "{self.fake.api_url}"
            gateway_url = "{self.fake.gateway_url}"
            ready_timeout = "1s"
            [audiences.support]
            rooms = ["discord:{self.support.id}"]
            """,
            encoding="utf-8",
        )

    def rewrite(self, before: str, after: str) -> None:
        text = self.file.read_text(encoding="utf-8")
        assert before in text
        self.file.write_text(text.replace(before, after), encoding="utf-8")

    async def lines(self, head: str = "") -> list[str]:
        """What it says; with `FAIL`, `hint` or `ok`, the lines that begin so. It fails where a line does."""
        status = await examine(self.file)
        told = self._capsys.readouterr().out.splitlines()
        assert status == int(any(line.startswith("FAIL") for line in told))
        return [line.removeprefix(head).strip() for line in told if line.startswith(head)]


@pytest_asyncio.fixture
async def clinic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Clinic]:
    async with house() as here:
        yield Clinic(here, tmp_path, capsys)


async def test_where_all_is_well_it_says_so_of_each_thing(clinic: Clinic) -> None:
    told = await clinic.lines()
    link = f"https://discord.com/oauth2/authorize?client_id={clinic.fake.bot.application_id}"
    link += f"&scope=bot+applications.commands&permissions={NEEDED}"
    assert told[3:] == [
        "ok    discord is connected",
        "ok    discord Message Content is on: any message can be reacted to, and commands can be typed",
        "ok    discord rights in the server Acme",
        "ok    discord triage channel triage",
        f"ok    discord room {clinic.support.id}",
        "ok    discord category Incidents",
        f"ok    discord archive_category {clinic.archive.id}",
        "ok    discord 4 of the 500 channels that a server can have",
        f"hint  discord the invite link with exactly the rights that are needed: {link}",
        "ok    discord triage is for responders only",
    ]


def test_the_link_has_exactly_the_rights_that_are_needed() -> None:
    assert needed().value == NEEDED
    assert {name for name, held in needed() if held} == {
        "read_messages" if name == "view_channel" else "manage_roles" if name == "manage_permissions" else name
        for name in RIGHTS
    }
    assert needed().pin_messages
    assert not needed().administrator


async def test_message_content_that_is_off_is_told_with_what_it_means(clinic: Clinic) -> None:
    clinic.fake.bot.privileged = 0
    [line] = [line for line in await clinic.lines("hint") if "Message Content" in line]
    assert line.startswith("discord Message Content is off: /incident, buttons and Apps")
    assert "switch Message Content Intent on in the developer portal" in line


@pytest.mark.parametrize("right", RIGHTS)
async def test_each_right_that_is_lacking_in_the_server_is_named(clinic: Clinic, right: str) -> None:
    bit = getattr(P, right.upper())
    everyone = clinic.fake.guild.roles[clinic.fake.guild.id]
    clinic.fake.edit_role(everyone, everyone.permissions & ~bit)
    clinic.fake.edit_role(clinic.fake.bot.role, NEEDED & ~bit)
    [line] = [line for line in await clinic.lines("FAIL") if "rights in the server Acme" in line]
    assert line == (
        f"discord rights in the server Acme: Tocsin lacks {said(right)} (to {RIGHTS[right]}); allow it to the bot's role "
        "under Server Settings, Roles, or open the invite link below once more"
    )


async def test_rights_that_are_lacking_in_a_place_are_named_there(clinic: Clinic) -> None:
    bot, owner = clinic.fake.bot.user, clinic.fake.owner
    owner.overwrite(clinic.here.triage, bot, deny=P.ADD_REACTIONS | P.MANAGE_MESSAGES)
    owner.overwrite(clinic.support, bot, deny=P.EMBED_LINKS)
    owner.overwrite(clinic.incidents, bot, deny=P.MANAGE_CHANNELS)
    owner.overwrite(clinic.archive, bot, deny=P.VIEW_CHANNEL)
    lacks = {
        "triage channel triage": "Add Reactions (to seed reactions and answer with one), "
        "Manage Messages (to take away a reaction that was refused)",
        f"room {clinic.support.id}": "Embed Links (to show cards)",
        "category Incidents": "Manage Channels (to make the incident's channel)",
        f"archive_category {clinic.archive.id}": "View Channel (to see the triage channels and its own)",
    }
    assert await clinic.lines("FAIL") == [
        f"discord {place}: Tocsin lacks {names}; allow it for Tocsin in the settings there, under Permissions"
        for place, names in lacks.items()
    ]


async def test_an_administrator_lacks_nothing_and_is_told_that_it_need_not_be(clinic: Clinic) -> None:
    clinic.fake.edit_role(clinic.fake.bot.role, int(P.ADMINISTRATOR))
    told = await clinic.lines()
    assert not [line for line in told if line.startswith("FAIL")]
    assert any("is Administrator and need not be" in line for line in told)


async def test_what_is_not_there_is_named(clinic: Clinic) -> None:
    for before, after in (
        ('triage = ["triage"]', 'triage = ["triage", "sos"]'),
        (str(clinic.support.id), "4711"),
        ('category = "Incidents"', 'category = "Outages"'),
        (str(clinic.archive.id), "4712"),
    ):
        clinic.rewrite(before, after)
    assert await clinic.lines("FAIL") == [
        "discord triage channel sos: there is no text channel sos that the bot may see; mend the name, give its id, or let Tocsin see it",
        "discord room 4711: there is no text channel 4711 that the bot may see; mend the name, give its id, or let Tocsin see it",
        "discord category Outages: there is no category Outages in the server; mend the name, or give its id",
        "discord archive_category 4712: there is no category 4712 in the server; mend the name, or give its id",
    ]


async def test_a_name_that_two_channels_have_is_told(clinic: Clinic) -> None:
    clinic.fake.create_channel("triage", only=(clinic.here.responders,))
    [line] = await clinic.lines("FAIL")
    assert "2 channels are called triage; give the id of the one that is meant" in line


async def test_a_server_that_the_bot_is_not_in_is_one_line_with_the_link(clinic: Clinic) -> None:
    clinic.rewrite(f'guild = "{clinic.fake.guild.id}"', 'guild = "4713"')
    [line] = await clinic.lines("FAIL")
    assert line.startswith(
        "discord server 4713: the bot is not in it; an administrator opens https://discord.com/oauth2/"
    )
    assert f"permissions={NEEDED} " in line


@pytest.mark.parametrize(("count", "head"), [(449, "ok"), (450, "hint"), (499, "hint"), (500, "FAIL")])
async def test_how_near_the_servers_end_is(clinic: Clinic, count: int, head: str) -> None:
    for number in range(count - len(clinic.fake.guild.channels)):
        clinic.fake.create_channel(f"c{number}")
    [line] = [line for line in await clinic.lines(head) if f"{count} of the 500" in line]
    assert ("delete those of incidents that are long over" in line) == (head != "ok")


async def test_a_category_that_is_full(clinic: Clinic) -> None:
    for number in range(50):
        clinic.fake.create_channel(f"c{number}", parent=clinic.incidents)
    assert any(line.startswith("discord category Incidents has its 50") for line in await clinic.lines("hint"))
    clinic.fake.create_category("Incidents 2")
    told = await clinic.lines()
    assert "ok    discord category Incidents 2" in told
    assert not [line for line in told if "has its 50" in line]


@pytest.mark.parametrize(("pins", "head"), [(225, ""), (226, "hint"), (250, "FAIL")])
async def test_an_incidents_channel_with_too_many_pins(clinic: Clinic, pins: int, head: str) -> None:
    bot = await clinic.here.start(category="Incidents")
    ref = await bot.open_channel(clinic.here.plan())
    await clinic.here.bot.stop()
    for number in range(pins):
        clinic.fake.owner.pin(clinic.fake.owner.say(ref.id, str(number)))
    # Another's channel may be as full as it likes.
    for number in range(250):
        clinic.fake.owner.pin(clinic.fake.owner.say(clinic.support, str(number)))
    told = [line for line in await clinic.lines() if "pins" in line]
    if head:
        [line] = told
        assert line.startswith(f"{head}  discord #{clinic.here.plan().name} has {pins} of 250 pins: take some away")
    else:
        assert told == []


async def test_a_triage_that_everyone_sees_needs_named_responders(clinic: Clinic) -> None:
    clinic.rewrite('triage = ["triage"]', f'triage = ["{clinic.support.id}"]')
    [line] = await clinic.lines("FAIL")
    assert "is open to everyone" in line
    assert 'write [groups] responders = ["discord-role:1234"]' in line
    clinic.rewrite("[audiences.support]", '[groups]\nresponders = ["discord-role:1234"]\n[audiences.support]')
    assert await clinic.lines("FAIL") == []


async def test_a_refused_token_is_said_without_it(clinic: Clinic) -> None:
    clinic.rewrite(clinic.fake.bot.token, "another-token")
    [line] = await clinic.lines("FAIL")
    assert "refuses the token" in line
    assert "another-token" not in line


@pytest.mark.endure
async def test_run_says_in_one_line_that_the_bot_is_not_in_the_server(clinic: Clinic) -> None:
    clinic.rewrite(f'guild = "{clinic.fake.guild.id}"', 'guild = "4713"')
    home = clinic.file.parent / "bot"
    bot = BotProcess(home, clinic.file.read_text(encoding="utf-8"))
    status, out, told = await bot.tocsin("run")
    assert (status, out) == (1, "")
    [line] = [line for line in told.splitlines() if not line.startswith("{")]
    assert "the bot is in no guild 4713; invite it" in line
    assert "Traceback" not in told


async def test_the_doctor_moves_nothing(clinic: Clinic) -> None:
    """It looks at a bot's channels while that one runs; no more is written than what any start makes sure of."""
    bot = await clinic.here.start(category="Incidents")
    ref = await bot.open_channel(clinic.here.plan())
    sent = await bot.send(ref, post(), KEY)
    before = len(clinic.fake.requests)
    await clinic.lines()
    written = {each.path.split("/")[-1] for each in clinic.fake.requests[before:] if each.method != "GET"}
    assert written <= {"commands"}
    assert clinic.fake.owner.message(*address(sent)).embeds
