"""The record from the command line: verify, export, and which incidents are meant; read-only, beside a running bot or without one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import typer

from bot.config import load
from bot.harmless import harmless, harmless_json
from bot.witness import links
from core.activity_log import HOUSE, ActivityLog, stream_of
from core.chain import Damage
from core.database import Database, DatabaseFailure, open_file
from core.examining import differences, examine, names, told
from core.incident.evolve import replay
from core.proof import prove

LONGEST_NUMBER = 10
"""In digits. SQLite's integers end, and no house has so many incidents."""


@asynccontextmanager
async def database_of(config: Path) -> AsyncIterator[Database]:
    database = await open_file(load(config, with_secrets=False).database, read_only=True)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def log_of(config: Path) -> AsyncIterator[ActivityLog]:
    async with database_of(config) as database:
        yield ActivityLog(database)


async def streams_of(log: ActivityLog, wanted: str) -> list[str]:
    """The streams of the incident that was named, or of all. Raises `DatabaseFailure` for one that is not there."""
    if not wanted:
        return await log.streams()
    name = wanted.removeprefix("#")
    number = name.removeprefix("inc-")
    counted = number.isdecimal() and len(number) <= LONGEST_NUMBER and await log.is_known(int(number))
    found = int(number) if counted else await log.number_of(name)
    if found is None:
        raise DatabaseFailure(f"there is no incident {wanted}; `tocsin timeline` shows all there are")
    return [stream_of(found)]


async def verify_log(config: Path, wanted: str, *, as_json: bool, witness: Path | None = None) -> int:
    """Checks the file, every hash chain, that every record can be read and replayed, and what a witness saw of it."""
    async with database_of(config) as database:
        log = ActivityLog(database)
        try:
            streams = await streams_of(log, wanted)
        except (sqlite3.Error, DatabaseFailure):
            if wanted:
                raise
            streams = []
        called = await names(database)
        damaged = await prove(database, streams) if wanted else await examine(database)
        if witness is not None:
            with links(witness) as seen:
                damaged += [one for one in await differences(database, seen) if not wanted or one.stream in streams]
        broken = [told(damage, called) for damage in damaged]
        count = 0
        for stream in streams:
            try:
                records = await log.load(stream)
                count += len(records)
                if stream != HOUSE and stream not in {one.stream for one in damaged}:
                    replay(records)
            except (sqlite3.Error, DatabaseFailure, ValueError, LookupError) as error:
                broken.append(told(Damage(stream, 0, f"cannot be replayed ({type(error).__name__})"), called))
    if as_json:
        typer.echo(json.dumps({"streams": len(streams), "records": count, "broken": broken}))
    else:
        for words in broken:
            typer.echo(harmless(words))
        typer.echo(f"{len(streams)} streams, {count} records: {'broken' if broken else 'whole'}")
    return 1 if broken else 0


async def export_log(config: Path, wanted: str) -> int:
    """The log as JSON Lines; with one incident named, its stream alone."""
    async with log_of(config) as log:
        for stream in await streams_of(log, wanted):
            for record in await log.raw(stream):
                typer.echo(harmless_json(json.dumps(record, ensure_ascii=False)))
    return 0
