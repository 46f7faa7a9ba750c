"""`tocsin doctor`: what is missing and how to mend it, a line for each thing looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol, runtime_checkable

import typer
from aiohttp import ClientSession

from bot.chats import A_RESPONDER, OPEN, transports, triage
from bot.config import (
    Settings,
    calendar_people,
    has_page,
    idle,
    load,
    public_url,
    responders,
    roster,
    rotations,
    secrets,
)
from bot.harmless import harmless
from bot.oncall.rota import Rota
from bot.pagers import pagers
from bot.private import enclose, exposed
from bot.runbooks.folder import Bookcase
from bot.running import calendars, quiet
from bot.web.hooks.asking import Asking, Unseen
from core.activity_log import HOUSE
from core.clock import SystemClock
from core.database import open_file
from core.incident.on_call import gaps
from core.incident.vocabulary import ChannelRef
from core.notebook import TableNotebook
from core.port import Fatal, Finding, Missing, Notebook, Transport, TransportFailure
from core.redaction import learn, redact

HINTS = {
    "matrix": "a homeserver lets an account send ten messages, then one every five seconds; its admin lifts that for the "
    'bot by POST /_synapse/admin/v1/users/USER_ID/override_ratelimit {"messages_per_second": 0, "burst_count": 0}',
}
"""What cannot be looked up from here and is worth knowing, by chat."""

PATIENCE = 20.0
"""Seconds that a chat is given to connect."""


@runtime_checkable
class Deafened(Protocol):
    """A chat with channels in which a bot hears nothing, though it is in them."""

    async def deaf_in(self, channel: ChannelRef) -> str:
        """Why nothing is heard there and what to do about it; nothing where all is well."""


@runtime_checkable
class Ranked(Protocol):
    """A chat in whose channels a bot may do more or less, as their own people say."""

    async def lacks_in(self, channel: ChannelRef) -> str:
        """What Tocsin would need there and has not; nothing where all is well. Raises a `TransportFailure`."""


@runtime_checkable
class Examined(Protocol):
    """A chat that knows better what there is to look at than whether its rooms can be read."""

    async def findings(self, rooms: Sequence[str]) -> Sequence[Finding]:
        """About all of it, these rooms of the config among it. Raises a `TransportFailure`."""


@runtime_checkable
class Sealing(Protocol):
    """A chat that encrypts."""

    async def keys_found(self) -> Sequence[Finding]:
        """Whether the keys are there, and what is not encrypted. Raises a `TransportFailure`."""


HEADS = {True: "ok  ", False: "FAIL", None: "hint"}


def _say(well: bool | None, what: str, mend: str = "") -> bool:
    # Rooms and what a chat answers are named in it, and a server's words may quote what it was sent.
    typer.echo(harmless(redact(f"{HEADS[well]}  {what}{f': {mend}' if mend else ''}")))
    return well is not False


async def examine(config: Path) -> int:
    """Looks at everything that `run` needs. Status 1 when something is missing."""
    quiet()
    settings = load(config)
    learn(*secrets(settings))
    well = [_say(True, f"config {config}")]
    for line in exposed(config, settings):
        _say(None, line)
    for line in idle(settings):
        typer.echo(f"hint  {line}")
    enclose(settings)
    database = await open_file(settings.database)
    well.append(_say(True, f"database {settings.database}"))
    if has_page(settings):
        well.append(_page(settings))
    well.append(_writable("postmortems", settings.data_dir / "postmortems"))
    well += await _hooks(settings)
    well += await _on_call(settings)
    well += _pages(settings)
    well += await _runbooks(settings)
    guarded = responders(settings, roster(settings)) is not None
    try:
        async with transports(settings, SystemClock(), look=True) as chats:
            for name, chat in chats.items():
                rooms = [room for one in settings.audiences.values() for room in one.rooms]
                here = [room.removeprefix(f"{name}:") for room in rooms if room.startswith(f"{name}:")]
                notes = _Notes(TableNotebook(database, name, SystemClock()))
                well += await _chat(chat, notes, [*triage(settings)[name], *here], guarded=guarded)
    finally:
        await database.close()
    return 0 if all(well) else 1


async def _hooks(settings: Settings) -> list[bool]:
    """Whether the senders of alerts can be asked what they still have; and where they have to send."""
    well = []
    base = public_url(settings) or f"http://{settings.web.host}:{settings.web.port}"
    async with ClientSession() as client:
        for hook in settings.hooks:
            _say(None, f"hook {hook.name}: it is sent to POST {base}/hooks/{hook.kind}/{hook.name}")
            if hook.url is None:
                continue
            look = Asking(hook, client)
            try:
                await look.started()
                groups = await look.active()
            except Unseen as failure:
                well.append(_say(False, f"hook {hook.name} at {hook.url}", f"{failure}; is url right?"))
            else:
                count = len({one.fingerprint for group in groups for one in group.alerts})
                well.append(_say(True, f"hook {hook.name} at {hook.url}: {count} alerts are active"))
    return well


GAPS = timedelta(days=14)
"""How far ahead it is looked for times when nobody is on call."""


async def _on_call(settings: Settings) -> list[bool]:
    """Whether each rotation's calendar can be had, names people of the config, and leaves nobody's time out."""
    clock, people = SystemClock(), roster(settings)
    now = clock.now()
    rota = Rota(rotations(settings, people, now.year), calendar_people(settings, people), calendars(settings), clock)
    for calendar in rota.calendars:
        await rota.fetch(calendar, keep=False)
    found, kept = rota.stretches(now), {each.rotation.name: each for each in rota.calendars}
    well = []
    for rotation in rota.rotations:
        what, one = f"rotation {rotation.name}", kept.get(rotation.name)
        if one is not None and one.reading is None:
            well.append(
                _say(False, what, f"its calendar cannot be used: {one.trouble}; until then [groups] oncall is called")
            )
            continue
        for name in one.reading.unknown if one is not None and one.reading is not None else ():
            _say(None, f"{what}: {name} names nobody", "write that name, or the mail of who attends, into [[people]]")
        empty = list(gaps(found, rotation.name, now, now + GAPS))
        if empty == [(now, now + GAPS)]:
            well.append(_say(False, what, "nobody is on in the next 14 days; [groups] oncall is called"))
            continue
        for since, until in empty[:GAPS_SHOWN]:
            _say(None, f"{what}: nobody is on {_from(since, rotation.zone)} to {_from(until, rotation.zone)}", _INSTEAD)
        well.append(_say(True, what))
    return well


GAPS_SHOWN = 3

_INSTEAD = "[groups] oncall is called then; mend the calendar, or write an override"


def _from(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %H:%M %Z}"


def _pages(settings: Settings) -> list[bool]:
    """Whether the addresses at which people are called can be read; whether one answers is seen at a page."""
    try:
        of = pagers(settings, roster(settings))
    except Fatal as wrong:
        return [_say(False, str(wrong))]
    people = [person for one in settings.people if one.notify and (person := roster(settings).named(one.name))]
    return [_say(True, f"pages of {one.name} by {', '.join(each.via for each in of(one))}") for one in people]


async def _runbooks(settings: Settings) -> list[bool]:
    """Whether the runbooks that the catalogue names are there; and which services have none, where others have some."""
    case = Bookcase(settings.runbooks.folder, SystemClock())
    await case.look()
    shelf, well = case.shelf(), []
    named = [one for one in settings.services if one.runbook and "://" not in one.runbook]
    for service in named:
        if shelf.for_service(service.name, service.runbook or "") is None:
            mend = f"there is no {service.runbook} in {settings.runbooks.folder}"
            well.append(_say(False, f"runbook of {service.name}", mend))
    if shelf.books or named:
        well.append(_say(True, f"runbooks in {settings.runbooks.folder}: {len(shelf.books)}"))
        without = [one.name for one in settings.services if not one.runbook and shelf.for_service(one.name) is None]
        for name in without:
            _say(None, f"{name} has no runbook", f"write {settings.runbooks.folder / f'{name}.md'}")
    return well


def _writable(what: str, folder: Path) -> bool:
    """Whether files can be written where they shall be."""
    try:
        # As `run` makes them: whatever the umask, the page is for any web server on the machine.
        if not folder.is_dir():
            folder.mkdir(parents=True)
            folder.chmod(0o700 if folder.name == "postmortems" else 0o755)
        with NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        return _say(False, f"{what} in {folder}", f"it cannot be written: {error.strerror or error}")
    return _say(True, f"{what} in {folder}")


def _page(settings: Settings) -> bool:
    """Whether the status page can be written where it shall be, and is linked to."""
    if not settings.web.public_url:
        _say(
            None,
            "web.public_url is not set, so the feed's links lead nowhere",
            "write where the page is reached from outside",
        )
    return _writable("status page", settings.data_dir / "status")


class _Notes:
    """The bot's notes, read and never changed: a look must not move its cursor past what people said."""

    def __init__(self, kept: Notebook) -> None:
        self._kept = kept
        self._new: dict[str, str] = {}

    async def read(self, key: str) -> str | None:
        return self._new.get(key) or await self._kept.read(key)

    async def heard(self, prefix: str) -> tuple[str, ...]:
        return await self._kept.heard(prefix)

    async def write(self, key: str, value: str) -> None:
        self._new[key] = value


