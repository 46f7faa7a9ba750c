"""Keeping the status page: true on disk after each change and each death, served as it lies there, late only aloud."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from aiohttp import ClientSession
from stage import AUDIENCES, Stage, open_stage

from bot.web.outside import outside
from bot.web.serve import serve
from bot.web.status.folder import Folder
from bot.web.status.page import House, files
from bot.wiring import Page
from core import activity_log, views
from core.incident.policy import Audience, Policy, Service
from core.incident.public import PublicIncident
from core.roster import Roster

PUBLIC = (*AUDIENCES, Audience(name="customers", status_page=True))
HOUSE = House("Example Shop", ("checkout", "search"), "https://status.example.org")
QUIET = b"all systems operational"


def _policy(roster: Roster) -> Policy:
    return Policy(on_call=(roster.people[0],), audiences=PUBLIC, services=(Service(name="checkout"),))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    page = Page(tmp_path / "status", partial(files, HOUSE))
    async with open_stage(tmp_path, policy=_policy, page=page) as stage:
        yield stage


async def _made(stage: Stage, so: Callable[[], bool]) -> None:
    """Waits for the page's own thread until it is so."""
    for _ in range(500):
        await stage.fast_forward(seconds=0.5)
        if so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the page never came to that")


def _front(tmp_path: Path) -> bytes:
    path = tmp_path / "status" / "index.html"
    return path.read_bytes() if path.exists() else b""


async def _published(stage: Stage, words: str = "Some users cannot pay", sev: int = 1) -> None:
    await stage.ann.types(f"declare acme db melts sev{sev} service=checkout", stage.triage)
    await stage.ann.types(f"update impact={words}")
    await stage.ann.types("publish")
    stage.expect_card("draft/1")
    stage.expect_updates(1)


async def test_the_page_is_there_from_the_start(stage: Stage, tmp_path: Path) -> None:
    await _made(stage, lambda: QUIET in _front(tmp_path).lower())
    assert b"Example Shop" in _front(tmp_path)


async def test_an_update_is_on_the_page_word_for_word_and_the_title_is_not(stage: Stage, tmp_path: Path) -> None:
    await _published(stage)
    text = stage.incident.updates[0].text.encode()
    await _made(stage, lambda: text in _front(tmp_path))
    for path in (tmp_path / "status").rglob("*"):
        if path.is_file():
            for inside in (b"acme", b"melts", stage.incident.name.encode(), b"Ann"):
                assert inside not in path.read_bytes(), path
                assert inside.decode() not in path.name
    await stage.ann.types("correct impact=All users cannot pay")
    await _made(stage, lambda: b"All users cannot pay" in _front(tmp_path))
    assert b"Some users" not in _front(tmp_path)
    await stage.ann.types("withdraw it was meant for another incident")
    await _made(stage, lambda: b"it was meant for another incident" in _front(tmp_path))


async def test_sev3_never_appears(stage: Stage, tmp_path: Path) -> None:
    await _published(stage, "One customer cannot pay", 3)
    await stage.fast_forward(minutes=2)
    await _made(stage, lambda: QUIET in _front(tmp_path).lower())
    await stage.ann.types("sev 1")
    await stage.ann.types("update impact=Nobody can pay")
    await stage.ann.types("publish")
    stage.expect_updates(2)
    stage.expect_card("draft/2")
    await _made(stage, lambda: b"Nobody can pay" in _front(tmp_path))
    assert b"One customer" not in _front(tmp_path)
    page = next((tmp_path / "status" / "incidents").iterdir())
    await stage.ann.types("sev 3")
    await _made(stage, lambda: QUIET in _front(tmp_path).lower())
    await _made(stage, lambda: not page.exists())


async def test_what_is_declared_in_private_in_public_does_not_exist(stage: Stage) -> None:
    await stage.ann.is_told("declare checkout fails private", "private", where=stage.triage)
    assert not dict(stage.tocsin.post.awake())


