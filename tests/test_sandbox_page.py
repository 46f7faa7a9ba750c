"""The sandbox's page over real sockets: who is let in, what acts do, and what a page is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse
from sandbox_stage import Stage, checkout, person, post

from bot.palette import palette
from transports.sandbox import page
from transports.sandbox.page import FILES, SERVED, Site, serve

TOKEN = "a-token-of-this-start"
Json = dict[str, Any]


class Tab:
    """One browser tab, as far as HTTP goes."""

    def __init__(self, stage: Stage, site: Site, session: aiohttp.ClientSession) -> None:
        self.stage = stage
        self.origin = f"http://127.0.0.1:{site.port}"
        self.site = site
        self.session = session

    async def act(self, act: str, **details: Any) -> tuple[int, Json]:
        async with self.session.post(
            f"{self.origin}/acts?token={TOKEN}", json={"act": act, **details}, headers={"Origin": self.origin}
        ) as response:
            return response.status, await response.json()

    @asynccontextmanager
    async def live(self, who: str) -> AsyncIterator[tuple[Json, ClientWebSocketResponse]]:
        async with self.session.ws_connect(
            f"{self.origin}/live?token={TOKEN}&as={who}", headers={"Origin": self.origin}
        ) as socket:
            yield await socket.receive_json(timeout=5), socket


async def told(socket: ClientWebSocketResponse) -> Json:
    """The next news, past what only tells the time."""
    while True:
        frame: Json = await socket.receive_json(timeout=5)
        if frame["type"] != "time":
            return frame


@asynccontextmanager
async def opened(stage: Stage | None = None) -> AsyncIterator[Tab]:
    stage = stage or Stage()
    site = await serve(stage.world, "127.0.0.1", 0, TOKEN, palette())
    try:
        # No jar: what a request carries stands in the test.
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Tab(stage, site, session)
    finally:
        await site.close()


# Who is let in


async def test_the_printed_address_opens_the_page_and_sets_a_cookie_that_opens_it_again() -> None:
    async with opened() as tab:
        async with tab.session.get(tab.site.url) as response:
            assert response.status == 200
            assert 'id="composer"' in await response.text()
            cookie = response.cookies[f"tocsin-{tab.site.port}"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        async with tab.session.get(tab.origin, headers=headers) as response:
            assert response.status == 200
            assert not response.cookies


@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=" + TOKEN[:-1]])
@pytest.mark.parametrize("path", ["/", "/live", "/acts"])
async def test_without_the_token_nothing_is_told(path: str, query: str) -> None:
    async with opened() as tab:
        method = "POST" if path == "/acts" else "GET"
        async with tab.session.request(
            method, tab.origin + path + query, json={}, headers={"Origin": tab.origin}
        ) as response:
            assert response.status == 403
            words = await response.text()
            assert "the address that Tocsin printed" in words
            assert words.count("\n") == 1
            assert TOKEN not in words


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil:{port}"]
)
@pytest.mark.parametrize("path", ["/", "/page.js", "/live", "/nothing"])
async def test_another_host_name_is_refused_so_that_rebinding_a_name_gains_nothing(path: str, host: str) -> None:
    async with opened() as tab:
        headers = {"Host": host.format(port=tab.site.port), "Origin": tab.origin}
        async with tab.session.get(f"{tab.origin}{path}?token={TOKEN}", headers=headers) as response:
            assert response.status == 403
            assert "under no other name" in await response.text()


async def test_localhost_is_a_name_of_this_machine() -> None:
    async with opened() as tab:
        headers = {"Host": f"localhost:{tab.site.port}"}
        async with tab.session.get(tab.site.url, headers=headers) as response:
            assert response.status == 200


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "http://localhost:{port}"],
)
@pytest.mark.parametrize("path", ["/live", "/acts"])
async def test_acts_and_news_are_for_the_pages_own_origin(path: str, origin: str | None) -> None:
    async with opened() as tab:
        before = len(tab.stage.world.history)
        headers = {"Origin": origin.format(port=tab.site.port)} if origin else {}
        said = {"act": "say", "by": "ann", "channel": tab.stage.triage.id, "text": "from elsewhere"}
        method = "POST" if path == "/acts" else "GET"
        async with tab.session.request(
            method, f"{tab.origin}{path}?token={TOKEN}", json=said, headers=headers
        ) as response:
            assert response.status == 403
            assert "its own page only" in await response.text()
        assert len(tab.stage.world.history) == before


async def test_every_answer_forbids_everything_from_elsewhere() -> None:
    async with opened() as tab:
        for path in ("/?token=" + TOKEN, "/?token=wrong", "/page.css", "/nothing"):
            async with tab.session.get(tab.origin + path) as response:
                policy = response.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'")
                assert "unsafe" not in policy
                assert response.headers["Referrer-Policy"] == "no-referrer"
                assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_every_file_of_the_page_is_served_and_nothing_else() -> None:
    assert {file.name for file in FILES.iterdir()} == {*SERVED, "index.html"}
    async with opened() as tab:
        for name, kind in SERVED.items():
            async with tab.session.get(f"{tab.origin}/{name}") as response:
                assert response.status == 200
                assert response.content_type == kind
        for name in ("page.py", "..%2fpage.py", "%2e%2e%2fworld.py", "index.html", "nothing"):
            async with tab.session.get(f"{tab.origin}/{name}") as response:
                assert response.status == 404


def test_the_page_names_no_other_host_and_builds_nothing_from_markup() -> None:
    for file in FILES.iterdir():
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in text
        assert "http://" not in text
        for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style="):
            assert sink not in text, (file.name, sink)


async def test_it_listens_on_loopback_only() -> None:
    stage = Stage()
    for host in ("0.0.0.0", "::", "192.168.1.2", ""):
        with pytest.raises(ValueError, match="listens on"):
            await serve(stage.world, host, 0, TOKEN)


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_running() -> None:
    async with opened() as tab:
        with pytest.raises(OSError, match=str(tab.site.port)):
            await serve(tab.stage.world, "127.0.0.1", tab.site.port, TOKEN)


# What acts do


async def test_acts_are_done_as_that_person() -> None:
    async with opened() as tab:
        stage = tab.stage
        status, answer = await tab.act("arrive", name="Omar")
        assert (status, answer) == (200, {"done": {"id": "omar", "name": "Omar"}})
        _, answer = await tab.act("say", by="omar", channel=stage.triage.id, text="/inc help")
        first = answer["done"]["id"]
        where = {"by": "omar", "channel": stage.triage.id, "message": first}
        assert (await tab.act("edit", **where, text="/inc board"))[0] == 200
        assert (await tab.act("react", **where, emoji="🚨"))[0] == 200
        assert (await tab.act("unreact", **where, emoji="🚨"))[0] == 200
        assert (await tab.act("react", **where, emoji="👀"))[0] == 200
        reply = await tab.act("say", by="omar", channel=stage.triage.id, text="and", thread=first, reply_to=first)
        written = stage.world.messages[first]
        assert written.author.id == "omar"
        assert written.text == "/inc board"
        assert written.who("👀") == ("omar",)
        assert reply[1]["done"]["thread"] == reply[1]["done"]["reply_to"] == first
        assert (await tab.act("delete", **where))[0] == 200
        assert written.deleted


@pytest.mark.parametrize(
    ("details", "status", "words"),
    [
        ({"act": "say", "by": "ghost", "text": "x"}, 409, "Nobody here"),
        ({"act": "say", "by": "tocsin", "text": "x"}, 409, "Nobody speaks for the bot"),
        ({"act": "say", "by": "ann", "text": "  "}, 409, "nothing in that message"),
        ({"act": "say", "by": "ann", "text": 7}, 400, "no act"),
        ({"act": "say", "by": "ann"}, 400, "no act"),
        ({"act": "say", "by": "ann", "text": "x", "as_bot": True}, 400, "no act"),
        ({"act": "conjure", "by": "ann"}, 400, "no act"),
        ({"act": "delete", "by": "ann", "message": "m999"}, 409, "gone"),
    ],
)
async def test_what_cannot_be_done_is_answered_and_changes_nothing(details: Json, status: int, words: str) -> None:
    async with opened() as tab:
        before = len(tab.stage.world.history)
        got, answer = await tab.act(**{"channel": tab.stage.triage.id, **details})
        assert got == status
        assert words in answer["refused"]
        assert len(tab.stage.world.history) == before


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [("{", "application/json", 400), ("{}", "text/plain", 415), ("x" * 300_000, "application/json", 413)],
)
async def test_what_is_no_act_is_refused(body: str, kind: str, status: int) -> None:
    async with opened() as tab:
        headers = {"Origin": tab.origin, "Content-Type": kind}
        async with tab.session.post(f"{tab.origin}/acts?token={TOKEN}", data=body, headers=headers) as response:
            assert response.status == status


# What a page is told


async def test_one_talks_to_the_bot_alone_in_a_channel_that_nobody_else_is_shown() -> None:
    async with opened() as tab:
        status, answer = await tab.act("direct", by="ann")
        assert status == 200
        again = await tab.act("direct", by="ann")
        assert again == (status, answer)
        channel = answer["done"]["channel"]
        await tab.act("say", by="ann", channel=channel, text="for the bot alone")
        status, refused = await tab.act("say", by="mia", channel=channel, text="me too")
        assert "not open to you" in refused["refused"]


async def test_a_page_opens_on_everything_its_person_sees() -> None:
    stage = Stage()
    room, standing = await checkout(stage)
    async with opened(stage) as tab, tab.live("leah") as (state, _):
        assert state["type"] == "state"
        assert state["now"] == "2026-05-02T10:06:00Z"
        assert {one["name"] for one in state["people"]} == {"Ann", "Mia", "Jon", "Leah", "Sam from support"}
        assert [one["name"] for one in state["channels"]][-1] == "inc-2026-05-02-checkout-down"
        card = next(one for one in state["messages"] if one["id"] == standing.id)
        assert card["card"]["lines"][0]["label"] == "Commander"
        assert card["card"]["lines"][0]["spans"][0] == {"kind": "who", "text": "Ann", "person": "ann"}
        assert {"kind": "when", "text": "10:02 UTC", "at": "2026-05-02T10:02:00Z"} in card["card"]["lines"][2]["spans"]
        assert {"emoji": "🧭", "by": ["tocsin", "ann"]} in card["reactions"]
        prompt = state["messages"][-1]
        assert prompt["pings"] == ["leah"]
        assert prompt["card"]["choices"][0]["label"] == "roll back"
        assert next(one for one in state["channels"] if one["id"] == room.id)["pins"] == [standing.id]
        assert state["palette"][0] == {"emoji": "🚨", "label": "declare an incident from it"}
        titles = {emoji: one["label"] for emoji, one in state["offered"]["board"].items()}
        assert titles["🔎"] == "diagnosis"
        assert titles["🧊"] == "freeze changes"


async def test_two_tabs_are_two_people_and_hear_each_other() -> None:
    async with opened() as tab, tab.live("ann") as (_, ann), tab.live("mia") as (_, mia):
        await tab.act("say", by="ann", channel=tab.stage.triage.id, text="Payments fail, @Mia")
        frames = [await told(socket) for socket in (ann, mia)]
        for frame in frames:
            assert [(one["author"], one["text"], one["pings"]) for one in frame["messages"]] == [
                ("ann", "Payments fail, @Mia", ["mia"])
            ]
        message = frames[0]["messages"][0]["id"]
        await tab.act("react", by="mia", channel=tab.stage.triage.id, message=message, emoji="🚨")
        frame = await told(ann)
        assert frame["messages"][0]["reactions"] == [{"emoji": "🚨", "by": ["mia"]}]


async def test_a_page_without_a_person_sees_the_cast_and_no_words() -> None:
    stage = Stage()
    await checkout(stage)
    async with opened(stage) as tab, tab.live("nobody") as (state, socket):
        assert state["you"] is None
        assert state["channels"] == state["messages"] == []
        stage.world.say(stage.ann, stage.triage, "secret")
        stage.world.create_person("Omar")
        frame = await told(socket)
        while not frame["people"]:
            frame = await told(socket)
        assert frame["people"] == [{"id": "omar", "name": "Omar"}]
        assert frame["messages"] == []


async def test_a_channel_that_comes_into_sight_comes_with_its_messages_and_one_that_goes_is_gone() -> None:
    stage = Stage()
    room, standing = await checkout(stage)
    outsider = stage.world.create_person("Omar", channels=[stage.support])
    async with opened(stage) as tab, tab.live("omar") as (state, socket):
        assert [one["name"] for one in state["channels"]] == ["support"]
        stage.world.say(stage.ann, room, "not for Omar")
        await stage.bot.invite(room, outsider.id)
        frame = await told(socket)
        while not frame["channels"]:
            assert frame["messages"] == []
            frame = await told(socket)
        assert [one["id"] for one in frame["channels"]] == [room.id]
        assert frame["messages"][0]["id"] == standing.id
        stage.world.delete_channel(stage.ann, room)
        assert (await told(socket))["gone"] == [room.id]


async def test_a_letter_reaches_its_person_alone() -> None:
    async with opened() as tab, tab.live("ann") as (_, ann), tab.live("mia") as (_, mia):
        stage = tab.stage
        await stage.bot.send(stage.triage, post("only for Mia", card="letter/1", private_to=person(stage.mia)), "k")
        stage.world.say(stage.jon, stage.triage, "for all")
        for socket, texts in ((ann, ["for all"]), (mia, ["only for Mia", "for all"])):
            got: list[str] = []
            while "for all" not in got:
                got += [one["text"] for one in (await told(socket))["messages"]]
            assert got == texts


async def test_deleted_words_leave_the_page() -> None:
    async with opened() as tab:
        said = tab.stage.world.say(tab.stage.sam, tab.stage.triage, "the password is hunter2")
        tab.stage.world.delete(tab.stage.sam, said)
        async with tab.live("ann") as (state, _):
            assert [(one["deleted"], one["text"], one["card"]) for one in state["messages"]] == [(True, "", None)]


async def test_the_storys_time_is_told_when_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "TICK", 0.02)
    async with opened() as tab, tab.live("ann") as (_, socket):
        await tab.stage.clock.push(60)
        frames = [await socket.receive_json(timeout=5) for _ in range(2)]
        assert frames[-1] == {"type": "time", "now": "2026-05-02T10:03:00Z"}


async def test_stopping_the_sandbox_hangs_up_on_its_pages() -> None:
    stage = Stage()
    site = await serve(stage.world, "127.0.0.1", 0, TOKEN, palette())
    async with aiohttp.ClientSession() as session:
        tab = Tab(stage, site, session)
        async with tab.live("ann") as (_, socket):
            await site.close()
            message = await socket.receive(timeout=5)
            assert message.type is aiohttp.WSMsgType.CLOSE
    assert stage.world._listeners == [stage.server._wake]
