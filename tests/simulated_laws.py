"""The laws of the design, asked after every commit, at every effect, and once all has settled.

Rule: they read what is durable and what people see, never what the bot believes, except to compare the two.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from simulated_call_laws import CallLaws
from simulated_cast import Cast

from bot.wiring import Tocsin
from core.activity_log import HOUSE, _read
from core.answers import WORKED
from core.chain import GENESIS, chain
from core.incident.cards import Card, cards
from core.incident.document import Post
from core.incident.events import Ask, Asked, Corrected, Published, Recorded, RemindersSnoozed, RoleTaken
from core.incident.evolve import evolve, replay
from core.incident.state import Incident
from core.incident.vocabulary import DIRECT, ChannelRef, MessageRef, Role
from core.keys import digest
from core.unwritten import CARD as UNWRITTEN
from transports.sandbox.places import Kind, Message
from transports.sandbox.world import World

MADE: dict[int, tuple[Incident, tuple[Card, ...]]] = {}
"""The cards of the incidents seen last, by identity: the bot and the laws ask for the same ones."""


def made_of(incident: Incident) -> tuple[Card, ...]:
    """`cards`, made once for an incident; the simulated bot has it in the place of `cards`."""
    known = MADE.get(id(incident))
    if known is None or known[0] is not incident:
        while len(MADE) > 20:
            del MADE[next(iter(MADE))]
        known = MADE[id(incident)] = (incident, cards(incident))
    return known[1]


_TIME = re.compile(r"\d\d:\d\d")


class Laws:
    """Keeps a shadow of each incident, folded from the rows alone. `when`: after which steps each kind of event came."""

    def __init__(
        self, connection: sqlite3.Connection, world: World, bot: Callable[[], Tocsin | None], step: Callable[[], int]
    ) -> None:
        self.broken: list[tuple[str, str]] = []
        self.over = False
        self._connection = connection
        self._world = world
        self._bot = bot
        self._step = step
        self._seen = 0
        self._heads: dict[str, tuple[int, str]] = {}
        self._sources: set[str] = set()
        self._heard_on: set[str] = set()
        self._records: list[Recorded] = []
        # Incidents never change in place, so what was found equal stays so.
        self._agreed: dict[int, Incident] = {}
        self._equal: dict[int, Incident] = {}
        self._keys: dict[int, tuple[int, frozenset[str]]] = {}
        # By incident and card, the texts that somebody published.
        self._out: dict[tuple[int, str], set[str]] = {}
        self._calls = CallLaws(self.break_)
        self.incidents: dict[str, Incident] = {}
        self.when: dict[str, list[int]] = {}

    def _now(self) -> datetime:
        return self._world.clock.now()

    def break_(self, law: str, how: str) -> None:
        if not self.over:
            self.broken.append((law, how))

    def bug(self, how: str) -> None:
        self.break_("there are no bugs", how)

    # --- after every commit -------------------------------------------------------------------------------------------

    def committed(self, sql: str) -> None:
        if "INTO events" in sql:
            self._catch_up()

    def _catch_up(self) -> None:
        rows = self._connection.execute(
            "SELECT stream, version, source, at, heard_at, body, prev, hash, position FROM events WHERE position > ? "
            "ORDER BY position",
            (self._seen,),
        ).fetchall()
        for row in rows:
            stream, version, source, at, heard_at, body, prev, mark, self._seen = row
            last, head = self._heads.get(stream, (0, GENESIS))
            if version != last + 1 or prev != head or chain(prev, stream, version, source, at, heard_at, body) != mark:
                self.break_("the chain is whole", f"{stream} {version} after {last}")
            if source is not None and source in self._sources:
                self.break_("an act takes effect once", f"{source} is twice on the record")
            self._heads[stream] = (version, mark)
            self._sources.add(source)
            record = _read(row[:8])
            self._records.append(record)
            self.when.setdefault(record.event.kind, []).append(self._step())
            if record.origin and record.origin.message:
                self._heard_on.add(record.origin.message.id)
            if stream != HOUSE:
                before = self.incidents.get(stream)
                after = evolve(before, record) if before else replay([record])
                assert after is not None, "an incident's stream begins with its declaration"
                self.incidents[stream] = after
                self._recorded(before, record, after)
        if rows:
            self._calls.committed(self.incidents)

    def _recorded(self, before: Incident | None, record: Recorded, after: Incident) -> None:
        if isinstance(record.event, Published | Corrected) and record.by is not None:
            self._out.setdefault((after.number, f"update/{record.event.number}"), set()).add(record.event.text)
        if before is not None:
            self._calls.recorded(before, record, after)

    def heard(self, message: Message) -> bool:
        """Whether every reaction that stands on a message is on the record, or is the bot's own."""
        return all(
            source in self._sources for turns in message.reactions.values() for source in turns.values() if source
        )

    # --- at every effect ----------------------------------------------------------------------------------------------

    def landed(self, what: str, subjects: tuple[Any, ...]) -> None:
        match what, subjects:
            case "send", (ChannelRef() as channel, Post() as post):
                self._called_for(post)
                self._once(channel, post)
                self._published(channel, post)
            case "edit", (MessageRef(channel=channel), Post() as post):
                self._called_for(post)
                self._published(channel, post)
            case "react", (MessageRef(id=message), emoji) if (
                emoji == WORKED and self._world.messages[message].post is None
            ):
                if message not in self._heard_on:
                    self.break_("committed, then seen", f"✅ on {message}, of which the log knows nothing")
            case _:
                pass

    def _called_for(self, post: Post) -> None:
        incident = next((one for one in self.incidents.values() if one.name == post.incident), None)
        if post.card.startswith(UNWRITTEN):
            return  # it says just that nothing can be committed
        if post.card.startswith("answer/") or post.incident == HOUSE:
            stream = f"inc-{incident.number}" if incident else post.incident
            if int(post.card.partition("/")[2]) > self._heads.get(stream, (0, ""))[0]:
                self.break_("committed, then seen", f"{post.card} answers what the log does not know")
            return
        if incident is None:
            self.break_("committed, then seen", f"{post.card} of {post.incident}, which the log does not know")
            return
        bot = self._bot()
        live = dict(bot.post.awake()).get(f"inc-{incident.number}") if bot else None
        if live is not None and live.version == incident.version and live is not self._agreed.get(incident.number):
            self._agreed[incident.number] = live
            if live != incident:
                self.break_("the log is the truth", f"version {live.version}: memory is not what the log says")
            else:
                self._equal[incident.number] = live
        if post.card not in self._known(incident):
            self.break_("committed, then seen", f"{post.card}, for which the log does not call")
        if live is not None and live.version > incident.version:
            self.break_("committed, then seen", f"memory is at {live.version}, the log at {incident.version}")

    def _published(self, channel: ChannelRef, post: Post) -> None:
        """What an audience is given was published so by somebody; the close's summary is Tocsin's own."""
        if self._world.channels[channel.id].kind is not Kind.AUDIENCE or post.card.startswith("summary"):
            return
        if post.text not in self._out.get((post.number, post.card), ()):
            self.break_("nothing gets out that nobody published", f"{post.card} in {channel.id} reads {post.text!r}")

    def _known(self, incident: Incident) -> frozenset[str]:
        """The cards that an incident calls for, reckoned once for each version."""
        version, keys = self._keys.get(incident.number, (0, frozenset()))
        if version != incident.version:
            keys = frozenset(card.key for card in self._laid_out(incident))
            self._keys[incident.number] = (incident.version, keys)
        return keys

    def _laid_out(self, incident: Incident) -> tuple[Card, ...]:
        """The cards of an incident; those that the bot made of one that was found equal, since they follow from it alone."""
        live = self._equal.get(incident.number)
        return made_of(live if live is not None and live.version == incident.version else incident)

    def _once(self, channel: ChannelRef, post: Post) -> None:
        same = [one for one in self._world.said(channel) if one.mark == (post.incident, post.card)]
        if len(same) > 1:
            self.break_("no card twice", f"{post.card} is {len(same)} times in {self._world.channels[channel.id].name}")

    # --- when all has settled -----------------------------------------------------------------------------------------

    def settled(self, story: Cast) -> None:
        self._catch_up()
        self._honoured(story)
        bot = self._bot()
        for stream, incident in self.incidents.items():
            live = dict(bot.post.awake()).get(stream) if bot else None
            if live is not None and live != incident:
                self.break_("the log is the truth", f"{stream}: what is in memory is not what the log says")
            self._shown(incident)
            self._in_order(incident)
            self._calls.settled(stream, incident, self._now(), self._sources)
        self._deadlines()

    def _honoured(self, story: Cast) -> None:
        counts = Counter(record.source for record in self._records if record.source)
        acts = {record.source: record for record in self._records if record.source}
        for act in story.done:
            if counts[act.source] != 1:
                self.break_("every act is honoured once", f"{act.label}: {counts[act.source]} times on the record")
            elif act.typed and _asked_first(acts[act.source]):
                pass  # It is not done yet, and the question is among the cards.
            elif act.typed and acts[act.source].event.kind not in ("refused", "told"):
                if self._world.bot.id not in self._world.messages[act.typed.id].who(WORKED):
                    self.break_("every act is answered", f"{act.label}: no ✅")
            elif act.typed and not self._replied(act.typed):
                self.break_("every act is answered", f"{act.label}: no reply")

    def _replied(self, typed: MessageRef) -> bool:
        return any(one.reply_to == typed and one.post for one in self._world.messages.values() if not one.deleted)

    def place(self, card: Card) -> ChannelRef:
        """Where a card stands, also one for somebody who is alone with the bot."""
        if not card.channel.id.startswith(DIRECT):
            return card.channel
        return self._world.direct(self._world.people[card.channel.id.removeprefix(DIRECT)])

    def _shown(self, incident: Incident) -> None:
        rooms = self._world.channels
        wanted: dict[tuple[str, str], Card] = {
            (where.id, card.key): card for card in cards(incident) if not rooms[(where := self.place(card)).id].gone
        }
        shown: dict[tuple[str, str], list[Message]] = {}
        for one in self._world.messages.values():
            if one.post is not None and self._stands(one) and one.post.incident == incident.name:
                shown.setdefault((one.ref.channel.id, one.post.card), []).append(one)
        for place, card in wanted.items():
            found = shown.get(place, [])
            if len(found) != 1:
                self.break_("every card is shown once", f"{card.key} in {place[0]}: {len(found)} times")
                continue
            [message] = found
            assert message.post is not None, "only the bot's messages are looked at"
            if digest(message.post) != digest(card.post):
                self.break_("every card is true", f"{card.key} in {place[0]} reads {message.text!r}")
            self._carried(card, message)
            if card.pinned and self._world.channels[place[0]].pins != [message.ref.id]:
                self.break_("every card is true", f"{card.key} is not what is pinned in {place[0]}")
            lacking = [
                emoji
                for emoji in (*card.post.seeds, *(choice.emoji for choice in card.post.choices))
                if self._world.bot.id not in message.who(emoji)
            ]
            if lacking:
                self.break_("every card is true", f"{card.key} in {place[0]} lacks {lacking}")
        for place, found in shown.items():
            # What was told once stands as it was told: an answer, and after the close what a newcomer heard.
            told = ("answer/", "newcomer/") if incident.closed else ("answer/",)
            if place not in wanted and (not place[1].startswith(told) or len(found) > 1):
                self.break_("nothing is shown that is not called for", f"{place[1]} in {place[0]} {len(found)} times")
        for update in incident.updates:
            copies = [card.post.text for (_, key), card in wanted.items() if key == f"update/{update.number}"]
            if set(copies) != {update.text}:
                self.break_("mirrors agree word for word", f"update {update.number}: {copies}")

    def _stands(self, message: Message) -> bool:
        return not message.deleted and not self._world.channels[message.ref.channel.id].gone

    def _carried(self, card: Card, message: Message) -> None:
        if (card.post.file and card.post.file.name) != (message.file and message.file.name):
            self.break_("every card is true", f"{card.key} has not its file, but {message.file}")

    def _in_order(self, incident: Incident) -> None:
        """Cards of a kind stand in the order of the record; those that somebody deleted come back last."""
        for room in (room for room in self._world.channels.values() if not room.gone):
            places: dict[str, list[int]] = {}
            lost = {self._world.messages[name].mark for name in room.messages if self._world.messages[name].deleted}
            for one in self._world.said(room.ref):
                if one.post and one.post.incident == incident.name and one.mark not in lost:
                    kind, _, name = one.post.card.partition("/")
                    if name and kind in ("update", "item", "draft", "letter"):
                        places.setdefault(kind + name.strip("0123456789"), []).append(int(name.lstrip("AHR")))
            for kind, numbers in places.items():
                if numbers != sorted(numbers):
                    self.break_("posts stand in the log's order", f"{kind} in {room.name}: {numbers}")

    def _deadlines(self) -> None:
        asked: Counter[tuple[object, ...]] = Counter()
        snoozed: Counter[str] = Counter()
        commanded: Counter[str] = Counter()
        for record in self._records:
            event = record.event
            # Whoever puts reminders off has all of them again (spec, section 7).
            snoozed[record.stream] += isinstance(event, RemindersSnoozed)
            commanded[record.stream] += isinstance(event, RoleTaken) and event.role is Role.IC
            # Two pages may both be unanswered, and then the same person is told of each.
            paged = isinstance(event, Asked) and event.ask in (Ask.PAGE, Ask.UNANSWERED)
            if isinstance(event, Asked) and not paged and record.source and record.source.startswith("clock/"):
                to = tuple(one.key for one in event.to)
                # Each time that command falls vacant it is asked for anew.
                again = {Ask.UPDATE: snoozed, Ask.COMMANDER: commanded}.get(event.ask, Counter())[record.stream]
                asked[record.stream, event.ask, event.step, event.due, to, again] += 1
        for what, times in asked.items():
            if times > 1:
                self.break_("a deadline takes effect once", f"{what[1:4]} {times} times")

    # --- what the story came to ---------------------------------------------------------------------------------------

    def outcome(self) -> dict[str, object]:
        """The end of the story without its moments, as far as it is the same whenever people were heard."""
        [incident] = self.incidents.values()
        return {
            "phase": incident.phase,
            "roles": {role: holding.holder.name for role, holding in sorted(incident.roles.items()) if holding.holder},
            "items": sorted(
                (item.key, item.text, item.status, item.holder.name if item.holder else "", item.said_by.name)
                for item in incident.items.values()
            ),
            "updates": [_TIME.sub("hh:mm", update.text) for update in incident.updates],
            "path": (incident.path.path, incident.path.item) if incident.path else None,
            "frozen": incident.frozen is not None,
            "points": sorted((one.key, one.condition, one.over) for one in incident.points.values()),
            "met": {number: who.name for number, who in sorted(incident.met.items())},
            "signal": incident.signal and (incident.signal.item, incident.signal.who.name, incident.signal.seen),
            "objections": [one.settled for one in incident.prompts.values() if one.asked.ask is Ask.OBJECTION][1:],
            "people": sorted(person.name for person in incident.people),
            "present": sorted(person.name for person in incident.present),
            "marked": sorted(
                # Leah gives her reason in the moment that she is marked: whether before or after, nobody can tell.
                (
                    _TIME.sub("hh:mm", entry.text.partition(", errors are")[0]),
                    entry.by.name if entry.by else "",
                    entry.withdrawn,
                )
                for entry in incident.entries
                if entry.message is not None
            ),
            "closing": json.loads(incident.closing.model_dump_json()) if incident.closing else None,
        }


def _asked_first(record: Recorded) -> bool:
    return isinstance(record.event, Asked) and record.event.again is not None
