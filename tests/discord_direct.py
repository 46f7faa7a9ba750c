"""Direct messages on the fake Discord: a channel of the bot's and one person's, open until they close theirs.

A direct channel belongs to no guild; here it has one of its own that nobody can see, in which both may do everything, so
that every act on a message goes its one way.
"""

from __future__ import annotations

from discord_limits import CLOSED, NO_RECIPIENT, Refused
from discord_permissions import ALL
from discord_shapes import optional, user
from discord_world import DIRECT, Channel, Guild, Json, Role, User, World


def open_direct(world: World, who: User, recipient: int) -> Channel:
    """The one that there is, or a new one: docs/resources/user#create-dm. Whether they take messages, sending shows."""
    whom = world.users.get(recipient)
    if whom is None or whom is who:
        raise Refused(NO_RECIPIENT)
    if recipient not in world.directs:
        hidden = Guild(world.clock.snowflake(), "", who.id)
        hidden.roles[hidden.id] = Role(hidden.id, "@everyone", ALL, 0)
        world.join(hidden, who)
        world.join(hidden, whom)
        made = world.directs[recipient] = Channel(world.clock.snowflake(), hidden, DIRECT, "")
        hidden.channels[made.id] = made
    return world.directs[recipient]


def may_write(world: World, channel: Channel) -> None:
    """Also who shares no guild with the bot any more gets nothing of it: docs/topics/opcodes-and-status-codes#json, 50007."""
    [recipient] = [user_id for user_id, one in world.directs.items() if one is channel]
    if recipient in world.closed or not any(recipient in guild.members for guild in world.guilds.values()):
        raise Refused(CLOSED)


def shape(world: World, channel: Channel) -> Json:
    """docs/resources/channel#channel-object-example-dm-channel."""
    [recipient] = [user_id for user_id, one in world.directs.items() if one is channel]
    return {
        "id": str(channel.id),
        "type": channel.type,
        "flags": 0,
        "last_message_id": optional(channel.last_message_id),
        "recipients": [user(world.users[recipient])],
    }
