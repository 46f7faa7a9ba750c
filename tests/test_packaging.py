"""What a release is made of and run by: the audit, the systemd unit, and the container's steps carried out by hand."""

from __future__ import annotations

import asyncio
import configparser
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from bot_process import ROOT, BotProcess, without_override
from running import until

PACKAGING = ROOT / "packaging"


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", PACKAGING / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# The audit

SOUND: dict[str, Any] = {"name": "Jinja2", "version": "3.1.6", "vulns": []}
BAD: dict[str, Any] = {"name": "nio", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
SKIPPED: dict[str, Any] = {"name": "nio", "skip_reason": "not found on PyPI"}


@pytest.mark.parametrize(
    ("found", "locked", "status", "line"),
    [
        ([SOUND], {"jinja2"}, 0, "1 packages audited, no known vulnerability"),
        ([SOUND, BAD], {"jinja2", "nio"}, 1, "nio 1: CVE-1, mended in 2"),
        ([BAD], {"jinja2", "nio"}, 1, "nio 1: CVE-1, mended in 2"),
        ([SOUND, SKIPPED], {"jinja2", "nio"}, 2, "not audited: 1 of 2 packages could not be looked up"),
        ([], {"jinja2"}, 2, "not audited: 1 of 1 packages could not be looked up"),
        ([], set(), 2, "not audited: 0 of 0 packages could not be looked up"),
    ],
)
def test_what_was_not_looked_up_was_not_audited(
    audit: ModuleType, found: list[dict[str, Any]], locked: set[str], status: int, line: str
) -> None:
    assert audit.verdict({"dependencies": found}, locked) == (status, [line])


@pytest.mark.endure
def test_an_audit_without_a_source_of_advisories_fails_in_one_line() -> None:
    nowhere = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(
        (sys.executable, PACKAGING / "audit.py"), capture_output=True, text=True, env={**os.environ, **nowhere}, check=False
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("not audited: ")


# systemd

HARDENED = {
    "Type": "notify", "Restart": "on-failure", "User": "tocsin", "StateDirectory": "tocsin", "UMask": "0077",
    "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes", "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "", "AmbientCapabilities": "", "MemoryDenyWriteExecute": "yes", "RestrictNamespaces": "yes",
    "SystemCallArchitectures": "native", "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX", "LimitCORE": "0",
}  # fmt: skip


def test_the_unit_is_hardened_and_holds_no_secret() -> None:
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(PACKAGING / "tocsin.service")
    service = dict(unit["Service"])
    assert {name: service.get(name) for name in HARDENED} == HARDENED
    assert int(service["WatchdogSec"]) > 5, "longer than a stall that ends by itself"
    text = (PACKAGING / "tocsin.service").read_text()
    assert "SystemCallFilter=@system-service" in text
    assert all("_FILE=" in row for row in text.splitlines() if "TOCSIN_TRANSPORTS" in row), "secrets are files"


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None and "CI" not in os.environ, reason="no systemd on this machine"
)
def test_systemd_reads_the_unit_and_finds_little_exposed(tmp_path: Path) -> None:
    unit = tmp_path / "tocsin.service"
    unit.write_text((PACKAGING / "tocsin.service").read_text().replace("/opt/tocsin/bin/tocsin", "/bin/true"))
    found = subprocess.run(("systemd-analyze", "verify", unit), capture_output=True, text=True, check=False)
    assert "tocsin.service" not in found.stdout + found.stderr
    judged = subprocess.run(
        ("systemd-analyze", "security", "--offline=true", "--threshold=20", unit), capture_output=True, check=False
    )
    assert judged.returncode == 0, "an exposure of at most 2.0 of 10"


# The container


def steps() -> list[tuple[str, str]]:
    """(instruction, what follows), lines that are continued being one."""
    text = (PACKAGING / "Containerfile").read_text().replace("\\\n", "")
    return [(row.split()[0], row.partition(" ")[2]) for row in text.splitlines() if row and not row.startswith("#")]


def test_the_image_runs_as_nobody_special_and_has_one_folder() -> None:
    last = max(number for number, (name, _) in enumerate(steps()) if name == "FROM")
    final = steps()[last:]
    assert ("USER", "10001:10001") in final
    assert [rest for name, rest in final if name == "VOLUME"] == ["/data"]
    assert [rest for name, rest in final if name == "COPY"] == ["--from=build /opt/tocsin /opt/tocsin"]
    assert not any(re.search(r"(?i)token|password|secret", rest) for _, rest in steps())
    copied = {word for name, rest in steps()[:last] if name == "COPY" for word in rest.split()[:-1]}
    let_in = {row[1:] for row in (ROOT / ".dockerignore").read_text().splitlines() if row.startswith("!")}
    assert copied == let_in, "nothing else reaches the build"
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def build(home: Path) -> Path:
    """Carries out the COPY and uv steps of the build, and takes the sources away. Gives the environment it made."""
    source, env = home / "src", home / "opt"
    source.mkdir()
    for name, rest in steps():
        if name == "COPY" and "--from" not in rest:
            for word in rest.split()[:-1]:
                (shutil.copytree if (ROOT / word).is_dir() else shutil.copy)(ROOT / word, source / word)
        if name == "RUN" and rest.startswith("uv sync"):
            given = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(env), "UV_PYTHON": sys.executable}
            given.pop("VIRTUAL_ENV", None)
            subprocess.run(shlex.split(rest), cwd=source, env=given, check=True, capture_output=True)
    shutil.rmtree(source)
    return env


def healthy(env: Path, port: int) -> bool:
    """What the image's HEALTHCHECK says."""
    [rest] = [rest for name, rest in steps() if name == "HEALTHCHECK"]
    command = json.loads(rest.partition("CMD ")[2])
    check = (env / "bin" / command[0], command[1], command[2].replace("8323", str(port)))
    return subprocess.run(check, capture_output=True, check=False).returncode == 0


@pytest.mark.endure
async def test_the_containers_steps_make_a_bot_that_writes_to_its_folder_alone(
    tmp_path: Path,
) -> None:
    """The build's own COPY and uv steps, then the image's command without a writable home or folder to work in."""
    env = build(tmp_path)
    data, locked = tmp_path / "data", tmp_path / "locked"
    data.mkdir()
    locked.mkdir(mode=0o555)
    bot = BotProcess(
        tmp_path / "etc",
        '[transports.sandbox]\nport = 0\n[audiences.customers]\nstatus_page = true\n[groups]\nresponders = ["Ann"]\n[[people]]\nname = "Ann"\nsandbox = "ann"\n',
    )
    bot.config.write_text(bot.config.read_text() + "port = 0\n")
    bot.config.parent.chmod(0o555)
    given = {
        "PATH": f"{env}/bin:{os.environ['PATH']}", "HOME": str(locked), "PYTHONDONTWRITEBYTECODE": "1",
        "TOCSIN_DATABASE": str(data / "tocsin.db"), "TOCSIN_DATA_DIR": str(data),
    }  # fmt: skip
    command = (*without_override(), str(env / "bin/tocsin"), "run", "-c", str(bot.config))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=locked, env=given, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        await until(lambda: healthy(env, bot.port), within=60)
        await until((data / "status/index.html").exists, within=60)
    finally:
        process.terminate()
        said, _ = await process.communicate()
    assert process.returncode == 0, said
    assert list(locked.iterdir()) == []
    assert {path.name for path in bot.config.parent.iterdir()} == {"config.toml"}
    assert (data / "tocsin.db").exists(), "the migrations are in the wheel"
