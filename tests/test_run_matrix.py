"""`tocsin run` as a process on a real Synapse: the checkout story whole, and every way in which a start can go wrong."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from bot_process import PATIENCE, BotProcess, without_override
from kept_record import record_of
from matrix_person import Event
from matrix_story import FRAME, MARK, Company
from synapse import SERVER, Synapse

pytest_plugins = ["conftest_matrix"]

NAME = re.compile(r"inc-\d{4}-\d{2}-\d{2}-checkout-fails-after-payment(-\d+)?")


@pytest_asyncio.fixture
async def company(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Company]:
    """The cast in its rooms, and a bot that is invited and not started yet."""
    async with AsyncExitStack() as stack:
        yield await Company(synapse, tmp_path / "bot", stack).open()


# --- the story ----------------------------------------------------------------------------------------------------------


@pytest.mark.endure
async def test_the_checkout_story(company: Company) -> None:
    """Declared to closed by people with ordinary clients, then asked about beside the running bot, then ended."""
    await company.bot.start()
    await company.play()
    await company.reads("incident", "board", "· closed ·")
    await company.reads("triage", "notice", "· closed ·")
    await _the_room_is_made_as_the_contract_says(company)
    _the_notice_answers_the_alarm(company)
    _items_are_cards_with_threads(company)
    _updates_are_the_same_words_everywhere(company)
    _the_summary_is_where_it_belongs(company)
    _edits_repeat_the_mark(company)
    assert await company.unticked() == []
    assert await company.twice() == {}
    assert _called(company) == {"prompt/decision-1": ["Leah"], "prompt/signal-1": ["Leah"], "prompt/worked-1": ["Leah"]}
    # Nobody reads what is too much: a board, the checklist, five items, three updates with their drafts, the decision
    # point, the signal and whether it worked, a watch, the summary.
    counts = {name: len(company.eyes.cards(room)) for name, room in company.rooms.items()}
    assert counts == {"triage": 2, "incident": 21, "support": 4, "leadership": 4}
    await _bo_is_told_who_may(company)
    await _the_record_is_read_beside_the_running_bot(company)
    status, seconds = await company.bot.stop(signal.SIGTERM)
    assert status == 0
    assert seconds < 2
    assert not [line for line in company.bot.logged() if line.get("level") not in ("info", "debug")]


async def _the_room_is_made_as_the_contract_says(company: Company) -> None:
    ann, room, eyes = company.people["Ann"], company.incident, company.eyes
    name = (await ann.state(room, "m.room.name"))["name"]
    assert NAME.fullmatch(name)
    alias = (await ann.state(room, "m.room.canonical_alias"))["alias"]
    # Where another bot on this server has had the alias, the next is taken.
    assert re.fullmatch(rf"#{name}(-\d+)?:{SERVER}", alias)
    assert await ann.resolve(alias) == room
    assert "Incident 1" in (await ann.state(room, "m.room.topic"))["topic"]
    rules = await ann.state(room, "m.room.join_rules")
    assert rules["join_rule"] == "restricted"
    assert [rule["room_id"] for rule in rules["allow"]] == [company.rooms["triage"]]
    said = [event for event in eyes.events(room) if event["type"] == "m.room.message"]
    assert said[0] == eyes.card(room, "board")
    assert (await ann.state(room, "m.room.pinned_events"))["pinned"] == [said[0]["event_id"]]
    assert said[0]["content"][MARK] == {"incident": name, "card": "board"}
    seeds = [key for who, key in eyes.reactions(room, said[0]["event_id"]) if who == company.account.id]
    assert seeds == ["🧭", "🔎", "📣", "⏪", "✍️", "🧊"]
    invited = [event for event in eyes.events(room) if event["content"].get("membership") == "invite"]
    assert [event["state_key"] for event in invited] == [ann.id]


def _the_notice_answers_the_alarm(company: Company) -> None:
    triage, eyes = company.rooms["triage"], company.eyes
    notice = eyes.card(triage, "notice")
    assert notice is not None
    assert notice["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == company.named["alarm"]
    last = eyes.edits(triage, notice["event_id"])[-1]["content"]["m.new_content"]
    assert "It is over. Cause: " in last["body"]
    assert f"https://matrix.to/#/{company.incident.replace('!', '%21')}" in last["formatted_body"]


def _items_are_cards_with_threads(company: Company) -> None:
    room, eyes = company.incident, company.eyes
    for key, ending in {
        "H1": "Ruled out",
        "H2": "Confirmed",
        "H3": "Ruled out",
        "R1": "Did not help",
        "R2": "Done",
    }.items():
        assert ending in eyes.reads(room, f"item/{key}")
    h1, h2 = eyes.card(room, "item/H1"), eyes.card(room, "item/H2")
    assert h1 is not None
    assert h2 is not None
    # H1 and H3 are ended so soon that not all of their choices need be offered; H2 stays to the end.
    assert [key for who, key in eyes.reactions(room, h2["event_id"]) if who == company.account.id] == ["✋", "✅", "❌"]
    assert "R2 Recovery path: roll back: release 214" in eyes.reads(room, "item/R2")
    threads = [event["content"].get("m.relates_to", {}) for event in eyes.events(room)]
    assert any(each.get("rel_type") == "m.thread" and each["event_id"] == h1["event_id"] for each in threads)


def _updates_are_the_same_words_everywhere(company: Company) -> None:
    eyes = company.eyes
    for number in (1, 2, 3):
        copies = {
            room: eyes.card(company.rooms[room], f"update/{number}") for room in ("incident", "support", "leadership")
        }
        texts = {copy["content"][MARK]["text"] for copy in copies.values() if copy is not None}
        assert None not in copies.values()
        assert len(texts) == 1
        [text] = texts
        assert re.match(r"\[\d\d:\d\d UTC\] [^\n]+\.$", text)
        assert all(text in copy["content"]["body"] for copy in copies.values() if copy is not None)
        support, leadership = copies["support"], copies["leadership"]
        assert support is not None
        assert support["content"]["body"] == f"{FRAME}\n{text}"
        assert leadership is not None
        assert leadership["content"]["body"] == text
    assert eyes.card(company.rooms["triage"], "update/1") is None


def _the_summary_is_where_it_belongs(company: Company) -> None:
    shown = {company.eyes.reads(room, "summary") for room in company.rooms.values()}
    assert len(shown) == 1
    [words] = shown
    for part in (
        "Checkout fails after payment",
        "some users cannot pay",
        "release 214 rolled back",
        "postmortem on Monday",
    ):
        assert part in words
    assert "UTC roll back (R2; decides D1: roll back release 214 if payment errors stay above 20 %) (Leah)\n" in words
    assert "decision:" not in words
    assert "Commander Ann · Diagnosis Mia · Updates Jon · Recovery Leah" in words


def _edits_repeat_the_mark(company: Company) -> None:
    for room in company.rooms.values():
        for event in company.eyes.events(room):
            if event["sender"] == company.account.id and event["type"] == "m.room.message":
                content = event["content"]
                assert content["m.mentions"] is not None
                new = content.get("m.new_content", content)
                assert new[MARK] == content[MARK]
                assert new["m.mentions"] is not None


def _called(company: Company) -> dict[str, list[str]]:
    """Who is called by which card: in the story nobody but the recovery owner has to be, about the call that is hers."""
    names = {person.id: name for name, person in company.people.items()}
    return {
        event["content"][MARK]["card"]: [names[user] for user in event["content"]["m.mentions"]["user_ids"]]
        for room in company.rooms.values()
        for event in company.eyes.cards(room)
        if event["content"]["m.mentions"]
    }


async def _bo_is_told_who_may(company: Company) -> None:
    """A refusal is a letter: a reply that names the one it is for, once."""
    bo, room = company.people["Bo"], company.incident
    asked = await bo.say(room, "!inc sev 1")
    await company.sees(lambda: len(_letters(company)) == 1, "the letter")
    [letter] = _letters(company)
    assert letter["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == asked
    assert letter["content"]["m.mentions"] == {"user_ids": [bo.id]}


def _letters(company: Company) -> list[Event]:
    cards = company.eyes.cards(company.incident)
    return [card for card in cards if card["content"][MARK]["card"].startswith("letter/")]


async def _the_record_is_read_beside_the_running_bot(company: Company) -> None:
    bot, name = company.bot, company.eyes.cards(company.incident)[0]["content"][MARK]["incident"]
    (told, text, _), (by_name, data, _), (whole, verdict, _), (exported, lines, _) = await asyncio.gather(
        bot.tocsin("timeline"), bot.tocsin("timeline", name, "--json"), bot.tocsin("verify"), bot.tocsin("export")
    )
    assert (told, by_name, whole, exported) == (0, 0, 0, 0)
    assert "closed. Cause: Release 214 touched the tax rounding" in text
    incident = json.loads(data)
    assert incident["phase"] == "closed"
    assert incident["roles"] == {"ic": "Ann", "diagnosis": "Mia", "updates": "Jon", "recovery": "Leah"}
    assert "whole" in verdict
    assert len([json.loads(line) for line in lines.splitlines()]) > len(incident["entries"])
    async with aiohttp.ClientSession() as session:
        for page, words in {"healthz": "ok", "readyz": "ready", "metrics": "tocsin_build_info"}.items():
            async with session.get(f"http://127.0.0.1:{bot.port}/{page}") as answer:
                assert answer.status == 200
                assert words in await answer.text()


# --- ending, starting again ---------------------------------------------------------------------------------------------


@pytest.mark.endure
async def test_told_to_end_in_the_middle_it_loses_nothing(company: Company) -> None:
    """SIGTERM among thirty commands: each is on the record once and answered once, by this process or the next."""
    await company.bot.start()
    room = await declared(company)
    notes = [await company.people["Mia"].say(room, f"!inc note {at}") for at in range(30)]
    status, seconds = await company.bot.stop()
    assert (status, seconds < 2) == (0, True)
    await company.bot.start()
    await company.sees(lambda: all(_ticks(company, note) == 1 for note in notes), "every ✅")
    entries = (await record_of(company.bot))["entries"]
    assert [entry["text"] for entry in entries if entry["kind"] == "noted"] == [str(at) for at in range(30)]


def _ticks(company: Company, event: str) -> int:
    return company.eyes.reactions(company.incident, event).count((company.account.id, "✅"))


@pytest.mark.endure
async def test_the_room_is_locked_at_once_where_the_house_says_so(synapse: Synapse, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        company = await Company(synapse, tmp_path, stack).open('lock_after_close = "0s"\n')
        await company.bot.start()
        room = await declared(company)
        ann = company.people["Ann"]
        await ann.say(room, "!inc close false-alarm a drill that nobody announced")

        async def locked() -> bool:
            levels = await ann.state(room, "m.room.power_levels")
            return bool(levels["events_default"] == 100 and levels["events"]["m.reaction"] == 100)

        await eventually(locked)
        await company.sees(lambda: "false alarm" in company.eyes.reads(room, "summary"), "the summary")
        # Read-only for people, so it is opened again from triage.
        await ann.say(company.rooms["triage"], "!inc reopen 1 the drill was an outage after all")

        async def open_again() -> bool:
            return bool((await ann.state(room, "m.room.power_levels"))["events_default"] == 0)

        await eventually(open_again)


# --- what cannot start --------------------------------------------------------------------------------------------------


@pytest.mark.endure
async def test_a_second_process_on_the_same_database_says_who_holds_it(company: Company) -> None:
    await company.bot.start()
    status, _, said = await company.bot.tocsin("run")
    assert status != 0
    [line] = said.splitlines()
    assert f"process {company.bot.pid}" in line


@pytest.mark.endure
async def test_refused_accounts_end_it_with_one_line(company: Company) -> None:
    """A wrong password at the start; a token that is revoked while it runs and cannot be made anew."""
    right = company.bot.config.read_text()
    _rewrite(company, lambda text: text.replace(company.account.password, "canary-of-a-password"))
    status, out, said = await company.bot.tocsin("run")
    assert status == 1
    [line] = _plain(said)
    assert company.account.id in line
    assert "PASSWORD" in line
    assert "canary" not in out + said
    company.bot.config.write_text(
        right.replace(
            f'password = "{company.account.password}"',
            f'access_token = "{company.account.token}"\ndevice_id = "{company.account.device}"',
        )
    )
    await company.bot.start()
    company.server.admin("DELETE", f"/_synapse/admin/v2/users/{company.account.id}/devices/{company.account.device}")
    assert await company.bot.ended() == 1
    [line] = [row["plain"] for row in company.bot.logged() if "plain" in row]
    assert "access token" in line
    assert company.account.token not in company.bot.text()


@pytest.mark.endure
async def test_an_open_triage_room_needs_named_responders(synapse: Synapse, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        company = await Company(synapse, tmp_path, stack).open(preset="public_chat")
        status, _, said = await company.bot.tocsin("run")
        assert status == 1
        [line] = _plain(said)
        assert "[groups] responders = [" in line
        status, out, _ = await company.bot.tocsin("doctor")
        assert status == 1
        assert "[groups] responders = [" in out
        _rewrite(
            company, lambda text: text.replace("[groups]", f'[groups]\nresponders = ["{company.people["Ann"].id}"]')
        )
        await company.bot.start()
        # Bo is in triage and no responder.
        await company.people["Bo"].say(company.rooms["triage"], "!inc declare the coffee machine is down")
        await company.sees(lambda: bool(company.eyes.cards(company.rooms["triage"])), "an answer")
        assert "Ann" in company.eyes.cards(company.rooms["triage"])[0]["content"]["body"]
        assert json.loads((await company.bot.tocsin("timeline", "--json"))[1]) == []


def newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")


def damaged(path: Path) -> None:
    path.write_bytes(b"This is no database. " * 500)


def read_only(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=0")
    path.chmod(0o444)
    path.parent.chmod(0o555)


@pytest.mark.endure
@pytest.mark.parametrize(
    ("spoil", "words"),
    [(newer, "newer Tocsin"), (damaged, "is damaged"), (read_only, "write access")],
    ids=["newer", "damaged", "read-only"],
)
async def test_a_database_that_cannot_be_used_is_one_line(
    spoil: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    bot = BotProcess(tmp_path / "bot", f'database = "{folder}/tocsin.db"\n[transports.sandbox]\nport = 0\n')
    (folder / "tocsin.db.lock").touch()
    spoil(folder / "tocsin.db")
    try:
        status, out, said = await bot.tocsin("run", prefix=without_override())
    finally:
        folder.chmod(0o755)
    assert status == 1
    assert out == ""
    [line] = said.splitlines()
    assert words in line
    assert "tocsin.db" in line


@pytest.mark.endure
async def test_while_another_program_holds_the_database_acts_wait(company: Company) -> None:
    await company.bot.start()
    room = await declared(company)
    other = sqlite3.connect(company.bot.home / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    note = await company.people["Mia"].say(room, "!inc note said while the database was locked")
    await asyncio.sleep(6)
    assert _ticks(company, note) == 0
    other.execute("ROLLBACK")
    other.close()
    await company.sees(lambda: _ticks(company, note) == 1, "the ✅")
    assert len([e for e in (await record_of(company.bot))["entries"] if "was locked" in e["text"]]) == 1


# --- what is said about it ----------------------------------------------------------------------------------------------


@pytest.mark.endure
async def test_doctor_looks_at_everything(company: Company) -> None:
    status, out, err = await company.bot.tocsin("doctor")
    assert status == 0, out + err
    assert "FAIL" not in out
    assert company.rooms["support"] in out
    assert "override_ratelimit" in out
    _rewrite(company, lambda text: text.replace(company.rooms["support"], "#nobody-made-this:test.localhost"))
    closed = await company.people["Ann"].create(name="Board room")
    _rewrite(company, lambda text: text.replace(company.rooms["leadership"], closed))
    status, out, _ = await company.bot.tocsin("doctor")
    assert status == 1
    [nowhere, forbidden] = [line for line in out.splitlines() if line.startswith("FAIL")]
    assert "#nobody-made-this" in nowhere
    assert closed in forbidden
    assert "invite the bot" in forbidden


@pytest.mark.endure
async def test_the_log_names_the_incident_and_never_a_secret(company: Company) -> None:
    """At its loudest, with the homeserver holding it back."""
    await company.bot.start("--verbose")
    room = await declared(company)
    company.server.limit(company.account, 1, 2)
    notes = [await company.people["Mia"].say(room, f"!inc note {at}") for at in range(4)]
    await company.people["Bo"].say(room, "!inc sev 1")
    await company.sees(lambda: all(_ticks(company, note) for note in notes), "every ✅")
    await company.sees(lambda: bool(_letters(company)), "the letter")
    await company.bot.stop()
    lines = company.bot.logged()
    assert not [line for line in lines if "plain" in line]
    waits = [line for line in lines if line["event"] == "will try again"]
    assert waits
    for line in [line for line in lines if room in json.dumps(line, ensure_ascii=False) or line["event"] == "handled"]:
        if line["logger"].startswith(("core", "transports.intake")):
            assert line["incident"] in ("inc-1", "house"), line
    text = company.bot.text()
    assert company.account.password not in text
    kept = sqlite3.connect(company.bot.home / "tocsin.db").execute(
        "SELECT json_extract(value, '$.access_token') FROM notebook WHERE key = 'session'"
    )
    assert kept.fetchone()[0] not in text


# --- shorthand ----------------------------------------------------------------------------------------------------------


async def declared(company: Company) -> str:
    """An incident of Ann's, with everybody in its room."""
    await company.people["Ann"].say(company.rooms["triage"], "!inc declare payments fail")
    return await company.incident_room()


async def eventually(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not await holds():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.1)


def _rewrite(company: Company, change: Callable[[str], str]) -> None:
    before = company.bot.config.read_text()
    after = change(before)
    assert after != before
    company.bot.config.write_text(after)


def _plain(said: str) -> list[str]:
    """The lines for people; the others are the log's."""
    return [line for line in said.splitlines() if not line.startswith("{")]
