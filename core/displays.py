"""Displays: makes every chat show the cards that the incidents call for, and nothing else (one lane for each channel).

Told after each commit, it computes the cards and wakes the lanes they belong to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from core.activity_log import HOUSE
from core.answers import answers
from core.command_post import CommandPost
from core.desk import Chore
from core.incident import commands as c
from core.incident.cards import Card, cards, letters_of
from core.incident.events import Recorded
from core.incident.letters import Letters, after
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef
from core.keys import key
from core.lane import BACKOFF, Lane
from core.patience import patiently
from core.port import ChannelPlan, Clock, Permanent, Temporary, Transport
from core.reports import Reports
from core.shown import Showing, Shown

log = structlog.get_logger(__name__)

ANSWER_STILL = timedelta(hours=1)
"""Acts younger than this are answered after a restart that lost the place."""

WRITE_BEHIND = 0.05
"""Seconds in which changes of rows gather before they are written."""


ENTERING = 2.0
"""Seconds, at most, for which what is said elsewhere waits for a channel and its invitations."""


class Displays:
    """The reconciler of what is seen."""

    def __init__(
        self,
        transports: Mapping[str, Transport],
        post: CommandPost,
        showing: Showing,
        clock: Clock,
    ) -> None:
        self.showing = showing
        self.reports = Reports(post, clock, self._spawn)
        self.dirty = asyncio.Event()
        self._transports = transports
        self._post = post
        self._clock = clock
        self._incidents: dict[str, Incident] = {}
        self._house_letters: Letters = {}
        self._cards: dict[str, tuple[int, Mapping[ChannelRef, list[Card]]]] = {}
        self._lanes: dict[ChannelRef, Lane] = {}
        self._resolved: dict[ChannelRef, ChannelRef] = {}
        self._connected: set[str] = set()
        self._left_behind: set[str] = set()
        self._recalled: set[str] = set()
        self._answering: dict[str, set[int]] = {}
        self._asked: dict[str, int] = {}
        self._deleted: set[MessageRef] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening: set[str] = set()
        self._touched: set[str] = set()
        # What is to be said of an incident while its channel is being made, and its people are being invited.
        self._entering: dict[str, list[Callable[[], None]]] = {}

    # --- starting and stopping ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Compares everything once: what an earlier process left undone is done now."""
        awake = self._post.awake()
        await self.showing.load([stream for stream, _ in awake] + [HOUSE])
        self._left_behind = {stream for stream, _ in awake} | {HOUSE}
        self._recalled = set(self._left_behind)
        for stream, incident in awake:
            await self._answer_still(stream, incident)
            self.show(stream, incident, ())
        for recorded in await self._post.log.since(HOUSE, self._clock.now() - ANSWER_STILL):
            self._house_letters = after(self._house_letters, recorded)
        await self._answer_still(HOUSE, None)
        self._spawn(self._write_behind())

    async def _answer_still(self, stream: str, incident: Incident | None) -> None:
        after = self.showing.answered(stream)
        oldest = self._clock.now() - ANSWER_STILL
        for recorded in await self._post.log.load(stream, after or 0):
            if after is not None or recorded.heard_at >= oldest:
                self._enqueue(stream, incident, recorded)

    async def stop(self) -> None:
        """Ends the lanes where they stand and writes what is known."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.showing.flush()

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a display ended", exc_info=task.exception())

    async def _write_behind(self) -> None:
        while True:
            await self.dirty.wait()
            await self._clock.sleep(WRITE_BEHIND)
            self.dirty.clear()
            await patiently(self._clock, self.showing.flush)

    def connected(self, transport: str, resolved: Mapping[ChannelRef, ChannelRef]) -> None:
        """A chat is there, and the config's names for its rooms are these channels: show everything in it."""
        self._connected.add(transport)
        self._resolved |= resolved
        self._cards.clear()
        self.show(HOUSE, None, ())
        for stream, incident in list(self._incidents.items()):
            self.show(stream, incident, ())

    # --- being told ---------------------------------------------------------------------------------------------------

    def show(self, stream: str, incident: Incident | None, records: Sequence[Recorded]) -> None:
        """An incident is as it is now, by these records: wake the lanes that it concerns."""
        if incident is None:
            for recorded in records:
                self._house_letters = after(self._house_letters, recorded)
        else:
            self._take_in(stream, incident, records)
        for recorded in records:
            self._enqueue(stream, incident, recorded)
        self._touch(stream if incident is not None else HOUSE)

    def _take_in(self, stream: str, incident: Incident, records: Sequence[Recorded]) -> None:
        if stream not in self._incidents and not any(recorded.version == 1 for recorded in records):
            self._left_behind.add(stream)
        self._incidents[stream] = incident
        home = incident.triage.transport
        if incident.channel is None and not incident.locked and home in self._connected and stream not in self._opening:
            self._opening.add(stream)
            self._entering[stream] = []
            self._spawn(self._open_channel(stream))
            self._spawn(self._enter_at_last(stream))

    def _touch(self, stream: str) -> None:
        """Wakes the lanes where an incident is shown: once for all acts of this turn of the loop, and after the answers."""
        if stream not in self._touched:
            self._touched.add(stream)
            asyncio.get_running_loop().call_soon(self._touch_now, stream)

    def _touch_now(self, stream: str) -> None:
        self._touched.discard(stream)
        for channel in self._shown_in(stream):
            self._lane(channel).touch(stream)

    def _enqueue(self, stream: str, incident: Incident | None, recorded: Recorded) -> None:
        self._asked[stream] = recorded.version
        for answer in answers(incident, recorded):
            if answer.channel.transport in self._transports:
                self._answering.setdefault(stream, set()).add(recorded.version)
                give = partial(self._lane(answer.channel).answer, stream, recorded.version, answer)
                if stream in self._entering:
                    self._entering[stream].append(give)
                else:
                    give()
        if not self._answering.get(stream):
            self.showing.note_answered(stream, recorded.version)
            self.dirty.set()

    def answer_given(self, stream: str, version: int) -> None:
        waiting = self._answering[stream]
        waiting.discard(version)
        self.showing.note_answered(stream, min(waiting) - 1 if waiting else self._asked[stream])
        self.dirty.set()

    def make_again(self, row: Shown) -> None:
        """The card's message is gone: it is sent anew, as another generation."""
        row.message, row.hash, row.pinned, row.seeds = None, "", False, []
        row.generation += 1
        self.save(row)
        lane = self._lanes.get(row.channel)
        if lane is not None:
            lane.touch(row.stream)

    async def _open_channel(self, stream: str) -> None:
        """Makes the incident's channel, for as long as it takes; a right that is lacking is named once."""
        tries, lacking = 0, ""
        structlog.contextvars.bind_contextvars(incident=stream)
        try:
            while True:
                incident = self._incidents[stream]
                plan = ChannelPlan(incident.name, incident.name, f"Incident {incident.number}", incident.triage)
                try:
                    channel = await self._transports[incident.triage.transport].open_channel(plan)
                except Permanent as failure:
                    lacking = str(failure)
                    self.reports.right_missing(stream, lacking)
                    self.entered(stream)
                    await self._clock.sleep(BACKOFF[-1])
                except Temporary as failure:
                    self.entered(stream)
                    await self._clock.sleep(failure.retry_after or BACKOFF[min(tries, len(BACKOFF) - 1)])
                    tries += 1
                else:
                    if lacking:
                        self.reports.right_given(stream, lacking)
                    count = len(incident.entries)
                    return await self.reports.hand_in(
                        stream, c.NoteChannel(channel=channel), f"channel/{channel}/{count}"
                    )
        finally:
            self._opening.discard(stream)

    async def find(self, message: MessageRef) -> Shown | None:
        """The row of the card that a message is.

        A card may be seen, and reacted to, before its sender knows that it is there: when the answer was lost, or came
        to a process that died. Then the chat's own marks tell.
        """
        row, channel = await self.showing.find(message), message.channel
        while row is None and any(channel in self._shown_in(stream) for stream in self.streams()):
            try:
                await self._lane(channel).history.learn()
            except Temporary as failure:
                await self._clock.sleep(failure.retry_after or BACKOFF[1])
            except Permanent:
                return None
            else:
                return await self.showing.find(message)
        return row

    async def card_deleted(self, message: MessageRef) -> bool:
        """Somebody deleted one of our cards: it comes back once. False when the message is no card."""
        self._deleted.add(message)
        row = await self.showing.find(message)
        if row is None:
            return False
        if row.generation == 1 and row.message == message:
            self.make_again(row)
            # The chat tells of a deletion once: what is known of it must not be lost.
            await self.showing.flush()
        return True

    def deleted(self, message: MessageRef) -> bool:
        """Whether somebody deleted this message while this process ran."""
        return message in self._deleted

    def bug_id(self) -> str:
        """A short name for a bug, to tell people and to find it in the log."""
        return key("bug", self._clock.now().isoformat())[:8]

    # --- what lanes ask -----------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self._clock.now()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Until the event, or for so long on the clock."""
        waiting = asyncio.ensure_future(event.wait())
        resting = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((waiting, resting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            resting.cancel()

    def version(self, stream: str) -> int:
        return self._incidents[stream].version if stream in self._incidents else len(self._house_letters)

    def mark(self, stream: str) -> tuple[str, datetime]:
        """What a stream's cards bear as their mark, and since when they may stand in a channel."""
        incident = self._incidents.get(stream)
        return (incident.name, incident.declared_at) if incident else (HOUSE, self._clock.now() - ANSWER_STILL)

    async def recall(self, stream: str) -> None:
        """Reads what the chats show of an incident that slept when this process began."""
        if stream in self._left_behind and stream not in self._recalled:
            await self.showing.load([stream])
            self._recalled.add(stream)

    def save(self, row: Shown) -> None:
        """Keeps a row, and has it written soon."""
        self.showing.save(row)
        self.dirty.set()

    def streams(self) -> list[str]:
        return [*self._incidents, HOUSE]

    def left_behind(self, stream: str) -> bool:
        return stream in self._left_behind

    def at_home(self, stream: str, channel: ChannelRef) -> bool:
        """Whether this is the incident's own channel."""
        incident = self._incidents.get(stream)
        return incident is not None and incident.channel == channel

    async def _enter_at_last(self, stream: str) -> None:
        await self._clock.sleep(ENTERING)
        self.entered(stream)

    def entered(self, stream: str) -> None:
        """Its people are in its new channel, or that has to wait: what is said of it elsewhere may be said."""
        waiting = self._entering.pop(stream, None)
        if waiting is not None:
            for give in waiting:
                give()
            self._touch(stream)

    def cards(self, stream: str, channel: ChannelRef) -> list[Card]:
        # The channel and the invitations come first: a homeserver does one thing at a time, and people wait for these.
        if stream in self._entering and self._incidents[stream].channel != channel:
            return []
        return self._by_channel(stream).get(channel, [])

    def chores(self, stream: str, channel: ChannelRef) -> list[Chore]:
        """Who should be in the incident's channel, and whether people may write there."""
        incident = self._incidents.get(stream)
        if incident is None or incident.channel != channel:
            return []
        people = [person.on(channel.transport) for person in incident.people]
        wanted = [Chore(stream, f"invite/{account.id}", "in") for account in people if account is not None]
        lock = self.showing.row(stream, "lock", channel).hash
        if incident.locked or lock:
            wanted.append(Chore(stream, "lock", "locked" if incident.locked else "open"))
        return wanted

    def _by_channel(self, stream: str) -> Mapping[ChannelRef, list[Card]]:
        incident, version = self._incidents.get(stream), self.version(stream)
        known = self._cards.get(stream)
        if incident is None or known is None or known[0] != version:
            found: dict[ChannelRef, list[Card]] = {}
            for card in cards(incident) if incident else letters_of(HOUSE, self._house_letters):
                channel = self._resolved.get(card.channel, card.channel)
                if channel.transport in self._connected:
                    shown = card if channel == card.channel else replace(card, channel=channel)
                    found.setdefault(channel, []).append(shown)
            known = self._cards[stream] = (version, found)
        return known[1]

    def _shown_in(self, stream: str) -> list[ChannelRef]:
        places = list(self._by_channel(stream))
        here = self._incidents[stream].channel if stream in self._incidents else None
        if here is not None and here not in places and here.transport in self._connected:
            places.append(here)
        return places

    def _lane(self, channel: ChannelRef) -> Lane:
        lane = self._lanes.get(channel)
        if lane is None:
            lane = self._lanes[channel] = Lane(self, channel, self._transports[channel.transport])
            self._spawn(lane.run())
        return lane

    def delivered(self, stream: str, card: Card) -> None:
        """A copy is there; that is news where it was late."""
        incident = self._incidents.get(stream)
        if incident and any((late.card, late.channel) == (card.key, card.channel) for late in incident.deliveries):
            self.reports.delivered(stream, card)
