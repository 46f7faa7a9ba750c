"""Matrix as the core's `Transport`: what to do is said here, how it is done is in the files beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import structlog

from core.incident.document import Post
from core.incident.vocabulary import Account, ChannelRef, MessageRef
from core.port import (
    ChannelPlan,
    Clock,
    Finding,
    Forbidden,
    Inbox,
    Missing,
    Notebook,
    Permanent,
    Said,
    Temporary,
    Traits,
)
from transports.matrix_chat import content
from transports.matrix_chat.encryption import DEAF, WAY_OUT, Encryption, encrypted
from transports.matrix_chat.entering import Entering
from transports.matrix_chat.hearing import Hearing, moment_of, text_of, thread_of
from transports.matrix_chat.keys import Keys, Outdated
from transports.matrix_chat.media import Media
from transports.matrix_chat.members import Members
from transports.matrix_chat.powers import powers_in
from transports.matrix_chat.requests import SignedOut, ask, backoff, event_of, reactions_on, state_of
from transports.matrix_chat.rooms import Rooms
from transports.matrix_chat.sealed import Sealed
from transports.matrix_chat.session import Session
from transports.matrix_chat.settings import MatrixSettings
from transports.matrix_chat.sync_loop import SyncLoop

log = structlog.get_logger(__name__)

TRAITS = Traits(
    seeds_choices=True,
    # Synapse keeps transaction ids for 24 hours (events_worker's clean-up); an hour is left for clocks that differ.
    resend_window=timedelta(hours=23),
)

REACTIONS = (
    "encrypted rooms: reactions are sent in clear by every client, so the homeserver sees who put which emoji on what; "
    "the words that they stand for it does not see"
)

TRIAGE_IN_CLEAR = (
    "triage {} is not encrypted: its notice repeats an encrypted incident's impact in clear; to keep it in, turn encryption "
    "on in that room, which Tocsin reads too"
)

_LOOSE = str.maketrans("", "", "\ufe0e\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
"""Variation selectors and skin tones, which clients add as they like."""


class MatrixTransport:
    """One account on one homeserver."""

    def __init__(self, settings: MatrixSettings, clock: Clock, chance: Random, name: str = "matrix") -> None:
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._name = name
        self._members = Members(name, clock)
        self._encryption = Encryption(settings.user_id, reads=settings.encrypted)
        self._entering = Entering(settings, self._members, self._encryption, lambda: self._client)
        self._media = Media(lambda: self._client, self._look)
        self._directs: dict[str, str] = {}
        self._session: Session | None = None
        self._keys: Keys | None = None
        self._sealed: Sealed | None = None
        self._outdated = False

    @property
    def name(self) -> str:
        return self._name

    @property
    def traits(self) -> Traits:
        return TRAITS

    # The connection

    async def run(self, inbox: Inbox, notebook: Notebook, ready: Callable[[], None]) -> None:
        session = Session(self._settings, notebook)
        client = session.client
        try:
            while True:
                await self._sign_in(session, notebook)
                if await self._stay(session, inbox, notebook, ready):
                    return
        finally:
            self._session = None
            self._lock_up()
            await client.close()

    async def _stay(self, session: Session, inbox: Inbox, notebook: Notebook, ready: Callable[[], None]) -> bool:
        """Listen until told to stop; false once our device's keys turn out to be of no more use. Raises `Fatal`."""
        loop = asyncio.ensure_future(self._loop(session).run(inbox, notebook, ready))
        beside = self._beside()
        try:
            await asyncio.wait({loop, beside}, return_when=asyncio.FIRST_COMPLETED)
            if loop.done():
                loop.result()
                return True
            beside.result()
        except Outdated as error:
            log.warning("the homeserver refuses our keys", error=str(error))
        finally:
            loop.cancel()
            beside.cancel()
            await asyncio.gather(loop, beside, return_exceptions=True)
        self._outdated = True
        self._lock_up()
        return False

    def _loop(self, session: Session) -> SyncLoop:
        return SyncLoop(
            session,
            Hearing(self._name, self._settings.user_id, self._look, self._account, self._aside),
            self._members,
            self._entering,
            self._encryption,
            sealed=self._sealed,
            transport=self._name,
            user_id=self._settings.user_id,
            clock=self._clock,
            chance=self._chance,
            look=self._settings.look,
        )

    def _lock_up(self) -> None:
        self._sealed = None
        if self._keys is not None:
            self._keys.close()
            self._keys = None

    def _beside(self) -> asyncio.Future[None]:
        if self._sealed is None:
            return asyncio.get_running_loop().create_future()
        return asyncio.create_task(self._sealed.run(lambda: self._entering.triage))

    async def _unlock(self, session: Session, notebook: Notebook) -> None:
        """Be somebody who can read what is encrypted. Raises a `TransportFailure`."""
        if not self._settings.encrypted or self._settings.look or self._settings.keys is None:
            return
        if self._outdated:
            await session.renew(self._settings.keys)
            self._outdated = False
        if self._keys is None:
            self._keys = await session.unlock(self._settings.keys)
        sealed = Sealed(lambda: self._client, self._keys, notebook, self._clock)
        try:
            await sealed.start()
        except Outdated as error:
            self._outdated = True
            self._lock_up()
            raise Temporary(str(error)) from error
        self._sealed = sealed

    async def _sign_in(self, session: Session, notebook: Notebook) -> None:
        """Sign in and enter the configured rooms, however long the homeserver is away. Raises `Fatal`."""
        failures = 0
        needed: Callable[[], Awaitable[None]] | None = session.start
        while True:
            try:
                if needed is not None:
                    await needed()
                needed, self._session = None, session
                if self._sealed is None:
                    await self._unlock(session, notebook)
                await self._entering.enter_all()
            except SignedOut as failure:
                needed = session.again
                log.warning("the kept session is refused; signing in anew", error=str(failure))
            except (Temporary, Permanent) as failure:
                log.warning("could not connect; trying again", error=str(failure))
            else:
                return
            failures += 1
            await self._clock.sleep(backoff(failures, self._chance))

    async def _look(self, room: str, event: str) -> dict[str, Any] | None:
        found = await event_of(self._client, room, event)
        return self._sealed.look_at(room, found) if self._sealed is not None and found is not None else found

    async def _account(self, account_id: str) -> Account:
        return await self._members.account(self._client, account_id)

    async def _aside(self, room: str, account_id: str) -> bool:
        return not self._entering.is_ours(room) and await self._rooms.of_two(room, account_id)

    @property
    def _client(self) -> Any:
        if self._session is None:
            raise Temporary(f"{self._name} is not connected")
        return self._session.client

    @property
    def _rooms(self) -> Rooms:
        return self._entering.rooms

    async def keys_found(self) -> Sequence[Finding]:
        """Whether the keys of our device are where they belong, and what stays in clear."""
        if not self._settings.encrypted or self._settings.keys is None or self._session is None:
            return []
        found = [*await self._session.keys_found(self._settings.keys), Finding(None, REACTIONS)]
        for room, name in self._entering.triage.items():
            if not await encrypted(self._client, room):
                found.append(Finding(None, TRIAGE_IN_CLEAR.format(name)))
        return found

    def trouble(self) -> str:
        """What keeps us from reading or keeping what is encrypted, or from our work in triage; nothing where all is well."""
        sealed = (self._sealed.trouble if self._sealed is not None else "") or (
            self._keys.trouble if self._keys else ""
        )
        lacks = self._entering.trouble
        return sealed or (f"Tocsin lacks {lacks}" if lacks else "")

    # Rooms

    async def resolve(self, name: str) -> ChannelRef:
        room = await self._rooms.find(name)
        await self._entering.enter(name)
        return ChannelRef(transport=self._name, id=room)

    async def direct(self, account_id: str) -> ChannelRef:
        room = await self._rooms.direct(account_id)
        self._directs[room] = account_id
        return ChannelRef(transport=self._name, id=room)

    async def open_channel(self, plan: ChannelPlan) -> ChannelRef:
        beside = plan.beside.id if plan.beside.transport == self._name and not plan.private else None
        return ChannelRef(transport=self._name, id=await self._rooms.open(plan, beside))

    async def deaf_in(self, channel: ChannelRef) -> str:
        """Why nothing is heard of what is said in a channel and what to do about it; nothing where all is well."""
        if self._settings.encrypted:
            return ""
        return f"{DEAF}; {WAY_OUT}" if await encrypted(self._client, channel.id) else ""

    async def lacks_in(self, channel: ChannelRef) -> str:
        """What Tocsin would need in a channel of the config, nothing where all is well."""
        return await self._entering.lacks_in(channel.id)

    async def invite(self, channel: ChannelRef, account_id: str) -> None:
        await self._in(channel, "invite", self._rooms.invite(channel.id, account_id))

    async def put_out(self, channel: ChannelRef, account_id: str) -> None:
        await self._in(channel, "kick", self._rooms.put_out(channel.id, account_id))

    async def set_locked(self, channel: ChannelRef, locked: bool) -> None:
        await self._in(channel, "m.room.power_levels", self._rooms.lock(channel.id, locked=locked))

    # Messages

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        if (whose := self._directs.get(channel.id)) is not None:
            # They may have left it since they were told something there.
            await self._rooms.ask_into(channel.id, whose)
        sealed = await self._is_sealed(channel)
        carried = await self._media.upload(post.file, key, sealed=sealed) if post.file is not None else None
        said = await self._say(channel, content.message(post, self._name, carried, _largest(sealed)), f"m{key}")
        self._media.sent(key)
        return said

    async def edit(self, message: MessageRef, post: Post, key: str) -> None:
        carried = await self._media.carried_by(message) if post.file is not None else None
        largest = _largest(await self._is_sealed(message.channel))
        await self._say(message.channel, content.edit(post, self._name, message.id, carried, largest), f"e{key}")

    async def _say(self, channel: ChannelRef, words: content.Content, txn: str) -> MessageRef:
        sent = await self._in(channel, "m.room.message", ask(self._send(channel.id, words, txn)))
        return MessageRef(channel=channel, id=sent.event_id)

    async def _send(self, room: str, words: content.Content, txn: str) -> Any:
        if self._sealed is None and self._settings.encrypted and self._settings.keys is not None:
            # Signed in, and the keys not taken up yet: in clear it must not go.
            raise Temporary(f"{self._name} has not taken up its keys yet")
        kind, sealed = await self._sealed.sealed(room, words) if self._sealed is not None else ("m.room.message", words)
        return await self._client.room_send(room, kind, sealed, tx_id=txn)

    async def _is_sealed(self, channel: ChannelRef) -> bool:
        # A room that we are not in any more is found out by the sending.
        try:
            return self._sealed is not None and await self._sealed.encrypted(channel.id)
        except Permanent:
            return False

    async def _in(self, channel: ChannelRef, act: str, call: Awaitable[Any]) -> Any:
        """What a request in a room answers; a right that is lacking is named, and a room that we are no longer in is
        `Missing`, not forbidden. `act` is one of `powers.ACTS`.
        """
        try:
            return await call
        except Forbidden as refused:
            if not await self._rooms.inside(channel.id):
                raise Missing(f"{self._name} is not in {channel.id}") from None
            powers = await powers_in(self._client, channel.id, self._settings.user_id)
            lacks = powers.lacking(await self._called(channel.id), act)
            raise (Forbidden(lacks) if lacks else refused) from None

    async def _called(self, room: str) -> str:
        """What people call a room."""
        name = self._entering.name(room)
        known = {} if name != room else await state_of(self._client, room, "m.room.name")
        return str(known.get("name") or name)

    async def pin(self, message: MessageRef) -> None:
        await self._in(message.channel, "m.room.pinned_events", self._rooms.pin(message.channel.id, message.id))

    async def unpin(self, message: MessageRef) -> None:
        await self._in(message.channel, "m.room.pinned_events", self._rooms.unpin(message.channel.id, message.id))

    async def react(self, message: MessageRef, emoji: str, key: str) -> None:
        relation = {"rel_type": "m.annotation", "event_id": message.id, "key": emoji}
        # The kind is part of the transaction id: in one room, an id used for a message answers with that message.
        call = self._client.room_send(message.channel.id, "m.reaction", {"m.relates_to": relation}, tx_id=f"r{key}")
        await self._in(message.channel, "m.reaction", ask(call, unless=("M_DUPLICATE_ANNOTATION",)))

    async def clear_reaction(self, message: MessageRef, emoji: str, account_id: str) -> None:
        for reaction in await reactions_on(self._client, message.channel.id, message.id):
            key = reaction.get("content", {}).get("m.relates_to", {}).get("key", "")
            if reaction.get("sender") == account_id and str(key).translate(_LOOSE) == emoji.translate(_LOOSE):
                txn = f"x{reaction['event_id']}"
                try:
                    await ask(self._client.room_redact(message.channel.id, reaction["event_id"], tx_id=txn))
                except Forbidden:
                    return  # in rooms of other people's making the bot may not; the answer to the person says it all

    async def marked(
        self, channel: ChannelRef, incident: str, number: int, since: datetime
    ) -> Mapping[str, MessageRef]:
        found: dict[str, MessageRef] = {}
        ours = {"senders": [self._settings.user_id], "types": ["m.room.message", "m.room.encrypted"]}
        start: str | None = None
        while True:
            call = self._client.room_messages(channel.id, start, limit=100, message_filter=ours)
            page = await self._in(channel, "m.room.message", ask(call))
            for event in (each.source for each in page.chunk):
                if moment_of(event) < since:
                    return found
                if self._sealed is not None:
                    event = self._sealed.look_at(channel.id, event)  # noqa: PLW2901  # the same one, readable
                said = event.get("content", {})
                mark = said.get(content.MARK)
                is_edit = said.get("m.relates_to", {}).get("rel_type") == "m.replace"
                ours_too = isinstance(mark, dict) and mark.get("incident") == incident and not is_edit
                if ours_too and isinstance(card := mark.get("card"), str):
                    found.setdefault(card, MessageRef(channel=channel, id=event["event_id"]))
            start = page.end
            if start is None:
                return found

    async def read(self, message: MessageRef) -> Said:
        event = await self._look(message.channel.id, message.id)
        if event is None or not event.get("content", {}).get("body"):
            raise Missing(f"{message} is not there any more")
        newest = event.get("unsigned", {}).get("m.relations", {}).get("m.replace", {}).get("content", {})
        new = newest.get("m.new_content")
        said = new if isinstance(new, dict) else event["content"]
        return Said(
            ref=message,
            author=await self._account(event["sender"]),
            text=text_of(said),
            at=moment_of(event),
            thread=thread_of(message.channel, event["content"]),
            ours=event["sender"] == self._settings.user_id,
        )

    # People

    async def standing(self, account_id: str) -> frozenset[str]:
        return frozenset({"triage"}) if self._members.in_triage(account_id) else frozenset()

    async def open_to_public(self) -> tuple[str, ...]:
        return tuple(
            [name for room, name in self._entering.triage.items() if await self._rooms.open_to_anyone(room)],
        )


def _largest(sealed: bool) -> int:
    return content.LARGEST_SEALED if sealed else content.LARGEST
