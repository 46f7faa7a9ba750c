"""Invitations, answered beside everything else: the server that a room lives on may be away for as long as it likes.

Rule: a sync tells of an invitation once, so it is kept in the notebook from before the cursor moves until it is answered.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Self

import structlog

from core.port import Clock, Notebook, Temporary, TransportFailure
from transports.matrix_chat.requests import backoff

log = structlog.get_logger(__name__)

NOTE = "invitations"

LONGEST_BACKOFF = 240.0
"""Seconds between two tries to answer one, at most."""


class Invitations:
    """Those that are not answered yet, each with a task of its own. `answer` is given the room, and who invites."""

    def __init__(
        self, answer: Callable[[str, str], Awaitable[None]], notebook: Notebook, clock: Clock, chance: Random
    ) -> None:
        self._answer = answer
        self._notebook = notebook
        self._clock = clock
        self._chance = chance
        self._open: dict[str, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        self._open = json.loads(await self._notebook.read(NOTE) or "{}")
        self._begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def take(self, invitations: Mapping[str, str]) -> None:
        """Answer these too; returns when they will not be forgotten."""
        if invitations:
            self._open |= invitations
            await self._keep()
            self._begin()

    async def _keep(self) -> None:
        await self._notebook.write(NOTE, json.dumps(self._open))

    def _begin(self) -> None:
        for room in self._open.keys() - self._tasks.keys():
            self._tasks[room] = asyncio.create_task(self._settle(room))

    async def _settle(self, room: str) -> None:
        tries = 0
        answered: str | None = None
        # Somebody else may have invited us meanwhile, who may.
        while answered != (by := self._open[room]):
            if await self._answers(room, by):
                answered = by
            else:
                tries += 1
                await self._clock.sleep(backoff(tries, self._chance, LONGEST_BACKOFF))
        del self._open[room], self._tasks[room]
        await self._keep()

    async def _answers(self, room: str, by: str) -> bool:
        try:
            await self._answer(room, by)
        except Temporary as failure:
            log.warning("an invitation cannot be answered yet; trying again", room=room, by=by, error=str(failure))
            return False
        except TransportFailure as failure:
            log.warning("an invitation cannot be answered", room=room, by=by, error=str(failure))
        except Exception:  # a loop's edge, design law 7: a bug here must not end the task with nobody told
            log.exception("an invitation was not answered", room=room, by=by)
        return True
