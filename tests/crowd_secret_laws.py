"""The laws of private incidents: their words reach members only, nobody but members sees a card, and nobody else acts.

Rule: who is a member is reckoned from the record's invitations; what others may see, from the spec (section 12).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from crowd import MARK, Crowd
from crowd_secrets import Secrets
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from simulated_rights import ANYBODY, callers, of_a_member

from bot.web.status.page import House, files
from core.incident.document import Post
from core.incident.events import Joined, PutOut, Recorded
from core.incident.public import public
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef, Role
from core.port import ChannelPlan
from transports.sandbox.places import Channel, Kind

_WORD = re.compile(rf"{MARK}\d*")

OUTSIDE = ("update/", "letter/", "answer/")
"""The only cards of a private incident that stand elsewhere: copies of updates, and that something was not done, or was begun."""

HOUSE = House("Shop", ("payments",), "https://status.example.org")

SECRET = "private words reach members only"
UNSEEN = "nobody but members sees it"


class SecretLaws:
    """Is told of every record, request and log line. `incidents` are those of the record, by stream."""

    def __init__(
        self,
        break_: Callable[[str, str], None],
        crowd: Crowd,
        secrets: Secrets,
        incidents: Mapping[str, Incident],
        published: Mapping[tuple[int, str], Collection[str]],
    ) -> None:
        self._break = break_
        self._crowd = crowd
        self._secrets = secrets
        self._incidents = incidents
        self._published = published
        # By stream, the keys of everybody who ever was a member.
        self._brought_in: dict[str, set[str]] = {}

    # --- on the record ------------------------------------------------------------------------------------------------

    def recorded(self, acted_on: Incident | None, record: Recorded, after: Incident) -> None:
        """`acted_on`: the incident as it was before the act that this is of, where that takes a right."""
        if not after.private:
            return
        brought_in = self._brought_in.setdefault(record.stream, {after.declared_by.key})
        by, event, where = record.by, record.event, f"in {record.stream} {record.version}"
        if acted_on is not None and by is not None and event.kind not in ANYBODY and not of_a_member(acted_on, by):
            self._break("nobody acts without the right", f"{by.name} is no member, and did {event.kind}, {where}")
        match event:
            case Joined(who=who):
                commands = by is not None and acted_on is not None and any(map(by.is_, callers(acted_on, Role.IC)))
                guest = event.trusted or who.account.id == self._crowd.stray.id
                if by is None or (guest and not commands):
                    self._break("nobody acts without the right", f"{who.name} is brought in by {by}, {where}")
                brought_in.add(who.key)
            case PutOut(who=who):
                held = [str(role) for role, holding in after.roles.items() if who.is_(holding.holder)]
                if held or of_a_member(after, who):
                    self._break("who left has nothing in hand", f"{who.name}: {held}, {where}")
            case _:
                pass

    # --- at every effect ----------------------------------------------------------------------------------------------

    def landed(self, what: str, subjects: tuple[Any, ...]) -> None:
        match what, subjects:
            case "send" | "edit", (ChannelRef() | MessageRef() as place, Post() as post):
                self._said(place if isinstance(place, ChannelRef) else place.channel, post)
            case "open_channel", (ChannelPlan() as plan,):
                self._plain("a channel", f"{plan.name} {plan.topic}")
                if any(one.name == plan.incident and one.private != plan.private for one in self._incidents.values()):
                    self._break(UNSEEN, f"{plan.name} is made open to all")
            case "invite", (ChannelRef() as channel, str() as account):
                room = self._crowd.world.channels[channel.id]
                streams = (stream for stream, one in self._incidents.items() if one.name == room.incident)
                self._invited(next(streams, ""), room, account)
            case _:
                pass

    def _said(self, channel: ChannelRef, post: Post) -> None:
        room, incident = self._crowd.world.channels[channel.id], self._named(post.incident)
        inside = incident is not None and incident.private and room.incident == post.incident
        called_in = post.card.startswith("newcomer/") and room.kind is Kind.DIRECT
        if incident is not None and called_in:
            self._invited(f"inc-{incident.number}", room, room.members[0])
        elif incident is not None and incident.private and not inside and not post.card.startswith(OUTSIDE):
            self._break(UNSEEN, f"{post.card} of {post.incident} in {room.name}")
        may = {MARK, f"{MARK}{incident.number}"} if inside and incident is not None else set()
        text = self._without_published(repr(post), post.number, post.card)
        # Of what the house answers to somebody where nobody else reads, the words are theirs.
        alone = room.kind is Kind.DIRECT and incident is None
        if not alone and (out := set(_WORD.findall(text)) - may):
            self._break(SECRET, f"{sorted(out)} in {room.name}: {post.card}: {text[:300]}")

    def _without_published(self, text: str, number: int, card: str) -> str:
        for out in sorted(self._published.get((number, card), ()), key=len, reverse=True):
            text = text.replace(repr(out)[1:-1], "")
        return text

    def _named(self, name: str) -> Incident | None:
        return next((one for one in self._incidents.values() if one.name == name), None)

    def _invited(self, stream: str, room: Channel, account: str) -> None:
        """Somebody is let in, or told that they are called there, who was asked in at some time."""
        name, asked_in = self._crowd.world.people[account].name, self._brought_in.get(stream)
        if asked_in is not None and not asked_in & {f"person:{name}", f"sandbox:{account}"}:
            self._break(UNSEEN, f"{name} is let into {stream}, in {room.name}")

    def logged(self, line: Mapping[str, object]) -> None:
        """A line of the log, whatever its level."""
        self._plain("the log", " ".join(str(value) for value in line.values()))

    def called(self, words: str) -> None:
        """What somebody is told beyond the chat."""
        self._plain("a call", words)

    def _plain(self, where: str, words: str) -> None:
        if MARK in words:
            self._break(SECRET, f"in {where}: {words[:300]}")

    # --- at the end ---------------------------------------------------------------------------------------------------

    def settled(self, now: datetime, metrics: CollectorRegistry | None) -> None:
        for room in self._crowd.world.channels.values():
            self._plain("a channel", f"{room.name} {room.topic}")
            incident = self._named(room.incident) if room.incident and not room.gone else None
            if incident is None or not incident.private or incident.channel != room.ref:
                continue
            members = {person.account.id for person in incident.people}
            let_in = {who for where, who in self._secrets.let_in if where == room.ref.id} | {self._crowd.stray.id}
            if strangers := set(room.members) - members - let_in:
                self._break(UNSEEN, f"{sorted(strangers)} are in {room.name}")
            if room.beside or room.public:
                self._break(UNSEEN, f"{room.name} is open to all")
        shown = [seen for one in self._incidents.values() if (seen := public(one)) is not None]
        for name, data in files(HOUSE, shown, now).items():
            self._plain(f"the page's {name}", data.decode())
        if metrics is not None:
            self._plain("the metrics", generate_latest(metrics).decode())
