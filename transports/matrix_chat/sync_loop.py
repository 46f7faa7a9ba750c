"""Our own sync loop: every event reaches the inbox once or more, in its room's order, before the cursor moves past it.

nio's `sync_forever` saves its token before it calls anybody, spins on errors, and never pages a gap; so it is not used.
A crash or a failed look-up replays the batch: the core knows acts by their source, so a repeat changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import nio
import structlog

from core.incident.vocabulary import ChannelRef
from core.port import Clock, Fatal, Inbox, Notebook, Permanent, Temporary
from transports.matrix_chat.encryption import Encryption
from transports.matrix_chat.entering import Entering
from transports.matrix_chat.hearing import Hearing, moment_of
from transports.matrix_chat.invitations import Invitations
from transports.matrix_chat.members import Members
from transports.matrix_chat.requests import SignedOut, ask, backoff
from transports.matrix_chat.sealed import Sealed
from transports.matrix_chat.session import Session
from transports.signals import ChannelLost, Signal

log = structlog.get_logger(__name__)

Event = Mapping[str, Any]

NOTE = "since"
LONG_POLL = 20_000
"""Milliseconds that the server may hold an idle sync."""
PATIENCE = 60
"""Seconds after which a sync that has not come back is given up; nio's own limit is not there for an immediate sync."""
PAGE = 100
"""Events in a timeline; Synapse gives no more, whatever is asked."""
FRESH = 600_000
"""Milliseconds: without a cursor only what is younger counts, so that a lost database does not replay last year."""
TRIES = 5
"""Failed look-ups after which a batch goes on without what they would have told: one broken room must not stop all."""
SAVE_EVERY = 30.0
"""Seconds at most between two saves of the cursor while nothing but our own echo arrives."""

REMEMBERED = 4096
"""Events of a batch that is read again are not told again."""

FILTER: dict[str, Any] = {
    "presence": {"not_types": ["*"]},
    "account_data": {"not_types": ["*"]},
    "room": {
        "timeline": {"limit": PAGE},
        "state": {"lazy_load_members": True},
        "ephemeral": {"not_types": ["*"]},
        "account_data": {"not_types": ["*"]},
    },
}


