"""Going into a new incident's channel: it is made, people are brought in, and what is said elsewhere waits for that.

Rule: a homeserver does one thing at a time, and people wait for the channel. Nothing waits longer than `ENTERING`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog

from core.incident import commands as c
from core.incident.state import Incident
from core.port import Bounded, ChannelPlan, Clock, Permanent, Temporary, Transport
from core.reports import Reports
from core.rests import BACKOFF

ENTERING = 2.0
"""Seconds, at most, for which what is said elsewhere waits for a channel and its invitations."""


def topic(incident: Incident) -> str:
    """The channel's topic: never live status, since Discord allows two changes in ten minutes (spec, section 4)."""
    page = incident.policy.page_url if incident.response.status_page else ""
    return f"Incident {incident.number}" + (f" · {page}" if page else "")


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

    def begin(self, stream: str) -> None:
        """Makes the incident's channel, unless that is under way."""
        if stream not in self._opening:
            self._opening.add(stream)
            self._held[stream] = []
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
                try:
                    channel = await transport.open_channel(plan)
                except Permanent as failure:
                    lacking = str(failure)
                    self._reports.right_missing(stream, lacking)
                    self.entered(stream)
                    await self._clock.sleep(BACKOFF[-1])
                except Temporary as failure:
                    self.entered(stream)
                    await self._clock.sleep(failure.retry_after or BACKOFF[min(tries, len(BACKOFF) - 1)])
                    tries += 1
                else:
                    if lacking:
                        self._reports.right_given(stream, lacking)
                    crowding = transport.crowding() if isinstance(transport, Bounded) else ""
                    opened = c.NoteChannel(channel=channel, crowding=crowding)
                    return await self._reports.hand_in(stream, opened, f"channel/{channel}/{len(incident.entries)}")
        finally:
            self._opening.discard(stream)
        return None
