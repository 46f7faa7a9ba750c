"""With the real Alertmanager: what it sends, sends again, sends twice, could not send, and what it still has."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alert_hooks import SECRET, TRIAGE
from alertmanager import NEEDS_ALERTMANAGER, Alertmanager
from hook_gate import Gate, Trouble, open_gate
from running import until
from structlog.testing import capture_logs

from bot.config.hooks import Hook
from bot.doctor import examine
from bot.web.hooks import looking
from bot.web.hooks.asking import Asking
from bot.web.hooks.batch import Rules
from bot.web.hooks.looking import Look
from core.activity_log import HOUSE
from core.clock import SystemClock
from core.command_post import Order
from core.incident import commands as c

pytestmark = NEEDS_ALERTMANAGER

NOWHERE = "http://127.0.0.1:9/hooks/alertmanager/prod"


def _began() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


def _firing(gate: Gate) -> dict[str, list[str]]:
    return {group.title: [one.fingerprint for one in group.firing] for group in gate.post.alarms.groups.values()}


def _counts(gate: Gate) -> dict[str, int]:
    return {title: len(names) for title, names in _firing(gate).items()}


@asynccontextmanager
async def _sending(gate: Gate, home: Path, *, url: str = "", **more: Any) -> AsyncIterator[Alertmanager]:
    one = Alertmanager(home, url or f"{gate.base}/hooks/alertmanager/prod", SECRET, **more)
    await one.start()
    try:
        yield one
    finally:
        await one.kill()


def _look(gate: Gate, sender: Alertmanager, **fields: str) -> Look:
    hook = Hook.model_validate({"kind": "alertmanager", "name": "prod", "secret": SECRET, "url": sender.base, **fields})

    async def hear(command: c.HearAlerts) -> None:
        await gate.post.handle(Order(command, HOUSE, None, SystemClock().now()))

    return Look(hook, Rules(hook, (), TRIAGE), gate.post.alarms, Asking(hook, gate.client), SystemClock(), hear)


async def test_what_it_sends_is_stored_and_what_clears_is_cleared(tmp_path: Path) -> None:
    async with open_gate(tmp_path) as gate, _sending(gate, tmp_path / "am") as sender:
        began = _began()
        await sender.told("Errors/a", "Errors/b", "Disk/a", began=began)
        await until(lambda: _counts(gate) == {"Errors is high": 2, "Disk is high": 1})
        await sender.told("Errors/a", firing=False, began=began)
        await until(lambda: _counts(gate) == {"Errors is high": 1, "Disk is high": 1})
        kinds = await gate.kinds()
        assert (kinds.count("alerts_begun"), kinds.count("alert_fired"), kinds.count("alert_cleared")) == (2, 3, 1)


@pytest.mark.endure
async def test_restarted_it_sends_again_and_nothing_is_twice(tmp_path: Path) -> None:
    async with open_gate(tmp_path) as gate, _sending(gate, tmp_path / "am", repeat="500ms") as sender:
        began = _began()
        await sender.told("Errors/a", "Errors/b", began=began)
        await until(lambda: _counts(gate) == {"Errors is high": 2})
        await sender.kill()
        await sender.start()
        # It keeps no alerts: Prometheus tells it again.
        await sender.told("Errors/a", "Errors/b", "Errors/c", began=began)
        await until(lambda: _counts(gate) == {"Errors is high": 3})
        await asyncio.sleep(1.5)
        kinds = await gate.kinds()
        assert (kinds.count("alerts_begun"), kinds.count("alert_fired"), kinds.count("alert_cleared")) == (1, 3, 0)


@pytest.mark.endure
async def test_two_peers_that_do_not_see_each_other_tell_everything_once(tmp_path: Path) -> None:
    async with (
        open_gate(tmp_path) as gate,
        _sending(gate, tmp_path / "one", repeat="500ms") as one,
        _sending(gate, tmp_path / "two", repeat="500ms") as two,
    ):
        began = _began()
        await asyncio.gather(*(peer.told("Errors/a", "Disk/a", began=began) for peer in (one, two)))
        await until(lambda: _counts(gate) == {"Errors is high": 1, "Disk is high": 1})
        await asyncio.sleep(1.5)
        await asyncio.gather(*(peer.told("Errors/a", firing=False, began=began) for peer in (one, two)))
        await until(lambda: _counts(gate) == {"Errors is high": 0, "Disk is high": 1})
        await asyncio.sleep(1.0)
        kinds = await gate.kinds()
        assert (kinds.count("alerts_begun"), kinds.count("alert_fired"), kinds.count("alert_cleared")) == (2, 2, 1)


@pytest.mark.endure
async def test_two_peers_of_a_cluster_tell_everything_once_and_one_is_enough(tmp_path: Path) -> None:
    async with open_gate(tmp_path) as gate:
        peers = [
            Alertmanager(tmp_path / name, f"{gate.base}/hooks/alertmanager/prod", SECRET, repeat="500ms")
            for name in ("one", "two")
        ]
        try:
            await peers[0].start(alone=False)
            await peers[1].start(alone=False, peers=peers[:1])
            began = _began()
            for peer in peers:
                await peer.told("Errors/a", began=began)
            await until(lambda: _counts(gate) == {"Errors is high": 1})
            await peers[0].kill()
            await peers[1].told("Errors/b", began=began)
            await until(lambda: _counts(gate) == {"Errors is high": 2})
        finally:
            for peer in peers:
                await peer.kill()
        assert (await gate.kinds()).count("alert_fired") == 2


@pytest.mark.endure
async def test_after_503_it_tries_again_until_it_is_stored(tmp_path: Path) -> None:
    async with open_gate(tmp_path) as gate, _sending(gate, tmp_path / "am") as sender:
        log: Any = gate.post.log
        log._database = Trouble(gate.database, sqlite3.OperationalError("database or disk is full"))
        await sender.told("Errors/a", began=_began())
        await until(lambda: len(gate.looks) >= 2)
        log._database = gate.database
        await until(lambda: _counts(gate) == {"Errors is high": 1})


async def test_what_was_never_sent_is_found_and_what_cleared_unseen_is_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_gate(tmp_path) as gate, _sending(gate, tmp_path / "am", url=NOWHERE) as sender:
        began = _began()
        await sender.told("Errors/a", "Errors/b", "Disk/a", began=began)
        await sender.told("Noise/a", began=began, to="nobody")
        look = _look(gate, sender, receiver="tocsin")
        await sender.has(3)
        await look.look()
        assert _counts(gate) == {"Errors is high": 2, "Disk is high": 1}
        await look.look()
        assert (await gate.kinds()).count("alert_fired") == 3
        await sender.told("Errors/a", "Disk/a", firing=False, began=began)
        await sender.has(1)
        await look.look()
        assert _counts(gate) == {"Errors is high": 2, "Disk is high": 1}, "it may only have started anew"
        monkeypatch.setattr(looking, "GROWN", timedelta())
        await look.look()
        assert _counts(gate) == {"Errors is high": 1, "Disk is high": 0}
        # It was no more than unknown there for a while: it is not taken for cleared any longer.
        await sender.told("Disk/a", began=began)
        await sender.has(2)
        await look.look()
        assert _counts(gate) == {"Errors is high": 1, "Disk is high": 1}
        await sender.told("Disk/a", firing=False, began=began)
        await sender.has(1)
        await look.look()
        assert _counts(gate) == {"Errors is high": 1, "Disk is high": 0}


async def test_what_is_sent_and_what_is_looked_up_are_one(tmp_path: Path) -> None:
    async with open_gate(tmp_path) as gate, _sending(gate, tmp_path / "am") as sender:
        began = _began()
        await sender.told("Errors/a", "Errors/b", began=began)
        await until(lambda: _counts(gate) == {"Errors is high": 2})
        await sender.told("Errors/c", began=began)
        await sender.has(3)
        await _look(gate, sender).look()
        await until(lambda: _counts(gate) == {"Errors is high": 3})
        await asyncio.sleep(0.7)
        kinds = await gate.kinds()
        assert (kinds.count("alerts_begun"), kinds.count("alert_fired")) == (1, 3)


@pytest.mark.endure
async def test_a_look_that_fails_is_one_line_and_is_tried_again(tmp_path: Path) -> None:
    async with open_gate(tmp_path) as gate:
        sender = Alertmanager(tmp_path / "am", NOWHERE, SECRET)
        look = _look(gate, sender)
        with capture_logs() as logs:
            looking_up = asyncio.create_task(look.run())
            await until(lambda: len(logs) == 1)
            for _ in range(2):
                look.soon()
                await asyncio.sleep(0)
            assert logs[0]["reason"].startswith("it does not answer")
            await sender.start()
            try:
                await sender.told("Errors/a", began=_began())
                look.soon()
                await until(lambda: _counts(gate) == {"Errors is high": 1})
            finally:
                looking_up.cancel()
                await asyncio.gather(looking_up, return_exceptions=True)
                await sender.kill()
        assert len(logs) == 1


async def test_the_doctor_asks_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sender = Alertmanager(tmp_path / "am", NOWHERE, SECRET)
    (tmp_path / "config.toml").write_text(
        "[transports.sandbox]\nport = 0\n[[hooks]]\nkind = 'alertmanager'\nname = 'prod'\n"
        f"secret = '{SECRET}'\nurl = '{sender.base}'\n"
    )
    assert await examine(tmp_path / "config.toml") == 1
    out = capsys.readouterr().out
    assert f"FAIL  hook prod at {sender.base}/: it does not answer" in out
    assert "hint  hook prod: it is sent to POST http://127.0.0.1:8321/hooks/alertmanager/prod" in out
    await sender.start()
    try:
        await sender.told("Errors/a", "Errors/b", began=_began())
        await sender.has(2)
        assert await examine(tmp_path / "config.toml") == 0
    finally:
        await sender.kill()
    assert f"ok    hook prod at {sender.base}/: 2 alerts are active" in capsys.readouterr().out
