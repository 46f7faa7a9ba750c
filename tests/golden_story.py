"""`uv run poe golden`: writes the checkout story's postmortem, picture and summary anew; a change shows in the diff."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from checkout_story import told

from core.incident import postmortem
from core.incident.cards.summary import document
from core.incident.document import plain
from core.incident.events import Recorded
from core.incident.evolve import replay

GOLDEN = Path(__file__).parent / "golden"


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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        records = asyncio.run(told(Path(folder)))
    GOLDEN.mkdir(exist_ok=True)
    for name, text in files(records).items():
        (GOLDEN / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
