"""What Alertmanager may answer to a look, and what comes of it: one reason in one line, and nothing is changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout, web
from alert_hooks import SECRET, STARTS, TRIAGE
from hook_gate import open_gate

from bot.config.hooks import Hook
from bot.web.hooks import asking
from bot.web.hooks.asking import Asking, Unseen
from bot.web.hooks.batch import Rules
from bot.web.hooks.looking import Look
from bot.web.serve import serve
from core.activity_log import HOUSE
from core.clock import SystemClock
from core.command_post import Order
from core.incident import commands as c

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def _asking(handler: Handler, **fields: str) -> AsyncIterator[Asking]:
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    async with serve(app, "127.0.0.1", 0) as port, ClientSession() as client:
        url = f"http://127.0.0.1:{port}/prefix/"
        hook = {"kind": "alertmanager", "name": "prod", "secret": SECRET, "url": url, **fields}
        yield Asking(Hook.model_validate(hook), client)


def _text(text: str, status: int = 200) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=text, status=status)

    return answer


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        ("no", 401, "it answers 401"),
        ("", 500, "it answers 500"),
        ("<html>", 200, "its answer is no JSON"),
        ("[" * 10_000, 200, "its answer is no JSON"),
        ("{}", 200, "its answer is not Alertmanager's"),
        ('[{"labels": {}}]', 200, "its answer is not Alertmanager's: 2 things are wrong in it"),
    ],
)
async def test_an_answer_that_is_none_is_one_reason(text: str, status: int, says: str) -> None:
    async with _asking(_text(text, status)) as one:
        with pytest.raises(Unseen, match=f"^{says}"):
            await one.active()


async def test_a_status_that_is_none_is_one_reason() -> None:
    async with _asking(_text('{"uptime": "long"}')) as one:
        with pytest.raises(Unseen, match="its status is not Alertmanager's"):
            await one.started()


async def test_one_that_leads_elsewhere_is_not_followed() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPFound("/inside")

    async with _asking(answer) as one:
        with pytest.raises(Unseen, match="it leads elsewhere; write the address where it ends"):
            await one.active()
    assert len(asked) == 1


async def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LARGEST", 1024)
    async with _asking(_text(" " * 4096)) as one:
        with pytest.raises(Unseen, match="is larger than"):
            await one.active()


async def test_one_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "TIMEOUT", ClientTimeout(total=0.05))

    async def silence(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async with _asking(silence) as one:
        with pytest.raises(Unseen, match="it does not answer in time"):
            await one.active()


async def test_it_is_asked_with_its_token_for_its_receiver_under_its_path() -> None:
    asked: list[tuple[str, str, str | None]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.path, request.query.get("receiver", ""), request.headers.get("Authorization")))
        return web.json_response([])

    async with _asking(answer, token="letmein", receiver="team.a") as one:
        assert await one.active() == []
    async with _asking(answer) as one:
        assert await one.active() == []
    path = "/prefix/api/v2/alerts/groups"
    assert asked == [(path, r"^team\.a$", "Bearer letmein"), (path, "", None)]


def _told(name: str, state: str = "active") -> dict[str, object]:
    """One group of one alert, as Alertmanager's API tells it."""
    one = {
        "labels": {"alertname": name},
        "annotations": {},
        "startsAt": STARTS.isoformat(),
        "fingerprint": name,
        "status": {"state": state},
    }
    return {"labels": {"alertname": name}, "receiver": {"name": "tocsin"}, "alerts": [one]}


async def test_what_is_not_there_any_more_has_cleared_unless_all_of_it_just_began(tmp_path: Path) -> None:
    groups = [_told("Errors"), _told("Disk"), _told("Noise", "suppressed")]
    clock = SystemClock()
    began = clock.now() - timedelta(minutes=9)

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"uptime": began.isoformat()} if request.path.endswith("status") else groups)

    async with open_gate(tmp_path) as gate, _asking(answer) as one:

        async def hear(command: c.HearAlerts) -> None:
            await gate.post.handle(Order(command, HOUSE, None, clock.now()))

        def firing() -> set[str]:
            return {alert.name for group in gate.post.alarms.groups.values() for alert in group.firing}

        look = Look(one.hook, Rules(one.hook, (), TRIAGE), gate.post.alarms, one, clock, hear)
        await look.look()
        assert firing() == {"Errors", "Disk"}, "what is silenced is nobody's news"
        # Silenced is not cleared.
        groups[:] = [_told("Errors", "suppressed")]
        await look.look()
        assert firing() == {"Errors", "Disk"}, "an Alertmanager that just began does not know yet"
        began -= timedelta(minutes=2)
        await look.look()
        assert firing() == {"Errors"}
