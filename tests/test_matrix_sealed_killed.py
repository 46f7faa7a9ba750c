"""`tocsin run` killed while a sync brings it keys: the homeserver gives each key once, and nothing said may be lost by it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from kept_record import record_of
from matrix_between import html, in_between
from matrix_sealed import SealedPerson, comes
from matrix_story import Company
from synapse import Synapse

pytest_plugins = ["conftest_matrix"]

pytestmark = [pytest.mark.endure, pytest.mark.timeout(180)]

MOMENTS: tuple[float | str, ...] = (0.01, "handled", "acknowledged")
"""Seconds after the keys were given; or once all is handled, before the server hears so, or after."""


class Knife:
    """Stands before the homeserver and kills the bot at a moment of the next sync that brings keys."""

    def __init__(self) -> None:
        self.company: Company | None = None
        self.moment: float | str | None = None
        self.cut = asyncio.Event()
        self._given = False

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        if self._given and self.moment == "handled" and request.path.endswith("/sync"):
            await self._kill()
            return html(502)
        return None

    async def heard(self, request: web.Request, said: bytes) -> None:
        if self.moment is None or not request.path.endswith("/sync"):
            return
        if self._given and self.moment == "acknowledged":
            await self._kill()
        elif json.loads(said).get("to_device", {}).get("events"):
            self._given = True
            if isinstance(self.moment, float):
                asyncio.get_running_loop().call_later(self.moment, lambda: asyncio.ensure_future(self._kill()))

    async def _kill(self) -> None:
        assert self.company is not None
        self.moment, self._given = None, False
        await self.company.bot.kill()
        self.cut.set()


async def test_keys_that_come_as_it_is_killed_are_kept_and_each_order_is_carried_out_once(
    synapse: Synapse, tmp_path: Path
) -> None:
    knife = Knife()
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(in_between(synapse, knife.answer, heard=knife.heard))
        knife.company = company = await Company(synapse, tmp_path / "bot", stack).open()
        written = company.bot.config.read_text(encoding="utf-8")
        mine = f'homeserver = "{address}"\nencrypted = true'
        company.bot.config.write_text(written.replace(f'homeserver = "{synapse.url}"', mine))
        await company.bot.start()
        ann, triage = company.people["Ann"], company.rooms["triage"]
        device = await stack.enter_async_context(SealedPerson(synapse, ann.user, tmp_path / "ann"))
        await ann.react(triage, await ann.say(triage, "payments fail"), "🚨")
        await company.sees(lambda: bool(company.eyes.invited), "the invitation")
        [room] = company.eyes.invited
        await device.join(room)
        await device.reads(room, "payments fail", company.account.id)

        for number, knife.moment in enumerate(MOMENTS):
            knife.cut.clear()
            # A session of its own, whose key comes before what is said in it.
            device.client.olm.outbound_group_sessions.pop(room, None)
            await device.client.share_group_session(room, ignore_unverified_devices=True)
            await asyncio.wait_for(knife.cut.wait(), 60)
            order = await device.say(room, f"!inc note n-{number}")
            await company.bot.start()
            # The echo of its own ✅ moves its place in the sync, and is not worth a save of it.
            await comes(partial(_ticked, company, room, order), "the tick")
        said = [str(entry["text"]) for entry in (await record_of(company.bot))["entries"]]
        wanted = [f"n-{number}" for number in range(len(MOMENTS))]
        assert Counter(words for words in wanted for text in said if words in text) == Counter(wanted)
        # And what every one of these processes wrote, she reads.
        assert "?" not in await device.texts(room, company.account.id)
    assert [line for line in company.bot.logged() if line.get("level") not in ("info", "warning")] == []


async def _ticked(company: Company, room: str, order: str) -> bool:
    return (company.account.id, "✅") in await company.people["Ann"].reactions(room, order)