async def test_a_process_that_dies_leaves_a_page_that_is_true_as_of_its_time(stage: Stage, tmp_path: Path) -> None:
    await _published(stage)
    await _made(stage, lambda: b"Some users cannot pay" in _front(tmp_path))
    before = _front(tmp_path)
    await stage.stop()
    assert _front(tmp_path) == before
    await stage.again(away=timedelta(hours=1), forget=True)
    await _made(stage, lambda: _front(tmp_path) not in (before, b""))
    assert b"Some users cannot pay" in _front(tmp_path)
    stage.expect_everything()


@pytest.mark.parametrize("forget", [False, True])
async def test_incidents_that_sleep_are_in_the_history_after_a_restart(
    stage: Stage, tmp_path: Path, forget: bool
) -> None:
    await _published(stage)
    await stage.ann.types("close cause=tax rounding fixed=rolled back next=none")
    await stage.fast_forward(days=8)
    assert not dict(stage.tocsin.post.awake())
    await _made(stage, lambda: any((tmp_path / "status").glob("incidents/*.html")))
    await stage.restart(forget=forget)
    for old in (tmp_path / "status" / "incidents").iterdir():
        old.unlink()
    await stage.fast_forward(minutes=2)
    await _made(stage, lambda: any((tmp_path / "status" / "incidents").glob("*.html")))
    [own] = (tmp_path / "status" / "incidents").glob("*.html")
    assert b"Some users cannot pay" in own.read_bytes()
    assert b"rounding" not in own.read_bytes()
    stage.expect_everything()


async def test_a_row_that_cannot_be_read_is_made_again_from_the_log(stage: Stage, tmp_path: Path) -> None:
    await _published(stage)
    await _made(stage, lambda: b"Some users cannot pay" in _front(tmp_path))
    await stage.fast_forward(minutes=2)
    await stage.database.write("UPDATE public SET view = '{}'")
    await stage.ann.types("close false-alarm the probe was down")
    await stage.fast_forward(days=8)
    await stage.database.write("UPDATE public SET view = '{}'")
    await stage.restart()
    await _made(stage, lambda: any((tmp_path / "status" / "incidents").glob("*.html")))
    stage.expect_everything()


async def test_the_page_says_as_of_when_it_is_true(stage: Stage, tmp_path: Path) -> None:
    await _made(stage, lambda: QUIET in _front(tmp_path).lower())
    before = _front(tmp_path)
    await stage.fast_forward(seconds=61)
    await _made(stage, lambda: _front(tmp_path) != before)


async def test_a_page_that_cannot_be_written_is_late_aloud_and_stops_nothing(stage: Stage, tmp_path: Path) -> None:
    await _made(stage, lambda: QUIET in _front(tmp_path).lower())
    folder = tmp_path / "status"
    folder.rename(tmp_path / "away")
    folder.write_text("a file stands where the folder should be")
    await _published(stage)
    for room in (stage.channel, stage.support, stage.leadership):
        stage.expect_card("update/1", "Some users cannot pay", where=room)
    await stage.fast_forward(minutes=2)
    await _made(stage, lambda: bool(stage.incident.deliveries))
    [late] = stage.incident.deliveries
    assert (late.card, late.state, late.channel.transport) == ("update/1", "late", "status")
    await stage.restart()
    folder.unlink()
    await _made(stage, lambda: b"Some users cannot pay" in _front(tmp_path))
    await _made(stage, lambda: not stage.incident.deliveries)
    stage.expect_everything()


def _blocked(tmp_path: Path) -> Path:
    """A file where the page's folder should be."""
    folder = tmp_path / "status"
    folder.rename(tmp_path / "away")
    folder.write_text("a file stands where the folder should be")
    return folder


async def test_each_update_that_the_page_lacks_is_late(stage: Stage, tmp_path: Path) -> None:
    await _made(stage, lambda: QUIET in _front(tmp_path).lower())
    folder = _blocked(tmp_path)
    await _published(stage)
    await _made(stage, lambda: bool(stage.incident.deliveries))
    await stage.ann.types("unchanged")
    stage.expect_updates(2)
    await _made(stage, lambda: len(stage.incident.deliveries) == 2)
    assert [one.card for one in stage.incident.deliveries] == ["update/1", "update/2"]
    folder.unlink()
    await _made(stage, lambda: not stage.incident.deliveries)
    stage.expect_everything()


