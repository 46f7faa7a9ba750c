"""A file on Matrix: one event with its words as the caption, kept by edits, sent once through deaths and lost answers."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from matrix_between import html, in_between
from matrix_world import World, key, post
from synapse import Synapse
from yarl import URL

from core.incident.document import Choice, File, Post
from core.port import Forbidden, Missing, Permanent, Temporary, TransportFailure
from transports.matrix_chat import content, media

pytest_plugins = ["conftest_matrix"]

NAME = "Zahlung fällt aus.md"
TEXT = "# Checkout fails — 🔥\r\nline\n" * 2_000
CHOICE = Choice("🏁", "it is out", "postmortem published")


class Counted:
    """A file that counts how often its text is made."""

    def __init__(self, text: str = TEXT) -> None:
        self.made = 0
        self._text = text

    def file(self, name: str = NAME) -> File:
        return File(name, "text/markdown", self._say)

    def _say(self) -> str:
        self.made += 1
        return self._text


def card(file: File, words: str = "The record", **more: Any) -> Post:
    return post(words, card="postmortem", file=file, choices=(CHOICE,), **more)


async def test_it_is_one_event_with_the_words_as_its_caption(world: World) -> None:
    await world.bot.start()
    triage, counted = world.at(world.triage), Counted()
    ref = await world.bot.transport.send(triage, card(counted.file()), key("file"))
    [event] = await world.ann.messages(world.triage)
    said = event["content"]
    assert event["event_id"] == ref.id
    assert (said["msgtype"], said["filename"]) == ("m.file", NAME)
    assert said["body"] == "The record\n🏁 it is out (!inc postmortem published)"
    assert said["format"] == "org.matrix.custom.html"
    assert said["formatted_body"].startswith("The record")
    assert said["info"] == {"mimetype": "text/markdown", "size": len(TEXT.encode())}
    assert said["dev.tocsin"] == {"incident": "inc-a", "card": "postmortem"}
    assert await world.ann.download(said["url"]) == (TEXT.encode(), "text/markdown; charset=utf-8")
    since = (await world.bot.transport.read(ref)).at
    assert await world.bot.transport.marked(triage, "inc-a", 1, since) == {"postmortem": ref}
    assert counted.made == 1


async def test_an_edit_in_the_next_process_changes_the_words_and_leaves_the_file(world: World) -> None:
    await world.bot.start()
    triage, counted = world.at(world.triage), Counted()
    ref = await world.bot.transport.send(triage, card(counted.file()), key("file"))
    await world.bot.stop()
    again = await world.process().start()
    [first] = await world.ann.messages(world.triage)
    for number in range(2):
        out = post(f"Out {number}", card="postmortem", file=counted.file())
        await again.transport.edit(ref, out, key(f"edit{number}"))
    event = await world.ann.event(world.triage, ref.id)
    edited = event["unsigned"]["m.relations"]["m.replace"]["content"]
    new = edited["m.new_content"]
    carried = {name: first["content"][name] for name in ("msgtype", "filename", "url", "info")}
    assert {name: new[name] for name in carried} == {name: edited[name] for name in carried} == carried
    assert (new["body"], edited["body"]) == ("Out 1", "* Out 1")
    assert new["dev.tocsin"] == {"incident": "inc-a", "card": "postmortem"}
    assert (await again.transport.read(ref)).text == "Out 1"
    assert (await world.ann.download(new["url"]))[0] == TEXT.encode()
    assert await again.transport.send(triage, card(Counted("later").file()), key("file")) == ref
    assert [each["event_id"] for each in await world.ann.messages(world.triage)] == [ref.id]
    assert counted.made == 1


async def test_a_card_that_was_deleted_cannot_be_edited_and_is_sent_anew(world: World) -> None:
    await world.bot.start()
    triage, transport = world.at(world.triage), world.bot.transport
    ref = await transport.send(triage, card(Counted().file()), key("file"))
    await world.ann.redact(world.triage, ref.id)
    with pytest.raises(Missing):
        await transport.edit(ref, card(Counted().file(), "new"), key("edit"))
    again = await transport.send(triage, card(Counted().file()), key("generation 2"))
    [event] = await world.ann.messages(world.triage)
    assert event["event_id"] == again.id
    assert (await world.ann.download(event["content"]["url"]))[0] == TEXT.encode()


async def test_a_card_that_has_no_file_yet_reads_as_its_words(world: World) -> None:
    await world.bot.start()
    triage, transport = world.at(world.triage), world.bot.transport
    ref = await transport.send(triage, post("before", card="postmortem"), key("bare"))
    await transport.edit(ref, card(Counted().file(), "after"), key("edit"))
    event = await world.ann.event(world.triage, ref.id)
    new = event["unsigned"]["m.relations"]["m.replace"]["content"]["m.new_content"]
    assert (new["msgtype"], new["body"].splitlines()[0]) == ("m.text", "after")
    assert "filename" not in new


@pytest.mark.parametrize("text", ["", "x", "\ud800"])
async def test_what_it_says_comes_down_as_utf_8(world: World, text: str) -> None:
    await world.bot.start()
    await world.bot.transport.send(world.at(world.triage), card(Counted(text).file("a.md")), key("file"))
    [event] = await world.ann.messages(world.triage)
    assert (await world.ann.download(event["content"]["url"]))[0] == text.encode("utf-8", "replace")


def test_a_caption_that_is_too_long_is_cut_and_the_file_is_named_all_the_same() -> None:
    carried = {"msgtype": "m.file", "filename": NAME, "url": "mxc://a/b", "info": {"size": 1}}
    long = card(Counted().file(), "ж" * 90_000)
    for said in (
        content.message(long, "matrix", carried),
        content.edit(long, "matrix", "$e", carried)["m.new_content"],
    ):
        assert {name: said[name] for name in carried} == carried
        assert "cut here" in said["body"]


class Between:
    """What stands between: notes the uploads, and does with them and with the events as it is told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.uploads = 0
        self.refusal: web.Response | None = None
        self.reached = asyncio.Event()
        self.holds = self.loses = False

    async def __call__(self, request: web.Request) -> web.StreamResponse | None:
        if request.path.endswith("/upload"):
            self.uploads += 1
            return self.refusal
        if "/send/m.room.message/" in request.path:
            if self.holds:
                self.reached.set()
                await asyncio.Event().wait()
            if self.loses:
                self.loses = False
                await self._pass_on(request)
                return html(502)
        return None

    async def _pass_on(self, request: web.Request) -> None:
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type")}
        url = URL(self.world.server.url + request.raw_path, encoded=True)
        body = await request.read()
        async with aiohttp.ClientSession(headers=headers) as session, session.put(url, data=body) as answer:
            assert answer.status == 200


