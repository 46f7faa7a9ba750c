"""Answering a page from a link: one person, one page, one answer; and nothing for whoever else finds it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from pushed_clock import PushedClock
from stage import Stage, open_stage
from test_people_out import _out
from test_scenarios_private import declares

from bot.keys import key
from bot.web.answers.links import GOOD_FOR, Links, Unknown
from bot.web.answers.pages import Answers
from bot.web.manners import manners
from bot.web.serve import serve
from core.incident.events import Ask


class Door:
    """The page as a browser meets it. Ann paged Bob."""

    def __init__(self, stage: Stage, session: ClientSession, links: Links) -> None:
        self.stage = stage
        self._session = session
        self.links = links

    def link(self, number: int = 1) -> str:
        prompt = self.stage.incident.prompts[f"prompt/page-{number}"]
        return self.links.address("inc-1", prompt, prompt.asked.to[0])

    async def opens(self, link: str) -> tuple[int, str]:
        async with self._session.get(link) as answer:
            return answer.status, await answer.text()

    async def presses(self, link: str, answer: str) -> tuple[int, str]:
        async with self._session.post(link, data={"answer": answer}) as said:
            text = await said.text()
        await self.stage.settle()
        return said.status, text


@asynccontextmanager
async def open_door(tmp_path: Path, *, private: bool = False) -> AsyncIterator[Door]:
    async with open_stage(tmp_path, **_out(bob=["ntfy://127.0.0.1:1/bob"])) as stage:
        stage.tocsin.out.show = lambda *_: None  # type: ignore[method-assign]
        await (declares(stage.ann) if private else stage.ann.types("declare checkout fails", stage.triage))
        app = web.Application(middlewares=[manners])
        links = Links(key(tmp_path / "keys", "answers"), "", stage.clock)
        Answers(links, stage.tocsin.post).add(app)
        async with serve(app, "127.0.0.1", 0) as port, ClientSession() as session:
            there = Links(links.key, f"http://127.0.0.1:{port}", stage.clock)
            await stage.ann.types("page @Bob")
            stage.expect_card("prompt/page-1")
            await stage.fast_forward(seconds=1)
            stage.expect_told(stage.bob)
            yield Door(stage, session, there)


@pytest_asyncio.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as one:
        yield one


async def test_opening_it_answers_nothing_and_tells_nothing_of_the_incident(door: Door) -> None:
    status, text = await door.opens(door.link())
    assert status == 200
    assert "Bob, you are paged" in text
    assert "checkout fails" not in text
    assert re.findall(r'value="(\w+)"', text) == ["yes", "no"]
    assert door.stage.incident.open_prompts(Ask.PAGE)


async def test_what_a_machine_does_with_a_link_answers_nothing(door: Door) -> None:
    """Mail scanners, previews and prefetching browsers look, and some send what they find back as it is."""
    link, version = door.link(), door.stage.incident.version
    async with ClientSession() as session:
        for method, headers in (("HEAD", {}), ("GET", {"Sec-Purpose": "prefetch"}), ("OPTIONS", {})):
            async with session.request(method, link, headers=headers) as answer:
                assert answer.status in (200, 405)
        for query in ("?answer=yes", "?answer=no"):
            async with session.get(link + query) as answer:
                assert "you are paged" in await answer.text()
            async with session.post(link + query) as answer:
                assert answer.status == 400
        for data in (b"", b"answer=yes&answer=no", b"answer=" + b"x" * 5000):
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            async with session.post(link, data=data, headers=form) as answer:
                assert answer.status == 400
    await door.stage.settle()
    assert door.stage.incident.version == version


async def test_a_link_of_somebody_who_was_put_out_of_a_private_incident_answers_and_tells_nothing(door: Door) -> None:
    await declares(door.stage.ann, "canary in the keys")
    await door.stage.ann.types("page @Bob")
    await door.stage.fast_forward(seconds=1)
    prompt = door.stage.incident.prompts["prompt/page-1"]
    link = door.links.address("inc-2", prompt, prompt.asked.to[0])
    assert "canary" not in (await door.opens(link))[1]
    await door.stage.ann.types("uninvite @Bob")
    for status, text in (await door.opens(link), await door.presses(link, "yes"), await door.presses(link, "no")):
        assert status == 404
        assert "canary" not in text
        assert door.stage.incident.name not in text
    assert not door.stage.incident.has_member(prompt.asked.to[0])
    door.stage.expect_everything()


async def test_a_press_answers_once(door: Door) -> None:
    status, text = await door.presses(door.link(), "yes")
    assert (status, "You have it" in text) == (200, True)
    door.stage.expect_card("prompt/page-1", "A page: Bob answered.")
    entry = door.stage.incident.entries[-1]
    assert (entry.by and entry.by.name, entry.text) == ("Bob", "answered the page")
    version = door.stage.incident.version
    for answer in ("yes", "no"):
        _, text = await door.presses(door.link(), answer)
        assert "Bob answered" in text
    assert "<button" not in (await door.opens(door.link()))[1]
    assert door.stage.incident.version == version


async def test_two_presses_at_once_are_one(door: Door) -> None:
    link = door.link()
    async with ClientSession() as session:
        pressed = [session.post(link, data={"answer": "yes"}) for _ in range(5)]
        for answer in await asyncio.gather(*pressed):
            answer.release()
    await door.stage.settle()
    assert [entry.text for entry in door.stage.incident.entries].count("answered the page") == 1


async def test_an_answer_that_cannot_be_recorded_is_none_and_whoever_gave_it_knows(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(door.stage.database, "write", full)
        status, text = await door.presses(door.link(), "yes")
    assert (status, "Try again in a minute, or say it in the incident" in text) == (503, True)
    assert door.stage.incident.open_prompts(Ask.PAGE)
    assert (await door.presses(door.link(), "yes"))[0] == 200
    door.stage.expect_card("prompt/page-1", "A page: Bob answered.")


async def test_whoever_was_put_out_is_asked_no_more_and_told_no_word(tmp_path: Path) -> None:
    async with open_door(tmp_path, private=True) as door:
        await door.stage.ann.types("uninvite @Bob")
        version = door.stage.incident.version
        for _ in range(2):
            status, text = await door.presses(door.link(), "yes")
            assert (status, "You have it" in text, "credential" in text) == (404, False, False)
        assert door.stage.incident.version == version
        door.stage.expect_card("prompt/page-1", "A page: Bob was put out.")


async def test_a_no_calls_the_next(door: Door) -> None:
    status, text = await door.presses(door.link(), "no")
    assert (status, "the next person is called" in text) == (200, True)
    door.stage.expect_card("prompt/page-1", "Bob cannot come")
    door.stage.expect_card("prompt/unanswered-1", "no answer")


async def test_a_link_that_is_forged_or_of_something_else_is_refused(door: Door) -> None:
    link = door.link()
    for wrong in (link[:-1], link[:-3] + "abc", link.rpartition("/")[0] + "/x", link + "x" * 5000):
        status, text = await door.opens(wrong)
        assert (status, "This link is not one of" in text) == (404, True)
        assert (await door.presses(wrong, "yes"))[0] == 404
    status, text = await door.presses(link, "maybe")
    assert (status, "use one of the two buttons" in text) == (400, True)


async def test_a_link_is_good_for_a_day(door: Door, tmp_path: Path) -> None:
    clock, prompt = PushedClock(), door.stage.incident.prompts["prompt/page-1"]
    links = Links(key(tmp_path / "keys", "answers"), "https://x.example", clock)
    token = links.address("inc-1", prompt, prompt.asked.to[0]).rpartition("/")[2]
    clock.set(clock.now() + GOOD_FOR)
    assert links.read(token) == ("inc-1", "prompt/page-1", prompt.asked.to[0].key)
    clock.set(clock.now() + timedelta(seconds=1))
    with pytest.raises(Unknown, match="too old"):
        links.read(token)


async def test_its_headers_let_nobody_frame_it_or_keep_it(door: Door) -> None:
    async with ClientSession() as session, session.get(door.link()) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "form-action 'self'" in answer.headers["Content-Security-Policy"]


async def test_another_key_another_link(tmp_path: Path, door: Door) -> None:
    other = Links(key(tmp_path / "other", "answers"), "https://x.example", PushedClock())
    with pytest.raises(Unknown):
        other.read(door.link().rpartition("/")[2])


def test_a_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    made = key(tmp_path / "keys", "answers")
    assert key(tmp_path / "keys", "answers") == made
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / "answers.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "keys" / "answers.key").write_bytes(made[:7])
    assert len(key(tmp_path / "keys", "answers")) == 32


def test_without_an_address_there_is_no_link(door: Door) -> None:
    prompt = door.stage.incident.prompts["prompt/page-1"]
    assert Links(b"x" * 32, "", door.stage.clock).address("inc-1", prompt, prompt.asked.to[0]) == ""
