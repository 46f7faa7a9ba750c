"""Every port against clients that mean harm or know no better, over real sockets."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from three_ports import TOKEN, Port, asked, raw, three_ports

from bot.web.serve import serve
from transports import bodies, listening
from transports.bodies import DEEPEST, Unfit, parsed

ALL = ("status", "inside", "sandbox")


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[dict[str, Port]]:
    async with three_ports(tmp_path) as found:
        yield found


def paths(port: Port) -> Iterator[tuple[str, str]]:
    """Every (method, path) there is, with something for each part that varies."""
    for route in port.app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical.replace("{number}", "1").replace("{message}", "m1")
        yield route.method, path.replace("{name}", "page.css" if port.world and "/acts" in str(port.app.router) else "")


# Headers

PLAIN = "default-src 'none'; frame-ancestors 'none'"
OPEN = ("/feed.atom", "/api/v2/summary.json")


def manners_of(name: str, path: str, status: int, policy: str) -> dict[str, str]:
    """The headers that an answer has to have."""
    static = name == "status" and status == 200
    return {
        "server": "tocsin",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "x-frame-options": "DENY",
        "cross-origin-resource-policy": "cross-origin" if static and path in OPEN else "same-origin",
        "cache-control": "public, max-age=15, stale-if-error=86400" if static else "no-store",
        "content-security-policy": policy,
    }


@pytest.mark.parametrize("name", ALL)
async def test_every_answer_of_every_route_has_its_headers(ports: dict[str, Port], name: str) -> None:
    port = ports[name]
    routes = {path for method, path in paths(port) if method == "GET"}
    routes |= {"/index.html", "/style.css", *OPEN} if name == "status" else set()
    routes |= {"/page.css", "/page.js"} if name == "sandbox" else set()
    good = 0
    for path in [*sorted(routes), "/nothing", "/%2e%2e/etc/passwd"]:
        for method in ("GET", "HEAD", "POST", "DELETE", "BREW"):
            for query in ("", f"?token={TOKEN}"):
                answer = await asked(port, path + query, method)
                good += answer.status == 200
                policy = answer.headers["content-security-policy"]
                assert policy.startswith("default-src 'none'"), (path, policy)
                assert "frame-ancestors 'none'" in policy, path
                assert "unsafe" not in policy
                wanted = manners_of(name, path, answer.status, policy)
                assert {key: answer.headers.get(key) for key in wanted} == wanted, (method, path, answer.status)
                assert "set-cookie" not in answer.headers or (name, path, query != "") == ("sandbox", "/", True)
    assert good >= len(routes), "most are answered well"


GARBAGE = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 tls\r\n\r\n",
    "words": b"hello there, how are you\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\n\r\n",
    "a line in the name": b"GET / HTTP/1.1\r\nHost: x\r\nBad\x00Name: y\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length below nothing": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a long target": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a long header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-a: <b>\r\n" * 5_000 + b"\r\n",
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("sent", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_one_line_and_no_news(
    ports: dict[str, Port], name: str, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = await raw(ports[name], sent)
    assert (answer.status, answer.body) == (400, b"400 Bad Request\n")
    wanted = manners_of(name, "", 400, PLAIN)
    assert {key: answer.headers.get(key) for key in wanted} == wanted
    assert not caplog.records, "whoever sends garbage cannot fill the log"


async def test_a_bug_in_a_page_is_logged_and_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_request: web.Request) -> web.Response:
        raise RuntimeError("canary-5f2a9c")

    app = web.Application()
    app.router.add_get("/", broken)
    async with serve(app, "127.0.0.1", 0) as number:
        answer = await asked(Port(number, app), "/?canary-5f2a9c", Accept="text/html")
    assert (answer.status, answer.body) == (500, b"500 Internal Server Error\n")
    assert answer.headers["content-security-policy"] == PLAIN
    assert "RuntimeError" in caplog.text


# Where requests may go


@pytest.mark.parametrize(
    "target",
    ["http://evil.example/", "http://127.0.0.1/../../etc/passwd", "//evil.example/", "/..%2f..%2fetc/passwd",
     "/%2e%2e/%2e%2e/etc/passwd", "/incidents/../../keys", "/a%00b", "/%ff", "/..\\..\\keys", "*", "evil.example:443"],
)  # fmt: skip
@pytest.mark.parametrize("name", ALL)
async def test_no_target_leads_out_of_the_house(ports: dict[str, Port], name: str, target: str, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("canary-5f2a9c")
    for method in ("GET", "CONNECT", "OPTIONS"):
        answer = await asked(ports[name], target, method)
        assert b"canary" not in answer.body
        assert b"root:" not in answer.body
        assert answer.status in {200, 400, 403, 404, 405, 421}
        assert "location" not in answer.headers


@pytest.mark.parametrize("name", ALL)
async def test_nothing_is_changed_without_the_token(ports: dict[str, Port], name: str) -> None:
    """Every route of every port: it can only be read, or it is refused to whoever has no token."""
    port = ports[name]
    changing = [(method, path) for method, path in paths(port) if method not in {"GET", "HEAD"}]
    assert changing == ([("POST", "/acts")] if name == "sandbox" else []), "a new one needs a row here"
    act = b'{"act": "arrive", "name": "Mallory"}'
    for method, path in changing:
        assert port.world is not None
        people = len(port.world.people)
        json: dict[str, Any] = {"Content_Type": "application/json", "Origin": f"http://{port.host}"}
        for query in ("", "?token=", "?token=wrong", f"?token={TOKEN[:-1]}", f"?token={TOKEN}x"):
            assert (await asked(port, path + query, method, act, **json)).status == 403
        assert len(port.world.people) == people
        assert (await asked(port, f"{path}?token={TOKEN}", method, act, **json)).status == 200, "and with it, it is"
        assert len(port.world.people) == people + 1


FOREIGN = {
    "another name": {"host": "evil.example"},
    "another name with our port": {"host": "evil.example:8323"},
    "a name that begins as ours": {"host": "127.0.0.1.evil.example"},
    "a name within an address": {"host": "localhost@evil.example"},
    "ours within an address": {"host": "evil.example@localhost"},
    "another origin": {"Origin": "http://evil.example"},
    "no origin to name": {"Origin": "null"},
    "a page elsewhere": {"Sec_Fetch_Site": "cross-site"},
    "a page next door": {"Sec_Fetch_Site": "same-site"},
    "a frame elsewhere": {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
}


@pytest.mark.parametrize("how", FOREIGN.values(), ids=FOREIGN)
async def test_a_foreign_page_gets_nowhere_on_loopback(ports: dict[str, Port], how: dict[str, Any]) -> None:
    for method, path in paths(ports["inside"]):
        assert (await asked(ports["inside"], path, method, **how)).status in {403, 421}, path
    port = ports["sandbox"]
    live: dict[str, Any] = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "a" * 22 + "==",
    }
    for method, path in (("POST", "/acts"), ("GET", "/live"), ("GET", "/files/m1")):
        ours: dict[str, Any] = {"Origin": f"http://{port.host}", **(live if path == "/live" else {}), **how}
        assert (await asked(port, f"{path}?token={TOKEN}", method, b"{}", **ours)).status == 403, path


async def test_the_live_stream_opens_to_its_own_page_with_the_headers(ports: dict[str, Port]) -> None:
    port = ports["sandbox"]
    live: dict[str, Any] = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "a" * 22 + "==",
    }
    answer = await asked(
        port, f"/live?token={TOKEN}", Origin=f"http://{port.host}", Sec_Fetch_Site="same-origin", **live
    )
    assert answer.status == 101
    assert answer.headers["server"] == "tocsin"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_link_to_the_insights_may_be_followed(ports: dict[str, Port]) -> None:
    followed: dict[str, Any] = {
        "Sec_Fetch_Site": "cross-site",
        "Sec_Fetch_Mode": "navigate",
        "Sec_Fetch_Dest": "document",
    }
    assert (await asked(ports["inside"], "/insights", **followed)).status == 200


# Bodies

DEEP = b"[" * 100_000
UNFIT = {
    "deep lists": (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), 400),
    "deep without end": (DEEP, 400),
    "deep objects": (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), 400),
    "no number": (b'{"act": "arrive", "name": NaN}', 400),
    "endless": (b'{"act": "arrive", "name": -Infinity}', 400),
    "a name twice": (b'{"act": "arrive", "name": "Bo", "name": "Mallory"}', 400),
    "no text": (b'{"act": "arrive", "name": "\xff\xfe"}', 400),
    "half a letter": (b'{"act": "arrive", "name": "\\ud800"}', 400),
    "a long number": (b'{"act": "arrive", "name": ' + b"9" * 10_000 + b"}", 400),
    "nothing": (b"", 400),
    "two values": (b"{} {}", 400),
    "10 MB": (b'{"act": "arrive", "name": "' + b"a" * 10_000_000 + b'"}', 413),
    "unknown act": (b'{"act": "canary-5f2a9c"}', 400),
}


@pytest.mark.parametrize(("body", "status"), UNFIT.values(), ids=UNFIT)
async def test_an_unfit_body_changes_nothing_and_is_told_in_a_line(
    ports: dict[str, Port], body: bytes, status: int
) -> None:
    port = ports["sandbox"]
    assert port.world is not None
    people = dict(port.world.people)
    fit: dict[str, Any] = {"Content_Type": "application/json", "Origin": f"http://{port.host}"}
    answer = await asked(port, f"/acts?token={TOKEN}", "POST", body, **fit)
    assert answer.status == status, answer.body
    assert len(answer.body) < 400
    assert port.world.people == people


@pytest.mark.parametrize(
    "more",
    [{"Content_Type": "text/plain"}, {"Content_Type": "application/x-www-form-urlencoded"}, {"Content_Type": "multipart/form-data"},
     {"Content_Type": "application/json", "Content_Encoding": "gzip"}],
)  # fmt: skip
async def test_a_body_of_another_kind_is_refused(ports: dict[str, Port], more: dict[str, Any]) -> None:
    port = ports["sandbox"]
    fit: dict[str, Any] = {"Origin": f"http://{port.host}", **more}
    assert (await asked(port, f"/acts?token={TOKEN}", "POST", b'{"act": "arrive", "name": "M"}', **fit)).status == 415


async def test_a_body_without_a_length_is_measured_as_it_comes(ports: dict[str, Port]) -> None:
    port = ports["sandbox"]
    head = f"POST /acts?token={TOKEN} HTTP/1.1\r\nHost: {port.host}\r\nOrigin: http://{port.host}\r\nContent-Type: application/json\r\n"
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    answer = await raw(port, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 5)
    assert answer.status == 413
    answer = await raw(port, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"zz\r\nno chunk\r\n")
    assert answer.status == 400


@pytest.mark.parametrize(
    "text", [b'{"a": [1, 2.5, "[[[[", null, {"b": "\\"}"}]}', b'"' + b"[" * 200 + b'"', b"[" * DEEPEST + b"]" * DEEPEST]
)
def test_what_is_fit_is_read(text: bytes) -> None:
    parsed(text)


@pytest.mark.parametrize("text", [b'"' * 200_001, b'"\\' * 100_000, b'"' + b"\\" * 200_000])
def test_no_text_makes_the_measuring_slow(text: bytes) -> None:
    with pytest.raises(Unfit):
        parsed(text)


# Many and slow

SLOW = {
    "nothing": b"",
    "half a head": b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "half a body": b"POST /acts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{",
}


@pytest.fixture
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize("name", ALL)
async def test_500_slow_clients_keep_nobody_out(ports: dict[str, Port], name: str) -> None:
    port = ports[name]
    clients = [await asyncio.open_connection("127.0.0.1", port.number) for _ in range(500)]
    for (_, writer), sent in zip(clients, [*SLOW.values()] * 200, strict=False):
        with suppress(ConnectionError):
            writer.write(sent)
    path = {"status": "/", "inside": "/healthz", "sandbox": "/page.css"}[name]
    for _ in range(20):
        assert (await asked(port, path)).status == 200
    gone = 0
    for reader, writer in clients[: 500 - listening.MOST]:
        with suppress(ConnectionError):
            async with asyncio.timeout(5):
                await reader.read()  # the oldest have made room
        gone += 1
        writer.close()
    assert gone == 500 - listening.MOST
    for _, writer in clients[500 - listening.MOST :]:
        writer.close()


async def test_where_none_waits_the_oldest_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MOST", 3)

    async def never(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    async def ok(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/never", never)
    app.router.add_get("/", ok)
    async with serve(app, "127.0.0.1", 0) as number:
        port = Port(number, app)
        busy = [asyncio.create_task(asked(port, "/never")) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert (await asked(port, "/")).status == 200
        ended, _ = await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
        assert ended == {busy[0]}
    await asyncio.gather(*busy, return_exceptions=True)


async def test_half_a_body_has_its_time(ports: dict[str, Port], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.2)
    port = ports["sandbox"]
    head = f"POST /acts?token={TOKEN} HTTP/1.1\r\nHost: {port.host}\r\nOrigin: http://{port.host}\r\nContent-Type: application/json\r\n"
    answer = await raw(port, f"{head}Content-Length: 1000\r\n\r\n{{".encode())
    assert answer.status == 408


@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["head", "second head"]
)
async def test_a_client_that_drips_its_head_is_cut_off(
    sent: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "PATIENCE", 0.3)
    async with three_ports(tmp_path) as ports:
        reader, writer = await asyncio.open_connection("127.0.0.1", ports["status"].number)
        writer.write(sent)
        ending = asyncio.create_task(reader.read())
        async with asyncio.timeout(10):
            while not ending.done():
                with suppress(ConnectionError):
                    writer.write(b"X")
                await asyncio.sleep(0.05)
        with suppress(ConnectionError):
            await ending
        writer.close()


@pytest.mark.parametrize("how", ["a file", "made"])
async def test_a_reader_that_never_reads_is_cut_off(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "TAKING", 0.3)
    size = 40_000_000
    (tmp_path / "large").write_bytes(b"a" * size)

    async def page(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(tmp_path / "large") if how == "a file" else web.Response(body=b"a" * size)

    app = web.Application()
    app.router.add_get("/", page)
    async with serve(app, "127.0.0.1", 0) as number:
        reader, writer = await asyncio.open_connection("127.0.0.1", number, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.5)
        got = 0
        async with asyncio.timeout(10):
            with suppress(ConnectionError):
                while chunk := await reader.read(1 << 20):
                    got += len(chunk)
        assert got < size
        writer.close()
