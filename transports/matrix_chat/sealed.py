"""Encrypted rooms as the rest of the transport meets them: what is heard is opened, what is said is sealed.

Rule: nobody is left in silence. What cannot be read yet is kept until its key comes, and after a while its author is asked
to say it again; what was said in clear where everything else is encrypted is not acted upon, and a command is told so.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import nio
import structlog

from core.port import Clock, Fatal, Notebook, Permanent, Temporary
from transports.matrix_chat.echo import DEAF_TO_SELF, unread
from transports.matrix_chat.hearing import SPOKEN, moment_of, text_of
from transports.matrix_chat.keys import ALGORITHM, Event, Keys, Outdated, Unreadable
from transports.matrix_chat.requests import ask, state_of
from transports.matrix_chat.session import LOST_NOTE
from transports.matrix_chat.sharing import Sharing
from transports.prefix import prefix

log = structlog.get_logger(__name__)

NOTE = "unread"

PATIENCE = timedelta(seconds=60)
"""After this the author of a message without a key is asked to say it again, and it is let go."""

MOST = 500
"""Messages without a key that are kept; of a flood the oldest go."""

PAUSE = 2.0
"""Seconds between two looks at what waits for a key, while something does, and after a failure."""

OPENED = "dev.tocsin.opened"
"""What the raw form of an event says once it was decrypted."""

IN_CLEAR = (
    "🔓 This room is encrypted and your message was not, so I did not act on it. "
    "Say it again with a client that encrypts; reactions work everywhere."
)
UNREAD = "🔒 I cannot read your message from {at:%H:%M} UTC: its key did not reach me. Say it again."
LOST = (
    "🔑 My keys to encrypted rooms are gone, so I have signed in as a new device. What was said in encrypted rooms while I "
    "was away I cannot read: say it again. Cards go on as before; files that I sent are posted once more when they change."
)


class Sealed:
    """The encrypted rooms of one device. `client` raises `Temporary` while we are not connected."""

    def __init__(self, client: Callable[[], Any], keys: Keys, notebook: Notebook, clock: Clock) -> None:
        self._client = client
        self._keys = keys
        self._notebook = notebook
        self._clock = clock
        self._sharing = Sharing(client, keys, clock)
        self._plain: set[str] = set()
        self._waiting: dict[str, dict[str, Any]] = {}
        self._work = asyncio.Event()
        self._lost = False
        self.trouble = ""

    async def start(self) -> None:
        """Be somebody to whom others can send keys. Raises `Outdated` and a `TransportFailure`."""
        self._waiting = json.loads(await self._notebook.read(NOTE) or "{}")
        self._lost = await self._notebook.read(LOST_NOTE) == self._keys.device_id
        await self._sharing.upload()
        self._work.set()

    def signed_in_anew(self) -> None:
        """The device was made again under its name: its keys are published once more."""
        self._keys.olm.account.shared = False
        self._work.set()

    # Which rooms

    async def encrypted(self, room: str) -> bool:
        """Whether a room that we are in is encrypted; what once is, is for ever. Raises a `TransportFailure`."""
        if room not in self._keys.rooms and room not in self._plain:
            if await state_of(self._client(), room, "m.room.encryption"):
                self._keys.remember(room)
            else:
                self._plain.add(room)
        return room in self._keys.rooms

    # What is heard

    def take(self, batch: Any) -> None:
        """Handle what a sync says between devices, before anything that was said in rooms."""
        self._keys.take(batch.to_device_events)
        for event in batch.to_device_events:
            if isinstance(event, nio.RoomKeyRequest):
                self._sharing.again(event.room_id)
        if batch.device_key_count.signed_curve25519 is not None:
            self._keys.olm.uploaded_key_count = batch.device_key_count.signed_curve25519
        self._sharing.changed([*batch.device_list.changed])
        self._work.set()

    def note(self, room: str, event: Event) -> None:
        """Take in a piece of a room's state."""
        if event.get("type") == "m.room.encryption" and event.get("state_key") == "":
            self._keys.remember(room)
            self._plain.discard(room)
        self._sharing.note(room, event)
        self._work.set()

    async def hear(self, room: str, event: Event, *, open_until_now: bool) -> Event | None:
        """An event as it is to be understood; `None` for what is not acted upon now. Raises a `TransportFailure`.

        `open_until_now` is true for what stands before the moment at which the room became encrypted.
        """
        kind = event.get("type")
        if kind == "m.room.encrypted":
            return await self._open(room, event)
        if kind == "m.room.message" and not open_until_now and event["sender"] != self._keys.user_id:
            if not await self.encrypted(room):
                return event
            log.warning("said in clear in an encrypted room; not acted upon", room=room, sender=event["sender"])
            if _is_order(event):
                await self._keep(room, event, "clear")
            return None
        return event

    async def heard_late(self) -> list[tuple[str, Event]]:
        """What can be read by now and could not before, the oldest first; `let_go` it once it is handled."""
        found: list[tuple[str, Event]] = []
        for kept in [*self._waiting.values()]:
            if kept["why"] == "unread":
                try:
                    found.append((kept["room"], self._keys.open(kept["room"], kept["event"])))
                except Unreadable:
                    continue
        return found

    async def let_go(self, *names: str) -> None:
        """These messages are dealt with."""
        for name in names:
            self._waiting.pop(name, None)
        await self._notebook.write(NOTE, json.dumps(self._waiting))

    def look_at(self, room: str, event: Event) -> dict[str, Any]:
        """An event that was asked for, opened where that can be done; else as it is."""
        if event.get("type") != "m.room.encrypted":
            return dict(event)
        try:
            return self._keys.open(room, event)
        except Unreadable:
            return dict(event)

    async def _open(self, room: str, event: Event) -> Event | None:
        try:
            return self._keys.open(room, event)
        except Unreadable:
            pass
        try:
            if self._keys.olm.users_for_key_query:
                await self._sharing.identify([event["sender"]])
            return self._keys.open(room, event)
        except Unreadable as error:
            reason = str(error)
        if event["sender"] == self._keys.user_id:
            if event["content"].get("device_id") == self._keys.device_id:
                self._deaf(room, reason)
            return None
        log.warning("something was said that cannot be read yet", room=room, sender=event["sender"], reason=reason)
        await self._keep(room, event, "unread")
        return None

    def _deaf(self, room: str, reason: str) -> None:
        if not self.trouble:
            self.trouble = DEAF_TO_SELF
            log.error(DEAF_TO_SELF, room=room, reason=reason)

    async def _keep(self, room: str, event: Event, why: str) -> None:
        at = self._clock.now().isoformat()
        self._waiting.setdefault(event["event_id"], {"room": room, "event": dict(event), "why": why, "at": at})
        while len(self._waiting) > MOST:
            self._waiting.pop(next(iter(self._waiting)))
        await self._notebook.write(NOTE, json.dumps(self._waiting))
        self._work.set()

    # What is said

    async def sealed(self, room: str, content: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """A message's type and content as they are sent into a room. Raises a `TransportFailure`."""
        if not await self.encrypted(room):
            return "m.room.message", content
        return "m.room.encrypted", await self._sharing.seal(room, "m.room.message", content)

    async def say(self, room: str, words: str, txn: str, answer_to: str = "") -> None:
        """A notice in the bot's own name. Raises a `TransportFailure`."""
        content: dict[str, Any] = {"msgtype": "m.notice", "body": words, "m.mentions": {}}
        if answer_to:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": answer_to}}
        kind, content_sent = await self.sealed(room, content)
        await ask(self._client().room_send(room, kind, content_sent, tx_id=txn))

    # Beside it all

    async def run(self, triage: Callable[[], Mapping[str, str]]) -> None:
        """Hand keys out, and answer what waits; until cancelled. Raises `Outdated` and `Fatal`."""
        try:
            # Later, each echo is looked at as it comes (`hear`).
            if found := await unread(self._client(), self._keys):
                self._deaf(*found)
        except Fatal:
            raise
        except Exception:  # a loop's edge, design law 7: keys are handed out whatever one room's page holds
            log.exception("it could not be checked that we can read ourselves")
        told = ""
        while True:
            if not self._waiting and self.trouble == told:
                await self._work.wait()
            self._work.clear()
            failed = False
            try:
                await self._sharing.upload()
                await self._sharing.catch_up()
                await self._answer()
                if self._lost:
                    await self._tell(triage(), LOST, f"lost{self._keys.device_id}")
                    await self._notebook.write(LOST_NOTE, "")
                    self._lost = False
                if self.trouble != told:
                    await self._tell(triage(), f"⚠️ {self.trouble}", f"deaf{self._keys.device_id}")
                    told = self.trouble
            except (Temporary, Permanent) as failure:
                log.warning("an encrypted room could not be seen to; trying again", error=str(failure))
                self._work.set()
                failed = True
            except (Outdated, Fatal):
                raise
            except Exception:  # a loop's edge, design law 7: a bug here must not end the handing out of keys
                log.exception("an encrypted room could not be seen to")
            await self._clock.sleep(PAUSE if failed or self._waiting or self.trouble != told else 0.05)

    async def _tell(self, triage: Mapping[str, str], words: str, txn: str) -> None:
        for room in triage:
            await self.say(room, words, txn)

    async def _answer(self) -> None:
        now, asked = self._clock.now(), set()
        for name, kept in [*self._waiting.items()]:
            event, room = kept["event"], kept["room"]
            if kept["why"] == "unread":
                if now - datetime.fromisoformat(kept["at"]) < PATIENCE:
                    continue
                # One key may be missing for many messages: the first is named, the others go with it.
                which = (room, event["sender"], event["content"].get("session_id"))
                words = "" if which in asked else UNREAD.format(at=moment_of(event))
                asked.add(which)
            else:
                words = IN_CLEAR
            try:
                if words:
                    await self.say(room, words, f"s{name}", name)
            except Permanent as failure:
                log.warning("nobody could be told that a message was not read", room=room, error=str(failure))
            await self.let_go(name)


def encryption() -> dict[str, Any]:
    """The piece of state that makes a room encrypted."""
    return {"type": "m.room.encryption", "content": {"algorithm": ALGORITHM}}


def _is_order(event: Event) -> bool:
    content = event.get("content")
    new = content.get("m.new_content") if isinstance(content, dict) else None
    said = new if isinstance(new, dict) else content
    return isinstance(said, dict) and said.get("msgtype") in SPOKEN and prefix(text_of(said)) is not None
