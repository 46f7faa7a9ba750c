"""`tocsin run` with encrypted incident rooms: an incident through a SIGKILL, and what the server has of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from matrix_sealed import SealedPerson, comes
from matrix_story import Company
from synapse import Synapse

pytest_plugins = ["conftest_matrix"]

pytestmark = [pytest.mark.endure, pytest.mark.timeout(180)]

CANARY = "zebra-quartz-48"
SECRET = "heron-basalt-91"


@pytest_asyncio.fixture
async def company(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Company]:
    async with AsyncExitStack() as stack:
        company = await Company(synapse, tmp_path / "bot", stack).open()
        written = company.bot.config.read_text(encoding="utf-8")
        company.bot.config.write_text(written.replace("homeserver =", "encrypted = true\nhomeserver =", 1))
        yield company


async def test_an_incident_in_secret_goes_on_through_a_sigkill(company: Company, tmp_path: Path) -> None:
    await company.bot.start()
    ann, triage, room = company.people["Ann"], company.rooms["triage"], ""
    async with SealedPerson(company.server, ann.user, tmp_path / "ann") as device:
        await ann.react(triage, await ann.say(triage, "payments fail"), "🚨")
        await company.sees(lambda: bool(company.eyes.invited), "the invitation")
        [room] = company.eyes.invited
        await device.join(room)
        await device.reads(room, "payments fail", company.account.id)
        await device.say(room, f"!inc impact {CANARY} before")
        await device.reads(room, f"{CANARY} before", company.account.id)
        await company.bot.kill()
        await device.say(room, f"!inc note {SECRET}")
        await device.say(room, f"we talk of {SECRET}")
        order = await device.say(room, f"!inc impact {CANARY} after")
        await company.bot.start()
        await device.reads(room, f"{CANARY} after", company.account.id)
        await comes(lambda: _ticked(company, room, order), "the tick")
        said = [each for each in await device.history(room) if each["sender"] == company.account.id]
        assert {each["type"] for each in said} == {"m.room.message"}
        cards = [each["content"]["dev.tocsin"]["card"] for each in said if "m.new_content" not in each["content"]]
        assert len(cards) == len(set(cards))
        status, out, _ = await company.bot.tocsin("doctor")
        assert (status, "FAIL" in out) == (0, False), out
        assert "keys of encrypted rooms in" in out
        assert "reactions are sent in clear" in out
        assert f"triage {triage} is not encrypted" in out
        # The look took nothing that the bot needs.
        await device.say(room, f"!inc impact {CANARY} at last")
        await device.reads(room, f"{CANARY} at last", company.account.id)
    with sqlite3.connect(f"file:{company.server.home / 'hs.db'}?mode=ro", uri=True) as database:
        kept = [json.loads(row[0]) for row in database.execute("SELECT json FROM event_json")]
    seen = [(event["type"], event["room_id"]) for event in kept if CANARY in json.dumps(event)]
    # Triage is not encrypted here, and its notice repeats the impact; of what else is led in the room it has nothing.
    assert {where for _, where in seen} == {triage}
    on_disk = b"".join(path.read_bytes() for path in company.server.home.rglob("*") if path.is_file())
    assert SECRET.encode() not in on_disk
    await company.bot.kill()
    [store] = (company.home / "data" / "matrix-keys").glob("*.db")
    with sqlite3.connect(store) as keys:
        keys.execute("DELETE FROM megolminboundsessions")
    status, out, _ = await company.bot.tocsin("doctor")
    assert status == 1
    [failed] = [row for row in out.splitlines() if row.startswith("FAIL")]
    assert room in failed
    assert "what this bot itself wrote in an encrypted room cannot be read by it" in failed
    await company.bot.start()
    await comes(lambda: _unready(company, "cannot be read by it"), "that it is not ready")


async def _unready(company: Company, words: str) -> bool:
    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{company.bot.port}/readyz") as answer:
        return answer.status == 503 and words in await answer.text()


async def _ticked(company: Company, room: str, order: str) -> bool:
    return (company.account.id, "✅") in await company.people["Ann"].reactions(room, order)
