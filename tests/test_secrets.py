"""No secret of ours leaves by any door: every secret setting, known by introspection, and what is given to us while we run."""

from __future__ import annotations

import ast
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, get_args, get_origin

import discord
import discord_story
import matrix_story
import nio
import pytest
import pytest_asyncio
from canaries import holding, on_disk, shown
from discord_fake import FakeDiscord
from pydantic import BaseModel, SecretStr
from synapse import Synapse

from bot.config import ConfigError, Settings, load, secrets
from bot.config.references import SECRETS
from core import redaction
from transports.discord_chat import requests as discord_requests
from transports.matrix_chat import requests as matrix_requests

pytest_plugins = ["conftest_matrix"]

CANARY = "canary-5f2a9c"
ROOT = Path(__file__).parent.parent


def models(annotation: Any) -> Iterator[Any]:
    """What a setting may be, without `None`, `Annotated` and containers."""
    if get_origin(annotation) is None:
        yield annotation
    for each in get_args(annotation):
        yield from models(each)


def secret_settings(model: type[BaseModel] = Settings, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every setting that is a `SecretStr`."""
    for name, field in model.model_fields.items():
        for kind in models(field.annotation):
            if kind is SecretStr:
                yield (*path, name)
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from secret_settings(kind, (*path, name))


ALL = sorted(set(secret_settings()))
TABLES = {
    "discord": 'guild = "1"\ntriage = ["2"]\n',
    "matrix": 'homeserver = "https://x"\nuser_id = "@t:x"\ntriage = ["#t:x"]\ndevice_id = "D"\n',
}
"""What each chat needs beside its secret."""


LONG = CANARY * 4
"""A hook's secret has 32 characters at least."""

HOOK = '[transports.sandbox]\n[[hooks]]\nkind = "alertmanager"\nname = "prod"\n'
BESIDE = {
    ("hooks", "secret"): f'{HOOK}{{}} = "{LONG}"\n',
    ("hooks", "token"): f'{HOOK}secret = "{"x" * 40}"\nurl = "http://127.0.0.1:9093"\n{{}} = "{LONG}"\n',
    (
        "people",
        "notify",
    ): f'[transports.sandbox]\n[[people]]\nname = "Ann"\nsandbox = "ann"\n{{}} = ["ntfy://{LONG}"]\n',
}
"""Those of no chat, each in a config that holds it."""


def test_the_list_of_secrets_is_whole() -> None:
    """A new secret setting can be read from a file, and has to be looked for here; what sounds like one is one."""
    assert sorted([*(("transports", *each) for each in SECRETS), *BESIDE]) == ALL
    for chat in TABLES:
        [table] = [
            kind for kind in models(type(Settings().transports).model_fields[chat].annotation) if kind is not type(None)
        ]
        for name in table.model_fields:
            if any(word in name for word in ("token", "password", "secret", "key")) and not name.endswith("_file"):
                assert ("transports", chat, name) in ALL, name


@pytest.mark.parametrize("setting", BESIDE, ids=".".join)
def test_secrets_of_no_chat_are_known_and_hidden(setting: tuple[str, str], tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(BESIDE[setting].format(setting[1]))
    settings = load(config)
    assert any(LONG in secret for secret in secrets(settings))
    for text in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert CANARY not in text
    config.write_text(BESIDE[setting].format(setting[1]) + "nonsense = 1\n")
    with pytest.raises(ConfigError) as refused:
        load(config)
    assert CANARY not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("where", ["file", "config", "variable"])
@pytest.mark.parametrize("setting", [each for each in ALL if each[0] == "transports"], ids=".".join)
def test_every_secret_is_known_and_hidden(
    setting: tuple[str, ...], where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, chat, name = setting
    config = tmp_path / "config.toml"
    (tmp_path / "held").write_text(CANARY)
    given = {"file": f'{name}_file = "held"\n', "config": f'{name} = "{CANARY}"\n', "variable": ""}[where]
    config.write_text(f"[transports.{chat}]\n{TABLES[chat]}{given}")
    if where == "variable":
        monkeypatch.setenv(f"TOCSIN_TRANSPORTS__{chat.upper()}__{name.upper()}", CANARY)
    settings = load(config)
    assert secrets(settings) == (CANARY,)
    for text in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert CANARY not in text


@pytest.mark.parametrize(
    "wrong", ["guild = []", "unknown = 1", "triage = 3", "token = ['canary-5f2a9c']", "token = {a = 'canary-5f2a9c'}"]
)
def test_no_error_of_the_config_quotes_a_secret(wrong: str, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    table = "".join(
        row + "\n" for row in TABLES["discord"].splitlines() if row.split()[0] != wrong.split(maxsplit=1)[0]
    )
    token = "" if wrong.startswith("token") else f'token = "{CANARY}"\n'
    config.write_text(f"[transports.discord]\n{table}{token}{wrong}\n")
    with pytest.raises(ConfigError) as refused:
        load(config)
    assert CANARY not in "".join(traceback.format_exception(refused.value))


# Given while we run


@pytest.fixture
def known() -> Iterator[None]:
    redaction.start([CANARY])
    yield
    redaction.start([])


class Answer:
    """What aiohttp hands on of an answer."""

    def __init__(self, status: int) -> None:
        self.status, self.reason = status, "Bad"
        self.headers: dict[str, str] = {}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_a_server_that_quotes_a_secret_is_not_repeated(status: int) -> None:
    """These words are written on the record and shown on cards."""
    answer = nio.ErrorResponse(f"bad token {CANARY}", f"M_{CANARY}")
    answer.transport_response = Answer(status)
    assert CANARY not in str(matrix_requests.failure(answer))
    quoted = discord.HTTPException(Answer(status), {"code": 0, "message": f"bad token {CANARY}"})  # type: ignore[arg-type]
    assert CANARY not in str(discord_requests.failure(quoted))


def test_what_is_learned_is_hidden_from_then_on() -> None:
    redaction.start(["first-secret"])
    assert redaction.redact("a later-secret") == "a later-secret"
    redaction.learn("later-secret")
    assert redaction.redact("first-secret later-secret") == f"{redaction.HIDDEN} {redaction.HIDDEN}"
    redaction.start([])
    assert redaction.redact("first-secret") == "first-secret"


# Everything there is, after a whole run


@pytest_asyncio.fixture
async def on_discord(tmp_path: Path) -> AsyncIterator[discord_story.Company]:
    async with FakeDiscord() as fake, AsyncExitStack() as stack:
        fake.bot.token = "MTA.canary-of-a.token/+ü"
        yield discord_story.Company(fake, tmp_path / "bot", stack)


@pytest.mark.endure
async def test_a_whole_run_on_discord_leaves_no_secret(on_discord: discord_story.Company) -> None:
    company = on_discord
    await company.bot.start("--verbose")
    await company.play()
    company.discord.faults.fail(500, "POST", "/channels/*/messages", times=2)
    company.people["Ann"].say(company.channels["triage"], "!inc declare payments fail")
    found = await shown(company.bot)
    await company.bot.kill()
    token, company.discord.bot.token = company.discord.bot.token, "another"
    await company.bot.launch("--verbose")
    assert await company.bot.ended() == 1, "a refused token ends it"
    found |= on_disk(company.bot.home, beside=company.bot.config)
    assert "tocsin.db" in found
    assert len(found) > 15
    assert holding(["tocsin.db-no-secret", "Responders"], {"x": b"Responders"}) == {"x"}, "what is there is found"
    assert holding([token], found) == set()


@pytest.mark.endure
async def test_a_whole_run_on_matrix_leaves_no_secret(synapse: Synapse, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        company = await matrix_story.Company(synapse, tmp_path / "bot", stack).open()
        await company.bot.start("--verbose")
        await company.play()
        found = await shown(company.bot)
        [session] = [row for row in _notes(company.bot.home / "tocsin.db") if "access_token" in row]
        token = ast.literal_eval(session)["access_token"]
        await company.bot.kill()
        found |= on_disk(company.bot.home, beside=company.bot.config)
        assert holding([company.account.password], found) == set()
        # The sign-in outlives the process, so it stands in the database, which is the bot's alone, and nowhere else.
        assert {place.removesuffix("-wal") for place in holding([token], found)} == {"tocsin.db"}


def _notes(database: Path) -> list[str]:
    import sqlite3

    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as record:
        tables = [row[0] for row in record.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [str(value) for table in tables for row in record.execute(f"SELECT * FROM {table}") for value in row]


# Nothing is fetched that somebody named (SSRF)

CLIENTS = {
    "aiohttp.ClientSession", "aiohttp.request", "urllib.request", "http.client", "requests", "httpx", "socket.create_connection",
    "asyncio.open_connection", "ClientSession", "urlopen", "ftplib", "smtplib", "telnetlib", "create_connection",
}  # fmt: skip
OPENS = {
    "transports/discord_chat/client.py": "discord.Client",
    "transports/matrix_chat/session.py": "nio.AsyncClient",
}
"""The only places where a client is made: for `api_url` and `gateway_url`, and for `homeserver`."""


BESIDE_CHATS = {"bot/doctor.py", "bot/hooks.py", "bot/oncall/sources.py", "bot/web/hooks/asking.py"}
"""Where the config's own addresses are asked: `rotations.calendar` and `hooks.url`. Their tests show that no word of a chat
goes there, and Apprise (`bot/pagers.py`) is given `people.notify` alone.
"""


def dotted(function: ast.expr) -> str:
    match function:
        case ast.Name(name):
            return name
        case ast.Attribute(inner, name):
            return f"{dotted(inner)}.{name}"
        case _:
            return ""


def test_nothing_is_fetched_but_from_the_chats_of_the_config() -> None:
    """No code of ours opens a connection but to what the config names: a chat's library to its own table's addresses, and
    `BESIDE_CHATS` to a rotation's calendar and a hook's Alertmanager.
    """
    made: dict[str, set[str]] = {}
    for folder in ("bot", "core", "transports"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                name = str(file.relative_to(ROOT))
                if name in BESIDE_CHATS:
                    continue
                if isinstance(node, ast.Import | ast.ImportFrom):
                    names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
                    assert not names & CLIENTS, f"{name} imports {names & CLIENTS}"
                if isinstance(node, ast.Call):
                    called = dotted(node.func)
                    assert called not in CLIENTS, f"{name} calls {called}"
                    assert not called.endswith((".fetch_attachment", ".download", ".get_file", ".from_url")), name
                    if called in OPENS.values():
                        made.setdefault(name, set()).add(called)
    assert made == {name: {called} for name, called in OPENS.items()}
