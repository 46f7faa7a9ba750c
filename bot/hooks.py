"""The hooks of the config, wired: the door that they are served at, and the looks at what their senders still have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession

from bot.chats import triage
from bot.config import Settings
from bot.web.hooks.asking import Asking
from bot.web.hooks.batch import Rules
from bot.web.hooks.door import Door, Sender
from bot.web.hooks.looking import Look
from bot.wiring import Tocsin
from core.incident.vocabulary import ChannelRef
from core.port import Clock


@asynccontextmanager
async def hooks(settings: Settings, tocsin: Tocsin, clock: Clock) -> AsyncIterator[Door]:
    """The door; the bot goes on with the looks while it runs."""
    services = [service.name for service in settings.services]
    async with ClientSession() as client:
        senders = []
        for hook in settings.hooks:
            rules, soon = Rules(hook, services, first_triage(settings)), _nothing
            if hook.url is not None:
                look = Look(hook, rules, tocsin.post.alarms, Asking(hook, client), clock, tocsin.hear)
                tocsin.works.append(look.run)
                tocsin.wakes.append(look.soon)
                soon = look.soon
            senders.append(Sender(hook, rules, soon))
        yield Door(senders, tocsin.hear, clock)


def first_triage(settings: Settings) -> ChannelRef:
    """Where alerts stand when no rule says where: the first triage channel of the first chat."""
    chat, names = next((chat, names) for chat, names in triage(settings).items() if names)
    return ChannelRef(transport=chat, id=names[0])


def _nothing() -> None:
    """A sender that cannot be asked."""
