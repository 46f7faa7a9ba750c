"""Discord's own OpenAPI description as a second opinion on what discord.py asks and what the fake answers.

The file (MIT, 1.2 MB) is not part of the project: `$TOCSIN_DISCORD_OPENAPI`, else `shared/data/` beside the repository
or in /work. Where it is not, nothing is checked. It is a preview: where it is wrong, a row of `KNOWN` says why.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from discord_rest import Call

NAME = "shared/data/discord-openapi.json"
WHERE = (Path(__file__).parents[2] / NAME, Path("/work") / NAME)

KNOWN: tuple[tuple[str, str], ...] = (
    (r"request .* message_reference", "discord.py sends the ids of message_reference as integers, which Discord takes"),
    (r"request .*: \d{17,20} is not", "discord.py sends some ids as integers, which Discord takes"),
    (r"request .* attachments\.\d+\.id: \d+ is not", "docs/reference#uploading-files numbers new files with integers"),
    (r"request \w+ /webhooks/.* .*'attachments': \[{'id': \d", "the same, within a union"),
    (r"request PUT /channels/{}/permissions/{} (allow|deny): '\d+' is not", "docs/resources/channel has strings here"),
    (r"answer 400 .* errors\..*\.code: '\w+' is not of type 'integer'", "docs/reference#error-messages has words here"),
    (
        r"answer 429 .*: 'code' is a required property",
        "docs/topics/rate-limits: there is a code only where it says more",
    ),
)
"""What does not fit and need not: a pattern of `what method path where: message`, and the reason."""


class Checks:
    def __init__(self, violations: list[str], *, on: bool = True) -> None:
        self._violations = violations
        self._on = on
        self.checked = 0

    def exchange(self, call: Call) -> None:
        """Hold one request and its answer against the description. What is refused for its form was ours to refuse."""
        operations = _operations() if self._on else None
        if operations is None:
            return
        key = (call.method, re.sub(r"{[^}]*}", "{}", call.template))
        if key not in operations:
            self._violations.append(f"{' '.join(key)}: not in Discord's description")
            return
        operation = operations[key]
        if call.body is not None and call.status < 400:
            self._note("request", key, validator(operation, "requestBody"), call.body)
        if call.status != 204:
            self._note(f"answer {call.status} to", key, validator(operation, str(call.status)), call.answer)

    def _note(self, what: str, key: tuple[str, str], errors_in: Callable[[Any], str] | None, found: Any) -> None:
        if errors_in is None:
            self._violations.append(f"{what} {' '.join(key)}: Discord's description has no such")
            return
        self.checked += 1
        if (error := errors_in(found)) and not _is_known(line := f"{what} {' '.join(key)} {error}"):
            self._violations.append(line)


def _is_known(line: str) -> bool:
    return any(re.match(pattern.replace("{}", r"\{\}"), line) for pattern, _ in KNOWN)


def described() -> bool:
    """Whether Discord's description is at hand."""
    return _description() is not None


@functools.cache
def _description() -> dict[str, Any] | None:
    named = os.environ.get("TOCSIN_DISCORD_OPENAPI")
    path = next((each for each in ([Path(named)] if named else WHERE) if each.exists()), None)
    return None if path is None else dict(json.loads(path.read_text()))


@functools.cache
def _operations() -> dict[tuple[str, str], str] | None:
    """The pointer of every operation, by its method and its path without names."""
    description = _description()
    if description is None:
        return None
    return {
        (
            method.upper(),
            re.sub(r"{[^}]*}", "{}", path),
        ): f"#/paths/{path.replace('~', '~0').replace('/', '~1')}/{method}"
        for path, methods in description["paths"].items()
        for method in methods
    }


@functools.cache
def validator(operation: str, part: str) -> Callable[[Any], str] | None:
    """What is wrong with a body, as a line; made once for each operation and status."""
    import jsonschema
    from jsonschema.exceptions import best_match

    description = _description()
    if description is None or (schema := _schema(description, operation, part)) is None:
        return None
    check = jsonschema.Draft202012Validator({"$ref": f"urn:discord{quote(schema, safe='#/~@')}"}, registry=_registry())

    fitting: set[str] = set()

    def errors_in(body: Any) -> str:
        # A body of the same words and other ids need not be looked at again; the list of commands takes half a second.
        words = re.sub(r"\b\d{15,21}\b", "1", json.dumps(body, sort_keys=True))
        if words in fitting or check.is_valid(body):
            fitting.add(words)
            return ""
        error = best_match(check.iter_errors(body))
        return f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}" if error else ""

    return errors_in


def _schema(description: dict[str, Any], operation: str, part: str) -> str | None:
    """The pointer of the schema of a request or of an answer."""
    pointer = f"{operation}/requestBody" if part == "requestBody" else f"{operation}/responses/{part}"
    found = _at(description, pointer)
    if found is None and part.startswith("4"):
        pointer = f"{operation}/responses/4XX"
        found = _at(description, pointer)
    if found is not None and "$ref" in found:
        pointer = found["$ref"]
        found = _at(description, pointer)
    if found is None or "application/json" not in found.get("content", {}):
        return None
    return f"{pointer}/content/application~1json/schema"


def _at(description: dict[str, Any], pointer: str) -> Any:
    found: Any = description
    for part in pointer.removeprefix("#/").split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~"))
        if found is None:
            return None
    return found


@functools.cache
def _registry() -> Any:
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    resource = DRAFT202012.create_resource(_any_of(_description()))
    empty: Registry[Any] = Registry()
    return empty.with_resource("urn:discord", resource)


def _any_of(part: Any) -> Any:
    """Its `oneOf` are unions, whose members are not disjoint; taken as `anyOf`, which is quicker too."""
    if isinstance(part, dict):
        return {("anyOf" if key == "oneOf" else key): _any_of(value) for key, value in part.items()}
    return [_any_of(each) for each in part] if isinstance(part, list) else part
