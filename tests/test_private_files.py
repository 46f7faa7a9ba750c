"""Whose eyes the bot's files are for, whatever umask it was started with, and what is said of a config that all may read."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bot_process import BotProcess
from running import until

from bot.config import ConfigError, load
from bot.doctor import examine
from bot.private import enclose, exposed

CONFIG = """
[transports.sandbox]
port = 0
[audiences.customers]
status_page = true
[groups]
responders = ["Ann"]
[[people]]
name = "Ann"
sandbox = "ann"
"""
TOKEN = """
[transports.discord]
token = "canary-5f2a9c"
guild = "1"
triage = ["2"]
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[BotProcess]:
    bot = BotProcess(tmp_path / "home", CONFIG)
    bot.config.write_text(bot.config.read_text() + "port = 0\n")
    yield bot
    await bot.kill()


@pytest.mark.endure
@pytest.mark.parametrize("umask", [0o000, 0o077])
async def test_everything_is_the_bots_alone_but_the_status_page(bot: BotProcess, umask: int) -> None:
    before = os.umask(umask)
    try:
        await bot.start()
    finally:
        os.umask(before)
    page = bot.home / "data/status/index.html"
    await until(page.exists)
    rights = {str(path.relative_to(bot.home)): mode(path) for path in bot.home.rglob("*")}
    private = {name: rights[name] for name in rights if name.startswith("tocsin.db")}
    assert private == dict.fromkeys(("tocsin.db", "tocsin.db-wal", "tocsin.db-shm", "tocsin.db.lock"), 0o600)
    assert rights["data"] == 0o711, "others pass through, and see nothing"
    for path in (bot.home / "data/status").rglob("*"):
        assert mode(path) == (0o755 if path.is_dir() else 0o644), path
    assert {name for name in rights if name.startswith("data/") and not name.startswith("data/status")} == set()


def test_what_an_older_version_left_open_is_closed(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    (tmp_path / "data/postmortems").mkdir(parents=True)
    for name in ("tocsin.db", "tocsin.db-wal", "tocsin.db.lock"):
        (tmp_path / name).touch(0o666)
        (tmp_path / name).chmod(0o666)
    (tmp_path / "data/postmortems").chmod(0o755)
    enclose(load(config))
    assert {mode(tmp_path / name) for name in ("tocsin.db", "tocsin.db-wal", "tocsin.db.lock")} == {0o600}
    assert mode(tmp_path / "data/postmortems") == 0o700


async def test_a_look_of_the_doctors_leaves_the_page_open_to_a_web_server(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    before = os.umask(0o077)
    try:
        await examine(config)
    finally:
        os.umask(before)
    assert mode(tmp_path / "data/status") == 0o755
    assert mode(tmp_path / "data/postmortems") == 0o700


def test_without_a_page_nobody_passes_through(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[transports.sandbox]\nport = 0\n")
    enclose(load(config))
    assert mode(tmp_path / "data") == 0o700
    assert mode(tmp_path / "tocsin.db") == 0o600


@pytest.mark.parametrize(("rights", "told"), [(0o644, True), (0o604, True), (0o640, False), (0o600, False)])
def test_a_config_with_a_secret_that_all_may_read_is_told(tmp_path: Path, rights: int, *, told: bool) -> None:
    config = tmp_path / "config.toml"
    config.write_text(TOKEN)
    config.chmod(rights)
    line = f"{config} holds a secret and everybody on this machine may read it; chmod 600 {config}"
    assert exposed(config, load(config)) == ([line] if told else [])


def test_a_file_of_a_secret_that_all_may_read_is_told(tmp_path: Path) -> None:
    config, file = tmp_path / "config.toml", tmp_path / "token"
    config.write_text(TOKEN.replace('token = "canary-5f2a9c"', 'token_file = "token"'))
    config.chmod(0o644)
    file.write_text("canary-5f2a9c")
    file.chmod(0o644)
    assert exposed(config, load(config)) == [
        f"{file} holds a secret and everybody on this machine may read it; chmod 600 {file}"
    ]
    file.chmod(0o600)
    assert exposed(config, load(config)) == []


@pytest.mark.parametrize("key", ["secret", "token"])
def test_a_file_of_a_hooks_secret_that_all_may_read_is_told(tmp_path: Path, key: str) -> None:
    config, file = tmp_path / "config.toml", tmp_path / "hook"
    hook = f'[[hooks]]\nkind = "alertmanager"\nname = "prod"\n{key}_file = "hook"\n'
    config.write_text(f"[transports.sandbox]\n{hook}" + (f'secret = "{"s" * 40}"\n' if key == "token" else ""))
    config.chmod(0o600)
    file.write_text("canary-5f2a9c" * 4)
    file.chmod(0o644)
    assert exposed(config, load(config)) == [
        f"{file} holds a secret and everybody on this machine may read it; chmod 600 {file}"
    ]


@pytest.mark.endure
async def test_doctor_and_run_say_it(bot: BotProcess) -> None:
    bot.config.write_text(bot.config.read_text() + TOKEN.replace("guild", 'api_url = "http://127.0.0.1:9"\nguild'))
    bot.config.chmod(0o644)
    line = f"{bot.config} holds a secret and everybody on this machine may read it; chmod 600 {bot.config}"
    _, out, _ = await bot.tocsin("doctor")
    assert f"hint  {line}" in out
    await bot.launch()
    await until(lambda: any(line == said.get("event") for said in bot.logged()))
    assert "canary" not in out + bot.text()


@pytest.mark.parametrize("key", ["homeserver", "api_url", "gateway_url", "public_url", "url"])
def test_an_address_has_no_password_in_it(tmp_path: Path, key: str) -> None:
    address = ("ws" if key == "gateway_url" else "https") + "://tocsin:canary-5f2a9c@chat.example"
    tables = {
        "homeserver": f'[transports.matrix]\nuser_id = "@t:x"\ntriage = ["#t:x"]\npassword = "p"\nhomeserver = "{address}"',
        "public_url": f'[transports.sandbox]\n[web]\npublic_url = "{address}"',
        "url": f'[transports.sandbox]\n[[hooks]]\nkind = "alertmanager"\nname = "prod"\nsecret = "{"s" * 40}"\nurl = "{address}"',
    }
    config = tmp_path / "config.toml"
    config.write_text(tables.get(key, TOKEN.replace("canary-5f2a9c", "t") + f'{key} = "{address}"\n'))
    with pytest.raises(ConfigError) as refused:
        load(config)
    assert f"{key}: must be without a name and a password" in str(refused.value)
    assert "canary" not in str(refused.value)
