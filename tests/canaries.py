"""Looking for secrets in everything that a bot has written, said, shown and handed on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import aiohttp
from bot_process import BotProcess

SHOWN = ("/metrics", "/readyz", "/healthz", "/insights", "/insights.json", "/insights.csv", "/insights/1")
ASKED = (
    *(("timeline", form) for form in ("--format=text", "--format=csv", "--format=json", "--format=markdown")),
    ("postmortem",),
    ("export",),
    ("verify",),
    ("insights",),
    ("insights", "--json"),
    ("doctor",),
)


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it may stand somewhere."""
    for text in {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}:
        yield text.encode()


def holding(secrets: Sequence[str], found: dict[str, bytes]) -> set[str]:
    """The places that hold one."""
    return {place for place, content in found.items() for one in secrets for form in forms(one) if form in content}


def on_disk(home: Path, *, beside: Path) -> dict[str, bytes]:
    """Every file of the bot's, but for `beside`: the config, which holds what it was given."""
    files = [path for path in home.rglob("*") if path.is_file() and path != beside]
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


async def shown(bot: BotProcess) -> dict[str, bytes]:
    """What a running bot shows on its inside pages, prints when it is asked, and is called in the list of processes."""
    found = {}
    async with aiohttp.ClientSession() as client:
        for path in SHOWN:
            async with client.get(f"http://127.0.0.1:{bot.port}{path}") as answer:
                found[path] = await answer.read()
                assert answer.status in (200, 503), path
    for words in ASKED:
        _, out, err = await bot.tocsin(*words)
        assert out or words == ("verify",), words
        found[f"tocsin {' '.join(words)}"] = (out + err).encode()
    return found | process(bot)


def process(bot: BotProcess) -> dict[str, bytes]:
    """What everybody on the machine sees of the process. Its environment is for its own account and root alone."""
    return {name: Path(f"/proc/{bot.pid}/{name}").read_bytes() for name in ("cmdline", "comm")}
