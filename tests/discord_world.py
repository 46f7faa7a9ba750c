"""What there is on the fake Discord: guilds, roles, members, channels, threads, messages; and who is told of a change.

Plain state. What somebody may do with it is in `discord_acts` and `discord_places`; how it reads as JSON in
`discord_shapes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from discord_clock import Clock
from discord_limits import Caps, Windows

Json = dict[str, Any]

TEXT, DIRECT, CATEGORY, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 4, 11, 12
"""Channel types: docs/resources/channel#channel-object-channel-types."""

DEFAULT, RENAMED, PINNED, THREAD_CREATED, REPLY, SLASH, THREAD_STARTER, MENU = 0, 4, 6, 18, 19, 20, 21, 23
"""Message types: docs/resources/message#message-object-message-types."""

SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 2, 1 << 5, 1 << 6, 1 << 7, 1 << 15
"""Message flags: docs/resources/message#message-object-message-flags."""


@dataclass(eq=False)
class User:
    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"


@dataclass(eq=False)
class Role:
    id: int
    name: str
    permissions: int
    position: int
    mentionable: bool = False
    managed: bool = False


@dataclass(eq=False)
class Member:
    user: User
    joined_at: datetime
    roles: set[int] = field(default_factory=set)
    nick: str | None = None


@dataclass
class Overwrite:
    """What one role (type 0) or member (type 1) is allowed and denied in a channel."""

    id: int
    type: int
    allow: int = 0
    deny: int = 0


@dataclass(eq=False)
class Message:
    id: int
    channel: Channel
    author: User
    at: datetime
    content: str = ""
    type: int = DEFAULT
    edited: datetime | None = None
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    mentions: list[int] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    pings: frozenset[int] = frozenset()  # whose client made a sound: what a property test asks about
    flags: int = 0
    nonce: str | None = None
    pinned_at: datetime | None = None
    reference: Json | None = None
    reactions: dict[str, list[int]] = field(default_factory=dict)
    interaction: Json | None = None
    command: str = ""  # the name of the slash command that made it
    application_id: int | None = None
    for_user: int | None = None  # an ephemeral answer: who sees it


@dataclass(eq=False)
class Channel:
    """A text channel, a category, or a thread, whose permissions are its parent's."""

    id: int
    guild: Guild
    type: int
    name: str
    parent: Channel | None = None
    topic: str | None = None
    position: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    last_message_id: int | None = None
    deleted: bool = False
    owner_id: int = 0  # from here on: of threads only
    archived: bool = False
    locked: bool = False
    archive_at: datetime | None = None
    auto_archive: int = 1440
    active_at: float = 0.0
    total_sent: int = 0
    joined: dict[int, datetime] = field(default_factory=dict)

    @property
    def is_thread(self) -> bool:
        return self.type in (PUBLIC_THREAD, PRIVATE_THREAD)

    @property
    def is_private(self) -> bool:
        return self.type == PRIVATE_THREAD

    @property
    def home(self) -> Channel:
        """Where its permissions are kept."""
        return self.parent if self.is_thread and self.parent is not None else self

    def children(self) -> Iterator[Channel]:
        """The channels of a category."""
        return (each for each in self.guild.channels.values() if each.parent is self and not each.is_thread)

    def pins(self) -> list[Message]:
        """What is pinned, the latest first."""
        found = [(each.pinned_at, each) for each in self.messages.values() if each.pinned_at is not None]
        return [message for _, message in sorted(found, key=lambda pair: pair[0], reverse=True)]


@dataclass(eq=False)
class Guild:
    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)  # threads too


@dataclass(frozen=True)
class Viewer:
    """For whom something is put into JSON: a user, and whether they may read what others write."""

    user: int
    content: bool = True


@dataclass(frozen=True)
class Event:
    """A change, as the gateway tells it to each viewer in its own way. `channel` is what one must see to be told."""

    name: str
    guild: Guild
    shape: Callable[[Viewer], Json]
    channel: Channel | None = None
    only: int | None = None  # the one user whom it concerns


class World:
    """All of it, with the clock and the limits that it lives under."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.caps = Caps()
        self.windows = Windows()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.directs: dict[int, Channel] = {}  # where somebody and the bot are alone, by who it is
        self.closed: set[int] = set()  # who takes no direct messages
        self.nonces: dict[tuple[int, str], tuple[Message, float]] = {}
        self.files: dict[int, tuple[str, str, bytes]] = {}  # name, media type, content
        self.files_url = ""
        self.content_allowed = True  # the application's switch for message content, which HTTP goes by
        self.watchers: list[Callable[[Event], None]] = []

    def tell(self, event: Event) -> None:
        for watcher in self.watchers:
            watcher(event)

    def channel(self, channel_id: int) -> Channel | None:
        places = (*(guild.channels for guild in self.guilds.values()), {one.id: one for one in self.directs.values()})
        found = (channels.get(channel_id) for channels in places)
        return next((each for each in found if each is not None), None)

    def create_guild(self, name: str, owner: User, everyone: int) -> Guild:
        guild = Guild(self.clock.snowflake(), name, owner.id)
        guild.roles[guild.id] = Role(guild.id, "@everyone", everyone, 0)
        self.guilds[guild.id] = guild
        self.join(guild, owner)
        return guild

    def create_user(self, name: str, *, bot: bool = False) -> User:
        user = User(self.clock.snowflake(), name, bot)
        self.users[user.id] = user
        return user

    def join(self, guild: Guild, user: User) -> Member:
        member = guild.members[user.id] = Member(user, self.clock.now())
        return member
