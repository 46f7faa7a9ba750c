"""Going into a new incident's channel: it is made, people are brought in, and what is said elsewhere waits for that.

Rule: a homeserver does one thing at a time, and people wait for the channel. What is to be said waits for `ENTERING` at
most. What is done in a channel that may be a new one waits until the record has it: people see it before we know of it.
"""

from __future__ import annotations

from asyncio import Event
from collections.abc import Awaitable, Callable, Mapping

import structlog

from core.incident import commands as c
from core.incident.drill import MARK
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef
from core.patience import until
from core.port import Bounded, ChannelPlan, Clock, Permanent, Temporary, Transport
from core.reports import Reports
from core.rests import BACKOFF

ENTERING = 2.0
"""Seconds, at most, for which what is said elsewhere waits for a channel and its invitations."""

DOUBT = 60.0
"""Seconds, for each incident and all in all, for which acts in a channel that nobody knows wait for the incident's."""

LOOK = 0.1
"""Seconds between two looks whether the record has the channel."""


def topic(incident: Incident) -> str:
    """The channel's topic: never live status, since Discord allows two changes in ten minutes (spec, section 4)."""
    page = incident.policy.page_url if incident.response.status_page else ""
    parts = (MARK if incident.drill else "", f"Incident {incident.number}", page)
    return " · ".join(part for part in parts if part)


class Entering:
    """The channels that are being made. `incident` looks an incident up, `touch` has it looked at everywhere."""

    def __init__(
        self,
        transports: Mapping[str, Transport],
        clock: Clock,
        reports: Reports,
        *,
        spawn: Callable[[Awaitable[None]], object],
        incident: Callable[[str], Incident | None],
        touch: Callable[[str], None],
    ) -> None:
        self._transports = transports
        self._clock = clock
        self._reports = reports
        self._spawn = spawn
        self._incident = incident
        self._touch = touch
        self._opening: set[str] = set()
        self._held: dict[str, list[Callable[[], None]]] = {}
        # What may be there already and is not on the record: the channel where the chat has named it.
        self._unrecorded: dict[str, ChannelRef | None] = {}
        self._doubted: dict[str, float] = {}
        self._sought = Event()

    def begin(self, stream: str) -> None:
        """Makes the incident's channel, unless that is under way."""
        if stream not in self._opening:
            self._opening.add(stream)
            self._held[stream] = []
            self._unrecorded[stream] = None
            self._spawn(self._open(stream))
            self._spawn(self._enter_at_last(stream))

    def opening(self, stream: str) -> bool:
        return stream in self._opening

    def holds(self, stream: str) -> bool:
        """Whether what is to be said of an incident outside of its channel waits."""
        return stream in self._held

    def say(self, stream: str, give: Callable[[], None]) -> None:
        """Does this now, or once people are in."""
        if stream in self._held:
            self._held[stream].append(give)
        else:
            give()

    def entered(self, stream: str) -> None:
        """Its people are in its new channel, or that has to wait: what is said of it elsewhere may be said."""
        waiting = self._held.pop(stream, None)
        if waiting is not None:
            for give in waiting:
                give()
            self._touch(stream)

    async def known(self, channel: ChannelRef) -> None:
        """Returns once the record has this channel as an incident's, or it is none of those that are being made."""
        self._sought.set()
        while doubtful := [stream for stream in self._unrecorded if self._may_be(stream, channel)]:
            for stream in doubtful:
                self._doubted[stream] = self._doubted.get(stream, 0.0) + LOOK
            await self._clock.sleep(LOOK)

    def _may_be(self, stream: str, channel: ChannelRef) -> bool:
        made, incident = self._unrecorded[stream], self._incident(stream)
        if made is not None or incident is None:
            return made == channel
        # An answer that was lost may have told of it.
        return incident.triage.transport == channel.transport and self._doubted.get(stream, 0.0) < DOUBT

    async def _enter_at_last(self, stream: str) -> None:
        await self._clock.sleep(ENTERING)
        self.entered(stream)

    async def _open(self, stream: str) -> None:
        """Makes the channel, for as long as it takes and is wanted; a right that is lacking is named once."""
        tries, lacking = 0, ""
        structlog.contextvars.bind_contextvars(incident=stream)
        try:
            while (incident := self._incident(stream)) is not None and not incident.locked:
                plan = ChannelPlan(
                    incident.name, incident.name, topic(incident), incident.triage, private=incident.private
                )
                transport = self._transports[incident.triage.transport]
                self._unrecorded.setdefault(stream)
                try:
                    channel = await transport.open_channel(plan)
                except Permanent as failure:
                    del self._unrecorded[stream]
                    lacking = str(failure)
                    self._reports.right_missing(stream, lacking)
                    self.entered(stream)
                    await self._clock.sleep(BACKOFF[-1])
                except Temporary as failure:
                    self.entered(stream)
                    tries = await self._rest(tries, failure)
                else:
                    self._unrecorded[stream] = channel
                    if lacking:
                        self._reports.right_given(stream, lacking)
                    crowding = transport.crowding() if isinstance(transport, Bounded) else ""
                    opened = c.NoteChannel(channel=channel, crowding=crowding)
                    return await self._reports.hand_in(stream, opened, f"channel/{channel}/{len(incident.entries)}")
        finally:
            self._opening.discard(stream)
            self._unrecorded.pop(stream, None)
            self._doubted.pop(stream, None)
        return None

    async def _rest(self, tries: int, failure: Temporary) -> int:
        """Rests after so many tries; returns how many count. Whoever waits for the channel cuts our own guess short."""
        if failure.retry_after is not None:
            await self._clock.sleep(failure.retry_after)
            return tries
        self._sought.clear()
        await until(self._clock, self._sought, BACKOFF[min(tries, len(BACKOFF) - 1)])
        return 0 if self._sought.is_set() else tries + 1