async def _ignore(_signal: object) -> None:
    """What is heard here is left for the bot itself, whose cursor stays where it is."""


async def _chat(chat: Transport, notes: Notebook, rooms: list[str], *, guarded: bool) -> list[bool]:
    ready = asyncio.Event()
    running = asyncio.create_task(chat.run(_ignore, notes, ready.set))
    waiting = asyncio.create_task(ready.wait())
    try:
        done, _ = await asyncio.wait((running, waiting), timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if running in done:
            return [_say(False, chat.name, str(running.exception() or "it ended"))]
        if not done:
            return [_say(False, chat.name, f"no connection within {PATIENCE:.0f} s; is the address right?")]
        well = [_say(True, f"{chat.name} is connected")]
        well += await _look(chat, rooms)
        if isinstance(chat, Sealing):
            well += [_say(each.well, f"{chat.name} {each.what}", each.mend) for each in await _sealing(chat)]
        if not guarded:
            well.append(await _triage_is_closed(chat))
        if chat.name in HINTS:
            typer.echo(f"hint  {HINTS[chat.name]}")
        return well
    finally:
        for task in (running, waiting):
            task.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)


async def _look(chat: Transport, rooms: list[str]) -> list[bool]:
    if not isinstance(chat, Examined):
        return [await _room(chat, room) for room in rooms]
    try:
        found = await chat.findings(rooms)
    except TransportFailure as failure:
        return [_say(False, chat.name, str(failure))]
    return [_say(each.well, f"{chat.name} {each.what}", each.mend) for each in found]


