"""`/incident` on Discord: built from the one list, told to Discord when it changed, used by people, always answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from discord_company import Company, open_company, text, told
from discord_fake import FakeDiscord
from discord_interactions import Use
from discord_limits import Refused
from discord_world import LOADING
from pydantic import SecretStr
from running import Notes, Running, until

from core.clock import SystemClock
from core.incident import commands as c
from core.incident.forms import Group, Kind, Verb, argument
from core.incident.verbs import PATHS, VERBS
from transports.arguments import READERS, Context
from transports.discord_chat import DiscordSettings, DiscordTransport, commands, syncing
from transports.discord_chat import interactions as module
from transports.discord_chat.commands import COMPLETED, LISTED, MENUS, incident, slots
from transports.discord_chat.typed import slash
from transports.phrases import given

pytest_plugins = ["conftest_discord"]

SUBCOMMAND, GROUP, STRING, BOOLEAN, USER = 1, 2, 3, 5, 6
PUT = "/applications/*/guilds/*/commands"


class Nobody:
    """Uses nothing."""

    async def asked(self, *_: Any) -> None:
        raise NotImplementedError

    async def chosen(self, *_: Any) -> None:
        raise NotImplementedError

    async def misunderstood(self, *_: Any) -> None:
        raise NotImplementedError

    def offered(self, *_: Any) -> list[tuple[str, str]]:
        raise NotImplementedError


def shape(verbs: tuple[Verb, ...] = VERBS) -> dict[str, Any]:
    """The command as Discord is told of it."""
    import discord
    from discord import app_commands

    client = discord.Client(intents=discord.Intents.none())
    return incident(Nobody(), verbs).to_dict(app_commands.CommandTree(client))


def find(root: dict[str, Any], verb: Verb) -> dict[str, Any]:
    """The slash command of a row."""
    inside = root
    last = verb.word.replace(" ", "-")
    for word in [last] if verb.group is Group.DIRECT else [verb.group.value, last]:
        [inside] = [each for each in inside["options"] if each["name"] == word]
    assert inside["type"] == SUBCOMMAND
    return inside


def everything(one: dict[str, Any]) -> list[dict[str, Any]]:
    return [one, *(each for option in one.get("options", []) for each in everything(option))]


# --- what there is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.path)
def test_every_row_is_a_slash_command_with_its_slots(verb: Verb) -> None:
    found = find(shape(), verb)
    options = {each["name"]: each for each in found["options"]}
    assert list(options) == [slot.name for slot, _ in slots(verb)]
    for slot in (*verb.arguments, *verb.fields):
        option = options[slot.name]
        # Nothing is required that the form does not require, and where a form opens, nothing at all.
        assert option["required"] is (slot.required and slot in verb.arguments and not verb.form)
        assert option["type"] == {Kind.WHO: USER, Kind.FLAG: BOOLEAN}.get(slot.kind, STRING)
        assert bool(option.get("autocomplete")) is (slot.kind in COMPLETED)
        assert [each["value"] for each in option.get("choices", [])] == list(LISTED.get(slot.kind, ()))
        assert option["description"] == f"{slot.asked[0].upper()}{slot.asked[1:]}"


@pytest.mark.parametrize("kind", LISTED)
def test_what_is_listed_reads_as_what_it_says(kind: Kind) -> None:
    context = Context(now=SystemClock().now())
    assert [READERS[kind][1](word.value, context) for word in LISTED[kind]] == list(LISTED[kind])


def test_the_commands_are_within_discords_limits() -> None:
    root = shape()
    for one in everything(root):
        assert len(one.get("options", [])) <= 25
        assert len(one.get("choices", [])) <= 25
        assert 1 <= len(one["name"]) <= 32
        assert 1 <= len(one["description"]) <= 100
        assert all(len(each["name"]) <= 100 for each in one.get("choices", []))
        assert "`" not in one["description"]
    texts = [one["name"] + one["description"] for one in everything(root)]
    texts += [each["name"] + each["value"] for one in everything(root) for each in one.get("choices", [])]
    assert sum(map(len, texts)) <= 8000
    assert len(MENUS) <= 15


def test_a_new_row_appears_by_itself() -> None:
    new = Verb("page now", Group.PEOPLE, c.AddNote, "call somebody", "page now @ann", (argument("who", Kind.WHO),))
    root = shape((*VERBS, new))
    [people] = [each for each in root["options"] if each["name"] == "people"]
    assert people["description"] == "Who else is called"
    assert [(each["name"], [one["name"] for one in each["options"]]) for each in people["options"]] == [
        ("oncall", []),
        ("cover", ["who", "length"]),
        ("page-now", ["who"]),
    ]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.path)
def test_the_help_names_the_slash_commands_that_there_are(verb: Verb) -> None:
    words = slash(verb.example).removeprefix("/incident ")
    name = find(shape(), verb)["name"]
    assert words.startswith(name if verb.group is Group.DIRECT else f"{verb.group} {name}")


# --- telling Discord of them --------------------------------------------------------------------------------------------


def process(fake: FakeDiscord, notes: Notes) -> Running:
    settings = DiscordSettings(
        token=SecretStr(fake.bot.token),
        guild=str(fake.guild.id),
        api_url=fake.api_url,
        gateway_url=fake.gateway_url,
        ready_timeout=0.05,
    )
    return Running(DiscordTransport(settings, SystemClock(), Random(1)), notes)


async def once(fake: FakeDiscord, notes: Notes, *, looks: int, puts: int) -> None:
    """One process, to when Discord was asked for the commands and told of them so often in all."""
    running = await process(fake, notes).start()
    try:
        await until(lambda: len(fake.asked("GET", PUT)) >= looks and len(fake.asked("PUT", PUT)) >= puts)
        await asyncio.sleep(0.05)
    finally:
        await running.stop()
    assert len(fake.asked("PUT", PUT)) == puts


async def test_discord_is_told_of_the_commands_once_and_again_when_they_changed(
    fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes()
    for looks in range(2):
        await once(fake, notes, looks=looks, puts=1)
    names = {(each["type"], each["name"]) for each in fake.interactions.commands[fake.guild.id]}
    assert names == {(1, "incident"), *((3, name) for name in MENUS)}
    assert 0 not in fake.interactions.commands
    monkeypatch.setattr(commands, "MENUS", {"Add hypothesis": "hypothesis"})
    await once(fake, notes, looks=1, puts=2)
    assert len(fake.interactions.commands[fake.guild.id]) == 2


async def test_a_bot_that_was_thrown_out_and_let_in_again_tells_them_again(fake: FakeDiscord) -> None:
    notes = Notes()
    await once(fake, notes, looks=0, puts=1)
    fake.interactions.commands.clear()
    await once(fake, notes, looks=1, puts=2)


async def test_commands_that_discord_does_not_take_keep_the_bot_from_nothing(
    fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "FIRST", 0.05)
    failing = fake.faults.fail(503, "PUT", PUT, times=2)
    fake.caps.menu_commands = 0
    running = await process(fake, Notes()).start()
    try:
        await until(lambda: len(fake.asked("PUT", PUT)) >= 3)
        assert failing.met == 2
        assert fake.interactions.commands == {}
        fake.caps.menu_commands = 15
        await until(lambda: bool(fake.interactions.commands))
    finally:
        await running.stop()


# --- using them ---------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(tmp_path) as one:
        yield one


async def test_bob_declares_and_a_channel_appears_with_the_board(company: Company) -> None:
    use = company.bob.slash(
        company.triage, "incident declare", title="Checkout fails after payment", severity="sev1", private=False
    )
    assert await told(use) == "✅"
    assert use.acknowledged is not None
    assert use.acknowledged < 3
    channel = await company.there(company.channel)
    assert channel.name.endswith("checkout-fails-after-payment")
    await company.card(channel, "board", "SEV1", "Checkout fails after payment")
    assert company.eve.sees(company.lobby) == company.mia.uses.private == []


async def test_every_answer_is_for_one_person_alone(company: Company) -> None:
    channel = await company.declared()
    board = company.mia.slash(channel, "incident board")
    assert "Checkout fails" in await told(board)
    refused = company.mia.slash(channel, "incident sev", severity="sev1")
    assert "incident commander" in await told(refused)
    helped = company.mia.slash(channel, "incident help", command="close")
    assert "/incident close" in await told(helped)
    assert [each.for_user for each in company.mia.uses.private] == [company.mia.id] * 3
    assert len(company.bob.uses.private) == 1  # of his declaring
    assert not [each for each in company.discord.messages(channel) if "severity" in text(each)]


async def test_people_are_named_by_their_accounts(company: Company) -> None:
    channel = await company.declared()
    assert await told(company.bob.slash(channel, "incident role claim", role="ic")) == "✅"
    assert await told(company.bob.slash(channel, "incident role assign", role="updates", who=company.mia)) == "✅"
    await company.card(channel, "board", "Commander Bob · Updates Mia")
    use = company.bob.slash(channel, "incident role assign", role="scribe", who=company.eve)
    assert "Eve is no responder" in await told(use)


async def test_a_stranger_is_told_whom_to_ask(company: Company) -> None:
    channel = await company.declared()
    await told(company.bob.slash(channel, "incident role claim", role="ic"))
    use = company.eve.slash(company.lobby, "incident declare", title="me too")
    assert "responder" in await told(use)
    company.discord.owner.overwrite(channel, company.eve, allow=1 << 10)
    use = company.eve.slash(channel, "incident note", text="hello")
    assert "ask Bob" in await told(use)
    assert use.answers[0].for_user == company.eve.id


async def test_in_an_items_thread_a_command_is_about_that_item(company: Company) -> None:
    channel = await company.declared()
    await told(company.mia.slash(channel, "incident item hypothesis", text="tax rounding"))
    card = await company.card(channel, "item/H1", "tax rounding")
    thread = await company.there(lambda: company.discord.guild.channels.get(card.id))
    assert await told(company.mia.slash(thread, "incident item hypothesis", text="only for gift cards")) == "✅"
    child = await company.card(channel, "item/H2", "only for gift cards")
    assert "H1" in text(child)


async def test_what_is_there_is_offered_while_typing(company: Company) -> None:
    channel = await company.declared()
    for words in ("tax rounding", "the cache", "the provider"):
        await told(company.mia.slash(channel, "incident item hypothesis", text=words))
    await told(company.mia.slash(channel, "incident item action", text="call the provider", who=company.bob))
    await told(company.mia.slash(channel, "incident item rule-out", item="H2"))

    async def offers(path: str, slot: str, typed: str = "") -> list[tuple[str, Any]]:
        return await company.mia.type_option(channel, f"incident {path}", slot, **{slot: typed}).choices()

    assert await offers("item grab", "item") == [
        ("H1 tax rounding", "H1"),
        ("H3 the provider", "H3"),
        ("A1 call the provider (Bob)", "A1"),
    ]
    assert await offers("item release", "item") == [("A1 call the provider (Bob)", "A1")]
    assert await offers("item rule-out", "item") == [
        ("H1 tax rounding", "H1"),
        ("H3 the provider", "H3"),
        ("H2 the cache (ruled out)", "H2"),
    ]
    assert [value for _, value in await offers("item done", "item", "PROVIDER")] == ["H3", "A1"]
    entries = await offers("after amend", "entry")
    assert entries[-1][0].startswith("T1 ")
    assert entries[-1][1] == "1"
    assert await offers("close-duplicate-of", "n") == []
    assert await offers("item grab", "item", "nothing like it") == []
    in_triage = company.mia.type_option(company.triage, "incident close-duplicate-of", "n")
    assert await in_triage.choices() == [("1 Checkout fails", "1")]
    assert await company.mia.type_option(company.triage, "incident reopen", "n").choices() == []


async def test_days_follow_ups_and_entries_are_offered(company: Company) -> None:
    channel = await company.declared()
    for words in ("fix the alert", "write the runbook"):
        use = company.mia.slash(channel, "incident after followup", text=words, owner=company.bob, due="Friday")
        assert await told(use) == "✅"
    assert await told(company.bob.slash(channel, "incident after followup-done", n="F1")) == "✅"

    async def offers(path: str, slot: str, typed: str = "") -> list[str]:
        found = await company.mia.type_option(channel, f"incident after {path}", slot, **{slot: typed}).choices()
        return [value for _, value in found]

    assert await offers("followup-done", "n") == ["F2"]
    assert await offers("followup-move", "n", "alert") == []
    assert await offers("followup", "due") == ["Friday", "Monday", "tomorrow", "in 1 week", "in 2 weeks"]
    assert await offers("postmortem", "due", "week") == ["in 1 week", "in 2 weeks"]
    assert await offers("unhide", "entry") == []
    number = (await offers("hide", "entry"))[0]
    assert await told(company.bob.slash(channel, "incident after hide", entry=number)) == "✅"
    assert await offers("unhide", "entry") == [number]
    assert number not in await offers("hide", "entry")
    assert (await offers("amend", "entry"))[0] == number


async def test_questions_and_closed_incidents_are_offered(company: Company) -> None:
    channel = await company.declared()
    await told(company.bob.slash(channel, "incident role claim", role="ic"))
    await told(company.bob.slash(channel, "incident role handoff", who=company.mia))
    offered = await company.mia.type_option(channel, "incident yes", "what").choices()
    assert offered == [("handoff-1 · Hand-off", "handoff-1")]
    assert await told(company.mia.slash(channel, "incident yes", what="handoff-1")) == "✅"
    await told(company.mia.slash(channel, "incident close-false-alarm", why="the probe was down"))
    offered = await company.mia.type_option(company.triage, "incident reopen", "n").choices()
    assert offered == [("1 Checkout fails", "1")]


async def test_open_decision_points_are_offered_the_next_one_first(company: Company) -> None:
    channel = await company.declared()
    await told(company.bob.slash(channel, "incident role claim", role="ic"))
    for time, condition in (("40m", "fail over"), ("10m", "roll back"), ("20m", "scale up")):
        use = company.bob.slash(channel, "incident call decide-by", time=time, condition=condition)
        assert await told(use) == "✅"
    assert await told(company.bob.slash(channel, "incident call withdraw-decision", point="D3")) == "✅"
    for path in ("move-decision", "withdraw-decision"):
        offered = await company.bob.type_option(channel, f"incident call {path}", "point").choices()
        assert [value for _, value in offered] == ["D2", "D1"]
        assert offered[0][0].endswith(" UTC roll back")
    offered = await company.bob.type_option(channel, "incident call move-decision", "point", point="FAIL").choices()
    assert [value for _, value in offered] == ["D1"]


async def test_every_command_is_answered_with_all_it_takes_and_with_the_least(company: Company) -> None:
    channel = await company.declared()
    said = {Kind.WHO: company.bob, Kind.FLAG: True, Kind.ROLE: "ic", Kind.PHASE: "identified", Kind.PATH: "fix"}
    said |= {Kind.SEVERITY: "sev1", Kind.WORDS: "words of more than ten letters", Kind.MOMENT: "15m"}
    said |= {Kind.POINT: "D1", Kind.LENGTH: "10m", Kind.DATE: "Friday", Kind.FOLLOW_UP: "F1", Kind.PRIORITY: "P1"}
    # From behind, so that most is done before it is closed.
    for verb in reversed(PATHS.values()):
        full = {slot.name: said.get(slot.kind, "1") for slot, _ in slots(verb)}
        least = {slot.name: full[slot.name] for slot, required in slots(verb) if required}
        command = f"incident {verb.path.removesuffix(verb.word)}{verb.word.replace(' ', '-')}"
        for options in (full, least):
            await answered(company.bob.slash(channel, command, **options))


async def answered(use: Use) -> None:
    """Somebody reads a word, or has a form before them."""
    await until(lambda: use.opened is not None or any(not each.flags & LOADING for each in use.answers))


# --- in time, whatever goes wrong -----------------------------------------------------------------------------------------


async def test_an_acknowledgement_that_fails_is_tried_again(company: Company) -> None:
    channel = await company.declared()
    faults = company.discord.faults
    for fault in (
        faults.fail(503, "POST", "/interactions/*/*/callback"),
        faults.fail(502, "POST", "/interactions/*/*/callback", after=True),
        faults.abort("POST", "/interactions/*/*/callback", after=True),
        faults.lose_reply("POST", "/interactions/*/*/callback"),
    ):
        use = company.mia.slash(channel, "incident note", text=f"after {fault.kind}")
        assert await told(use) == "✅"
        assert fault.met == 1
        assert use.acknowledged is not None
        assert use.acknowledged < 3
    notes = [entry.text for entry in company.incident().entries if entry.kind == "noted"]
    assert notes == ["after status", "after status", "after abort", "after silence"]


async def test_what_was_acknowledged_too_late_is_not_done_since_discord_said_that_it_failed(company: Company) -> None:
    channel = await company.declared()
    company.discord.windows.acknowledge = -1.0
    use = company.mia.slash(channel, "incident note", text="too late")
    await until(lambda: bool(company.discord.asked("POST", f"/interactions/{use.id}/*/callback")))
    company.discord.windows.acknowledge = 3.0
    assert await told(company.mia.slash(channel, "incident note", text="in time")) == "✅"
    assert [entry.text for entry in company.incident().entries if entry.kind == "noted"] == ["in time"]


async def test_what_cannot_be_acknowledged_holds_up_nobody_for_long(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = await company.declared()
    monkeypatch.setattr(module, "PATIENCE", timedelta(seconds=0.2))
    down = company.discord.faults.fail(503, "POST", "/interactions/*/*/callback", times=100)
    company.mia.slash(channel, "incident note", text="into the void")
    await until(lambda: down.met > 0)
    company.bob.say(channel, "!inc note heard")
    await until(lambda: any(entry.kind == "noted" for entry in company.incident().entries))
    company.discord.faults.clear()
    assert await told(company.mia.slash(channel, "incident note", text="again")) == "✅"
    assert [entry.text for entry in company.incident().entries if entry.kind == "noted"] == ["heard", "again"]


async def test_an_answer_that_comes_too_late_goes_to_the_channel(company: Company) -> None:
    channel = await company.declared()
    fault = company.discord.faults.slow(0.3, "PATCH", "/webhooks/**")
    use = company.mia.slash(channel, "incident sev", severity="sev1")
    await until(lambda: use.acknowledged is not None)
    company.discord.clock.push(company.discord.windows.token + 1)
    letter = await company.card(channel, "letter/3", "incident commander")
    assert letter.pings == {company.mia.id}
    assert fault.met == 1


async def test_while_the_bot_catches_up_it_acknowledges_and_the_acts_wait(company: Company, hasty: None) -> None:
    channel = await company.declared()
    discord = company.discord
    reading = discord.faults.slow(0.5, "GET", "/channels/*/messages", times=50)
    discord.gateway.lose_sessions()
    await until(lambda: reading.met > 0)
    use = company.mia.slash(channel, "incident note", text="meanwhile")
    await until(lambda: use.acknowledged is not None)
    assert not [entry for entry in company.incident().entries if entry.kind == "noted"]
    company.discord.faults.clear()
    assert await told(use) == "✅"


async def test_a_bug_is_answered_in_a_sentence(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = await company.declared()

    async def stumble(signal: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(company.tocsin.intake, "take", stumble)
        assert await told(company.mia.slash(channel, "incident board")) == module.FAILED
    with monkeypatch.context() as patch:
        patch.setattr(module, "_said", stumble)
        assert await told(company.mia.slash(channel, "incident board")) == module.FAILED
    assert "Checkout fails" in await told(company.mia.slash(channel, "incident board"))


async def test_nobody_is_left_waiting(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = await company.declared()

    async def swallow(signal: object) -> None:
        pass

    monkeypatch.setattr(company.tocsin.intake, "take", swallow)
    with monkeypatch.context() as patch:
        patch.setattr(module, "SILENCE", 0.05)
        assert await told(company.mia.slash(channel, "incident board")) == module.SILENT
    use = company.mia.slash(channel, "incident board")
    await until(lambda: use.acknowledged is not None)
    await company.stop()
    assert await told(use) == module.ENDING
    await company.start()


async def test_a_command_that_this_version_has_not_is_answered(company: Company) -> None:
    registered = company.discord.interactions.commands[company.discord.guild.id]
    old = {"type": SUBCOMMAND, "name": "escalate", "description": "As it was", "options": []}
    next(each for each in registered if each["name"] == "incident")["options"].append(old)
    registered.append({**registered[-1], "name": "Old menu"})
    assert await told(company.bob.slash(company.triage, "incident escalate")) == module.UNKNOWN
    said = company.bob.say(company.triage, "hello")
    assert await told(company.bob.menu(said, "Old menu")) == module.UNKNOWN


def test_a_flag_and_a_person_are_read_as_they_are_typed() -> None:
    context = Context(now=SystemClock().now())
    said = given("declare", {"title": "x", "private": "private"}, context)
    assert said == c.Declare(title="x", private=True)


def test_nothing_but_what_is_listed_can_be_chosen(fake: FakeDiscord) -> None:
    fake.interactions.commands[fake.guild.id] = [shape() | {"id": "1", "default_member_permissions": None}]
    with pytest.raises(Refused):
        fake.owner.slash(fake.create_channel("triage"), "incident role claim", role="cook")
