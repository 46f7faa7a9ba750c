"""A log of many closed incidents: one that was really played, written again under other numbers with its chain made anew."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from bench_commit import ANN, CHANNEL
from pushed_clock import PushedClock

from core.activity_log import HOUSE, ActivityLog, stream_of
from core.chain import GENESIS, chain
from core.command_post import CommandPost, Order
from core.database import open_file
from core.incident import commands as c
from core.incident.policy import Policy
from core.incident.vocabulary import ChannelRef, ItemKind, ItemStatus

STORY: tuple[c.AnyCommand, ...] = (
    c.NoteChannel(channel=ChannelRef(transport="matrix", id="!closed:test.localhost")),
    c.SetImpact(text="some users cannot pay"),
    c.AddItem(kind=ItemKind.HYPOTHESIS, text="tax rounding in the new release"),
    c.AddItem(kind=ItemKind.ACTION, text="compare the config with yesterday's"),
    c.EndItem(item="A1", status=ItemStatus.DONE),
    c.EndItem(item="H1", status=ItemStatus.CONFIRMED),
    c.AddNote(text="payments succeed again"),
    c.Resolve(fixed="rolled back"),
    c.Close(cause="tax rounding", fixed="rolled back", next="a test for rounding"),
    c.LockChannel(),
)


async def fill(path: Path, count: int) -> None:
    """Writes so many closed incidents, read-only ones, into a new database."""
    database = await open_file(path)
    policy = Policy(on_call=(ANN,))
    post = CommandPost(ActivityLog(database), PushedClock(), lambda: policy)
    commands = (c.Declare(title="Checkout fails after payment"), *STORY)
    for index, command in enumerate(commands):
        triage = CHANNEL if index == 0 else None
        outcome = await post.handle(
            Order(command, stream_of(1), f"past:1/{index}", post.clock.now(), ANN, None, triage)
        )
        assert not outcome.refused, outcome.refused
    await database.close()
    with closing(sqlite3.connect(path)) as written:
        columns = "stream, version, source, at, heard_at, kind, body"
        story = written.execute(f"SELECT {columns} FROM events ORDER BY position").fetchall()
        heads = {HOUSE: written.execute("SELECT hash FROM events WHERE stream = ?", (HOUSE,)).fetchone()[0]}
        rows = [row for number in range(2, count + 1) for row in _again(story, number, heads)]
        written.executemany(f"INSERT INTO events ({columns}, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        written.commit()


def _again(story: list[tuple[Any, ...]], number: int, heads: dict[str, str]) -> list[tuple[Any, ...]]:
    rows = []
    for stream, version, source, at, heard_at, kind, body in story:
        name = HOUSE if stream == HOUSE else stream_of(number)
        place = number if stream == HOUSE else version
        act = source.replace("past:1/", f"past:{number}/") if source else None
        words, prev = _renumbered(body, number), heads.get(name, GENESIS)
        heads[name] = chain(prev, name, place, act, at, heard_at, words)
        rows.append((name, place, act, at, heard_at, kind, words, prev, heads[name]))
    return rows


def _renumbered(body: str, number: int) -> str:
    if not ('"declared"' in body or '"channel_opened"' in body):
        return body
    fields = json.loads(body)
    event = fields["event"]
    if event["kind"] == "declared":
        event |= {"number": number, "name": f"{event['name']}-{number}"}
    if event["kind"] == "channel_opened":
        event["channel"]["id"] = f"!closed-{number}:test.localhost"
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
