"""The record from the command line: timeline, postmortem, verify, export; read-only, beside a running bot or without one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import typer

from bot.config import load
from core.activity_log import HOUSE, ActivityLog, Unreadable, stream_of
from core.database import DatabaseFailure, open_file
from core.incident import postmortem
from core.incident.cards.letters import timeline_document
from core.incident.document import plain
from core.incident.evolve import replay
from core.incident.state import Incident

LONGEST_NUMBER = 10
"""In digits. SQLite's integers end, and no house has so many incidents."""


@asynccontextmanager
async def _log(config: Path) -> AsyncIterator[ActivityLog]:
    database = await open_file(load(config, with_secrets=False).database, read_only=True)
    try:
        yield ActivityLog(database)
    finally:
        await database.close()


async def chosen_streams(log: ActivityLog, wanted: str) -> list[str]:
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


def _as_data(incident: Incident) -> dict[str, object]:
    return {
        "incident": incident.name,
        "number": incident.number,
        "title": incident.title,
        "severity": incident.severity,
        "phase": incident.phase,
        "declared_at": incident.declared_at.isoformat(),
        "resolved_at": incident.resolved_at and incident.resolved_at.isoformat(),
        "closed_at": incident.closed_at and incident.closed_at.isoformat(),
        "roles": {role: holding.holder.name for role, holding in incident.roles.items() if holding.holder},
        "entries": [
            {
                "number": entry.number,
                "at": entry.at.isoformat(),
                "by": entry.by.name if entry.by else None,
                "marked_by": entry.marked_by.name if entry.marked_by else None,
                "kind": entry.kind,
                "text": entry.text,
                "note": entry.note or None,
                "withdrawn": entry.withdrawn,
            }
            for entry in incident.entries
        ],
    }


async def print_timeline(config: Path, wanted: str, *, as_json: bool) -> int:
    """The timeline as text, or as JSON: one object for one incident, a list for all."""
    async with _log(config) as log:
        streams = [stream for stream in await chosen_streams(log, wanted) if stream != HOUSE]
        incidents = [incident for stream in streams if (incident := replay(await log.load(stream)))]
    if wanted and not incidents:
        raise Unreadable(streams[0], 1)
    if as_json:
        data = [_as_data(incident) for incident in incidents]
        typer.echo(json.dumps(data[0] if wanted else data, ensure_ascii=False, indent=2))
        return 0
    for incident in incidents:
        typer.echo(plain(timeline_document(incident, limit=len(incident.entries))) + "\n")
    if not incidents:
        typer.echo("No incident has been declared yet.")
    return 0


async def print_postmortem(config: Path, wanted: str, *, as_json: bool, picture: Path | None) -> int:
    """The postmortem of the incident that was named, or of all, one after another."""
    async with _log(config) as log:
        streams = [stream for stream in await chosen_streams(log, wanted) if stream != HOUSE]
        incidents = [incident for stream in streams if (incident := replay(await log.load(stream)))]
    if wanted and not incidents:
        raise Unreadable(streams[0], 1)
    if picture is not None:
        _draw(picture, incidents[0])
    if as_json:
        data = [_postmortem_as_data(incident) for incident in incidents]
        typer.echo(json.dumps(data[0] if wanted else data, ensure_ascii=False, indent=2))
        return 0
    # Each begins with front matter, so a comment tells one from the next.
    texts = [postmortem.markdown(incident) for incident in incidents]
    typer.echo(SEPARATOR.join(texts) if texts else "No incident has been declared yet.\n", nl=False)
    return 0


def _draw(file: Path, incident: Incident) -> None:
    file.write_text(postmortem.picture(incident), encoding="utf-8")


SEPARATOR = "\n<!-- the next incident -->\n\n"
"""Between two postmortems."""


def _postmortem_as_data(incident: Incident) -> dict[str, object]:
    return {
        **postmortem.facts(incident),
        "text": postmortem.markdown(incident),
        "picture": postmortem.picture(incident),
    }


async def verify_log(config: Path, wanted: str, *, as_json: bool) -> int:
    """Checks every hash chain, and that every record can be read and replayed."""
    async with _log(config) as log:
        streams = await chosen_streams(log, wanted)
        broken = [str(damage) for damage in await log.damage(streams if wanted else None)]
        for stream in streams:
            try:
                records = await log.load(stream)
                if stream != HOUSE:
                    replay(records)
            except (Unreadable, ValueError, LookupError) as error:
                broken.append(f"{stream}: cannot be replayed ({type(error).__name__})")
        count = sum([await log.version(stream) for stream in streams])
    if as_json:
        typer.echo(json.dumps({"streams": len(streams), "records": count, "broken": broken}))
    else:
        for words in broken:
            typer.echo(words)
        typer.echo(f"{len(streams)} streams, {count} records: {'broken' if broken else 'whole'}")
    return 1 if broken else 0


async def export_log(config: Path, wanted: str) -> int:
    """The log as JSON Lines; with one incident named, its stream alone."""
    async with _log(config) as log:
        for stream in await chosen_streams(log, wanted):
            for record in await log.raw(stream):
                typer.echo(json.dumps(record, ensure_ascii=False))
    return 0
