"""The demo: it begins anew and only once somebody is there, it leaves to people what they take, and it ends."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from demo_stage import on_the_demos_stage

import bot.cast
from bot.cast import Cast, Stage, Stuck
from bot.demo import PACE, STREAM, play, set_aside, verdict
from bot.story import BEGIN, STORY
from core.clock import ScaledClock
from core.incident.state import Incident
from core.incident.vocabulary import Role
from transports.sandbox.places import Happening
from transports.signals import MessageSent

CONDITION = "roll back release 214 if payment errors stay above 20 %"
DEMO = (sys.executable, "-m", "bot", "demo")


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[tuple[Stage, Callable[[], Incident | None]]]:
    """The demo's stage with a real bot on it."""
    async with on_the_demos_stage(folder, 600) as (stage, tocsin):
        yield stage, lambda: dict(tocsin.post.awake()).get(STREAM)


def records(database: Path) -> int:
    with suppress(sqlite3.Error):
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        try:
            return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])
        finally:
            connection.close()
    return 0


@pytest.mark.endure
def test_a_play_that_was_killed_is_kept_and_the_next_one_begins_anew(tmp_path: Path) -> None:
    killed = subprocess.Popen([*DEMO, "--headless", "--speed", "200", "--data", str(tmp_path)], stdout=subprocess.PIPE)
    while records(tmp_path / "demo.db") < 8:
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    before = records(tmp_path / "demo.db")

    again = subprocess.run(
        [*DEMO, "--headless", "--speed", "300", "--data", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=45,
    )
    assert again.returncode == 0, again.stderr
    (aside,) = tmp_path.glob("demo-*.db")
    assert again.stderr == f"The earlier play is kept in {aside}; this one begins anew.\n"
    assert records(aside) == before
    assert "closed. Cause: Release 214" in again.stdout
    assert "[10:10 UTC]" in again.stdout
    assert "3 published, 2 of 2 on time" in again.stdout


def test_no_earlier_play_is_ever_written_over(tmp_path: Path) -> None:
    database = tmp_path / "demo.db"
    assert set_aside(database, BEGIN) is None
    for number in range(3):
        for end in ("", "-wal"):
            (tmp_path / f"demo.db{end}").write_text(f"{number}{end}")
        assert set_aside(database, BEGIN) == tmp_path / f"demo-2026-05-02-10020{number}.db"
    assert {path.read_text() for path in tmp_path.iterdir()} == {"0", "0-wal", "1", "1-wal", "2", "2-wal"}


@pytest.mark.endure
def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [*DEMO, "--port", str(port), "--data", str(tmp_path)],
            check=False,
            capture_output=True,
            text=True,
            timeout=20,
        )
    assert refused.returncode == 1
    assert refused.stderr == f"tocsin: port {port} is taken, perhaps by another demo; `--port 0` takes a free one\n"
    assert refused.stdout == ""
    assert list(tmp_path.iterdir()) == []


async def test_the_story_begins_when_somebody_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demo = asyncio.create_task(play(headless=False, speed=None, port=0, data=tmp_path))
    try:
        async with asyncio.timeout(10), aiohttp.ClientSession() as session:
            printed = ""
            while not (found := re.search(r"(http://\S+)/\?token=(\S+)", printed)):
                await asyncio.sleep(0.02)
                printed += capsys.readouterr().out
            origin, token = found.groups()
            assert "http" not in printed[: found.start()], "the first address is the chat's"

            def live(who: str) -> aiohttp.client._WSRequestContextManager:
                return session.ws_connect(f"{origin}/live?token={token}&as={who}", headers={"Origin": origin})

            async with live("") as choosing:
                await choosing.receive_json()
                await asyncio.sleep(1.2)
                async with live("mia") as socket_:
                    frame = await socket_.receive_json()
                    assert frame["now"] == "2026-05-02T10:02:00Z"
                    assert frame["messages"] == []
                    while not frame.get("messages"):
                        frame = await socket_.receive_json()
                    assert frame["messages"][0]["text"] == "Release 214 is going out."
                    assert frame["messages"][0]["at"] == "2026-05-02T10:02:00Z"
    finally:
        demo.cancel()
        await asyncio.gather(demo, return_exceptions=True)


