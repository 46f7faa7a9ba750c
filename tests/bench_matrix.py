"""Both bots as processes of their own beside one real Synapse, and a person whose client sees what they do, when."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from matrix_person import Event, Person
from synapse import Synapse, User

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0
"""Seconds after which what is waited for has not happened."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as a client came to know of it; `at` is on the machine's steady clock."""

    room: str
    event: Event
    at: float

    @property
    def content(self) -> Event:
        return dict(self.event.get("content", {}))

    @property
    def relation(self) -> Event:
        return dict(self.content.get("m.relates_to", {}))

    def is_tick(self) -> bool:
        return self.event["type"] == "m.reaction" and self.relation.get("key") == "✅"

    def is_edit_of(self, message: str) -> bool:
        return self.relation.get("rel_type") == "m.replace" and self.relation.get("event_id") == message

    def is_card(self, key: str) -> bool:
        """Tocsin's own card, as it was first sent."""
        mark = self.content.get("dev.tocsin", {})
        return mark.get("card") == key and self.relation.get("rel_type") != "m.replace"


WHOLE = json.dumps({"room": {"timeline": {"limit": 100}}})
"""A client that is behind is given the newest 10 events of a room by default, and would have to page for the rest."""


class Watcher(Person):
    """A person whose client is open: it syncs without a pause, as Element does."""

    def __init__(self, server: Synapse, user: User) -> None:
        super().__init__(server, user)
        self.seen: list[Seen] = []
        self._waiting: list[tuple[Callable[[Seen], bool], asyncio.Future[Seen]]] = []

    async def __aenter__(self) -> Self:
        first = await self.call("GET", "/sync", timeout="0")
        self._syncing = asyncio.create_task(self._sync(first["next_batch"]))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._syncing.cancel()
        await asyncio.gather(self._syncing, return_exceptions=True)
        await super().__aexit__()

    def expect(self, holds: Callable[[Seen], bool]) -> asyncio.Future[Seen]:
        """The next event of this kind."""
        coming = asyncio.get_running_loop().create_future()
        self._waiting.append((holds, coming))
        return coming

    async def _sync(self, since: str) -> None:
        while True:
            batch = await self.call("GET", "/sync", since=since, timeout="30000", filter=WHOLE)
            at, since, rooms = time.perf_counter(), batch["next_batch"], batch.get("rooms", {})
            for room in rooms.get("invite", {}):
                self._see(Seen(room, {"type": "invite", "sender": ""}, at))
            for room, info in rooms.get("join", {}).items():
                for event in (*info.get("state", {}).get("events", ()), *info["timeline"]["events"]):
                    self._see(Seen(room, event, at))

    def _see(self, seen: Seen) -> None:
        self.seen.append(seen)
        for holds, coming in [*self._waiting]:
            if not coming.done() and holds(seen):
                coming.set_result(seen)
        self._waiting = [one for one in self._waiting if not one[1].done()]


async def took(coming: asyncio.Future[Seen], began: float) -> float:
    """Seconds until it was seen."""
    async with asyncio.timeout(PATIENCE):
        return (await coming).at - began


@dataclass
class Process:
    """A bot that runs; what it writes goes to a file, and a line with `sign` says that it is ready."""

    command: list[str]
    sign: str
    log: Path
    running: asyncio.subprocess.Process | None = None

    async def start(self) -> Self:
        """Runs it, and returns when it says that it is ready."""
        out = asyncio.subprocess.PIPE
        self.running = await asyncio.create_subprocess_exec(
            *self.command, cwd=ROOT, stdout=out, stderr=asyncio.subprocess.STDOUT
        )
        assert self.running.stdout is not None
        with self.log.open("ab") as kept:
            async with asyncio.timeout(PATIENCE):
                while self.sign not in (line := (await self.running.stdout.readline()).decode()):
                    kept.write(line.encode())
                    assert line, f"it ended: {self.log.read_text()[-3000:]}"
        self._draining = asyncio.create_task(self._drain(self.running.stdout))
        return self

    async def _drain(self, out: asyncio.StreamReader) -> None:
        with self.log.open("ab", buffering=0) as kept:
            async for line in out:
                kept.write(line)

    async def stop(self) -> None:
        if self.running is not None:
            with contextlib.suppress(ProcessLookupError):
                self.running.terminate()
            await self.running.wait()
            await self._draining
            self.running = None

    @property
    def resident(self) -> float:
        """MiB of memory that the process holds."""
        assert self.running is not None
        rows = Path(f"/proc/{self.running.pid}/status").read_text().splitlines()
        return next(int(row.split()[1]) for row in rows if row.startswith("VmRSS:")) / 1024


@dataclass
class Scene:
    """A homeserver with Ann, both bots' accounts, and a room for each bot with her in it."""

    server: Synapse
    home: Path
    ann: Watcher
    tocsin: User
    raw: User
    triage: str
    elsewhere: str
    stack: AsyncExitStack
    rooms: dict[str, str] = field(default_factory=dict)

    def raw_process(self) -> Process:
        script = str(Path(__file__).with_name("bench_raw_bot.py"))
        account = [self.server.url, self.raw.id, self.raw.token, self.raw.device]
        return Process([sys.executable, script, *account], "ready", self.home / "raw.log")

    def tocsin_process(self, *options: str, database: str = "tocsin.db", more: str = "") -> Process:
        config = self.home / f"{database}.toml"
        config.write_text(CONFIG.format(scene=self, database=database, port=free_port()) + more)
        command = [sys.executable, *options, "-m", "bot", "run", "-c", str(config)]
        return Process(command, '"event": "ready"', self.home / f"{database}.log")

    async def started(self, process: Process) -> Process:
        """Runs it until the scene ends."""
        self.stack.push_async_callback(process.stop)
        return await process.start()

    async def declare(self, title: str) -> str:
        """An incident, and its channel with Ann in it; returns the room once its board stands there."""
        invited = self.ann.expect(lambda seen: seen.event["type"] == "invite")
        await self.ann.say(self.triage, f"!inc declare {title}")
        room = (await invited).room
        await self.ann.join(room)
        await self.board(room)
        return room

    async def board(self, room: str) -> str:
        """The board's message, as soon as it is there."""
        return await self.card(room, "board")

    async def card(self, room: str, key: str) -> str:
        async with asyncio.timeout(PATIENCE):
            while True:
                for event in await self.ann.messages(room):
                    if event["content"].get("dev.tocsin", {}).get("card") == key:
                        return str(event["event_id"])
                await asyncio.sleep(0.05)


CONFIG = """
database = "{database}"
data_dir = "{scene.home}/data"

[transports.matrix]
homeserver = "{scene.server.url}"
user_id = "{scene.tocsin.id}"
password = "{scene.tocsin.password}"
triage = ["{scene.triage}"]

[web]
internal_port = {port}
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def scene(home: Path) -> AsyncIterator[Scene]:
    """A fresh Synapse, and nobody running yet."""
    async with AsyncExitStack() as stack:
        server = Synapse(home / "synapse").start()
        stack.callback(server.stop)
        ann = await stack.enter_async_context(Watcher(server, server.register("ann")))
        tocsin, raw = server.register("tocsin"), server.register("raw")
        triage = await ann.create(name="Triage", invite=[tocsin.id])
        elsewhere = await ann.create(name="Elsewhere", invite=[raw.id])
        async with Person(server, raw) as bot:
            await bot.join(elsewhere)
        async with Person(server, tocsin) as bot:
            await bot.join(triage)
        yield Scene(server, home, ann, tocsin, raw, triage, elsewhere, stack)


os.environ.setdefault("PYTHONPATH", str(ROOT))
