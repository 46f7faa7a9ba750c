"""`tocsin insights`: the figures in the terminal, as JSON or as CSV; read-only, beside a running bot or without one.

Rule: rows that are kept are taken as they are; what they lack is counted from the log, and nothing is written.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from bot.config import load
from bot.harmless import harmless, harmless_json
from bot.records import streams_of
from bot.web.insights import words
from bot.web.insights.chosen import chosen
from bot.web.insights.table import as_csv, as_json, row
from bot.web.insights.view import MEASURES, View
from core.activity_log import ActivityLog, Unreadable
from core.database import DatabaseFailure, open_file
from core.figures_kept import FIGURES, in_order
from core.incident.evolve import replay
from core.incident.figures import Figures, figures
from core.views import Views

TITLE = 40
"""Letters of a title in the terminal."""


async def print_insights(
    config: Path, wanted: str, asked: Sequence[tuple[str, str]], *, as_data: bool, as_sheet: bool
) -> int:
    """The figures of one incident, or of all that the filters choose. Raises `DatabaseFailure` and `Refused`."""
    settings = load(config, with_secrets=False)
    if as_data and as_sheet:
        raise DatabaseFailure("--json and --csv are two forms of the same; ask for one of them")
    if wanted and asked:
        raise DatabaseFailure("one incident is named, and filters choose among all; give one or the other")
    # Each incident that is left out is told of below, on one line.
    logging.getLogger("core.views").setLevel(logging.CRITICAL)
    database = await open_file(settings.database, read_only=True)
    known: tuple[Figures, ...] = ()
    damaged: tuple[str, ...] = ()
    try:
        log = ActivityLog(database)
        if wanted:
            [stream] = await streams_of(log, wanted)
            incident = replay(await log.load(stream))
            if incident is None:
                raise Unreadable(stream, 1)
            known = (figures(incident),)
        else:
            views = Views(log, database, FIGURES)
            await views.load()
            known, damaged = in_order([*views.all().values()]), tuple(views.damaged.values())
    finally:
        await database.close()
    services = sorted({*(one.name for one in settings.services), *(one.service for one in known)} - {""})
    choice = chosen(asked, services)
    view = View(choice, choice.of(known), tuple(services), damaged=damaged)
    if as_sheet:
        typer.echo(as_csv(view.incidents), nl=False)
    elif as_data:
        page = json.dumps(row(known[0]), ensure_ascii=False, indent=2) if wanted else as_json(view).rstrip("\n")
        typer.echo(harmless_json(page))
    else:
        for line in _told(view, single=bool(wanted)):
            typer.echo(harmless(line))
    for reason in damaged:
        typer.echo(f"tocsin: left out: {harmless(reason)}", err=True)
    return 1 if damaged else 0


def _told(view: View, *, single: bool) -> Iterator[str]:
    """A table for people, and what the figures say under it."""
    if not view.incidents:
        yield "No incident was declared in what is chosen." if view.chosen else "No incident has been declared yet."
        return
    heads = ("inc", "declared", "severity", "counts as", *(one.name.removeprefix("Time to ") for one in MEASURES))
    heads = (*heads, "promises", "hand-offs", "title")
    rows = [heads, *(_cells(one) for one in view.incidents)]
    widths = [max(len(line[at]) for line in rows) for at in range(len(heads))]
    for line in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
    if single:
        return
    yield ""
    yield from [*words.sentences(view)] or ["No incident has been closed yet."]
    if apart := words.apart(view.whole):
        yield apart


def _cells(one: Figures) -> tuple[str, ...]:
    lengths = (measure.of(one) for measure in MEASURES)
    title = words.shown(one.title)
    return (
        *(str(one.number), words.day(one.declared_at), one.severity.upper(), words.standing(one)),
        *(words.length(length.total_seconds() if length is not None else None) for length in lengths),
        *(f"{one.kept} of {one.kept + one.broken}", str(one.handoffs)),
        title if len(title) <= TITLE else f"{title[: TITLE - 1]}…",
    )