async def test_a_drill_says_that_you_command_and_promises_no_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = asyncio.create_task(play(headless=False, speed=None, port=0, data=tmp_path, drill="cache-full"))
    printed = ""
    try:
        async with asyncio.timeout(10):
            while "Ctrl-C" not in printed:
                await asyncio.sleep(0.02)
                printed += capsys.readouterr().out
    finally:
        demo.cancel()
        await asyncio.gather(demo, return_exceptions=True)
    assert "and the drill cache-full begins. It lasts " in printed
    assert "take command with 🧭" in printed
    assert "checkout" not in printed
    assert printed.count("http") == 1


def test_what_is_left_to_the_watcher_is_free_for_half_a_minute_and_not_longer() -> None:
    left = [beat for beat in STORY if beat.spare]
    assert {beat.takes for beat in left} == {Role.RECOVERY, "H3"}
    for beat in left:
        taken = (beat.at.total_seconds() + bot.cast.SPARE * PACE) / PACE
        needed = min(one.at.total_seconds() for one in STORY if one.needs == beat.takes) / PACE
        assert taken <= needed  # or the story would stand still, and say nothing


async def test_the_cast_yields_what_a_person_took_and_the_story_goes_right(tmp_path: Path) -> None:
    async with playing(tmp_path) as (stage, incident):
        zoe = stage.world.create_person("Zoe")
        asked: list[str] = []

        def takes_part(happening: Happening) -> None:
            signal, now = happening.signal, incident()
            if not isinstance(signal, MessageSent) or now is None:
                return
            board, free = stage.find(now.channel, "board"), stage.find(now.channel, "item/H3")
            if signal.text.startswith("Recovery is still free") and board:
                stage.world.react(zoe, board, "⏪")
            if signal.text.startswith("H3 is free") and free:
                stage.world.react(zoe, free, "✋")
            if signal.text.startswith("@Zoe"):
                asked.append(signal.text)
                if "path fix" in signal.text or "decide-by" in signal.text:
                    stage.world.say(zoe, signal.message.channel, signal.text.partition("I would write: ")[2])

        stage.world.subscribe(takes_part)
        cast = Cast(stage, incident, spare=0.6)
        await cast.play()
        ended = incident()

    assert cast.left_out == []
    assert asked == [
        "@Zoe, recovery is yours. I would write: /inc path fix put tax.rounding back to its old value",
        f"@Zoe, recovery is yours. I would write: /inc decide-by 10:11 {CONDITION}",
        "@Zoe, H3 is yours. I would put ❌ on H3's card.",
        "@Zoe, recovery is yours. I would put ⏪ on Tocsin's question.",
    ]
    assert verdict(ended) == []
    assert ended is not None
    told = [f"{entry.by.name if entry.by else ''}: {entry.text}" for entry in ended.entries]
    assert "Zoe: path: ship a fix: put tax.rounding back to its old value (R1)" in told
    assert "Zoe: is on H3" in told
    assert f"Leah: path: roll back (R2; decides D1: {CONDITION})" in told


ELSE = ("/inc path dig let us wait", "/inc decide-by 10:30 fail over")


@pytest.mark.parametrize("instead", ELSE)
async def test_the_story_goes_on_when_the_decision_went_another_way(tmp_path: Path, instead: str) -> None:
    """Asked for the decision point, whoever took recovery does something else; Leah takes the call back and types it."""
    async with playing(tmp_path) as (stage, incident):
        zoe = stage.world.create_person("Zoe")

        def takes_part(happening: Happening) -> None:
            signal, now = happening.signal, incident()
            if not isinstance(signal, MessageSent) or now is None:
                return
            board = stage.find(now.channel, "board")
            if signal.text.startswith("Recovery is still free") and board:
                stage.world.react(zoe, board, "⏪")
            if signal.text.startswith("@Zoe") and "decide-by" in signal.text:
                stage.world.say(zoe, signal.message.channel, instead)

        stage.world.subscribe(takes_part)
        cast = Cast(stage, incident, spare=0.3)
        await cast.play()
        ended = incident()

    assert verdict(ended) == []
    assert cast.left_out == []


async def test_a_play_that_nobody_watches_says_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.cast, "PATIENCE", 0.1)
    clock = ScaledClock(BEGIN, 6_000)
    with pytest.raises(Stuck, match=r"^Mia waited for the card board until 10:0\d UTC, and it did not come$"):
        await Cast(Stage.build(clock), lambda: None).play()
