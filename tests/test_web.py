"""The inside pages, over real sockets: what they say, to whom they say nothing, and how soon they are gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

import pytest
from aiohttp import ClientSession, web
from prometheus_client import Counter

from bot.web.internal import internal, registry
from bot.web.manners import manners
from bot.web.serve import Unavailable, serve
from transports import listening
from transports.listening import HEADERS


class Patient:
    """A bot whose reasons a test sets."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def ready(self) -> list[str]:
        return self.reasons


@pytest.fixture
def patient() -> Patient:
    return Patient()


@pytest.fixture
async def inside(patient: Patient) -> AsyncIterator[ClientSession]:
    numbers = registry()
    Counter("tocsin_declared", "Incidents declared.", registry=numbers).inc(3)
    async with (
        serve(internal(patient, numbers), "127.0.0.1", 0) as port,
        ClientSession(f"http://127.0.0.1:{port}") as client,
    ):
        yield client


async def said(client: ClientSession, path: str, method: str = "GET") -> tuple[int, str]:
    async with client.request(method, path) as answer:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, f"{name} on {path}"
        return answer.status, await answer.text()


async def test_alive(inside: ClientSession) -> None:
    assert await said(inside, "/healthz") == (200, "ok\n")


async def test_ready_or_why_not(inside: ClientSession, patient: Patient) -> None:
    assert await said(inside, "/readyz") == (200, "ready\n")
    patient.reasons = ["matrix: the first sync is not done", "the log cannot be written: disk full"]
    assert await said(inside, "/readyz") == (
        503,
        "matrix: the first sync is not done\nthe log cannot be written: disk full\n",
    )
    assert await said(inside, "/healthz") == (200, "ok\n"), "not ready is still alive"


async def test_numbers(inside: ClientSession) -> None:
    status, text = await said(inside, "/metrics")
    assert status == 200
    assert "tocsin_declared_total 3.0" in text
    assert "tocsin_build_info{version=" in text
    assert "process_resident_memory_bytes" in text
    assert "python_gc" not in text, "libraries' default registry stays out"


async def test_prometheus_is_told_the_form(inside: ClientSession) -> None:
    async with inside.get("/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize("path", ["/", "/nothing", "/healthz/", "/%2e%2e/etc", "/<script>"])
async def test_an_unknown_path_is_one_line(inside: ClientSession, path: str) -> None:
    assert await said(inside, path) == (404, "404 Not Found\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_pages_can_only_be_read(inside: ClientSession, method: str) -> None:
    status, text = await said(inside, "/readyz", method)
    assert status == 405
    assert text in ("405 Method Not Allowed\n", "")
    async with inside.request(method, "/readyz") as answer:
        assert answer.headers["Allow"] == "GET"


async def test_a_page_may_have_headers_of_its_own() -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(headers={"Content-Security-Policy": "default-src 'self'"})

    app = web.Application(middlewares=[manners])
    app.router.add_get("/", page)
    async with (
        serve(app, "127.0.0.1", 0) as port,
        ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}") as a,
    ):
        assert a.headers["Content-Security-Policy"] == "default-src 'self'"
        assert a.headers["X-Frame-Options"] == "DENY"


async def test_a_port_that_is_taken_is_one_line() -> None:
    async with serve(web.Application(), "127.0.0.1", 0) as port:
        with pytest.raises(Unavailable) as refused:
            async with serve(web.Application(), "127.0.0.1", port):
                pass
    assert str(refused.value) == f"cannot listen on 127.0.0.1 port {port}: address already in use"


async def test_a_host_that_is_none_is_one_line() -> None:
    with pytest.raises(Unavailable, match=r"cannot listen on no\.such\.host\.invalid port 0: .+"):
        async with serve(web.Application(), "no.such.host.invalid", 0):
            pass


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "], ids=["nothing", "half a head"])
async def test_a_slow_client_is_cut_off(sent: bytes, patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "PATIENCE", 0.3)
    async with serve(internal(patient, registry()), "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        await writer.drain()
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_a_client_that_stays_does_not_keep_the_bot(patient: Patient) -> None:
    async def never(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    app = internal(patient, registry())
    app.router.add_get("/never", never)
    async with serve(app, "127.0.0.1", 0) as port:
        clients = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for (_, writer), head in zip(clients, heads("/never", "/healthz"), strict=False):
            writer.write(head)
        await asyncio.sleep(0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 1
    for reader, writer in clients:
        await reader.read()
        writer.close()


def heads(*paths: str) -> Iterable[bytes]:
    return [f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in paths]