async def test_a_page_that_still_shows_old_words_is_said_to(stage: Stage, tmp_path: Path) -> None:
    await _published(stage)
    await _made(stage, lambda: b"Some users cannot pay" in _front(tmp_path))
    folder = _blocked(tmp_path)
    await stage.ann.types("withdraw it was meant for another incident")
    await _made(stage, lambda: bool(stage.incident.deliveries))
    [late] = stage.incident.deliveries
    assert (late.card, late.stale) == ("update/1", True)
    folder.unlink()
    await _made(stage, lambda: not stage.incident.deliveries)
    stage.expect_everything()


async def test_what_an_earlier_process_made_is_served_while_the_disk_is_full(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _published(stage)
    await _made(stage, lambda: b"Some users cannot pay" in _front(tmp_path))
    await stage.stop()
    (tmp_path / "status/strangers.html").write_text("no page of ours")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    await stage.again(away=timedelta(minutes=1))
    page = stage.tocsin.page
    assert page is not None
    await _made(stage, lambda: "index.html" in page.files())
    assert "strangers.html" not in page.files()
    assert b"Some users cannot pay" in _front(tmp_path)
    monkeypatch.undo()
    stage.expect_everything()


async def test_an_act_that_is_nothing_to_the_public_makes_no_page(tmp_path: Path) -> None:
    made = 0

    def render(incidents: Sequence[PublicIncident], at: datetime) -> dict[str, bytes]:
        nonlocal made
        made += 1
        return files(HOUSE, incidents, at)

    async with open_stage(tmp_path, policy=_policy, page=Page(tmp_path / "status", render)) as stage:
        await _published(stage)
        await _made(stage, lambda: b"Some users cannot pay" in _front(tmp_path))
        before = made
        for words in ("note the graphs are flat", "hypothesis a cache", "impact some users cannot pay"):
            await stage.ann.types(words)
            await asyncio.sleep(0.05)
        assert made == before
        await stage.ann.types("status identified")
        await _made(stage, lambda: made > before)
        stage.expect_everything()


async def test_an_old_incident_that_meets_a_bug_is_left_out_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(_: object) -> None:
        raise KeyError("of long ago")

    # Nobody need be woken for what it wrote last: what is over sleeps.
    monkeypatch.setattr(activity_log, "LATEST", 0)
    page = Page(tmp_path / "status", partial(files, HOUSE))
    async with open_stage(tmp_path, policy=_policy, page=page, bugs=1) as stage:
        await _published(stage)
        await stage.ann.types("close false-alarm the probe was down")
        await stage.fast_forward(days=8)
        await stage.stop()
        with closing(sqlite3.connect(tmp_path / "tocsin.db", isolation_level=None)) as database:
            database.execute("DELETE FROM public")
        monkeypatch.setattr(views, "replay", stumbles)
        await stage.again()
        (tmp_path / "status/index.html").unlink()
        await _made(stage, lambda: QUIET in _front(tmp_path).lower())
        assert b"Some users" not in _front(tmp_path)
        # What is in memory is shown all the same.
        await _published(stage, "Nobody can sign in")
        await _made(stage, lambda: b"Nobody can sign in" in _front(tmp_path))
        stage.expect_everything()


@pytest.mark.parametrize(("asleep", "lost"), [(False, False), (True, False), (True, True)])
async def test_what_the_page_showed_before_a_restart_is_not_late(
    stage: Stage, tmp_path: Path, asleep: bool, lost: bool
) -> None:
    await _published(stage)
    await _made(stage, lambda: b"Some users cannot pay" in _front(tmp_path))
    if asleep:
        await stage.ann.types("close cause=tax rounding fixed=rolled back next=none")
        await stage.fast_forward(days=8)
    await stage.fast_forward(minutes=1)
    await asyncio.sleep(0.1)
    await stage.fast_forward(minutes=1)
    if lost:
        await stage.database.write("DELETE FROM public")
    await stage.stop()
    folder = _blocked(tmp_path)
    await stage.again()
    for _ in range(20):
        await stage.fast_forward(seconds=10)
        await asyncio.sleep(0.01)
    last = await stage.tocsin.post.incident("inc-1")
    assert last is not None
    assert not last.deliveries
    folder.unlink()
    stage.expect_everything()


async def test_a_bug_in_the_page_stops_nothing(tmp_path: Path) -> None:
    broken = True

    def render(incidents: Sequence[PublicIncident], at: datetime) -> dict[str, bytes]:
        if broken and incidents:
            raise ZeroDivisionError
        return files(HOUSE, incidents, at)

    async with open_stage(tmp_path, policy=_policy, page=Page(tmp_path / "status", render), bugs=1) as stage:
        await _published(stage)
        await stage.fast_forward(minutes=2)
        await _made(stage, lambda: bool(stage.incident.deliveries))
        assert "a bug in Tocsin" in stage.incident.deliveries[0].reason
        broken = False
        await _made(stage, lambda: not stage.incident.deliveries)
        assert b"Some users cannot pay" in _front(tmp_path)
        stage.expect_everything()


def test_files_are_replaced_whole_and_strangers_files_stay(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "status")
    folder.write({"index.html": b"one", "incidents/a.html": b"a"})
    inode = (tmp_path / "status/index.html").stat().st_ino
    folder.write({"index.html": b"one", "incidents/a.html": b"a"})
    assert (tmp_path / "status/index.html").stat().st_ino == inode, "what is the same is left alone"
    (tmp_path / "status/robots.txt").write_text("mine")
    (tmp_path / "status/incidents/half.html.tocsin-new").write_text("half")
    again = Folder(tmp_path / "status")
    again.write({"index.html": b"two", "incidents/b.html": b"b"})
    there = {path.relative_to(tmp_path / "status").as_posix() for path in (tmp_path / "status").rglob("*.*")}
    assert there == {"index.html", "robots.txt", "incidents/b.html"}
    (tmp_path / "status/index.html").unlink()
    again.write({"index.html": b"two", "incidents/b.html": b"b"})
    assert (tmp_path / "status/index.html").read_bytes() == b"two", "what somebody deleted comes back"


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path)
    folder.write({"index.html": b"old"})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            folder.write({"index.html": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_bytes() == b"old"
    folder.write({"index.html": b"new"})
    assert (tmp_path / "index.html").read_bytes() == b"new"


async def _get(client: ClientSession, path: str) -> tuple[int, dict[str, str], bytes]:
    async with client.get(path) as answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, await answer.read()


async def test_it_is_served_as_it_lies_in_its_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "status")
    made = {"index.html": b"<p>one", "feed.atom": b"<feed/>", "api/v2/summary.json": b"{}", "style.css": b"a{}"}
    folder.write(made)
    (tmp_path / "status/secret.html").write_text("no page of ours")
    (tmp_path / "keys").write_text("secret")
    async with (
        serve(outside(tmp_path / "status", lambda: made), "127.0.0.1", 0) as port,
        ClientSession(f"http://127.0.0.1:{port}") as client,
    ):
        there = made
        made = {}
        assert (await _get(client, "/"))[0] == 503, "before the page was made the first time"
        made = there
        status, headers, body = await _get(client, "/")
        assert (status, body) == (200, b"<p>one")
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers
        status, headers, body = await _get(client, "/api/v2/summary.json")
        assert (status, body, headers["content-type"]) == (200, b"{}", "application/json; charset=utf-8")
        assert headers["access-control-allow-origin"] == "*"
        assert (await _get(client, "/feed.atom"))[1]["content-type"] == "application/atom+xml; charset=utf-8"
        for path in ("/secret.html", "/../keys", "/..%2fkeys", "/%2e%2e/keys", "/api", "/index.html/"):
            assert (await _get(client, path))[0] == 404, path
        folder.write({**made, "index.html": b"<p>two"})
        assert (await _get(client, "/"))[2] == b"<p>two"
        tag = (await _get(client, "/"))[1]["etag"]
        async with client.get("/", headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304
        async with client.head("/") as answer:
            assert answer.status == 200
        async with client.post("/") as answer:
            assert answer.status == 405
