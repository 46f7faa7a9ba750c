"""What one part of a config says about another: names that must be people, rooms whose chat must be set up, secrets.

Rule: it reads the raw tables and passes over whatever has the wrong shape, so that one mistake hides no other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from bot.config.answers import unknown, variable
from bot.config.settings import Person, Transports
from bot.config.table import listed
from core.incident.wording import NAMES
from transports.reactions import Table

Raw = Mapping[str, Any]

SECRETS = (("discord", "token"), ("matrix", "access_token"), ("matrix", "password"))
"""The secrets of each transport; each may also come from a file (`password_file`)."""

PLACES = ("triage", re.compile(r"discord-role:\d+"), re.compile(r"@[^:\s]+:\S+"), re.compile(r"\d+"))
"""What may stand among the responders beside the names of people: a place, a Discord role, an account id."""


def table(data: Raw, name: str) -> Raw:
    """A table of the config, empty when it is absent or none."""
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def tables(data: Raw, name: str) -> list[Raw]:
    """The entries of a `[[name]]` list that are tables."""
    found = data.get(name)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list | tuple) else []


def names(data: Raw, name: str) -> list[str]:
    """A list of words."""
    try:
        found = listed(data.get(name))
    except ValueError:
        return []
    return [word for word in found if isinstance(word, str)] if isinstance(found, list | tuple) else []


def problems(data: Raw) -> list[str]:
    """One line for everything that does not fit together."""
    return [
        *_transports(data),
        *_people(data),
        *_groups(data),
        *_services(data),
        *_rotations(data),
        *_audiences(data),
        *_hooks(data),
        *_reactions(data),
        *_wording(data),
    ]


def _transports(data: Raw) -> Iterator[str]:
    transports = table(data, "transports")
    if not transports:
        yield "transports is missing; set up a chat: [transports.discord], [transports.matrix] or [transports.sandbox]"
    matrix, discord = table(transports, "matrix"), table(transports, "discord")
    if matrix.get("access_token") and not matrix.get("device_id"):
        yield (
            "transports.matrix.device_id is missing; it belongs to the access token; set it here or in "
            f"{variable('transports.matrix.device_id')}"
        )
    if "matrix" in transports and not matrix.get("access_token") and not matrix.get("password"):
        yield (
            f"transports.matrix.password is missing; put it into {variable('transports.matrix.password')} "
            "or a password_file (or give access_token with device_id)"
        )
    if "discord" in transports and not discord.get("token"):
        yield f"transports.discord.token is missing; put it into {variable('transports.discord.token')} or a token_file"


def _people(data: Raw) -> Iterator[str]:
    people = tables(data, "people")
    for name in _twice(str(person.get("name")).casefold() for person in people if person.get("name")):
        yield f"people: {_as_written(people, 'name', name)} is there twice; each person has one entry"
    for initials in _twice(str(person.get("initials")).casefold() for person in people if person.get("initials")):
        yield f"people: the initials {initials.upper()} belong to two people; initials stand beside what a person grabs"
    for key in Transports.model_fields:
        for account in _twice(str(person.get(key)) for person in people if person.get(key)):
            yield f"people: the {key} account {account} belongs to two people"
    if (breaker := _word(table(data, "roles"), "tie_breaker")) and not _known(data, breaker):
        yield f"roles.tie_breaker: {_nobody(data, breaker)}"


def _groups(data: Raw) -> Iterator[str]:
    groups = table(data, "groups")
    for group in groups:
        for word in names(groups, group):
            if _known(data, word) or (group == "responders" and _place(word)):
                continue
            forms = ", and neither `triage`, `discord-role:ID` nor an account id" if group == "responders" else ""
            yield f"groups.{group}: {_nobody(data, word)}{forms}"


def _services(data: Raw) -> Iterator[str]:
    services, groups = tables(data, "services"), table(data, "groups")
    for name in _twice(str(service.get("name")).casefold() for service in services if service.get("name")):
        yield f"services: {_as_written(services, 'name', name)} is there twice"
    for service in services:
        for word in names(service, "team"):
            if word not in groups and not _known(data, word):
                yield f"services, team of {_called(service)}: {_nobody(data, word)}, and no group"
        known = {str(one.get("name")) for one in services if one is not service}
        for word in names(service, "neighbours"):
            if word not in known:
                yield f"services, neighbours of {_called(service)}: {unknown(word, word, known)}"
        yield from _rollback(data, service)


def _rotations(data: Raw) -> Iterator[str]:
    rotations = tables(data, "rotations")
    services = [str(service.get("name")).casefold() for service in tables(data, "services")]
    for name in _twice(str(one.get("name")).casefold() for one in rotations if one.get("name")):
        yield f"rotations: {_as_written(rotations, 'name', name)} is there twice"
    for one in rotations:
        called, people, calendar = _called(one), names(one, "people"), _word(one, "calendar")
        if not people and not calendar:
            yield f'rotations, {called}: nobody is in it; write people = ["NAME"], or calendar = "FILE.ics"'
        if people and calendar:
            yield f"rotations, {called}: it has people and a calendar; leave one of them out"
        if "://" in calendar and not _fetched(calendar):
            yield f"rotations, calendar of {called}: an address begins with https://"
        yield from _in_rotation(data, one)
        if (service := _word(one, "service")) and service.casefold() not in services:
            yield f"rotations, service of {called}: there is no service {service} in [[services]]"


def _in_rotation(data: Raw, one: Raw) -> Iterator[str]:
    """Names in a rotation that are nobody's."""
    backup = [] if one.get("backup") == "next" else names(one, "backup")
    for key, words in (("people", names(one, "people")), ("backup", backup)):
        for word in words:
            if word not in table(data, "groups") and not _known(data, word):
                yield f"rotations, {key} of {_called(one)}: {_nobody(data, word)}, and no group"
    for override in tables(one, "overrides"):
        if (who := _word(override, "who")) and not _known(data, who):
            yield f"rotations, overrides of {_called(one)}: {_nobody(data, who)}"


