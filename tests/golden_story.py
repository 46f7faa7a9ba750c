"""`uv run poe golden`: writes the checkout story's postmortem, picture, summary and log anew; a change shows in the diff.

A release's log stays as it was written: the next one has another name.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from checkout_story import told
from golden_states import facts

from core.activity_log import ActivityLog
from core.database import open_file
from core.incident import postmortem
from core.incident.cards.summary import document
from core.incident.document import plain
from core.incident.events import Recorded
from core.incident.evolve import replay

GOLDEN = Path(__file__).parent / "golden"
LOGS = GOLDEN / "logs"


def files(records: Sequence[Recorded]) -> dict[str, str]:
    """What is made of a closed incident's record, by the name under which it is kept."""
    incident = replay(records)
    assert incident is not None
    assert incident.closing is not None
    return {
        "checkout.md": postmortem.markdown(incident),
        "checkout.svg": postmortem.picture(incident),
        "checkout.summary.txt": plain(document(incident, incident.closing)) + "\n",
    }


async def exported(database: Path) -> bytes:
    """The log as `tocsin export` writes it, compressed."""
    file = await open_file(database, read_only=True)
    log = ActivityLog(file)
    lines = [json.dumps(record, ensure_ascii=False) for name in await log.streams() for record in await log.raw(name)]
    await file.close()
    return gzip.compress("\n".join([*lines, ""]).encode(), mtime=0)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        records = asyncio.run(told(Path(folder)))
        log = asyncio.run(exported(Path(folder) / "tocsin.db"))
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"{version('tocsin')}.jsonl.gz").write_bytes(log)
    states = json.dumps(facts(replay(records)), indent=1, ensure_ascii=False)
    (LOGS / f"{version('tocsin')}.json").write_text(states + "\n", encoding="utf-8")
    for name, text in files(records).items():
        (GOLDEN / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
