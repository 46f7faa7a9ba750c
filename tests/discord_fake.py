"""A fake Discord on loopback, for the real discord.py: `async with FakeDiscord() as discord:`.

Point discord.py at it with `discord.api_url` (`discord.http.Route.BASE`) and `discord.gateway_url`
(`discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY`). Written from Discord's documentation; see `discord_limits`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

import discord_files as files
import discord_places as places
import discord_shapes as shapes
from aiohttp import web
from discord_buckets import Buckets
from discord_checks import Checks
from discord_clock import Clock
from discord_faults import Faults
from discord_gateway import GUILD_MEMBERS, MESSAGE_CONTENT, Gateway
from discord_interactions import Interactions
from discord_limits import Caps, Rates, Windows
from discord_permissions import NEW_GUILD
from discord_person import Person
from discord_rest import PREFIX, Call, Rest
from discord_rest_interactions import ROUTES as INTERACTIONS
from discord_rest_messages import ROUTES as MESSAGES
from discord_rest_places import ROUTES as PLACES
from discord_world import CATEGORY, TEXT, Channel, Event, Json, Message, Overwrite, Role, User, World

NEEDED = 2252126499761232
"""The bits of the invite link: ../shared/notes/discord.md, section 5."""


@dataclass
class Bot:
    """The account under test. `privileged` are the intents that its portal page allows."""

    world: World
    user: User
    application_id: int
    role: Role
    token: str = "a-token-for-tests"

    def __post_init__(self) -> None:
        self._privileged = GUILD_MEMBERS | MESSAGE_CONTENT

    @property
    def privileged(self) -> int:
        return self._privileged

    @privileged.setter
    def privileged(self, intents: int) -> None:
        self._privileged = intents
        self.world.content_allowed = bool(intents & MESSAGE_CONTENT)

    def application_flags(self) -> int:
        """The `_LIMITED` flags that tell which privileged intents are on: docs/resources/application."""
        rows = ((GUILD_MEMBERS, 1 << 15), (MESSAGE_CONTENT, 1 << 19))
        return sum(flag for intent, flag in rows if self._privileged & intent)

    def application(self) -> Json:
        owner = next(each for each in self.world.users.values() if not each.bot)
        return {
            "id": str(self.application_id),
            "name": self.user.name,
            "icon": None,
            "description": "",
            "type": None,
            "verify_key": "0" * 64,
            "flags": self.application_flags(),
            "flags_new": str(self.application_flags()),
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": shapes.user(owner),
            "approximate_guild_count": len(self.world.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": ["bot", "applications.commands"],
            "bot": shapes.user(self.user),
            "bot_public": False,
            "bot_require_code_grant": False,
        }


class FakeDiscord:
    """One guild with an owner and the bot, which has the bits of its invite link; more is created by the test.

    `pace` scales the rate limits: 0.01 keeps a test quick, 1 is Discord's own. `checked` holds every exchange against
    Discord's description, which costs a few milliseconds; a benchmark does without.
    """

    def __init__(
        self,
        *,
        pace: float = 0.01,
        start: datetime | None = None,
        permissions: int = NEEDED,
        checked: bool = True,
    ) -> None:
        self.clock = Clock(start)
        self.world = World(self.clock)
        self.caps: Caps = self.world.caps
        self.windows: Windows = self.world.windows
        self.rates = Rates(pace)
        self.violations: list[str] = []
        self.faults = Faults()
        self.checks = Checks(self.violations, on=checked)
        self.rest = Rest(self, self.faults, Buckets(self.rates, self.clock))
        self.gateway = Gateway(self)
        self.interactions = Interactions(self)
        self.world.watchers.append(self.gateway.tell)
        self.faults.on_outage = self.gateway.abort
        owner = self.world.create_user("Owner")
        self.guild = self.world.create_guild("Acme", owner, NEW_GUILD)
        self.owner = Person(self, self.guild, owner)
        self.bot = self._create_bot(permissions)
        self._runner: web.AppRunner | None = None
        self.api_url = self.gateway_url = ""

    def _create_bot(self, permissions: int) -> Bot:
        user = self.world.create_user("Tocsin", bot=True)
        role = self.create_role("Tocsin", permissions)
        role.managed = True
        self.world.join(self.guild, user).roles.add(role.id)
        return Bot(self.world, user, user.id, role)

    @property
    def requests(self) -> list[Call]:
        """Every request that came, the oldest first."""
        return self.rest.log

    def asked(self, method: str, path: str) -> list[Call]:
        """The requests of one kind; `*` in a path stands for an id."""
        parts = path.split("/")
        return [
            each
            for each in self.rest.log
            if each.method == method
            and len(each.path.split("/")) == len(parts)
            and all(want in ("*", got) for want, got in zip(parts, each.path.split("/"), strict=True))
        ]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=self.caps.request_bytes)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get(files.PATH, self._file)
        self.rest.add_to(app, (*MESSAGES, *PLACES, *INTERACTIONS))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.api_url = f"http://{host}:{port}{PREFIX}"
        self.gateway_url = f"ws://{host}:{port}/gateway/"
        self.world.files_url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gateway.abort()
        if self._runner is not None:
            await self._runner.cleanup()
        if error is None and self.violations:
            raise AssertionError("\n".join(self.violations))

    async def _file(self, request: web.Request) -> web.Response:
        return files.served(self.world, request)

    @contextmanager
    def as_discord(self) -> Iterator[None]:
        """Point this process's discord.py here."""
        import discord.gateway
        import discord.http
        import yarl

        route, socket = discord.http.Route, discord.gateway.DiscordWebSocket
        was = route.BASE, socket.DEFAULT_GATEWAY
        route.BASE, socket.DEFAULT_GATEWAY = self.api_url, yarl.URL(self.gateway_url)
        try:
            yield
        finally:
            route.BASE, socket.DEFAULT_GATEWAY = was

    def create_role(self, name: str, permissions: int = 0, *, mentionable: bool = False) -> Role:
        role = Role(self.clock.snowflake(), name, permissions, len(self.guild.roles), mentionable)
        self.guild.roles[role.id] = role
        shape: Json = {"guild_id": str(self.guild.id), "role": shapes.role(role)}
        self.world.tell(Event("GUILD_ROLE_CREATE", self.guild, lambda _: shape))
        return role

    def edit_role(self, role: Role, permissions: int) -> None:
        """Change what a role may, with what that does to who sees which channel."""

        def change() -> None:
            role.permissions = permissions

        places.with_access(self.world, self.guild, change)
        shape: Json = {"guild_id": str(self.guild.id), "role": shapes.role(role)}
        self.world.tell(Event("GUILD_ROLE_UPDATE", self.guild, lambda _: shape))

    def create_person(self, name: str, *, roles: tuple[Role, ...] = ()) -> Person:
        user = self.world.create_user(name)
        member = self.world.join(self.guild, user)
        member.roles |= {each.id for each in roles}
        shape: Json = shapes.member(member) | {"guild_id": str(self.guild.id)}
        self.world.tell(Event("GUILD_MEMBER_ADD", self.guild, lambda _: shape))
        return Person(self, self.guild, user)

    def remove(self, user: User) -> None:
        """Somebody leaves the guild, or is made to."""
        del self.guild.members[user.id]
        shape: Json = {"guild_id": str(self.guild.id), "user": shapes.user(user)}
        self.world.tell(Event("GUILD_MEMBER_REMOVE", self.guild, lambda _: shape))

    def create_channel(
        self,
        name: str,
        *,
        topic: str | None = None,
        parent: Channel | None = None,
        only: tuple[Role | User | Person, ...] = (),
    ) -> Channel:
        """A text channel; with `only`, one that nobody else sees, but the bot does."""
        body: Json = {"name": name, "type": TEXT, "topic": topic, "parent_id": parent and parent.id}
        if only:
            body["permission_overwrites"] = [vars(each) for each in self._only(only)]
        return places.create_channel(self.world, self.owner.user, self.guild.id, body)

    def _only(self, whom: tuple[Role | User | Person, ...]) -> list[Overwrite]:
        view = 1 << 10
        let_in = [Overwrite(each.id, 0 if isinstance(each, Role) else 1, view) for each in (*whom, self.bot.role)]
        return [Overwrite(self.guild.id, 0, 0, view), *let_in]

    def create_category(self, name: str) -> Channel:
        body: Json = {"name": name, "type": CATEGORY}
        return places.create_channel(self.world, self.owner.user, self.guild.id, body)

    def messages(self, channel: Channel | int | str) -> list[Message]:
        """Everything in a channel, whoever may see it, the oldest first."""
        place = channel if isinstance(channel, Channel) else self.world.channel(int(channel))
        return [] if place is None else list(place.messages.values())

    def channel(self, name: str) -> Channel:
        """The channel or thread of that name or id. Raises `LookupError` where there is none or more than one."""
        found = [each for each in self.guild.channels.values() if name in (each.name, str(each.id))]
        if len(found) != 1:
            raise LookupError(f"{len(found)} channels are called {name}")
        return found[0]
