"""The keys of one device: nio's Olm machine on its own SQLite file, and what it lacks to survive a kill at any moment.

Rule: what a to-device message changes is one commit. Olm's ratchets move when they read, so a key that was read and not
kept would be lost for good; what could not be kept is forgotten in memory too, and a message that is given again is known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nio
import structlog
from nio.crypto import Olm, OlmDevice
from nio.store import SqliteStore

from core.port import Fatal, TransportFailure
from transports.matrix_chat.key_file import Absent, explained, failing, has_keys, made_private, path_of

log = structlog.get_logger(__name__)

Event = Mapping[str, Any]

ALGORITHM = "m.megolm.v1.aes-sha2"

REPLAYS = 50_000
"""Messages of which it is remembered where they stand in their session, so that none is passed off as another."""

TAKEN = 1_000
"""Messages between devices that are known when they are given again: a sync has a hundred (Synapse)."""

TABLES = (
    "CREATE TABLE IF NOT EXISTS tocsin_sessions (number INTEGER PRIMARY KEY, id TEXT UNIQUE, room TEXT, key TEXT)",
    """CREATE TABLE IF NOT EXISTS tocsin_given (session TEXT, user TEXT, device TEXT, curve TEXT,
    PRIMARY KEY (session, user, device)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS tocsin_places (number INTEGER PRIMARY KEY, session TEXT, place INTEGER, event TEXT,
    UNIQUE (session, place))""",
    "CREATE TABLE IF NOT EXISTS tocsin_taken (number INTEGER PRIMARY KEY, print TEXT UNIQUE)",
)


class Unreadable(Exception):
    """An event that cannot be decrypted now; the key may still come."""


class Outdated(Exception):
    """The keys are older than what the homeserver has of this device: a backup was put back."""


class Keys:
    """The keys of one device, made when there are none.

    `known` is the signing key by which others know the device, empty when nobody does. Raises `Absent` when that is not
    the file's, and `Fatal` or `Temporary` with the line that says what is wrong with the file.
    """

    def __init__(self, folder: Path, user_id: str, device_id: str, known: str = "") -> None:
        self.user_id = user_id
        self.device_id = device_id
        self._path = path_of(folder, user_id, device_id)
        self._asked: set[tuple[str, str, str]] = set()
        self.trouble = ""
        try:
            found = self._opened(folder, known)
        except TransportFailure:
            raise
        except Exception as error:  # the disk, peewee and SQLite's driver each have their own
            raise explained(self._path, error) from error
        if not found:
            raise Absent

    def _opened(self, folder: Path, known: str) -> bool:
        if known and not has_keys(self._path, self.user_id, self.device_id):
            return False
        made_private(self._path)
        self._store = SqliteStore(self.user_id, self.device_id, str(folder), "", self._path.name)
        self._database = self._store.database
        for table in TABLES:
            self._database.execute_sql(table)
        self._load()
        self.rooms: set[str] = set(self._store.load_encrypted_rooms())
        if known in ("", self.identity):
            return True
        self.close()
        return False

    def _load(self) -> None:
        """Take up what is kept, and forget all else. Raises `Fatal` and `Temporary`."""
        try:
            self.olm = Olm(self.user_id, self.device_id, self._store)
        except Exception as error:  # vodozemac and JSON have theirs, too
            raise explained(self._path, error) from error

    def close(self) -> None:
        self._database.close()

    @property
    def identity(self) -> str:
        """The device's public signing key."""
        return str(self.olm.account.identity_keys["ed25519"])

    def remember(self, room: str) -> None:
        """A room is encrypted, for ever: no server can talk us out of it."""
        if room not in self.rooms:
            with self.atomic():
                self._store.save_encrypted_rooms({room})
            self.rooms.add(room)

    # What comes in

    def take(self, events: Iterable[Any]) -> None:
        """Handle a sync's to-device messages, each once; a bad one is left out. Raises `Fatal` and `Temporary`."""
        found = {_print(event): event for event in events}
        if not found:
            return
        run = self._database.execute_sql
        with self.atomic():
            for name, event in found.items():
                if run("INSERT OR IGNORE INTO tocsin_taken (print) VALUES (?)", (name,)).rowcount == 0:
                    continue
                try:
                    with self._database.atomic():
                        self._take(event)
                except Exception as error:  # a stranger sent it: it must not end what follows (design law 7)
                    if failing(error):
                        raise
                    log.exception("a message between devices was not understood", sender=getattr(event, "sender", ""))
            run("DELETE FROM tocsin_taken WHERE number <= (SELECT max(number) FROM tocsin_taken) - ?", (TAKEN,))

    def _take(self, event: Any) -> None:
        if isinstance(event, nio.RoomKeyRequest):
            self._asked_again(event)
        elif isinstance(event, nio.OlmEvent):
            self.olm.handle_to_device_event(event)

    def _asked_again(self, event: Any) -> None:
        """Forget that a device has a key of ours; who is in the room then gets it anew. Once for each, while we run."""
        asked = (event.session_id, event.sender, event.requesting_device_id)
        if asked not in self._asked:
            self._asked.add(asked)
            self._database.execute_sql(
                "DELETE FROM tocsin_given WHERE session = ? AND user = ? AND device = ?", tuple(asked)
            )

    def open(self, room: str, event: Event) -> dict[str, Any]:
        """An encrypted event as it reads, under the outer event's id, sender and time. Raises `Unreadable` and `Fatal`.

        One that was deleted has no words any more and reads as the empty message that it is now.
        """
        content = event.get("content")
        if not content:
            return {**event, "type": "m.room.message", "content": {}}
        try:
            clear = self._decrypt(room, event, content)
        except (Unreadable, Fatal):
            raise
        except Exception as error:  # a full disk, nio, vodozemac and a stranger's JSON each have their own
            raise Unreadable(str(error)) from error
        inner: dict[str, Any] = clear["content"]
        if "m.relates_to" in content:
            # Servers know the outer one, and gather edits and threads by it (client-server API, "m.room.encrypted").
            inner = {**inner, "m.relates_to": content["m.relates_to"]}
        opened = {**event, "type": clear["type"], "content": inner, "dev.tocsin.opened": True}
        newest = event.get("unsigned", {}).get("m.relations", {}).get("m.replace", {})
        if newest.get("type") == "m.room.encrypted":
            opened["unsigned"] = self._with_newest(room, event["unsigned"], newest)
        return opened

    def _with_newest(self, room: str, unsigned: dict[str, Any], newest: Event) -> dict[str, Any]:
        try:
            edit = self.open(room, newest)
        except Unreadable:
            edit = {}
        return {**unsigned, "m.relations": {**unsigned["m.relations"], "m.replace": edit}}

    def _decrypt(self, room: str, event: Event, content: Event) -> dict[str, Any]:
        name = str(content.get("session_id", ""))
        if content.get("algorithm") != ALGORITHM or not name:
            raise Unreadable(f"encrypted by {content.get('algorithm')}")
        # The sender's key may be left out (room versions since MSC3700): a session's id is its own public key.
        sessions = self.olm.inbound_group_store[room].values()
        session = next((held[name] for held in sessions if name in held), None)
        if session is None:
            raise Unreadable("its key has not come")
        if session.ed25519 != self.identity:
            self._prove(event["sender"], session)
        plaintext, place = session.decrypt(content["ciphertext"])
        if self._at(name, place, event["event_id"]) != event["event_id"]:
            raise Unreadable("it repeats another message")
        clear: dict[str, Any] = json.loads(plaintext)
        if clear.get("room_id") != room:
            raise Unreadable("it was written for another room")
        if not isinstance(clear.get("type"), str) or not isinstance(clear.get("content"), dict):
            raise Unreadable("it is malformed")
        return clear

    def _at(self, session: str, place: int, event: str) -> str:
        """Which event stands at a place of a session: the first that was read there, in whatever process."""
        run = self._database.execute_sql
        known = run("SELECT event FROM tocsin_places WHERE session = ? AND place = ?", (session, place)).fetchone()
        if known is not None:
            return str(known[0])
        with self.atomic():
            run("INSERT INTO tocsin_places (session, place, event) VALUES (?, ?, ?)", (session, place, event))
            run("DELETE FROM tocsin_places WHERE number <= (SELECT max(number) FROM tocsin_places) - ?", (REPLAYS,))
        return event

    def _prove(self, sender: str, session: Any) -> None:
        """The one who is said to have sent it must own the device that made the session. Raises `Unreadable`."""
        devices = self.olm.device_store[sender].values()  # those that signed out since, too
        if not any(each.curve25519 == session.sender_key and each.ed25519 == session.ed25519 for each in devices):
            self.olm.users_for_key_query.add(sender)
            raise Unreadable("no device of its sender is known to have written it")

    # What goes out

    def session(self, room: str) -> Any:
        """The session in which we write into a room, made when there is none or the old one has served its time."""
        session = self.olm.outbound_group_sessions.get(room)
        return self.rotate(room) if session is None or session.expired else session

    def rotate(self, room: str) -> Any:
        """A new session for a room."""
        with self.atomic():
            self.olm.create_outbound_group_session(room)
            session = self.olm.outbound_group_sessions[room]
            # Kept as it is at the first message: whoever comes later reads from there.
            row = (session.id, room, session.session_key)
            self._database.execute_sql("INSERT INTO tocsin_sessions (id, room, key) VALUES (?, ?, ?)", row)
        session.mark_as_shared()
        return session

    def sessions(self, room: str) -> dict[str, str]:
        """Our sessions in a room with the keys to them, the oldest first."""
        rows = self._database.execute_sql("SELECT id, key FROM tocsin_sessions WHERE room = ? ORDER BY number", (room,))
        return dict(rows.fetchall())

    def written_in(self, limit: int) -> list[str]:
        """The rooms in which we have written, the latest first."""
        ask = "SELECT room FROM tocsin_sessions GROUP BY room ORDER BY max(number) DESC LIMIT ?"
        return [row[0] for row in self._database.execute_sql(ask, (limit,))]

    def given(self, session: str) -> set[tuple[str, str, str]]:
        """Which devices have the key of a session, as (user, device, key of the device)."""
        rows = self._database.execute_sql("SELECT user, device, curve FROM tocsin_given WHERE session = ?", (session,))
        return {tuple(row) for row in rows.fetchall()}

    def give(self, session: str, devices: Iterable[OlmDevice]) -> None:
        """These devices have it."""
        with self.atomic():
            for each in devices:
                row = (session, each.user_id, each.id, each.curve25519)
                self._database.execute_sql("INSERT OR REPLACE INTO tocsin_given VALUES (?, ?, ?, ?)", row)

    def wrapped(self, device: OlmDevice, room: str, session: str, key: str) -> dict[str, Any] | None:
        """A session's key for one device, `None` while we have no channel to it."""
        channel = self.olm.session_store.get(device.curve25519)
        if channel is None:
            return None
        content = {"algorithm": ALGORITHM, "room_id": room, "session_id": session, "session_key": key}
        wrapped: dict[str, Any] = self.olm._olm_encrypt(channel, device, "m.room_key", content)  # nio's only way to it
        return wrapped

    def seal(self, room: str, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """An event's content, encrypted in the room's session."""
        self.session(room)
        sealed: dict[str, Any] = self.olm.group_encrypt(room, {"type": kind, "content": dict(content)})
        if "m.relates_to" in content:
            sealed["m.relates_to"] = content["m.relates_to"]
        return sealed

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Everything within is one commit; what cannot be kept is forgotten. Raises `Fatal` and `Temporary`."""
        try:
            with self._database.atomic():
                yield
            self.trouble = ""
        except (
            Exception
        ) as error:  # the disk, peewee and SQLite's driver each have their own; what is none of theirs goes on
            if not failing(error):
                raise
            failure = explained(self._path, error)
            self.trouble = str(failure)
            self._load()
            raise failure from error

    def devices(self, users: Collection[str]) -> list[OlmDevice]:
        """Every device of these users but this one."""
        found = [each for user in sorted(users) for each in self.olm.device_store.active_user_devices(user)]
        return [each for each in found if (each.user_id, each.id) != (self.user_id, self.device_id)]


def _print(event: Any) -> str:
    source = getattr(event, "source", None)
    return hashlib.blake2b(json.dumps(source, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()
