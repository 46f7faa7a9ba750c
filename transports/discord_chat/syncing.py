"""Telling Discord of the commands, when they are others than it was told last.

Rule: it never keeps the bot from working: what fails is said and tried again, while everything else goes on.
"""

from __future__ import annotations

import hashlib
import json

import structlog

from core.port import Clock, Fatal, Notebook, Permanent, TransportFailure
from transports.discord_chat.commands import Tree
from transports.discord_chat.requests import Requests

log = structlog.get_logger(__name__)

NOTE = "commands"

FIRST, LAST = 2.0, 600.0
"""Seconds between two tries, doubled each time."""


async def sync(tree: Tree, requests: Requests, notebook: Notebook, clock: Clock) -> None:
    """Returns once Discord has these commands. Raises `Fatal`."""
    digest = _digest(tree)
    wait = FIRST
    while True:
        try:
            if await notebook.read(NOTE) == digest and await requests.ask(lambda: _are_there(tree)):
                return
            await requests.ask(tree.put)
            await notebook.write(NOTE, digest)
            log.info("Discord was told of the commands")
        except Fatal:
            raise
        except TransportFailure as failure:
            hint = "invite the bot with the scope applications.commands" if isinstance(failure, Permanent) else None
            log.warning("Discord was not told of the commands", reason=str(failure), mend=hint, again_in=wait)
        except Exception:  # a loop's edge, design law 7: everything else works without
            log.exception("the commands were not synced", again_in=wait)
        else:
            return
        await clock.sleep(wait)
        wait = min(LAST, wait * 2)


async def _are_there(tree: Tree) -> bool:
    """Whether Discord still has them: a bot that was thrown out and invited again has none."""
    there = {(each.type.value, each.name) for each in await tree.fetch_commands(guild=tree.guild)}
    return there == {(shape["type"], shape["name"]) for shape in tree.shapes()}


def _digest(tree: Tree) -> str:
    """One name for who has which commands where."""
    whole = json.dumps([tree.client.application_id, tree.guild.id, tree.shapes()], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()
