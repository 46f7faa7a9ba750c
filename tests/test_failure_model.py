"""The README's failure model: every row ends with tests that are there, or says that it is not held."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SECTION = "## What breaks, and what holds"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (TESTS.parent / "README.md")
    .read_text(encoding="utf-8")
    .partition(SECTION)[2]
    .partition("\n## ")[0]
    .splitlines()
    if re.match(r"\| \d", line)
]
NAMED = [name for row in ROWS for name in re.findall(r"`(\w+::\w+)`", row[3])]


@cache
def _tests(module: str) -> frozenset[str]:
    tree = ast.parse((TESTS / f"{module}.py").read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    )


def test_every_row_is_there() -> None:
    assert [row[0] for row in ROWS] == [str(number) for number in range(1, 37)]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_is_shown_by_a_test_or_says_that_it_is_not_held(row: list[str]) -> None:
    _, _, holds, shown = row
    assert re.findall(r"`\w+::\w+`", shown) or holds.startswith("Not held: ")


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_is_there(name: str) -> None:
    module, _, test = name.partition("::")
    assert test in _tests(module)
