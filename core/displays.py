"""Displays: makes every chat show the cards that the incidents call for, and nothing else (one lane for each channel).

Told after each commit, it computes the cards and wakes the lanes they belong to. What is over, and shown so everywhere,
is let go of: the log and the table have it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from core.activity_log import HOUSE
from core.alert_cards import AlertCards
from core.answering import Answering
from core.answers import Answer
from core.command_post import CommandPost, over
from core.copies import Copies
from core.direct_words import DirectWords
from core.entering import Entering
from core.errands import Errands
from core.house_cards import HouseCards
from core.incident.cards import Card
from core.incident.deliveries import rooms
from core.incident.events import AlertsBegun, Recorded
from core.incident.newcomers import newcomers
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef
from core.keys import bug_id
from core.lane import Lane
from core.patience import patiently, until
from core.port import Clock, Fatal, Permanent, Temporary, Transport
from core.reports import Reports
from core.rooms import Rooms
from core.shown import Key, Showing, Shown
from core.undone import Undone
from core.wanted import Wanted

WRITE_BEHIND = 0.05
"""Seconds in which changes of rows gather before they are written."""


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
        self._errands = Errands()
        self.reports = Reports(post, clock, self._errands.begin)
        self._transports = transports
        self._post = post
        self._clock = clock
        alerts = AlertCards(post.alarms, lambda: post.policy().emoji["declare"], self._letter_gone)
        self._house = HouseCards(self._letter_gone, alerts)
        self._rooms = Rooms(transports, clock, self._errands.begin, self._rooms_changed)
        self.wanted = Wanted(showing, self._house, self._rooms)
        self.copies = Copies(
            clock, self.reports, wanted=self.wanted, rooms=self._rooms, showing=showing, spawn=self._errands.begin
        )
        self._direct = DirectWords(self.reports, self._rooms, transports, self.wanted.incidents.get)
        self._lanes: dict[ChannelRef, tuple[Lane, asyncio.Task[None]]] = {}
        self._left_behind: set[str] = set()
        self._recalled: set[str] = set()
        self._touched: set[str] = set()
        self._idle: set[str] = set()
        self._gone: set[Key] = set()
        self.undone = Undone(
            showing, self.wanted, self.reports, wake=self._wake, touch=self._touch, make_again=self.make_again
        )
        self._entering = Entering(
            transports,
            clock,
            self.reports,
            spawn=self._errands.begin,
            incident=self.wanted.incidents.get,
            touch=self._touch,
        )
        self._answering = Answering(post.log, showing, clock, transports, self._give)

    # --- starting and stopping ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Compares everything once: what an earlier process left undone is done now."""
        awake = self._post.awake()
        self._rooms.seek(room for audience in self._post.policy().audiences for room in audience.rooms)
        await self.showing.load([stream for stream, _ in awake] + [HOUSE])
        self._left_behind = {stream for stream, _ in awake} | {HOUSE}
        self._recalled = set(self._left_behind)
        oldest = await self._answering.oldest()
        for stream, incident in awake:
            await self._answering.still(stream, incident, oldest)
            self.show(stream, incident, ())
        if (listed := await self._post.log.newest("digest_posted")) is not None:
            self._house.take_in(listed)
        for recorded in await self._post.log.since(oldest):
            self._house.take_in(recorded)
        self._rooms.seek(group.channel for group in self._post.alarms.groups.values())
        self._house.look(self._clock.now())
        # The house's table grows for ever; what is over is found in it when somebody acts on it.
        wanted = {card.key for card in self._house.cards}
        self.showing.forget(key for key in self.showing.keys(HOUSE) if key[1] not in wanted)
        self._house.answer_since(await self._answering.still(HOUSE, None, oldest))
        self._errands.begin(self._write_behind())

    async def stop(self) -> None:
        """Ends the lanes where they stand and writes what is known."""
        await self._errands.end()
        await self.showing.flush()

    async def _write_behind(self) -> None:
        while True:
            await self.showing.changed.wait()
            await self._clock.sleep(WRITE_BEHIND)
            self.showing.changed.clear()
            await patiently(self._clock, self.showing.flush)
            self._tidy()

    def connected(self, transport: str) -> None:
        """A chat is there: show everything in it."""
        self.wanted.connect(transport)
        self._rooms.connect(transport)
        self.show(HOUSE, None, ())
        for stream, incident in list(self.wanted.incidents.items()):
            self.show(stream, incident, ())

    def _rooms_changed(self) -> None:
        """Rooms were found, or found missing: what belongs there is shown, or told to be missing."""
        self.wanted.rooms_changed()
        self._touch(HOUSE)
        for stream, incident in list(self.wanted.incidents.items()):
            self.copies.looked(stream)
            self._direct.looked(stream)
            self.show(stream, incident, ())

    # --- being told ---------------------------------------------------------------------------------------------------

    def show(self, stream: str, incident: Incident | None, records: Sequence[Recorded]) -> None:
        """An incident is as it is now, by these records: wake the lanes that it concerns."""
        if incident is None:
            for recorded in records:
                self._house.take_in(recorded)
                if isinstance(recorded.event, AlertsBegun):
                    self._rooms.seek([recorded.event.channel])
            self._house.look(self._clock.now())
        else:
            self._take_in(stream, incident, records)
        for recorded in records:
            self._answering.answer(stream, incident, recorded)
        self._touch(stream if incident is not None else HOUSE)

    def _take_in(self, stream: str, incident: Incident, records: Sequence[Recorded]) -> None:
        if stream not in self.wanted.incidents and not any(recorded.version == 1 for recorded in records):
            self._left_behind.add(stream)
        before = self.wanted.incidents.get(stream)
        self.wanted.incidents[stream] = incident
        self._rooms.seek((*rooms(incident), *(place for _, _, place in newcomers(incident))))
        self.copies.show(stream, before, incident)
        self._direct.show(stream, incident)
        if _homeless(incident) and incident.triage.transport in self.wanted.connected:
            self._entering.begin(stream)

    def _touch(self, stream: str) -> None:
        """Wakes the lanes where an incident is shown: once for all acts of this turn of the loop, and after the answers."""
        if stream not in self._touched:
            self._touched.add(stream)
            asyncio.get_running_loop().call_soon(self._touch_now, stream)

    def _touch_now(self, stream: str) -> None:
        self._touched.discard(stream)
        places = self.wanted.places(stream)
        for channel in places:
            self._lane(channel).touch(stream)
        if not places:
            self.idle(stream)

    def _give(self, stream: str, version: int, answer: Answer) -> None:
        self._entering.say(stream, partial(self._lane(answer.channel).answer, stream, version, answer))

    def answer_given(self, stream: str, version: int) -> None:
        self._answering.given(stream, version)
        self.idle(stream)

    def make_again(self, row: Shown) -> None:
        """The card's message is gone: it is sent anew, as another generation."""
        row.message, row.hash, row.pinned, row.seeds = None, "", False, []
        row.generation += 1
        self.showing.save(row)
        self.wanted.look_again(row.stream)
        if row.channel in self._lanes:
            self._lane(row.channel).touch(row.stream)

    async def find(self, message: MessageRef) -> Shown | None:
        """The row of the card that a message is. Raises `Temporary` when the chat does not tell.

        A card may be seen, and reacted to, before its sender knows that it is there: when the answer was lost, or came
        to a process that died. Then the chat's own marks tell.
        """
        row, channel = await self.showing.find(message), message.channel
        if row is None and any(channel in self.wanted.places(stream) for stream in self.wanted.streams()):
            try:
                await self._lane(channel).history.learn()
            except Permanent:
                return None
            row = await self.showing.find(message)
        return row

    async def known(self, channel: ChannelRef) -> None:
        """Returns once the record has this channel as an incident's, or it is none that is being made.

        People see a new channel, and act in it, before its maker has the answer; also when that was an earlier process.
        """
        homeless = []
        for stream, incident in self.wanted.incidents.items():
            if incident.channel == channel:
                return
            if _homeless(incident) and incident.triage.transport == channel.transport:
                homeless.append(stream)
        for stream in homeless:
            self._entering.begin(stream)
        if homeless:
            await self._entering.known(channel)

    def bug_id(self) -> str:
        """A short name for a bug, to tell people and to find it in the log."""
        return bug_id(self._clock.now())

    # --- what lanes ask -----------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self._clock.now()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        await until(self._clock, event, seconds)

    async def written(self) -> None:
        """Raises `Temporary` where the database has failed, of which the process ends."""
        try:
            await patiently(self._clock, self.showing.flush)
        except Fatal as failure:
            raise Temporary(str(failure)) from failure

    async def recall(self, stream: str) -> None:
        """Reads what the chats show of an incident that slept when this process began."""
        if stream in self._left_behind and stream not in self._recalled:
            await patiently(self._clock, lambda: self.showing.load([stream]))
            self._recalled.add(stream)

    def left_behind(self, stream: str) -> bool:
        return stream in self._left_behind

    def entered(self, stream: str) -> None:
        self._entering.entered(stream)

    def cards(self, stream: str, channel: ChannelRef) -> list[Card]:
        # The channel and the invitations come first: a homeserver does one thing at a time, and people wait for these.
        if self._entering.holds(stream) and not self.wanted.at_home(stream, channel):
            return []
        return self.wanted.cards(stream, channel)

    def _lane(self, channel: ChannelRef) -> Lane:
        if channel not in self._lanes:
            lane = Lane(self, channel, self._transports[channel.transport])
            self._lanes[channel] = (lane, self._errands.begin(lane.run()))
        return self._lanes[channel][0]

    def delivered(self, stream: str, card: Card) -> None:
        """A copy is there; that is news where it was late."""
        if stream == HOUSE:
            if self.showing.row(stream, card.key, card.channel).hash:
                self._house.stands(card)
            return
        self.copies.delivered(stream, card)
        self._direct.delivered(stream, card)

    def undeliverable(self, stream: str, card: Card, failure: Permanent) -> None:
        self.copies.undeliverable(stream, card, failure)
        self._direct.undeliverable(stream, card, failure)

    # --- letting go ---------------------------------------------------------------------------------------------------

    def idle(self, stream: str) -> None:
        """A lane has nothing to do for a stream. When none has, and it is over, it may go once its rows are written."""
        incident = self.wanted.incidents.get(stream)
        if incident is not None and over(incident):
            self._idle.add(stream)
            self.showing.changed.set()

    def _letter_gone(self, card: Card) -> None:
        # An alert's card may have its channel by the config's name.
        self._gone.add((HOUSE, card.key, self._rooms.channel(card.channel) or card.channel))
        self.showing.changed.set()

    def _tidy(self) -> None:
        """Lets go of what is over and written; without an await, so that nothing is half gone."""
        written = {key for key in self._gone if not self.showing.unwritten(key)}
        self._gone -= written
        self.showing.forget(written)
        for _, card, channel in written:
            if channel in self._lanes:
                self._lanes[channel][0].forget(HOUSE, card)
        idle, self._idle = self._idle, set()
        for stream in idle & self.wanted.incidents.keys():
            if self._may_go(stream, self.wanted.incidents[stream]):
                self._let_go(stream, self.wanted.incidents[stream])

    def _may_go(self, stream: str, incident: Incident) -> bool:
        """Whether it is over, everywhere shown so, and nothing of it is under way."""
        return (
            over(incident)
            and self.wanted.connected >= self._transports.keys()
            and stream not in self._touched
            and not self._answering.waits(stream)
            and not self._entering.opening(stream)
            and self._rooms.answered(rooms(incident))
            and not any(lane.busy(stream) for lane, _ in self._lanes.values())
            and not any(map(self.showing.unwritten, self.showing.keys(stream)))
        )

    def _let_go(self, stream: str, incident: Incident) -> None:
        """As if this process had begun without it; whatever is done to it next reads it again."""
        own = self._lanes.get(incident.channel) if incident.channel else None
        if own is not None and not own[0].busy():
            own[1].cancel()
            self._lanes = {place: one for place, one in self._lanes.items() if one is not own}
        for lane, _ in self._lanes.values():
            lane.forget(stream)
        self.undone.forget(incident.channel)
        self._left_behind.discard(stream)
        self._recalled.discard(stream)
        self._answering.forget(stream)
        self.copies.forget(stream)
        self.showing.forget(self.showing.keys(stream))
        self.showing.forget_answered(stream)
        self.wanted.forget(stream)
        self._post.let_go(stream)

    async def _wake(self, stream: str) -> None:
        """Shows an incident again that was let go of."""
        incident = await self._post.incident(stream)
        if incident is not None and stream not in self.wanted.incidents:
            self.show(stream, incident, ())


def _homeless(incident: Incident) -> bool:
    """Whether its channel is to be made."""
    return incident.channel is None and not incident.locked
