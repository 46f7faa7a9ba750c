"""Playing until a law breaks, as it must where a bug is planted."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from simulation import Broken, Plan, play


def found(plans: Iterable[Plan], *laws: str) -> str:
    """One of the plays breaks one of these laws; what is told of it."""
    told = []
    for plan in plans:
        try:
            play(plan)
        except Broken as error:
            told.append(str(error))
            if any(law in told[-1] for law in laws):
                return told[-1]
    pytest.fail(f"no play found it; what broke: {told}")
