"""What is wrong with a config, in words: the dotted key, what is expected there, and the nearest key that exists.

Rule: an answer names keys and forms, never what was written there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from bot.config.settings import LATER, Settings

EXPECTED = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be a table",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "model_type": "must be a table",
    "path_type": "must be a path",
    "string_too_short": "must not be empty",
    "string_type": "must be text in quotes",
    "time_delta_type": "must be a length of time: 60s, 15m, 2h or 7d",
    "too_short": "must not be empty",
    "tuple_type": "must be a list",
    "url_parsing": "must be an address: https://…",
    "url_scheme": "must be an address: https://…",
    "url_type": "must be an address: https://…",
}
"""The commonest mistakes in the words of a config file; the others keep pydantic's."""

PATTERNS = {
    "user_id": "@name:server",
    "matrix": "@name:server",
    "initials": "one to three letters",
    "name": "lower-case letters, figures and dashes, as in prod-alerts",
    "timestamp_header": "the name of a header, as in X-Grafana-Alerting-Timestamp",
    "guild": "a number: right-click the server, Copy Server ID",
    "discord": "a number: right-click the person, Copy User ID",
}

COUNTS = {
    "checklist": "5 lengths of time, one for each step",
    "thresholds": "at most 9 sentences: people mark them with 1️⃣ to 9️⃣",
}
"""How many entries a list has to have, where that is not just one."""


def answers(problems: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line for each of pydantic's findings."""
    found = list(problems)
    # Pydantic leaves a wrong entry out and then counts: such a list is called too short for no fault of its own.
    holes = {problem["loc"][:-1] for problem in found}
    return [answer(problem) for problem in found if problem["type"] != "too_short" or problem["loc"] not in holes]


def answer(problem: Mapping[str, Any]) -> str:
    """One line for one of pydantic's findings."""
    path, kind = dotted(problem["loc"]), problem["type"]
    if kind == "extra_forbidden":
        return later(path) or unknown(path, str(problem["loc"][-1]), keys_beside(problem["loc"]))
    if kind == "missing":
        return missing(path)
    if kind == "string_pattern_mismatch":
        return f"{path} must look like {PATTERNS[str(problem['loc'][-1])]}"
    if kind == "value_error":
        return f"{path}: {problem['ctx']['error']}"
    if kind in ("literal_error", "enum"):
        return f"{path} must be one of {problem['ctx']['expected']}"
    if kind in ("too_short", "too_long") and problem["loc"][-1] in COUNTS:
        return f"{path} must have {COUNTS[problem['loc'][-1]]}"
    if kind == "string_too_long":
        return f"{path} must have at most {problem['ctx']['max_length']} characters"
    if kind in EXPECTED:
        return f"{path} {EXPECTED[kind]}"
    return f"{path}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"


def missing(path: str) -> str:
    """A key that has to be there, and the environment variable that can carry it."""
    return f"{path} is missing; set it here or in {variable(path)}"


def variable(path: str) -> str:
    """The environment variable of a dotted key."""
    return "TOCSIN_" + path.upper().replace(".", "__")


def later(path: str) -> str | None:
    """The answer to a setting that the contract has and this version has not."""
    bare = ".".join(part.partition("[")[0] for part in path.split("."))
    return f"{path} is not in this version yet; leave it out" if bare in LATER else None


def unknown(subject: str, key: str, known: Collection[str]) -> str:
    """A key that does not exist, with the nearest that does."""
    if close := get_close_matches(key.lower(), known, n=1, cutoff=0.5):
        return f"{subject} is unknown; did you mean {subject.rpartition(key)[0]}{close[0]}?"
    return f"{subject} is unknown; known here: {', '.join(sorted(known))}"


def stray(name: str, head: str) -> str:
    """An environment variable of ours that means nothing."""
    close = get_close_matches(head, Settings.model_fields, n=1, cutoff=0.5)
    hint = f"did you mean {variable(close[0])}?" if close else "variables are named as keys are, TOCSIN_WEB__PORT"
    return f"environment variable {name} is unknown; {hint}"


def dotted(loc: tuple[int | str, ...]) -> str:
    """A place as people write it: `services[1].team`; entries of a list count from 1."""
    path = ""
    for part in loc:
        path += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def keys_beside(loc: tuple[int | str, ...]) -> frozenset[str]:
    """The keys that may stand in the table of this one."""
    shape: Any = Settings
    for part in loc[:-1]:
        model = next(_models(shape), None)
        if model is not None and isinstance(part, str) and part in model.model_fields:
            shape = model.model_fields[part].annotation
        elif get_args(shape):
            # An entry of a list or of a table with free names.
            shape = get_args(shape)[-1] if get_origin(shape) is dict else get_args(shape)[0]
    return frozenset(info.alias or name for model in _models(shape) for name, info in model.model_fields.items())


def _models(shape: Any) -> Iterator[type[BaseModel]]:
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        yield shape
    elif get_origin(shape) in (Union, UnionType):
        for inner in get_args(shape):
            yield from _models(inner)


def leaves(model: type[BaseModel] = Settings, above: str = "") -> Iterator[tuple[str, bool]]:
    """Every dotted key of the models, and whether it holds a secret; `*` stands for a free name."""
    for name, info in model.model_fields.items():
        path, shape = f"{above}{info.alias or name}", info.annotation
        inner = next(_models(shape), None)
        if inner is None and get_args(shape):
            last = next(_models(get_args(shape)[-1 if get_origin(shape) is dict else 0]), None)
            if last is not None:
                yield from leaves(last, f"{path}.*." if get_origin(shape) is dict else f"{path}.")
                continue
        if inner is not None:
            yield from leaves(inner, f"{path}.")
        else:
            yield f"{path}.*" if get_origin(shape) is dict else path, SecretStr in get_args(shape)
