"""`tocsin run` where the bot cannot hear: a start that is refused, and rooms that are encrypted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from kept_record import record_of
from matrix_person import Person
from matrix_story import Company
from synapse import Synapse

pytest_plugins = ["conftest_matrix"]

ENCRYPTION = {"algorithm": "m.megolm.v1.aes-sha2"}


@pytest_asyncio.fixture
async def company(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Company]:
    async with AsyncExitStack() as stack:
        yield await Company(synapse, tmp_path / "bot", stack).open()


@pytest.mark.endure
@pytest.mark.timeout(180)
async def test_what_was_said_while_it_refused_to_start_is_heard_by_the_next_good_start(company: Company) -> None:
    """The refusal comes after the first sync, and what that one told is handled by nobody."""
    await company.bot.start()
    await company.bot.stop()
    ann, triage = company.people["Ann"], company.rooms["triage"]
    await ann.put_state(triage, "m.room.join_rules", {"join_rule": "public"})
    await ann.say(triage, "!inc declare payments fail")
    for _ in range(2):
        status, out, said = await company.bot.tocsin("run")
        assert (status, out) == (1, "")
        [line] = [row for row in said.splitlines() if not row.startswith("{")]
        assert "is open to everyone" in line
        assert "Traceback" not in said
        assert "was not handled" not in said
    await ann.put_state(triage, "m.room.join_rules", {"join_rule": "invite"})
    await company.bot.start()
    await company.incident_room()
    assert (await record_of(company.bot))["title"] == "payments fail"


@pytest.mark.endure
async def test_rooms_that_cannot_be_read_are_named_once_with_the_way_out(synapse: Synapse, tmp_path: Path) -> None:
    """Element's default for private rooms: encrypted, so that the bot is there and hears nothing."""
    async with AsyncExitStack() as stack:
        state = [{"type": "m.room.encryption", "content": ENCRYPTION}]
        company = await Company(synapse, tmp_path, stack).open(initial_state=state)
        ann, triage, support = company.people["Ann"], company.rooms["triage"], company.rooms["support"]
        await company.bot.start()
        assert _deaf(company) == [triage]
        for _ in range(2):
            await _says_in_secret(ann, triage)
        await company.sees(lambda: len(_unread(company)) == 1, "the warning of a message")
        # Somebody turns it on while the bot is there.
        await ann.put_state(support, "m.room.encryption", ENCRYPTION)
        await company.sees(lambda: _deaf(company) == [triage, support], "the warning of the second room")
        await _says_in_secret(ann, support)
        await company.sees(lambda: _unread(company) == [triage, support], "the warning of its message")
        assert _deaf(company) == [triage, support]
        assert all("make another room" in line["mend"] for line in company.bot.logged() if "mend" in line)
        status, out, _ = await company.bot.tocsin("doctor")
        assert status == 1
        failed = [line for line in out.splitlines() if line.startswith("FAIL")]
        assert [room in line for room, line in zip((triage, support), failed, strict=True)] == [True, True]
        assert all("is encrypted" in line and "make another room without it" in line for line in failed)


@pytest.mark.endure
async def test_the_doctor_names_a_room_where_the_bot_may_not_speak_and_one_that_was_upgraded(company: Company) -> None:
    ann, triage, support = company.people["Ann"], company.rooms["triage"], company.rooms["support"]
    await company.bot.start()
    await company.bot.stop()
    levels = await ann.state(support, "m.room.power_levels")
    await ann.put_state(support, "m.room.power_levels", {**levels, "events_default": 50})
    new = (await ann.call("POST", f"/rooms/{triage}/upgrade", {"new_version": "10"}))["replacement_room"]
    status, out, _ = await company.bot.tocsin("doctor")
    assert status == 1
    failed = [line for line in out.splitlines() if line.startswith("FAIL")]
    assert len(failed) == 2, out
    assert (
        f"Tocsin lacks the room {new} in which {triage} goes on since it was upgraded; invite Tocsin there" in failed[0]
    )
    assert f"Tocsin lacks power level 50 in {support} to send messages; it has 0" in failed[1]


async def _says_in_secret(person: Person, room: str) -> None:
    secret = {"ciphertext": "x", "session_id": "y", "sender_key": "z", "device_id": "d"}
    await person.send(room, "m.room.encrypted", {**ENCRYPTION, **secret})


def _deaf(company: Company) -> list[str]:
    return [line["room"] for line in company.bot.logged() if "is encrypted" in line.get("event", "")]


def _unread(company: Company) -> list[str]:
    return [line["room"] for line in company.bot.logged() if "cannot be read" in line.get("event", "")]


@pytest.mark.endure
async def test_a_homeserver_that_encrypts_every_new_room_is_named(tmp_path: Path) -> None:
    server = Synapse(tmp_path / "homeserver", encryption_enabled_by_default_for_room_type="all").start()
    try:
        async with AsyncExitStack() as stack:
            company = await Company(server, tmp_path / "bot", stack).open()
            await company.bot.start()
            ann, triage = company.people["Ann"], company.rooms["triage"]
            # Reactions are never encrypted: with them an incident is declared all the same.
            await ann.react(triage, await ann.say(triage, "payments fail"), "🚨")
            await company.sees(lambda: bool(company.eyes.invited), "the invitation")
            [room] = company.eyes.invited
            await company.sees(lambda: room in _deaf(company), "the warning")
            [line] = [line for line in company.bot.logged() if line.get("room") == room and "mend" in line]
            assert "encryption_enabled_by_default_for_room_type" in line["mend"]
    finally:
        server.stop()
