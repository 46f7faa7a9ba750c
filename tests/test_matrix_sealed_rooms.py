"""`tocsin run` where triage and an audience's room are encrypted as well: it hears, and is read, as anywhere."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from matrix_sealed import SealedPerson
from matrix_story import Company
from synapse import Synapse

pytest_plugins = ["conftest_matrix"]

pytestmark = [pytest.mark.endure, pytest.mark.timeout(180)]

CANARY = "osprey-gypsum-52"
ENCRYPTION = {"algorithm": "m.megolm.v1.aes-sha2"}


async def test_commands_cards_and_mirrors_work_in_encrypted_triage_and_audience_rooms(
    synapse: Synapse, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        state = [{"type": "m.room.encryption", "content": ENCRYPTION}]
        company = await Company(synapse, tmp_path / "bot", stack).open(initial_state=state)
        written = company.bot.config.read_text(encoding="utf-8")
        company.bot.config.write_text(written.replace("homeserver =", "encrypted = true\nhomeserver =", 1))
        triage, support, tocsin = company.rooms["triage"], company.rooms["support"], company.account.id
        await company.people["Ann"].put_state(support, "m.room.encryption", ENCRYPTION)
        ann, sam = [
            await stack.enter_async_context(SealedPerson(synapse, company.people[name].user, tmp_path / name))
            for name in ("Ann", "Sam")
        ]
        await ann.join(triage)
        await sam.join(support)
        await company.bot.start()
        await ann.say(triage, f"!inc declare payments fail impact={CANARY}")
        await company.sees(lambda: bool(company.eyes.invited), "the invitation")
        [room] = company.eyes.invited
        await ann.reads(triage, "payments fail", tocsin)
        await ann.join(room)
        await ann.say(room, "!inc claim ic")
        await ann.say(room, "!inc claim updates")
        await ann.say(room, f"!inc impact Some users cannot pay {CANARY}")
        # The notice follows.
        await ann.reads(triage, CANARY, tocsin)
        await ann.say(room, f"!inc update impact=Some users cannot pay {CANARY}. next=We roll back. every=15m")
        await ann.reads(room, "Some users cannot pay", tocsin)
        await ann.say(room, "!inc publish")
        await sam.reads(support, f"Some users cannot pay {CANARY}", tocsin)
        # Somebody new, with a client of that minute, reads the mirror that stood there before.
        phone = await stack.enter_async_context(SealedPerson(synapse, company.people["Sam"].user, tmp_path / "phone"))
        await phone.join(support)
        await phone.reads(support, f"Some users cannot pay {CANARY}", tocsin)
        status, out, _ = await company.bot.tocsin("doctor")
        assert (status, "FAIL" in out, "is not encrypted" in out) == (0, False, False), out
