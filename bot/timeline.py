"""`tocsin timeline`: what happened, of one incident or of all, beside a running bot or without one."""

from __future__ import annotations

from pathlib import Path

import typer

from bot.config import load, zone
from bot.filters import Asked, Unclear, nearest, sieve
from bot.formats import FORMATS, as_json
from bot.records import log_of, streams_of
from core.activity_log import HOUSE, Unreadable
from core.incident.evolve import replay

EVERYTHING = Asked()


def format_of(wanted: str, *, json: bool) -> str:
    """The format that was asked for; `--json` is one of the ways. Raises `Unclear`."""
    name = wanted.casefold()
    if name not in ("", *FORMATS):
        raise nearest("format", wanted, FORMATS)
    if json and name not in ("", "json"):
        raise Unclear(f"--json and --format {name} are two formats; leave one out")
    return "json" if json else name or "text"


async def print_timeline(config: Path, wanted: str, asked: Asked = EVERYTHING, form: str = "text") -> int:
    """The entries that are asked for, by when they were. Raises `Unclear`."""
    async with log_of(config) as log:
        streams = [stream for stream in await streams_of(log, wanted) if stream != HOUSE]
        incidents = [incident for stream in streams if (incident := replay(await log.load(stream)))]
    if wanted and not incidents:
        raise Unreadable(streams[0], 1)
    fits = sieve(asked, incidents, zone(load(config, with_secrets=False)))
    shown = [(one, [entry for entry in one.in_time if fits(entry)]) for one in incidents]
    if form == "json":
        typer.echo(as_json(shown, alone=bool(wanted)), nl=False)
        return 0
    if form != "csv" and asked.filters:
        shown = [(incident, entries) for incident, entries in shown if entries]
    nothing = "No entry fits.\n" if incidents else "No incident has been declared yet.\n"
    typer.echo(FORMATS[form](shown) if shown or form == "csv" else nothing, nl=False)
    return 0