async def test_a_death_between_the_upload_and_the_event_leaves_one_message_with_its_file(world: World) -> None:
    between = Between(world)
    async with in_between(world.server, between) as address:
        dying = await world.process(homeserver=address).start()
        between.holds = True
        sending = asyncio.create_task(dying.transport.send(world.at(world.triage), card(Counted().file()), key("f")))
        await between.reached.wait()
        sending.cancel()
        await dying.stop()
        assert between.uploads == 1
        assert await world.ann.messages(world.triage) == []
    again = await world.process().start()
    ref = await again.transport.send(world.at(world.triage), card(Counted().file()), key("f"))
    [event] = await world.ann.messages(world.triage)
    assert event["event_id"] == ref.id
    assert (await world.ann.download(event["content"]["url"]))[0] == TEXT.encode()


async def test_a_lost_answer_makes_no_second_message_and_no_second_upload(world: World) -> None:
    between, triage = Between(world), world.at(world.triage)
    async with in_between(world.server, between) as address:
        bot = await world.process(homeserver=address).start()
        between.loses = True
        with pytest.raises(Temporary):
            await bot.transport.send(triage, card(Counted().file()), key("f"))
        ref = await bot.transport.send(triage, card(Counted().file()), key("f"))
        assert between.uploads == 1
        await bot.stop()
    [event] = await world.ann.messages(world.triage)
    assert event["event_id"] == ref.id


