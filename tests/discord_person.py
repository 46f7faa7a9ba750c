"""A person on the fake Discord: what somebody with an ordinary client can do and see.

Each act raises `Refused` where the client would not let them; `code` is Discord's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord_acts as acts
import discord_places as places
import discord_shapes as shapes
import discord_threads as threads
from discord_entry import enter, look, may
from discord_forms import emoji
from discord_interactions import Use, Uses
from discord_permissions import Permission
from discord_world import DEFAULT, REPLY, Channel, Guild, Json, Message, Role, User, Viewer, World

if TYPE_CHECKING:
    from discord_fake import FakeDiscord

Place = Channel | int | str
P = Permission


class Person:
    def __init__(self, discord: FakeDiscord, guild: Guild, user: User) -> None:
        self._discord = discord
        self._world: World = discord.world
        self._guild = guild
        self.user = user
        self.uses = Uses(discord, guild, user)

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def mention(self) -> str:
        """How a message names them."""
        return f"<@{self.id}>"

    def say(
        self,
        place: Place,
        text: str,
        *,
        files: Sequence[tuple[str, bytes]] = (),
        reply_to: Message | None = None,
    ) -> Message:
        """A message in a channel or thread; whom it names is written as Discord does, `person.mention`."""
        body: Json = {"content": text}
        if reply_to is not None:
            body["message_reference"] = {"message_id": reply_to.id}
        return acts.send(self._world, self.user, _id(place), body, files)

    def thread(self, message: Message, name: str = "thread") -> Channel:
        """The thread on a message: the one there is, or a new one."""
        there = self._guild.channels.get(message.id)
        body: Json = {"name": name}
        return there or threads.start_thread(self._world, self.user, message.channel.id, body, message.id)

    def edit(self, message: Message, text: str) -> None:
        acts.edit(self._world, self.user, message.channel.id, message.id, {"content": text})

    def delete(self, message: Message) -> None:
        acts.delete(self._world, self.user, message.channel.id, message.id)

    def react(self, message: Message, key: str) -> None:
        acts.react(self._world, self.user, message.channel.id, message.id, key)

    def unreact(self, message: Message, key: str, whose: int | None = None) -> None:
        whom = self.id if whose is None else whose
        acts.unreact(self._world, self.user, message.channel.id, message.id, key, whose=whom)

    def clear_reactions(self, message: Message, key: str | None = None) -> None:
        acts.clear(self._world, self.user, message.channel.id, message.id, key)

    def pin(self, message: Message) -> None:
        acts.pin(self._world, self.user, message.channel.id, message.id)

    def unpin(self, message: Message) -> None:
        acts.unpin(self._world, self.user, message.channel.id, message.id)

    def archive(self, thread: Place, *, archived: bool = True, locked: bool | None = None) -> None:
        body: Json = {"archived": archived} | ({} if locked is None else {"locked": locked})
        places.edit_channel(self._world, self.user, _id(thread), body)

    def edit_channel(self, place: Place, **changes: object) -> None:
        places.edit_channel(self._world, self.user, _id(place), changes)

    def delete_channel(self, place: Place) -> None:
        places.delete_channel(self._world, self.user, _id(place))

    def overwrite(self, place: Place, target: Role | User | Person, *, allow: int = 0, deny: int = 0) -> None:
        """Change what a role or a member may in a channel; nothing allowed and nothing denied takes it away."""
        if not allow | deny:
            places.drop_overwrite(self._world, self.user, _id(place), target.id)
            return
        body: Json = {"type": 0 if isinstance(target, Role) else 1, "allow": str(allow), "deny": str(deny)}
        places.set_overwrite(self._world, self.user, _id(place), target.id, body)

    def give_role(self, whom: Person, role: Role, *, take: bool = False) -> None:
        places.give_role(self._world, self.user, self._guild.id, whom.id, role.id, take=take)

    def leave_guild(self) -> None:
        self._discord.remove(self.user)

    def enter(self, place: Place) -> Channel:
        """Open a channel, which is nothing but being allowed to."""
        return enter(self._world, self.user, _id(place))

    def may(self, place: Place, permission: Permission) -> bool:
        channel = self._world.channel(_id(place))
        return channel is not None and may(self.user, channel, permission)

    def told_alone(self) -> list[Message]:
        """What the bot said to this person alone, the oldest first."""
        channel = self._world.directs.get(self.id)
        return [] if channel is None else list(channel.messages.values())

    def close_direct_messages(self, *, closed: bool = True) -> None:
        """The switch of the server's privacy settings."""
        (self._world.closed.add if closed else self._world.closed.discard)(self.id)

    def sees(self, place: Place, *, notes: bool = False) -> list[Message]:
        """What stands in a channel, the oldest first, with the answers that this person alone sees; Discord's own
        notes (pinned, renamed, a thread was started) only with `notes`.
        """
        channel = enter(self._world, self.user, _id(place), P.READ_MESSAGE_HISTORY)
        own = [each for each in self.uses.private if each.channel is channel]
        told = (DEFAULT, REPLY, 20, 23)
        shown = [each for each in (*channel.messages.values(), *own) if notes or each.type in told]
        return sorted(shown, key=lambda each: each.id)

    def message(self, place: Place, message_id: int | str) -> Message:
        return look(self._world, self.user, _id(place), int(message_id))

    def attachments(self, message: Message) -> list[Json]:
        """The files of a message, with addresses that are good now."""
        return list(shapes.message(self._world, message, Viewer(self.id))["attachments"])

    def reactions(self, message: Message) -> list[tuple[int, str]]:
        """Who put what on a message, as (user id, emoji)."""
        there = look(self._world, self.user, message.channel.id, message.id)
        return [(user, emoji(key)) for key, users in there.reactions.items() for user in users]

    def pins(self, place: Place) -> list[Message]:
        """What is pinned, the latest first."""
        return enter(self._world, self.user, _id(place), P.READ_MESSAGE_HISTORY).pins()

    def slash(self, place: Place, command: str, /, **options: object) -> Use:
        """Use a slash command, `incident open`, with its options."""
        return self.uses.slash(self.enter(place), command, options)

    def type_option(self, place: Place, command: str, focused: str, /, **options: object) -> Use:
        """Write into an option that completes itself: `await use.choices()`."""
        return self.uses.autocomplete(self.enter(place), command, focused, options)

    def menu(self, message: Message, command: str) -> Use:
        """*Apps > command* on a message."""
        return self.uses.menu(self.message(message.channel.id, message.id), command)

    def press(self, message: Message, button: str) -> Use:
        """Press the button that has this label, emoji or custom id."""
        return self.uses.press(message, button)

    def choose(self, message: Message, custom_id: str, *values: str) -> Use:
        """Choose in a select menu."""
        return self.uses.press(message, custom_id, values)

    def submit(self, use: Use, **values: object) -> Use:
        """Send off the modal that `use` opened, its fields by custom id (or label) with `-` and spaces as `_`."""
        return self.uses.submit(use, values)


def _id(place: Place) -> int:
    return place.id if isinstance(place, Channel) else int(place)
