"""The postmortem from the command line, as it would be written now; read-only, beside a running bot or without one."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from bot.harmless import harmless_json
from bot.records import log_of, streams_of
from core.activity_log import HOUSE, Unreadable
from core.incident import postmortem
from core.incident.evolve import replay
from core.incident.state import Incident

SEPARATOR = "\n<!-- the next incident -->\n\n"
"""Between two postmortems."""


async def print_postmortem(config: Path, wanted: str, *, as_json: bool, picture: Path | None) -> int:
    """The postmortem of the incident that was named, or of all, one after another."""
    async with log_of(config) as log:
        streams = [stream for stream in await streams_of(log, wanted) if stream != HOUSE]
        incidents = [incident for stream in streams if (incident := replay(await log.load(stream)))]
    if wanted and not incidents:
        raise Unreadable(streams[0], 1)
    if picture is not None:
        _draw(picture, incidents[0])
    if as_json:
        data = [_as_data(incident) for incident in incidents]
        typer.echo(harmless_json(json.dumps(data[0] if wanted else data, ensure_ascii=False, indent=2)))
        return 0
    # Each begins with front matter, so a comment tells one from the next.
    texts = [postmortem.markdown(incident) for incident in incidents]
    typer.echo(SEPARATOR.join(texts) if texts else "No incident has been declared yet.\n", nl=False)
    return 0


def _draw(file: Path, incident: Incident) -> None:
    file.write_text(postmortem.picture(incident), encoding="utf-8")


def _as_data(incident: Incident) -> dict[str, object]:
    return {
        **postmortem.facts(incident),
        "text": postmortem.markdown(incident),
        "picture": postmortem.picture(incident),
    }