async def test_what_has_changed_since_the_upload_is_uploaded_anew(world: World) -> None:
    between, triage = Between(world), world.at(world.triage)
    async with in_between(world.server, between) as address:
        bot = await world.process(homeserver=address).start()
        between.holds = True
        trying = asyncio.create_task(bot.transport.send(triage, card(Counted("old").file()), key("f")))
        await between.reached.wait()
        trying.cancel()
        between.holds = False
        await bot.transport.send(triage, card(Counted("new").file()), key("f"))
        await bot.stop()
    [event] = await world.ann.messages(world.triage)
    assert (await world.ann.download(event["content"]["url"]))[0] == b"new"


def problem(status: int, code: str) -> web.Response:
    return web.json_response({"errcode": code, "error": "no"}, status=status)


REFUSALS: list[tuple[web.Response, type[TransportFailure], str]] = [
    (
        problem(413, "M_TOO_LARGE"),
        Permanent,
        r"^Zahlung fällt aus.md of 6\d,000 bytes could not be uploaded: .*M_TOO_LARGE",
    ),
    (html(413), Permanent, r"could not be uploaded: the homeserver said 413"),
    (problem(404, "M_NOT_FOUND"), Permanent, r"could not be uploaded"),
    (problem(404, "M_UNRECOGNIZED"), Permanent, r"could not be uploaded"),
    (problem(403, "M_FORBIDDEN"), Forbidden, r"^upload files \(the homeserver said M_FORBIDDEN: no\)$"),
    (html(502), Temporary, r"502"),
    (problem(429, "M_LIMIT_EXCEEDED"), Temporary, r"M_LIMIT_EXCEEDED"),
]


@pytest.mark.parametrize("at", range(len(REFUSALS)))
async def test_each_refusal_of_an_upload_says_what_it_means_and_the_words_go_nowhere_alone(
    world: World, at: int
) -> None:
    between, triage = Between(world), world.at(world.triage)
    async with in_between(world.server, between) as address:
        bot = await world.process(homeserver=address).start()
        refusal, kind, words = REFUSALS[at]
        between.refusal = refusal
        with pytest.raises(TransportFailure, match=words) as refused:
            await bot.transport.send(triage, card(Counted().file()), key("f"))
        assert type(refused.value) is kind
        assert await world.ann.messages(world.triage) == []
        # Other cards are none the worse.
        await bot.transport.send(triage, post("board"), key("b"))
        await bot.stop()


async def test_an_upload_that_is_never_answered_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "PATIENCE", 0.2)

    async def silent(request: web.Request) -> web.StreamResponse | None:
        if request.path.endswith("/upload"):
            await asyncio.sleep(60)
        return None

    async with in_between(world.server, silent) as address:
        bot = await world.process(homeserver=address).start()
        with pytest.raises(Temporary):
            await bot.transport.send(world.at(world.triage), card(Counted().file()), key("f"))
        await bot.stop()


@pytest.mark.endure
async def test_a_real_homeserver_that_takes_small_files_only_says_so(tmp_path: Path) -> None:
    server = Synapse(tmp_path / "small", max_upload_size="2K").start()
    try:
        async with AsyncExitStack() as stack:
            world = await World(server, stack).open()
            await world.bot.start()
            with pytest.raises(Permanent, match="M_TOO_LARGE"):
                await world.bot.transport.send(world.at(world.triage), card(Counted().file()), key("f"))
            await world.bot.transport.send(world.at(world.triage), card(Counted("short").file()), key("g"))
            assert len(await world.ann.messages(world.triage)) == 1
    finally:
        server.stop()