async def _sealing(chat: Sealing) -> Sequence[Finding]:
    try:
        return await chat.keys_found()
    except TransportFailure as failure:
        return [Finding(False, "keys of encrypted rooms", str(failure))]


async def _room(chat: Transport, room: str) -> bool:
    try:
        channel = await chat.resolve(room)
        # An id is a name without a look; reading what the bot last said there needs the bot to be in the room.
        await chat.marked(channel, HOUSE, 0, SystemClock().now())
        wrong = await chat.deaf_in(channel) if isinstance(chat, Deafened) else ""
        if not wrong and isinstance(chat, Ranked) and (lacks := await chat.lacks_in(channel)):
            wrong = f"Tocsin lacks {lacks}"
    except Missing as missing:
        return _say(False, f"{chat.name} room {room}", f"{missing}; invite the bot, or mend the name")
    except TransportFailure as failure:
        return _say(False, f"{chat.name} room {room}", str(failure))
    return _say(not wrong, f"{chat.name} room {room}", wrong)


async def _triage_is_closed(chat: Transport) -> bool:
    what = f"{chat.name} triage is for responders only"
    try:
        public = await chat.open_to_public()
    except Missing:
        return True  # where triage is not there, that was said
    except TransportFailure as failure:
        return _say(False, what, str(failure))
    mend = f'{public[0]} is {OPEN}; write [groups] responders = ["{A_RESPONDER[chat.name]}"]' if public else ""
    return _say(not public, what, mend)
