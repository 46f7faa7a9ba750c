"""What every test file may ask for: the stage of the scenarios."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

# A check is quick; `poe fuzz` plays the same properties for longer. A loaded machine is no fault of the code.
settings.register_profile("check", max_examples=50, deadline=None)
settings.load_profile("check")

# Before they are first imported, so that what their assertions compared is shown.
pytest.register_assert_rewrite("cast", "stage")

if TYPE_CHECKING:
    from stage import Stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What may take longest begins first, so that at the end no worker is alone with it."""
    items.sort(key=_patience, reverse=True)


def _patience(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker is not None else 0.0


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The stage as it is in most scenarios: Ann on call, Bob her backup, support and leadership listening."""
    from stage import open_stage

    async with open_stage(tmp_path) as one:
        yield one