class SyncLoop:
    """Runs until cancelled."""

    def __init__(
        self,
        session: Session,
        hearing: Hearing,
        members: Members,
        entering: Entering,
        encryption: Encryption,
        *,
        sealed: Sealed | None = None,
        transport: str,
        user_id: str,
        clock: Clock,
        chance: Random,
        look: bool = False,
    ) -> None:
        self._session = session
        self._client = session.client
        self._hearing = hearing
        self._members = members
        self._entering = entering
        self._encryption = encryption
        self._sealed = sealed
        self._look = look
        self._transport = transport
        self._user_id = user_id
        self._clock = clock
        self._chance = chance
        self._heard: dict[str, None] = {}

    async def run(self, inbox: Inbox, notebook: Notebook, ready: Callable[[], None]) -> None:
        """Sync for ever. Raises `Fatal` when the account is refused."""
        async with Invitations(self._entering.invited, notebook, self._clock, self._chance) as invitations:
            await self._run(inbox, notebook, ready, invitations)

    async def _run(self, inbox: Inbox, notebook: Notebook, ready: Callable[[], None], invitations: Invitations) -> None:
        since = await notebook.read(NOTE)
        saved_at, is_ready, failures, replays = self._clock.now(), False, 0, 0
        while True:
            batch = await self._next(since, LONG_POLL if is_ready else 0)
            if batch is None:
                failures += 1
                await self._clock.sleep(backoff(failures, self._chance))
                continue
            failures = 0
            await invitations.take(
                {room: _inviter(info.invite_state, self._user_id) for room, info in batch.rooms.invite.items()}
            )
            try:
                if self._sealed is not None:
                    self._sealed.take(batch)
                told = await self._late(inbox)
                told |= await self._hear(batch, since, inbox, settle=replays >= TRIES)
            except (Temporary, Permanent) as failure:
                # The server answered the sync and not this: after a few rounds, what it will not tell goes unheard.
                replays += 1
                log.warning("a batch could not be read whole; reading it again", error=str(failure), round=replays)
                await self._clock.sleep(backoff(replays, self._chance))
                continue
            since, replays = batch.next_batch, 0
            if told or not is_ready or (self._clock.now() - saved_at).total_seconds() >= SAVE_EVERY:
                await notebook.write(NOTE, since)
                saved_at = self._clock.now()
            if not is_ready:
                is_ready = True
                ready()
                if self._look:
                    # A further sync would tell the server that what it keeps for us alone was taken.
                    await asyncio.Event().wait()

    async def _next(self, since: str | None, wait: int) -> Any:
        """The next batch after `since`, or `None` after a failure. Raises `Fatal`."""
        if since is None:
            self._client.next_batch = None  # else nio goes on from a batch of which we may have handled nothing
        try:
            # Not `wait_for`: before Python 3.12 it loses a cancellation that comes in the same turn as the answer.
            async with asyncio.timeout(PATIENCE):
                return await ask(self._client.sync(timeout=wait, since=since, sync_filter=FILTER))
        except TimeoutError:
            log.warning("sync failed", error=f"no answer within {PATIENCE} s")
        except SignedOut:
            try:
                await self._session.again()
                if self._sealed is not None:
                    self._sealed.signed_in_anew()
            except (Temporary, Permanent) as failure:
                log.warning("could not sign in anew", error=str(failure))
        except (Temporary, Permanent) as failure:
            log.warning("sync failed", error=str(failure))
        except Fatal:
            raise
        except Exception:  # a loop's edge, design law 7: nio's trouble with one event must not end the bot
            log.exception("sync stumbled")
        return None

    async def _hear(self, batch: Any, since: str | None, inbox: Inbox, *, settle: bool) -> bool:
        """Give the inbox what a batch tells, rooms beside each other; whether there was anything. Raises `Temporary`."""
        joined = batch.rooms.join.items()
        found = await asyncio.gather(*(self._events(room, info, since, settle=settle) for room, info in joined))
        for (room, info), events in zip(joined, found, strict=True):
            # Before any act is judged: who may act is as of this sync, in all rooms.
            for event in [*(each.source for each in info.state), *events]:
                self._members.note(room, event)
                if self._sealed is not None:
                    self._sealed.note(room, event)
        told = await asyncio.gather(
            *(
                self._hear_room(room, events, inbox, settle=settle)
                for (room, _), events in zip(joined, found, strict=True)
            ),
            return_exceptions=True,
        )
        for result in told:
            if isinstance(result, BaseException):
                raise result
        for room, info in batch.rooms.leave.items():
            await self._lost(room, info, inbox)
        return any(told) or bool(batch.rooms.leave)

    async def _events(self, room: str, info: Any, since: str | None, *, settle: bool) -> list[Event]:
        """A room's new events in order: the gap that the server left out, then the timeline."""
        timeline = [event.source for event in info.timeline.events]
        if since is None:
            timeline = [event for event in timeline if event.get("unsigned", {}).get("age", 0) < FRESH]
        elif info.timeline.limited and info.timeline.prev_batch:
            try:
                timeline = [*await self._gap(room, since, info.timeline.prev_batch), *timeline]
            except (Temporary, Permanent) as failure:
                if not settle:
                    raise
                log.exception("messages were missed: the server does not give them", room=room, error=str(failure))
        for event in [*(each.source for each in info.state), *timeline]:
            self._encryption.note(room, self._entering.name(room), event)
        joined = _joined_at(timeline, self._user_id)
        try:
            await self._entering.noted(room, [*(each.source for each in info.state), *timeline])
            if joined is None:
                return timeline
            await self._entering.entered(room)
        except (Temporary, Permanent) as failure:
            if not settle:
                raise
            log.exception("a room could not be looked at", room=room, error=str(failure))
        return timeline if joined is None else timeline[joined + 1 :]

    async def _gap(self, room: str, start: str, end: str) -> list[Event]:
        events: list[Event] = []
        direction = nio.MessageDirection.front
        position: str | None = start
        while position is not None and position != end:
            page = await ask(self._client.room_messages(room, position, end, direction=direction, limit=PAGE))
            events += [event.source for event in page.chunk]
            # An empty page is not the last one: what it held may be hidden from us.
            position = page.end if page.end != position else None
        return events

    async def _hear_room(self, room: str, events: list[Event], inbox: Inbox, *, settle: bool) -> bool:
        told = False
        begins = _encrypted_at(events)
        for at, raw in enumerate(events):
            name = str(raw.get("event_id", ""))
            if not name or name in self._heard:
                continue
            try:
                event = await self._opened(room, raw, open_until_now=at < begins)
                signal = await self._hearing.signal(room, event) if event is not None else None
            except (Temporary, Permanent) as failure:
                if not settle:
                    raise
                log.exception("an event was not understood", room=room, event_id=name, error=str(failure))
                signal = None
            except Fatal:
                raise
            except Exception:  # a loop's edge, design law 7: a stranger's event must not silence what follows it
                log.exception("an event was not understood", room=room, event_id=name)
                signal = None
            if signal is not None:
                await self._tell(signal, inbox)
                told = True
            self._heard[name] = None
            while len(self._heard) > REMEMBERED:
                self._heard.pop(next(iter(self._heard)))
        return told

    async def _opened(self, room: str, event: Event, *, open_until_now: bool) -> Event | None:
        if self._sealed is None or not isinstance(event.get("sender"), str):
            return event
        return await self._sealed.hear(room, event, open_until_now=open_until_now)

    async def _late(self, inbox: Inbox) -> bool:
        """Hear what could not be read when it came. Raises a `TransportFailure`."""
        if self._sealed is None:
            return False
        late = await self._sealed.heard_late()
        for room, event in late:
            try:
                signal = await self._hearing.signal(room, event)
            except (Temporary, Permanent):
                raise
            except Exception:  # a loop's edge, design law 7: a stranger's event must not silence what follows it
                log.exception("an event was not understood", room=room, event_id=event["event_id"])
                signal = None
            if signal is not None:
                await self._tell(signal, inbox)
            await self._sealed.let_go(event["event_id"])
        return bool(late)

    async def _tell(self, signal: Signal, inbox: Inbox) -> None:
        try:
            await inbox(signal)
        except Fatal:
            raise  # the process ends, and the next one hears again what this one could not handle
        except Exception:  # a loop's edge, design law 7: one act's bug must not silence the rest
            log.exception("a signal was not handled", signal=type(signal).__name__)

    async def _lost(self, room: str, info: Any, inbox: Inbox) -> None:
        ours = [e.source for e in info.timeline.events if e.source.get("state_key") == self._user_id]
        leaving = ours[-1] if ours else {}
        channel = ChannelRef(transport=self._transport, id=room)
        moment = moment_of(leaving) if leaving else self._clock.now()
        await self._tell(ChannelLost(channel, moment, f"{self._transport}:{leaving.get('event_id', room)}"), inbox)


def _inviter(state: list[Any], user_id: str) -> str:
    ours = [event.source for event in state if event.source.get("state_key") == user_id]
    return str(ours[-1].get("sender", "")) if ours else ""


def _joined_at(events: list[Event], user_id: str) -> int | None:
    """Where we last came in: what stands before it was not said to us."""
    for at in range(len(events) - 1, -1, -1):
        event = events[at]
        if event.get("type") == "m.room.member" and event.get("state_key") == user_id:
            before = event.get("unsigned", {}).get("prev_content", {}).get("membership")
            if event.get("content", {}).get("membership") == "join" and before != "join":
                return at
    return None


def _encrypted_at(events: list[Event]) -> int:
    """Where the room became encrypted: what stands before it was rightly said in clear."""
    for at, event in enumerate(events):
        if event.get("type") == "m.room.encryption" and event.get("state_key") == "":
            return 0 if event.get("unsigned", {}).get("prev_content") else at
    return 0
