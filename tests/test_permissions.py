"""Who may do what, every cell of `permission_table.TABLE`, both outcomes: on the rules alone and on every chat."""

from __future__ import annotations

from pathlib import Path

import pytest
from permission_doors import RulesDoor, in_sandbox, on_discord, on_matrix
from permission_table import ANYONE, KINDS, cells, play, play_allowed, play_refused
from synapse import Synapse

pytest_plugins = ["conftest_discord", "conftest_matrix"]

EVERYONE = frozenset(KINDS)


async def test_every_cell_by_the_rules_alone() -> None:
    tried = await play(RulesDoor(), ANYONE)
    assert (len(tried.allowed), len(tried.refused)) == cells(ANYONE)


@pytest.mark.endure
async def test_every_cell_in_the_sandbox(tmp_path: Path) -> None:
    async with in_sandbox(tmp_path) as door:
        tried = await play(door)
        assert (len(tried.allowed), len(tried.refused)) == cells(EVERYONE)
        await door.finish()
        print(tried)


@pytest.mark.endure
async def test_every_cell_on_discord(tmp_path: Path) -> None:
    async with on_discord(tmp_path) as door:
        tried = await play(door)
        assert (len(tried.allowed), len(tried.refused)) == cells(EVERYONE)
        await door.finish()
        print(tried)


SHARES = 5
"""Incidents over which the refused cells are spread on Matrix, each a test."""


@pytest.mark.endure
async def test_every_allowed_cell_on_matrix(tmp_path: Path, synapse: Synapse) -> None:
    async with on_matrix(tmp_path, synapse) as door:
        tried = await play_allowed(door)
        assert len(tried.allowed) == cells(EVERYONE)[0]
        await door.finish()
        print(tried)


@pytest.mark.endure
@pytest.mark.parametrize("share", range(SHARES))
async def test_every_refused_cell_on_matrix(tmp_path: Path, synapse: Synapse, share: int) -> None:
    async with on_matrix(tmp_path, synapse) as door:
        tried = await play_refused(door, share, SHARES)
        assert len(tried.refused) == len(range(share, cells(EVERYONE)[1], SHARES))
        await door.finish()
        print(tried)