def _fetched(address: str) -> bool:
    """Whether a calendar may be had from there: what travels in clear is for this computer alone."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))


def _rollback(data: Raw, service: Raw) -> Iterator[str]:
    words = {key: word for key in ("rollback_owner", "backup") if (word := _word(service, key))}
    people = {key: _who(data, word) for key, word in words.items()}
    for key, word in words.items():
        if people[key] is None:
            yield f"services, {key} of {_called(service)}: {_nobody(data, word)}"
    backup = people.get("backup")
    if "backup" in words and service.get("rollback_owner") is None:
        yield (
            f"services, backup of {_called(service)}: there is no rollback_owner whose backup this is; "
            "name one, or leave it out"
        )
    elif backup and backup is people.get("rollback_owner"):
        yield (
            f"services, backup of {_called(service)}: {backup.get('name')} is the rollback_owner; "
            "name somebody else, or leave it out"
        )


def _audiences(data: Raw) -> Iterator[str]:
    transports, audiences = table(data, "transports"), table(data, "audiences")
    for name in audiences:
        for room in names(table(audiences, name), "rooms"):
            chat, colon, rest = room.partition(":")
            if chat not in Transports.model_fields or not colon or not rest.strip():
                yield f"audiences.{name}.rooms: {room} needs its chat in front, as in matrix:#support:example.org"
            elif chat not in transports:
                yield f"audiences.{name}.rooms: {room} is on {chat}, and [transports.{chat}] is not set up"


def _hooks(data: Raw) -> Iterator[str]:
    hooks = tables(data, "hooks")
    for name in _twice(str(hook.get("name")) for hook in hooks if hook.get("name")):
        yield f"hooks: {name} is there twice; each hook has a name of its own, whatever its kind"
    for number, hook in enumerate(hooks, 1):
        called = str(hook.get("name", f"number {number}"))
        if not hook.get("secret"):
            yield f"hooks, {called}: secret is missing; write it here, or its path as secret_file"
        yield from _alert_channel(data, f"hooks, channel of {called}", hook)
        for at, rule in enumerate(tables(hook, "rules"), 1):
            yield from _alert_channel(data, f"hooks, channel of rule {at} of {called}", rule)
            services = [str(one.get("name")) for one in tables(data, "services") if one.get("name")]
            service = _word(rule, "service")
            if service and service.casefold() not in [one.casefold() for one in services]:
                known = f"there are {', '.join(services)}" if services else "there are none in [[services]]"
                yield f"hooks, service of rule {at} of {called}: {service} is no service; {known}"


def _alert_channel(data: Raw, where: str, entry: Raw) -> Iterator[str]:
    """Alerts stand where incidents are declared, since 🚨 on one declares."""
    word, transports = _word(entry, "channel"), table(data, "transports")
    known = [
        f"{chat}:{name}"
        for chat in transports
        for name in names(table(transports, chat), "triage") or (["triage"] if chat == "sandbox" else [])
    ]
    if word and word not in known:
        yield f"{where}: {word} is no triage channel; there are {', '.join(known) or 'none'}"


def _twice(words: Iterator[str]) -> list[str]:
    return [word for word, count in Counter(words).items() if count > 1]


def _as_written(entries: list[Raw], key: str, folded: str) -> str:
    return next(str(entry[key]) for entry in entries if str(entry.get(key)).casefold() == folded)


def _word(entry: Raw, key: str) -> str:
    """What stands there, when it is text; what is blank, or no text, is the models' to judge."""
    found = entry.get(key)
    return found.strip() if isinstance(found, str) else ""


def _called(service: Raw) -> str:
    return str(service.get("name", "one without a name"))


def _known(data: Raw, word: str) -> bool:
    return _who(data, word) is not None


def _who(data: Raw, word: str) -> Raw | None:
    """The entry of the person that a word means."""
    name = word.strip().removeprefix("@").casefold()
    for person in tables(data, "people"):
        accounts = {(key, person.get(key)) for key in Transports.model_fields if isinstance(person.get(key), str)}
        if str(person.get("name")).casefold() == name or any(word in (i, f"{t}:{i}") for t, i in accounts):
            return person
    return None


def _place(word: str) -> bool:
    bare = word.partition(":")[2] if word.partition(":")[0] in Person.model_fields else word
    return any(bare == place if isinstance(place, str) else bool(place.fullmatch(bare)) for place in PLACES)


def _nobody(data: Raw, word: str) -> str:
    written = [str(person.get("name")) for person in tables(data, "people") if person.get("name")]
    close = get_close_matches(word.removeprefix("@").casefold(), [name.casefold() for name in written], n=1, cutoff=0.5)
    hint = f" (did you mean {next(name for name in written if name.casefold() == close[0])}?)" if close else ""
    return f"{word} is nobody in [[people]]{hint}"


def _reactions(data: Raw) -> Iterator[str]:
    written = table(data, "reactions")
    try:
        Table({action: emoji for action, emoji in written.items() if isinstance(emoji, str)})
    except ValueError as error:
        yield str(error)


def _wording(data: Raw) -> Iterator[str]:
    for name in dict.fromkeys(str(key).replace("_", "-") for key in table(data, "wording")):
        if name not in NAMES:
            yield unknown(f"wording.{name}", name, NAMES)
