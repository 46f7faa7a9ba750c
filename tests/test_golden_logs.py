"""The log of every release, and of the stages before the first, replays with today's code to what it came to then.

`poe golden` writes the one of this version; one that is written stays, and a new version has a new name.
"""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from golden_states import facts
from golden_story import LOGS
from stage import Stage

from bot.records import export_log, verify_log
from bot.web.status.page import House, files
from core.activity_log import HOUSE
from core.chain import GENESIS, chain
from core.database import open_file
from core.incident import postmortem
from core.incident.cards import cards
from core.incident.document import plain
from core.incident.events import Recorded
from core.incident.evolve import replay
from core.incident.figures import figures
from core.incident.public import public

RELEASES = sorted(path.name.removesuffix(".jsonl.gz") for path in LOGS.glob("*.jsonl.gz"))


def lines(release: str) -> list[dict[str, object]]:
    text = gzip.decompress((LOGS / f"{release}.jsonl.gz").read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines()]


def test_this_version_is_among_them() -> None:
    assert version("tocsin") in RELEASES, "`uv run poe golden` writes it"
    assert len(RELEASES) > 5


def records(release: str) -> list[Recorded]:
    found = []
    for line in lines(release):
        if line["stream"] != HOUSE:
            body = line["body"]
            assert isinstance(body, dict)
            found.append(
                Recorded.model_validate(body | {k: v for k, v in line.items() if k not in ("body", "prev", "hash")})
            )
    return found


@pytest.mark.parametrize("release", RELEASES)
def test_it_comes_to_what_it_came_to_then(release: str) -> None:
    incident = replay(records(release))
    assert facts(incident) == json.loads((LOGS / f"{release}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("release", RELEASES)
def test_everything_can_be_made_of_it(release: str) -> None:
    incident = replay(records(release))
    assert incident is not None
    shown = "\n".join(plain(card.post.document) for card in cards(incident))
    assert incident.title in shown
    assert incident.title in postmortem.markdown(incident)
    assert postmortem.picture(incident).startswith("<svg")
    assert figures(incident).number == incident.number
    seen = public(incident)
    published = files(House("Shop", ()), [seen] if seen else [], incident.declared_at + timedelta(days=1))
    assert "index.html" in published


@pytest.fixture
async def database(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The log as rows, by its export."""
    file = await open_file(tmp_path / "tocsin.db")
    for line in lines(request.param):
        body = line["body"]
        assert isinstance(body, dict)
        words = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        said = (line["stream"], line["version"], line["source"], line["at"], line["heard_at"])
        assert chain(str(line["prev"]) or GENESIS, *said, words) == line["hash"], "the chain is as it was written"  # type: ignore[arg-type]
        await file.write(
            "INSERT INTO events (stream, version, source, at, heard_at, kind, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*said, body["event"]["kind"], words, line["prev"], line["hash"]),
        )
    await file.close()
    return tmp_path / "tocsin.db"


@pytest.mark.parametrize("database", RELEASES, indirect=True)
async def test_the_bot_starts_on_it_and_the_record_is_whole(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = database.with_name("config.toml")
    config.write_text(f'database = "{database}"\n[transports.sandbox]\nport = 0\n', encoding="utf-8")
    assert await verify_log(config, "", as_json=False) == 0
    stage = Stage(database.parent)
    stage.clock.set(stage.clock.now() + timedelta(days=2))
    await stage.start()
    await stage.ann.types("declare login fails sev3", stage.triage)
    assert stage.incident.number == 2
    await stage.stop()
    assert await verify_log(config, "", as_json=False) == 0
    capsys.readouterr()
    assert await export_log(config, "") == 0
    assert len(capsys.readouterr().out.splitlines()) > 40
