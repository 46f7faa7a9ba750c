"""Incident channels on Discord: made once, seen by whom triage is seen, read-only in the end; and what is in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from discord_faults import Faults
from discord_house import KEY, House, house, opened, post
from discord_limits import Refused
from discord_permissions import NEW_GUILD, Permission
from discord_person import Person
from discord_world import Channel
from running import until

from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import Forbidden, Missing, Permanent, Temporary
from transports.discord_chat.refs import channel_ref, message_ref

P = Permission


@pytest_asyncio.fixture
async def here() -> AsyncIterator[House]:
    async with house() as one:
        yield one


def sees(person: Person, channel: Channel) -> bool:
    return person.may(channel, P.VIEW_CHANNEL)


def fill(here: House, category: Channel, count: int) -> None:
    for number in range(count):
        here.discord.create_channel(f"old-{category.id}-{number}", parent=category)


# --- where it is made -----------------------------------------------------------------------------------------------------


async def test_it_is_made_in_the_category_with_its_name_in_the_topic(here: House) -> None:
    category = here.discord.create_category("Incidents")
    bot = await here.start(category="Incidents")
    made = here.channel(await bot.open_channel(here.plan()))
    assert (made.name, made.parent) == ("inc-2026-05-02-checkout-down", category)
    assert made.topic == "Incident 1 · inc-2026-05-02-checkout-down"
    assert here.discord.asked("POST", "/guilds/*/channels")[-1].reason == "inc-2026-05-02-checkout-down"


async def test_a_category_may_be_named_by_its_id(here: House) -> None:
    category = here.discord.create_category("Incidents")
    bot = await here.start(category=str(category.id))
    assert here.channel(await bot.open_channel(here.plan())).parent is category


async def test_a_second_category_is_made_when_the_first_is_full_and_then_found(here: House) -> None:
    first = here.discord.create_category("Incidents")
    fill(here, first, 49)
    bot = await here.start(category="Incidents")
    parents = [here.channel(await bot.open_channel(here.plan(f"inc-{number}"))).parent for number in range(3)]
    [second] = here.called("Incidents 2")
    assert parents == [first, second, second]
    bot = await here.start()
    assert here.channel(await bot.open_channel(here.plan("inc-3"))).parent is second
    fill(here, second, 47)
    assert here.channel(await opened(bot, here.plan("inc-4"))).parent in here.called("Incidents 3")
    # A place that becomes free is taken again.
    here.discord.owner.delete_channel(next(iter(second.children())))
    assert here.channel(await opened(await here.start(), here.plan("inc-5"))).parent is second
    assert [len(here.called(name)) for name in ("Incidents", "Incidents 2", "Incidents 3")] == [1, 1, 1]


async def test_the_second_category_is_seen_by_whom_the_first_is_seen(here: House) -> None:
    first = here.discord.create_category("Incidents")
    eve = here.discord.create_person("Eve")
    here.discord.owner.overwrite(first, here.discord.guild.roles[here.discord.guild.id], deny=P.VIEW_CHANNEL)
    here.discord.owner.overwrite(first, here.responders, allow=P.VIEW_CHANNEL | P.MENTION_EVERYONE)
    here.discord.owner.overwrite(first, here.discord.bot.role, allow=P.VIEW_CHANNEL)
    fill(here, first, 50)
    bot = await here.start(category="Incidents")
    await bot.open_channel(here.plan())
    [second] = here.called("Incidents 2")
    assert (sees(here.bob, second), sees(eve, second)) == (True, False)


async def test_two_made_at_once_need_one_category(here: House) -> None:
    fill(here, here.discord.create_category("Incidents"), 50)
    bot = await here.start(category="Incidents")
    await asyncio.gather(*(bot.open_channel(here.plan(f"inc-{number}")) for number in range(3)))
    [second] = here.called("Incidents 2")
    assert len(list(second.children())) == 3


async def test_a_category_that_fills_up_unseen_is_no_bug(here: House) -> None:
    """discord.py learns of a new channel a moment after Discord."""
    category = here.discord.create_category("Incidents")
    fill(here, category, 49)
    bot = await here.start(category="Incidents")
    here.discord.gateway.silence()
    fill(here, category, 1)
    with pytest.raises(Temporary, match="Incidents has become full"):
        await bot.open_channel(here.plan())
    here.discord.gateway.abort()
    assert here.channel(await opened(bot, here.plan())).parent in here.called("Incidents 2")


async def test_without_its_category_it_is_made_all_the_same(here: House) -> None:
    bot = await here.start(category="Nowhere")
    assert here.channel(await bot.open_channel(here.plan())).parent is None


# --- once -----------------------------------------------------------------------------------------------------------------

LOST: dict[str, Callable[[Faults], object]] = {
    "502 after the effect": lambda faults: faults.fail(502, "POST", "/guilds/*/channels", after=True),
    "500 after the effect": lambda faults: faults.fail(500, "POST", "/guilds/*/channels", after=True),
    "503 after the effect": lambda faults: faults.fail(503, "POST", "/guilds/*/channels", after=True),
    "an abort after the effect": lambda faults: faults.abort("POST", "/guilds/*/channels", after=True),
    "502 before it": lambda faults: faults.fail(502, "POST", "/guilds/*/channels"),
    "an abort before it": lambda faults: faults.abort("POST", "/guilds/*/channels"),
}


@pytest.mark.parametrize("lost", LOST)
async def test_a_lost_answer_makes_no_second_channel(here: House, lost: str) -> None:
    bot = await here.start()
    LOST[lost](here.discord.faults)
    with pytest.raises(Temporary):
        await bot.open_channel(here.plan())
    made = await opened(bot, here.plan())
    assert [each.id for each in here.called(here.plan().name)] == [int(made.id)]
    assert await bot.open_channel(here.plan()) == made
    tried = here.discord.asked("POST", "/guilds/*/channels")
    assert len(tried) == (1 if "after" in lost else 2)


@pytest.mark.parametrize("lost", LOST)
async def test_nor_does_the_next_process(here: House, lost: str) -> None:
    bot = await here.start()
    LOST[lost](here.discord.faults)
    with pytest.raises(Temporary):
        await bot.open_channel(here.plan())
    await here.bot.stop()
    made = await opened(await here.start(), here.plan())
    assert [each.id for each in here.called(here.plan().name)] == [int(made.id)]


@pytest.mark.parametrize("lost", LOST)
async def test_nor_a_second_category(here: House, lost: str) -> None:
    fill(here, here.discord.create_category("Incidents"), 50)
    bot = await here.start(category="Incidents")
    LOST[lost](here.discord.faults)
    with pytest.raises(Temporary):
        await bot.open_channel(here.plan())
    made = await opened(bot, here.plan())
    assert [here.channel(made).parent] == here.called("Incidents 2")


async def test_what_was_made_and_not_told_of_yet_is_waited_for(here: House) -> None:
    """A channel that discord.py does not know is none that anything can be sent to."""
    bot = await here.start()
    here.discord.gateway.silence()
    here.discord.faults.fail(502, "POST", "/guilds/*/channels", after=True)
    for _ in range(3):
        with pytest.raises(Temporary):
            await bot.open_channel(here.plan())
    here.discord.gateway.abort()
    made = await opened(bot, here.plan())
    await bot.send(made, post(), KEY)
    assert len(here.called(here.plan().name)) == 1


async def test_anothers_channel_of_that_name_is_left_alone(here: House) -> None:
    plan = here.plan()
    theirs = here.discord.create_channel(plan.name)
    marked = here.discord.create_channel("decoy", topic=f"see {plan.incident} for it")
    bot = await here.start()
    made = here.channel(await bot.open_channel(plan))
    assert made not in (theirs, marked)
    assert here.channel(await (await here.start()).open_channel(plan)) is made


async def test_incidents_whose_names_begin_alike_are_two(here: House) -> None:
    bot = await here.start()
    longer = await bot.open_channel(here.plan("inc-a-2"))
    assert await bot.open_channel(here.plan("inc-a")) != longer


async def test_one_that_was_deleted_is_made_again(here: House) -> None:
    bot = await here.start()
    first = await bot.open_channel(here.plan())
    here.discord.owner.delete_channel(here.channel(first))
    await until(lambda: any(type(each).__name__ == "ChannelLost" for each in here.bot.heard))
    assert await bot.open_channel(here.plan()) != first


# --- who sees it ----------------------------------------------------------------------------------------------------------


async def test_it_is_seen_by_whoever_sees_triage_and_by_nobody_else(here: House) -> None:
    eve, mia = here.discord.create_person("Eve"), here.discord.create_person("Mia")
    here.discord.owner.overwrite(here.triage, mia, allow=P.VIEW_CHANNEL)
    cut = here.responder("Cut")
    here.discord.owner.overwrite(here.triage, cut, deny=P.VIEW_CHANNEL)
    bot = await here.start()
    made = here.channel(await bot.open_channel(here.plan()))
    assert [sees(who, made) for who in (here.bob, mia, eve, cut)] == [True, True, False, False]
    said = here.bob.say(made, "here")
    here.bob.react(said, "👀")
    here.bob.say(here.bob.thread(said), "and inside")


async def test_it_is_seen_as_triage_where_that_takes_it_from_its_category(here: House) -> None:
    ops = here.discord.create_category("Ops")
    everyone = here.discord.guild.roles[here.discord.guild.id]
    here.discord.owner.overwrite(ops, everyone, deny=P.VIEW_CHANNEL)
    for role in (here.responders, here.discord.bot.role):
        here.discord.owner.overwrite(ops, role, allow=P.VIEW_CHANNEL)
    triage, eve = here.discord.create_channel("sos", parent=ops), here.discord.create_person("Eve")
    bot = await here.start(triage=("sos",), category="Incidents")
    # The category for incidents is open to all; triage is what counts.
    here.discord.create_category("Incidents")
    made = here.channel(await bot.open_channel(here.plan(beside=triage)))
    assert [sees(who, made) for who in (here.bob, eve)] == [True, False]


async def test_it_is_seen_as_triage_where_the_guild_itself_hides_everything(here: House) -> None:
    everyone = here.discord.guild.roles[here.discord.guild.id]
    here.discord.edit_role(everyone, NEW_GUILD & ~P.VIEW_CHANNEL)
    here.discord.edit_role(here.responders, int(P.VIEW_CHANNEL))
    triage, eve = here.discord.create_channel("sos"), here.discord.create_person("Eve")
    bot = await here.start(triage=("sos",))
    made = here.channel(await bot.open_channel(here.plan(beside=triage)))
    assert [sees(who, made) for who in (here.bob, eve)] == [True, False]


async def test_an_invited_outsider_is_let_in_and_an_insider_is_in(here: House) -> None:
    eve = here.discord.create_person("Eve")
    bot = await here.start()
    ref = await bot.open_channel(here.plan())
    made = here.channel(ref)
    for who in (eve, here.bob):
        for _ in range(2):
            await bot.invite(ref, str(who.id))
    eve.say(made, "here I am")
    assert here.bob.id not in made.overwrites
    assert made.overwrites[eve.id].deny == 0
    gone = here.discord.create_person("Gone")
    gone.leave_guild()
    with pytest.raises(Permanent, match="not in the server"):
        await bot.invite(ref, str(gone.id))


# --- read-only ------------------------------------------------------------------------------------------------------------


async def test_after_the_close_nobody_speaks_and_all_read(here: House) -> None:
    eve = here.discord.create_person("Eve")
    bot = await here.start()
    ref = await bot.open_channel(here.plan())
    made = here.channel(ref)
    await bot.invite(ref, str(eve.id))
    said = here.bob.say(made, "before")
    thread = here.bob.thread(said)
    here.bob.react(said, "👀")
    acts: list[Callable[[Person], object]] = [
        lambda who: who.say(made, "after"),
        lambda who: who.say(thread, "inside"),
        lambda who: who.react(said, "🔥"),
        lambda who: who.thread(board, "a new one"),
    ]
    card = await bot.send(ref, post(), KEY)
    board = here.discord.owner.message(made, card.id)
    # Invited and locked within a moment: nothing of the one is lost in the other.
    await bot.set_locked(ref, locked=True)
    for who in (here.bob, eve):
        for act in acts:
            with pytest.raises(Refused):
                act(who)
        assert who.sees(made)
        # A reaction that is there already can be joined: Discord has no right for that.
        who.react(said, "👀")
    await bot.edit(card, post("closed"), KEY)
    await bot.send(ref, post("the postmortem", card="postmortem"), KEY[::-1])
    await bot.set_locked(ref, locked=True)
    await bot.set_locked(ref, locked=False)
    for who in (here.bob, eve):
        for act in acts[:3]:
            act(who)
    assert sees(eve, made)


async def test_the_bot_speaks_in_it_though_somebody_took_its_own_overwrite_away(here: House) -> None:
    bot = await here.start()
    ref = await bot.open_channel(here.plan())
    here.discord.owner.overwrite(ref.id, here.discord.bot.role, allow=P.VIEW_CHANNEL)
    here.discord.owner.overwrite(ref.id, here.discord.bot.user)
    await bot.set_locked(ref, locked=True)
    await bot.send(ref, post(), KEY)


async def test_what_the_bot_may_not_forbid_it_leaves_alone(here: House) -> None:
    """Private threads are in no invite link; where the guild has taken them from everyone, the bot has not got them."""
    everyone = here.discord.guild.roles[here.discord.guild.id]
    here.discord.edit_role(everyone, NEW_GUILD & ~P.CREATE_PRIVATE_THREADS)
    bot = await here.start()
    ref = await bot.open_channel(here.plan())
    await bot.set_locked(ref, locked=True)
    with pytest.raises(Refused):
        here.bob.say(ref.id, "after")


async def test_it_moves_to_the_archive_and_back(here: House) -> None:
    incidents, archive = here.discord.create_category("Incidents"), here.discord.create_category("Archive")
    bot = await here.start(category="Incidents", archive="Archive")
    ref = await bot.open_channel(here.plan())
    made, seen = here.channel(ref), []
    for locked in (True, True, False, False):
        await bot.set_locked(ref, locked=locked)
        seen.append(made.parent)
    assert seen == [archive, archive, incidents, incidents]
    eve = here.discord.create_person("Eve")
    assert (sees(here.bob, made), sees(eve, made)) == (True, False), "the archive's own rules are not taken on"


async def test_without_a_category_for_the_open_ones_it_leaves_the_archive_for_none(here: House) -> None:
    archive = here.discord.create_category("Archive")
    bot = await here.start(archive="Archive")
    ref = await bot.open_channel(here.plan())
    await bot.set_locked(ref, locked=True)
    assert here.channel(ref).parent is archive
    await bot.set_locked(ref, locked=False)
    assert here.channel(ref).parent is None


async def test_a_full_archive_has_a_second(here: House) -> None:
    fill(here, here.discord.create_category("Archive"), 50)
    bot = await here.start(archive="Archive")
    for number in range(2):
        ref = await bot.open_channel(here.plan(f"inc-{number}"))
        await bot.set_locked(ref, locked=True)
        assert [here.channel(ref).parent] == here.called("Archive 2")


async def test_without_its_archive_it_is_read_only_and_that_is_said(here: House) -> None:
    bot = await here.start(archive="Nowhere")
    ref = await bot.open_channel(here.plan())
    with pytest.raises(Permanent, match="there is no category Nowhere"):
        await bot.set_locked(ref, locked=True)
    with pytest.raises(Refused):
        here.bob.say(ref.id, "after")


# --- what is in the way ---------------------------------------------------------------------------------------------------

NEEDED = 2252126499761232


async def test_a_right_that_is_lacking_is_named(here: House) -> None:
    eve, role = here.discord.create_person("Eve"), here.discord.bot.role
    bot = await here.start()
    ref = await bot.open_channel(here.plan())
    card = await bot.send(ref, post(), KEY)
    name = here.plan().name

    async def lacks(*rights: Permission, act: Callable[[], Any]) -> str:
        """What is said without these rights, which the bot had neither by its role nor in the channel."""
        gone = sum(rights)
        here.discord.edit_role(role, NEEDED & ~gone)
        own = here.channel(ref).overwrites[here.discord.bot.user.id]
        here.discord.owner.overwrite(ref.id, here.discord.bot.user, allow=own.allow & ~gone, deny=gone)
        await asyncio.sleep(0.05)
        with pytest.raises(Forbidden) as refused:
            await act()
        here.discord.edit_role(role, NEEDED)
        here.discord.owner.overwrite(ref.id, here.discord.bot.user, allow=own.allow)
        return str(refused.value)

    async def lock() -> None:
        await bot.set_locked(ref, locked=True)

    guild = here.discord.guild.name
    assert await lacks(P.MANAGE_CHANNELS, act=lambda: bot.open_channel(here.plan("inc-b"))) == (
        f"Manage Channels in {guild}"
    )
    assert await lacks(P.MANAGE_ROLES, act=lambda: bot.invite(ref, str(eve.id))) == (f"Manage Roles in #{name}")
    assert await lacks(P.MANAGE_ROLES, P.MANAGE_CHANNELS, act=lock) == (f"Manage Channels, Manage Roles in #{name}")
    assert await lacks(P.PIN_MESSAGES, act=lambda: bot.pin(card)) == f"Pin Messages in #{name}"
    assert await lacks(P.ADD_REACTIONS, act=lambda: bot.react(card, "🧭", KEY)) == (f"Add Reactions in #{name}")
    assert await lacks(P.SEND_MESSAGES, act=lambda: bot.send(ref, post(), KEY[::-1])) == (
        f"Send Messages, Embed Links in #{name}"
    )
    assert "View Channel" in await lacks(P.VIEW_CHANNEL, act=lambda: bot.send(ref, post(), KEY[::-1]))
    # Each is there again, and all goes on.
    await bot.pin(card)
    await bot.invite(ref, str(eve.id))
    await lock()
    await bot.open_channel(here.plan("inc-b"))


async def test_a_category_in_which_it_may_not_is_named(here: House) -> None:
    category = here.discord.create_category("Incidents")
    here.discord.owner.overwrite(category, here.discord.bot.role, deny=P.MANAGE_CHANNELS)
    bot = await here.start(category="Incidents")
    with pytest.raises(Forbidden, match="Manage Channels in Incidents"):
        await bot.open_channel(here.plan())


async def test_a_guild_that_is_full_says_so(here: House) -> None:
    bot = await here.start()
    here.discord.caps.guild_channels = len(here.discord.guild.channels)
    with pytest.raises(Permanent, match="has the 500 channels that Discord allows: delete some"):
        await bot.open_channel(here.plan())
    here.discord.caps.guild_channels += 1
    await bot.open_channel(here.plan())


async def test_a_channel_that_is_gone_is_missing(here: House) -> None:
    bot = await here.start()
    gone: ChannelRef = channel_ref(4711)
    message: MessageRef = message_ref(4711, 1)
    for act in (
        lambda: bot.invite(gone, str(here.bob.id)),
        lambda: bot.set_locked(gone, locked=True),
        lambda: bot.send(gone, post(), KEY),
        lambda: bot.pin(message),
    ):
        with pytest.raises(Missing):
            await act()
