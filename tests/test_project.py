"""The house rules that no linter knows: what the rules may import, how modules open, where packages come from."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = [path for part in ("bot", "core", "transports") for path in sorted((ROOT / part).rglob("*.py"))]

PURE = {
    "__future__",
    "abc",
    "collections",
    "collections.abc",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "itertools",
    "json",
    "math",
    "operator",
    "pydantic",
    "re",
    "string",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
    "zoneinfo",
}
"""What the rules may import beside each other: nothing that asks a clock, a disk, a network or chance."""


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""


def called(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [path for path in HOUSE if "incident" in path.parts], ids=called)
def test_the_rules_are_pure(path: Path) -> None:
    strangers = {name for name in imported(path) if name not in PURE and not name.startswith("core.incident")}
    assert strangers <= {"pydantic_core"}


CHATS = [path for path in HOUSE if path.parent.parent.name == "transports"]


@pytest.mark.parametrize("path", CHATS, ids=called)
def test_a_chat_knows_the_port_and_the_words_alone(path: Path) -> None:
    ours = {name for name in imported(path) if name.split(".")[0] in ("bot", "core", "transports")}
    allowed = re.compile(
        rf"core\.(port|redaction)|core\.incident(\..+)?|transports\.(signals|prefix|bodies|listening)|transports\.{path.parent.name}(\..+)?"
    )
    assert {name for name in ours if not allowed.fullmatch(name)} == set()


def test_the_rules_are_looked_at() -> None:
    assert len([path for path in HOUSE if "incident" in path.parts]) > 5


@pytest.mark.parametrize("path", HOUSE, ids=called)
def test_a_module_opens_with_a_sentence(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    words = ast.get_docstring(ast.parse(text))
    if path.name != "__init__.py" or text.strip():
        assert words, "a module says what lives there"
        assert re.search(r"[.:](\s|$)", words), "in a sentence"


@pytest.mark.parametrize("path", HOUSE, ids=called)
def test_a_module_is_named_for_its_subject(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "manager", "service", "base", "misc"}


def test_tests_are_flat() -> None:
    tests = ROOT / "tests"
    assert not list(tests.rglob("__init__.py")), "a package called tests.core would hide the real core"
    assert [path for path in tests.rglob("test_*.py") if path.parent != tests] == []


def test_the_lock_knows_one_registry() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://([^/\"]+)", lock)) == {"pypi.org", "files.pythonhosted.org"}


def test_every_ignored_rule_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("ignore = [")
    ignored = lines[start + 1 : lines.index("]", start)]
    assert len(ignored) > 5
    assert [line for line in ignored if " # " not in line] == []


def test_check_runs_everything_and_stops_at_the_first_failure() -> None:
    tasks = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["poe"]["tasks"]
    assert tasks["check"]["sequence"] == ["format", "lint", "types", "imports", "deps", "test", "rules"]
    assert "ignore_fail" not in tasks["check"]
    assert "not endure" in tasks["test"]["cmd"]


def test_ci_is_a_strict_script_that_runs_check_and_endure() -> None:
    script = ROOT / ".ci" / "run"
    text = script.read_text(encoding="utf-8")
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in text
    assert text.index("uv sync --locked") < text.index("poe check") < text.index("poe endure")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
