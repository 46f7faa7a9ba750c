"""What each answer of Discord's means to the core, and that nothing is repeated or waited for behind our back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import discord
import pytest
import pytest_asyncio
from discord_bot import Client, connected
from discord_fake import FakeDiscord
from discord_faults import Fault, Faults
from discord_house import KEY, House, house, post
from discord_world import Channel
from pushed_clock import PushedClock
from pydantic import SecretStr

from core.port import Crowded, Fatal, Forbidden, Missing, Permanent, Stale, Temporary, TransportFailure
from transports.discord_chat import requests as module
from transports.discord_chat.client import hears_words
from transports.discord_chat.refs import channel_ref
from transports.discord_chat.requests import (
    CODES,
    FATAL,
    Acknowledged,
    Archived,
    Closed,
    GuildFull,
    Lapsed,
    Malformed,
    NotHere,
    Requests,
    ThreadExists,
    failure,
)
from transports.signals import MessageSent

pytest_plugins = ["conftest_discord"]

MESSAGES = "/channels/*/messages"
SECOND = timedelta(seconds=1)


# --- what an error means ----------------------------------------------------------------------------------------------

MEANT = {
    10003: Missing,
    10004: Missing,
    10007: NotHere,
    10008: Missing,
    10013: NotHere,
    10014: Permanent,
    10015: Lapsed,
    10062: Lapsed,
    30013: GuildFull,
    30046: Stale,
    40005: Permanent,
    40060: Acknowledged,
    50001: Forbidden,
    50007: Closed,
    50006: Malformed,
    50013: Forbidden,
    50027: Lapsed,
    50035: Malformed,
    50083: Archived,
    160004: ThreadExists,
    400001: Permanent,
}


def refused(status: int, code: int = 0, said: str = "no") -> discord.HTTPException:
    """As discord.py raises it."""
    kinds: dict[int, type[discord.HTTPException]] = {403: discord.Forbidden, 404: discord.NotFound}
    answer: Any = SimpleNamespace(status=status, reason="because")
    usual = discord.DiscordServerError if status >= 500 else discord.HTTPException
    return kinds.get(status, usual)(answer, {"code": code, "message": said})


def test_every_row_is_asked_about() -> None:
    assert MEANT.keys() == CODES.keys()


@pytest.mark.parametrize("code", MEANT)
def test_a_code_means_what_it_means_whatever_the_status(code: int) -> None:
    for status in (400, 403, 404):
        meant = failure(refused(status, code, "so it is"))
        assert type(meant) is MEANT[code]
        assert f"({code})" in str(meant)
        assert "so it is" in str(meant)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused(400, 30003), Permanent),
        (refused(400, 30010), Permanent),
        (refused(403, 99), Forbidden),
        (refused(404, 99), Missing),
        (refused(404), Missing),
        (refused(400, 99), Permanent),
        (refused(401), Fatal),
        (refused(429, 30046), Temporary),
        (refused(503), Temporary),
        (refused(520), Temporary),
        (discord.LoginFailure("Improper token has been passed."), Fatal),
        (discord.PrivilegedIntentsRequired(None), Fatal),
        (TimeoutError(), Temporary),
        (ConnectionResetError(104, "Connection reset by peer"), Temporary),
    ],
    ids=repr,
)
def test_what_has_no_row_goes_by_its_status(error: BaseException, kind: type[Exception]) -> None:
    assert type(failure(error)) is kind


def test_a_bug_is_no_failure_of_discords() -> None:
    assert failure(KeyError("x")) is None
    assert failure(TypeError("x")) is None
    assert not issubclass(Malformed, TransportFailure)


# --- over the wire ----------------------------------------------------------------------------------------------------


@dataclass
class Wire:
    """A real client whose requests go through `Requests`, on a clock that is pushed."""

    fake: FakeDiscord
    client: Client
    requests: Requests
    clock: PushedClock
    triage: Channel

    async def send(self, words: str = "x") -> discord.Message:
        return await self.requests.ask(lambda: self.client.text(self.triage.id).send(words))

    def sent(self) -> int:
        """Requests to send that came, whatever became of them."""
        return len(self.fake.asked("POST", MESSAGES))


@pytest_asyncio.fixture
async def wire(fake: FakeDiscord) -> AsyncIterator[Wire]:
    clock, triage = PushedClock(), fake.create_channel("triage")
    requests = Requests(clock)
    async with connected(fake, http_trace=requests.trace()) as client:
        yield Wire(fake, client, requests, clock, triage)


async def test_a_good_answer_comes_through(wire: Wire) -> None:
    assert (await wire.send("hello")).content == "hello"


@pytest.mark.parametrize("scope", ["user", "shared"])
async def test_a_limit_is_told_with_its_wait_and_nobody_sleeps(wire: Wire, scope: str) -> None:
    wire.fake.faults.limit("POST", MESSAGES, seconds=7.5, scope=scope)
    began = time.monotonic()
    with pytest.raises(Temporary) as refused:
        await wire.send()
    assert refused.value.retry_after == 7.5
    assert time.monotonic() - began < 1
    assert wire.sent() == 1
    await wire.send()
    assert wire.sent() == 2, "whoever waits is the one who asked"


async def test_a_full_bucket_is_told_before_anything_is_asked_and_holds_up_no_other(wire: Wire) -> None:
    there = ("POST", wire.triage.id, False)
    message = await wire.send()
    limit = wire.fake.rates.buckets["message-send"].limit

    async def say() -> None:
        await wire.requests.ask(lambda: wire.client.text(wire.triage.id).send("x"), there)

    for _ in range(limit - 1):
        await say()
    with pytest.raises(Crowded) as refused:
        await say()
    assert wire.sent() == limit, "the one too many was never asked"
    assert refused.value.retry_after is not None
    await wire.requests.ask(lambda: message.edit(content="y"), ("PATCH", wire.triage.id, False))
    wire.clock.set(wire.clock.now() + timedelta(seconds=refused.value.retry_after))
    await say()


async def test_a_global_limit_holds_every_request(wire: Wire) -> None:
    wire.fake.faults.limit("POST", MESSAGES, seconds=5, scope="global")
    with pytest.raises(Temporary) as refused:
        await wire.send()
    assert refused.value.retry_after == 5
    before = len(wire.fake.requests)
    wire.clock.set(wire.clock.now() + 3 * SECOND)
    for ask in (wire.send, lambda: wire.requests.ask(lambda: wire.client.fetch_guild(wire.fake.guild.id))):
        with pytest.raises(Temporary) as held:
            await ask()
        assert held.value.retry_after == 2
    assert len(wire.fake.requests) == before
    wire.clock.set(wire.clock.now() + 2 * SECOND)
    await wire.send()


async def test_a_ban_of_the_address_holds_every_request(wire: Wire) -> None:
    """Cloudflare answers 429 with a page and without saying for how long."""
    wire.fake.faults.banned = True
    with pytest.raises(Temporary):
        await wire.send()
    wire.fake.faults.banned = False
    with pytest.raises(Temporary) as held:
        await wire.send()
    assert held.value.retry_after == 300
    wire.clock.set(wire.clock.now() + 300 * SECOND)
    await wire.send()


def _status(number: int, *, after: bool) -> Callable[[Faults], Fault]:
    return lambda faults: faults.fail(number, "POST", MESSAGES, after=after)


TROUBLE: dict[str, Callable[[Faults], Fault]] = {
    **{f"{number} after the effect": _status(number, after=True) for number in (500, 502, 503, 504, 524)},
    **{f"{number} before it": _status(number, after=False) for number in (500, 502, 503, 504, 524)},
    "an abort before the effect": lambda faults: faults.abort("POST", MESSAGES),
    "an abort after it": lambda faults: faults.abort("POST", MESSAGES, after=True),
    "silence": lambda faults: faults.lose_reply("POST", MESSAGES, seconds=60),
}


@pytest.mark.parametrize("trouble", TROUBLE)
async def test_trouble_is_told_at_once_and_nothing_is_repeated(
    wire: Wire, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    TROUBLE[trouble](wire.fake.faults)
    began = time.monotonic()
    with pytest.raises(Temporary) as told:
        await wire.send()
    assert time.monotonic() - began < 0.9, "discord.py would have slept for a second"
    assert told.value.retry_after is None
    assert wire.sent() == 1
    await wire.send()


async def test_an_outage_is_temporary(wire: Wire) -> None:
    with wire.fake.faults.outage(), pytest.raises(Temporary):
        await wire.send()


async def test_what_we_asked_wrongly_is_a_bug(wire: Wire) -> None:
    for words in ("x" * 2001, ""):
        with pytest.raises(Malformed):
            await wire.send(words)


async def test_codes_as_discord_gives_them(wire: Wire) -> None:
    channel, owner = wire.client.text(wire.triage.id), wire.fake.owner
    said = owner.say(wire.triage, "x")
    ask = wire.requests.ask
    message = channel.get_partial_message(said.id)
    await ask(lambda: message.create_thread(name="t"))
    with pytest.raises(ThreadExists):
        await ask(lambda: message.create_thread(name="t"))
    with pytest.raises(Forbidden):
        await ask(lambda: message.edit(content="not mine"))
    with pytest.raises(Missing):
        await ask(lambda: channel.fetch_message(4711))
    with pytest.raises(NotHere):
        await ask(lambda: channel.guild.fetch_member(4711))
    with pytest.raises(Permanent):
        await ask(lambda: message.add_reaction("nonsense"))


async def test_edits_of_old_messages_that_are_too_many_are_stale(wire: Wire) -> None:
    card = await wire.send()
    wire.fake.clock.push(3700)
    edits = [wire.requests.ask(lambda: card.edit(content="y")) for _ in range(5)]
    met = [each for each in await asyncio.gather(*edits, return_exceptions=True) if isinstance(each, Stale)]
    assert met
    assert met[0].retry_after is not None


# --- the breaker ------------------------------------------------------------------------------------------------------


async def test_the_breaker_opens_far_below_the_limit_and_closes_again(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.INVALID_LIMIT <= 10_000 / 10
    monkeypatch.setattr(module, "INVALID_LIMIT", 6)
    wire.fake.owner.overwrite(wire.triage, wire.fake.bot.role, deny=1 << 11)
    for minute in range(6):
        with pytest.raises(Forbidden):
            await wire.send()
        wire.clock.set(wire.clock.now() + 60 * SECOND)
        assert wire.sent() == minute + 1
    wire.fake.owner.overwrite(wire.triage, wire.fake.bot.role, allow=1 << 11)
    with pytest.raises(Temporary, match="holds its requests back") as held:
        await wire.send()
    assert held.value.retry_after == 240, "until the first of the six is ten minutes old"
    assert wire.sent() == 6, "it was not even asked"
    wire.clock.set(wire.clock.now() + 241 * SECOND)
    await wire.send()


async def test_what_counts_towards_a_ban_opens_the_breaker(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INVALID_LIMIT", 2)
    channel = wire.client.text(wire.triage.id)
    for _ in range(3):
        with pytest.raises(Missing):
            await wire.requests.ask(lambda: channel.fetch_message(4711))
        wire.fake.faults.limit("POST", MESSAGES, seconds=0.01, scope="shared")
        with pytest.raises(Temporary, match="429"):
            await wire.send()
    for _ in range(2):
        wire.fake.faults.limit("POST", MESSAGES, seconds=0.01)
        with pytest.raises(Temporary, match="429"):
            await wire.send()
    with pytest.raises(Temporary, match="holds its requests back"):
        await wire.send()


# --- signing in, and being turned out ---------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def here() -> AsyncIterator[House]:
    async with house() as one:
        yield one


async def _ends(here: House) -> str:
    """The one line with which a bot that runs ends."""
    assert here.bot.task is not None
    with pytest.raises(Fatal) as ended:
        await asyncio.wait_for(asyncio.shield(here.bot.task), 10)
    assert "\n" not in str(ended.value)
    return str(ended.value)


async def test_a_refused_token_is_fatal_and_never_said(here: House) -> None:
    here.settings["token"] = SecretStr("mistyped")
    with pytest.raises(Fatal, match="refuses the token") as refused:
        await here.start()
    assert "mistyped" not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_token_that_is_reset_is_fatal(here: House) -> None:
    bot = await here.start()
    here.discord.bot.token = "another"
    with pytest.raises(Fatal, match="refuses the token"):
        await bot.send(channel_ref(here.triage.id), post(), KEY)
    here.discord.gateway.close(4004)
    assert await _ends(here) == f"Discord ended the connection (4004): {FATAL[4004]}"


@pytest.mark.parametrize("code", FATAL)
async def test_a_fatal_close_ends_it_with_one_clear_line(here: House, code: int) -> None:
    await here.start()
    here.discord.gateway.close(code)
    assert await _ends(here) == f"Discord ended the connection ({code}): {FATAL[code]}"


@pytest.mark.parametrize("code", FATAL)
async def test_so_does_one_in_place_of_a_welcome(here: House, code: int) -> None:
    here.discord.gateway.close_next = code
    with pytest.raises(Fatal, match=rf"\({code}\)"):
        await here.start()


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009])
async def test_any_other_close_is_come_back_from(here: House, hasty: None, code: int) -> None:
    await here.start()
    here.discord.gateway.close(code)
    await asyncio.sleep(0.05)
    said = here.bob.say(here.triage, "still there?")
    # Told and caught up with, it may be heard twice, and is one act.
    assert {(each.text, each.source) for each in await here.bot.hears(MessageSent)} == {
        ("still there?", f"discord:{said.id}")
    }


@pytest.mark.parametrize("trouble", [500, 503, 429])
async def test_signing_in_is_tried_again(here: House, trouble: int) -> None:
    if trouble == 429:
        here.discord.faults.limit("GET", "/users/@me", seconds=0.1)
    else:
        here.discord.faults.fail(trouble, "GET", "/users/@me", times=2)
    await here.start()
    here.bob.say(here.triage, "good morning")
    await here.bot.hears(MessageSent)


async def test_whether_words_are_heard_is_asked_before_connecting(fake: FakeDiscord) -> None:
    with fake.as_discord():
        requests = Requests(PushedClock())
        token = SecretStr(fake.bot.token)
        assert await hears_words(token, requests)
        fake.bot.privileged = 0
        assert not await hears_words(token, requests)
