"""The drills by name: those that are shipped, a file each, and those of the house's own folder.

Rule: a scenario is data. A file that cannot be read is said in one line that names it, before anything starts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from core.incident.drill import Scenario


class Unplayable(ValueError):
    """A scenario's file is not one; the message is the one line that says which and why."""


@cache
def shipped() -> Mapping[str, Scenario]:
    """The drills that come with Tocsin; they are read once."""
    return MappingProxyType(_read(Path(__file__).parent))


def scenarios(folder: Path | None, length: timedelta | None = None) -> Mapping[str, Scenario]:
    """All of them, a house's own before one that is shipped under its name; each lasts `length`, if that is said.

    Raises `Unplayable`.
    """
    if folder is not None and not folder.is_dir():
        raise Unplayable(f"[drills] folder: there is no folder {folder}")
    known = {**shipped(), **(_read(folder) if folder else {})}
    return known if length is None else {name: one.model_copy(update={"length": length}) for name, one in known.items()}


def _read(folder: Path) -> Mapping[str, Scenario]:
    return {one.name: one for one in _each(sorted(folder.glob("*.toml")))}


def _each(files: Iterable[Path]) -> Iterable[Scenario]:
    for file in files:
        try:
            fields = tomllib.loads(file.read_text(encoding="utf-8"))
            yield Scenario.model_validate({"name": file.stem, **fields})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise Unplayable(f"the drill {file}: {where}: {first['msg']}") from None
        except (OSError, ValueError) as error:
            raise Unplayable(f"the drill {file}: {error}") from None
