"""`CommandPost.handle`, durable, beside the bare statement that writes the same bytes: aiosqlite, WAL, synchronous=FULL."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

import aiosqlite
from bench_figures import Figure, Run, ratio, spread, timed

from core.activity_log import ActivityLog
from core.clock import SystemClock
from core.command_post import CommandPost, Order
from core.database import open_file
from core.displays import Displays
from core.incident import commands as c
from core.incident.events import Origin
from core.incident.policy import Policy
from core.incident.vocabulary import Account, ChannelRef, MessageRef, Person
from core.shown import Showing
from core.timers import Timers

CHANNEL = ChannelRef(transport="nowhere", id="triage")
ANN = Person(key="person:Ann", name="Ann", initials="AN", account=Account(transport="nowhere", id="ann", name="Ann"))
BARE = "INSERT INTO bare (source, at, kind, body) VALUES (?, ?, ?, ?)"


async def commits(run: Run) -> list[Figure]:
    folder = run.home / "commit"
    folder.mkdir()
    database = await open_file(folder / "tocsin.db")
    bare = await bare_file(folder / "bare.db")
    try:
        clock, policy = SystemClock(), Policy()
        post = CommandPost(ActivityLog(database), clock, lambda: policy)
        # As it is wired: the reconcilers are told of every commit. No chat is connected, so they have nothing to do.
        displays, timers = Displays({}, post, Showing(database), clock), Timers(post, clock)
        post.listeners += [displays.show, timers.watch]
        stream = (await post.handle(_order(c.Declare(title="The speed of a commit"), "", 0))).stream
        ours, plain = [], []
        for index in range(max(run.samples * 3, 300)):
            row = (f"bare:{index}", clock.now().isoformat(), "noted", json.dumps({"text": "x" * 700}))
            plain.append(await timed(lambda row=row: bare.execute(BARE, row)))  # type: ignore[misc]
            order = _order(c.AddNote(text=f"observation {index}"), stream, index + 1)
            ours.append(await timed(lambda order=order: post.handle(order)))  # type: ignore[misc]
        figures = [ratio("CommandPost.handle to a bare commit", ours[20:], plain[20:], 2.0)]
        if "round trip" in run.known:
            share = 100 * median(ours[20:]) / run.known["round trip"]
            detail = f"{spread(ours[20:])} of {run.known['round trip'] * 1000:.1f} ms"
            figures.append(Figure("CommandPost.handle, of a command's round trip", share, 2.0, "%", detail))
        return figures
    finally:
        await bare.close()
        await database.close()


def _order(command: c.AnyCommand, stream: str, index: int) -> Order:
    message = MessageRef(channel=CHANNEL, id=f"$message-{index}")
    triage = CHANNEL if isinstance(command, c.Declare) else None
    origin = Origin(kind="typed", message=message, typed="note observation")
    return Order(command, stream, f"nowhere:{index}", SystemClock().now(), ANN, origin, triage)


async def bare_file(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None)
    await connection.execute("PRAGMA journal_mode=WAL")
    await connection.execute("PRAGMA synchronous=FULL")
    await connection.execute(
        "CREATE TABLE bare (position INTEGER PRIMARY KEY, source TEXT UNIQUE, at TEXT, kind TEXT, body TEXT) STRICT"
    )
    return connection
