"""Fixtures for tests on a real Synapse: `pytest_plugins = ["conftest_matrix"]` in a test file brings them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from matrix_world import World
from synapse import Synapse


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    server = Synapse(tmp_path_factory.mktemp("synapse")).start()
    yield server
    server.stop()


@pytest_asyncio.fixture
async def world(synapse: Synapse) -> AsyncIterator[World]:
    """A bot that is not started yet, beside Ann in triage."""
    async with AsyncExitStack() as stack:
        yield await World(synapse, stack).open()
