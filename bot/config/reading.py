"""From a file and the environment to settings: the file, overridden by `TOCSIN_…`, paths and secrets filled in, checked.

Rule: everything that is wrong is said at once, one line each, and no line ever holds a secret.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from bot.config.answers import answers, later, stray
from bot.config.hooks import STRONG
from bot.config.references import SECRETS, problems, table, tables
from bot.config.settings import Settings

PREFIX = "TOCSIN_"


class ConfigError(Exception):
    """The config cannot be used; `lines` is the answer, ready to be printed."""

    def __init__(self, path: Path, lines: tuple[str, ...]) -> None:
        self.lines = tuple(f"{path}: {line}" for line in lines)
        super().__init__("\n".join(self.lines))


def load(path: Path, *, with_secrets: bool = True) -> Settings:
    """The settings in force. Raises `ConfigError` with everything that is wrong.

    Without secrets none is read or missed: who looks at the record needs no password.
    """
    written = _toml(path)
    data, wrong = _merge(written, _Environment(Settings)()), _stray_variables()
    wrong += _anchor(data, path.absolute().parent)
    wrong += _read_secrets(data) if with_secrets else _stand_in(data)
    wrong += problems(data)
    try:
        settings = Settings(**data)
    except ValidationError as error:
        wrong += answers(error.errors(include_url=False, include_input=False))
    else:
        if not wrong:
            return settings
    raise ConfigError(path, tuple(dict.fromkeys(wrong)))


def secrets(settings: BaseModel) -> tuple[str, ...]:
    """Every secret in force, for the logs to leave out."""
    return tuple(_secrets(settings))


def _secrets(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        whole = value.get_secret_value()
        yield whole
        # A hook may have several, one after the other.
        yield from (part for part in whole.split() if len(part) >= STRONG and part != whole)
    elif isinstance(value, BaseModel):
        for _, inner in value:
            yield from _secrets(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _secrets(inner)


def _toml(path: Path) -> dict[str, Any]:
    text, reason = _text(path)
    if reason.startswith("cannot"):
        raise ConfigError(path, (f"{reason}; config.example.toml is a good beginning",))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, (f"is not TOML: {error}",)) from None


class _Environment(EnvSettingsSource):
    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        # What is no JSON stays as it was typed: lists may be words between commas, and a wrong value gets our answer.
        try:
            return json.loads(value)
        except ValueError:
            return value


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _merge(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def _stray_variables() -> list[str]:
    """Variables that start like ours and mean nothing; deeper levels are the models' to judge."""
    wrong = []
    for name in sorted(name for name in os.environ if name.upper().startswith(PREFIX)):
        head = name[len(PREFIX) :].partition("__")[0].lower()
        if head not in Settings.model_fields:
            wrong.append(later(head) or stray(name, head))
    return wrong


def _anchor(data: dict[str, Any], folder: Path) -> list[str]:
    """Make every path absolute, as seen from the config file's folder; the answers are about what is no path."""
    wrong = []
    if "://" in str(data.setdefault("database", "tocsin.db")):
        # Not even its scheme is repeated: an address can hold a password.
        wrong.append("database must be a path to an SQLite file in this version; other databases come later")
        data["database"] = "tocsin.db"
    data.setdefault("data_dir", "data")
    for rotation in tables(data, "rotations"):
        calendar = rotation.get("calendar")
        if isinstance(rotation, dict) and isinstance(calendar, str) and calendar and "://" not in calendar:
            rotation["calendar"] = str(folder / Path(calendar).expanduser())
    runbooks = data.setdefault("runbooks", {})
    if isinstance(runbooks, dict) and isinstance(runbooks.setdefault("folder", "runbooks"), str):
        runbooks["folder"] = str(folder / Path(runbooks["folder"]).expanduser())
    drills = data.get("drills")
    for place in (data, *_transports(data), *_hooks(data), *([drills] if isinstance(drills, dict) else [])):
        for key, value in place.items():
            if (
                isinstance(value, str)
                and value
                and (key in ("database", "data_dir", "folder") or key.endswith("_file"))
            ):
                place[key] = str(folder / Path(value).expanduser())
    return wrong


def _read_secrets(data: dict[str, Any]) -> list[str]:
    """Put the text of each `…_file` where the secret itself would stand; a secret that is given wins over its file."""
    wrong = []
    for transport, name in SECRETS:
        place = dict(table(table(data, "transports"), transport))
        file = place.get(f"{name}_file")
        if not isinstance(file, str) or not file or place.get(name):
            continue
        secret, reason = _text(Path(file))
        if reason:
            wrong.append(f"transports.{transport}.{name}_file: {file} {reason}")
        # Where only the file is at fault, the secret shall not be called missing as well.
        data["transports"] = {**data["transports"], transport: {**place, name: secret or "unread"}}
    for hook in _hooks(data):
        for name in ("secret", "token"):
            file = hook.get(f"{name}_file")
            if isinstance(file, str) and file and not hook.get(name):
                hook[name], reason = _text(Path(file))
                # Where only the file is at fault, the secret shall not be called missing or weak as well.
                hook[name] = hook[name] or "unread" * STRONG
                wrong += [f"hooks.{name}_file: {file} {reason}"] if reason else []
    return wrong


def _stand_in(data: dict[str, Any]) -> list[str]:
    """Puts a word where each chat's secret would stand, or where its file would be read."""
    for transport, name in SECRETS:
        place = dict(table(table(data, "transports"), transport))
        others = [
            other for chat, other in SECRETS if chat == transport and (place.get(other) or f"{other}_file" in place)
        ]
        if place and (place.pop(f"{name}_file", None) or (not others and name != "access_token")):
            data["transports"] = {**data["transports"], transport: {name: "unread", **place}}
    for hook in _hooks(data):
        hook.pop("secret_file", None)
        hook.pop("token_file", None)
        hook["secret"] = "unread" * STRONG
    return []


def _text(file: Path) -> tuple[str, str]:
    """What a file holds, or the reason why that is nothing."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        return "", f"cannot be read: {(error.strerror or 'unknown reason').lower()}"
    except UnicodeDecodeError:
        return "", "cannot be read: it is not text"
    return text, "" if text else "is empty"


def _hooks(data: dict[str, Any]) -> list[dict[str, Any]]:
    found = data.get("hooks")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _transports(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [place for place in table(data, "transports").values() if isinstance(place, dict)]
