"""Categories: the one that the config names and those that follow it, `Incidents`, `Incidents 2`, as each becomes full."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import discord

from core.port import Permanent
from transports.discord_chat.permissions import beside

Standing = Sequence[discord.abc.GuildChannel]
"""The guild's channels as they stand now."""

HOLDS = 50
"""Channels of one category (resources/channel)."""


class Make(Protocol):
    """Makes something in a guild, so that a lost answer makes no second one."""

    async def __call__(
        self,
        what: str,
        within: discord.Guild,
        create: Callable[[], Awaitable[discord.CategoryChannel]],
    ) -> discord.CategoryChannel: ...


def family(name: str, there: Standing) -> list[discord.CategoryChannel]:
    """The category of this name or id and its followers, in their order. Raises `Permanent` when it is not there."""
    categories = [each for each in there if isinstance(each, discord.CategoryChannel)]
    first = next((each for each in categories if name in (str(each.id), each.name)), None)
    if first is None:
        raise Permanent(f"there is no category {name}")
    follows = re.compile(rf"{re.escape(first.name)} ([0-9]{{1,3}})")
    counted = [(int(found[1]), each) for each in categories if (found := follows.fullmatch(each.name))]
    return [first, *(each for _, each in sorted(counted, key=lambda pair: (pair[0], pair[1].id)))]


def held(category: discord.CategoryChannel, there: Standing) -> int:
    """How many channels stand in it."""
    return sum(each.category_id == category.id for each in there)


async def with_room(name: str, guild: discord.Guild, there: Standing, make: Make) -> discord.CategoryChannel:
    """The first of a family in which a channel can stand; a new one when all are full. Raises a `TransportFailure`."""
    known = family(name, there)
    for each in known:
        if held(each, there) < HOLDS:
            return each
    first = known[0]
    taken = {each.name for each in known}
    follower = next(one for count in range(2, len(known) + 2) if (one := f"{first.name} {count}") not in taken)
    return await make(
        follower, guild, lambda: guild.create_category(follower, overwrites=beside(first), position=first.position)
    )
