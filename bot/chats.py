"""The configured chats, made from their settings; a new one is a branch here. What is off is not imported."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import SystemRandom

import structlog

from bot.config import Settings
from core.port import Clock, Transport

log = structlog.get_logger(__name__)

A_RESPONDER = {"discord": "discord-role:1234", "matrix": "@ann:example.org", "sandbox": "Ann"}
"""How a responder may be written, by chat."""


OPEN = "open to everyone: close it to outsiders, readers too, or say who may give commands"
"""What is wrong with such a triage channel, and the way out."""


def triage(settings: Settings) -> Mapping[str, Sequence[str]]:
    """The triage channels by transport, as the config names them."""
    chats = settings.transports
    found = {"discord": chats.discord, "matrix": chats.matrix, "sandbox": chats.sandbox}
    return {name: chat.triage for name, chat in found.items() if chat is not None}


MATRIX_KEYS = "matrix-keys"
"""The folder in `data_dir` where the keys of the Matrix device lie."""


def key_stores(settings: Settings) -> tuple[Path, ...]:
    """The folders of keys that belong to a backup, whether or not they are there yet."""
    chosen = settings.transports.matrix
    return (settings.data_dir / MATRIX_KEYS,) if chosen is not None and chosen.encrypted else ()


@asynccontextmanager
async def transports(settings: Settings, clock: Clock, *, look: bool = False) -> AsyncIterator[dict[str, Transport]]:
    """Every chat that the config turns on. To `look` is to be there beside the process that does the work."""
    async with AsyncExitStack() as stack:
        chats: dict[str, Transport] = {}
        if settings.transports.discord is not None:
            chats["discord"] = _discord(settings, clock)
        if settings.transports.matrix is not None:
            chats["matrix"] = _matrix(settings, clock, look=look)
        if settings.transports.sandbox is not None:
            chats["sandbox"] = await stack.enter_async_context(_sandbox(settings, clock))
        yield chats


def _discord(settings: Settings, clock: Clock) -> Transport:
    from transports.discord_chat import DiscordSettings, DiscordTransport

    chosen = settings.transports.discord
    assert chosen is not None, "asked for only when it is on"
    assert chosen.token is not None, "a config without one is refused"
    return DiscordTransport(
        DiscordSettings(
            token=chosen.token,
            guild=chosen.guild,
            triage=chosen.triage,
            category=chosen.category,
            archive=chosen.archive_category,
            api_url=str(chosen.api_url),
            gateway_url=str(chosen.gateway_url),
            ready_timeout=chosen.ready_timeout.total_seconds(),
        ),
        clock,
        SystemRandom(),
    )


def _matrix(settings: Settings, clock: Clock, *, look: bool) -> Transport:
    from transports.matrix_chat import MatrixSettings, MatrixTransport

    chosen = settings.transports.matrix
    assert chosen is not None, "asked for only when it is on"
    rooms = [room for audience in settings.audiences.values() for room in audience.rooms]
    return MatrixTransport(
        MatrixSettings(
            homeserver=str(chosen.homeserver).rstrip("/"),
            user_id=chosen.user_id,
            password=chosen.password,
            access_token=chosen.access_token,
            device_id=chosen.device_id,
            triage=chosen.triage,
            audience_rooms=tuple(room.removeprefix("matrix:") for room in rooms if room.startswith("matrix:")),
            space=chosen.space,
            allow_invites_from=chosen.allow_invites_from,
            encrypted=chosen.encrypted,
            keys=settings.data_dir / MATRIX_KEYS,
            look=look,
        ),
        clock,
        SystemRandom(),
    )


@asynccontextmanager
async def _sandbox(settings: Settings, clock: Clock) -> AsyncIterator[Transport]:
    """A chat in this process, with its page; what is said in it ends with the process."""
    from transports.sandbox.page import serve
    from transports.sandbox.places import Kind
    from transports.sandbox.server import Server
    from transports.sandbox.transport import SandboxTransport
    from transports.sandbox.world import World

    chosen = settings.transports.sandbox
    assert chosen is not None, "asked for only when it is on"
    world = World(clock, era=f"{secrets.token_hex(4)}-")
    for name in chosen.triage:
        world.create_channel(name)
    for audience in settings.audiences.values():
        for room in audience.rooms:
            transport, _, name = room.partition(":")
            if transport == "sandbox" and world.named(name) is None:
                world.create_channel(name, Kind.AUDIENCE)
    for person in settings.people:
        if person.sandbox:
            world.create_person(person.name)
    site = await serve(world, "127.0.0.1", chosen.port, secrets.token_urlsafe(16))
    log.info("the sandbox is open", address=site.url)
    try:
        yield SandboxTransport(Server(world, SystemRandom()))
    finally:
        await site.close()
