"""The laws for the crowd: besides the story's, that nobody did what was not theirs, and no card ever went back.

Rule: what the faults of a plan excuse (a channel that is gone, a clock that was set) is said here, beside its law.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from crowd import Crowd, Promise
from crowd_call_laws import PageLaws
from crowd_calls import Ring
from crowd_secret_laws import SecretLaws
from crowd_secrets import Secrets
from prometheus_client import CollectorRegistry
from simulated_laws import Laws, _asked_first
from simulated_rights import ANYBODY, wrong

from core.activity_log import HOUSE
from core.incident.cards import Card
from core.incident.document import Post
from core.incident.events import Declared, Recorded
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef
from core.keys import digest

LAPSE = 120.0
"""Seconds after which a right that was lost is gone for certain: it is looked up a moment before the act is written."""

PAST = 60
"""Versions of an incident that a card is compared with, back from the newest."""

THEIRS = frozenset({"NoteLeft", "EditSource", "DeleteSource"})
"""Acts that need no right, whatever comes of them: one leaves, or changes one's own words, and what was taken from them follows."""

IN_WORDS = frozenset({"refused", "told", "on_call_told"})
"""What is answered in words, and not by ✅."""

Place = tuple[ChannelRef, str]


class CrowdLaws(Laws):
    """`jumps`: the bot's clock was set, so no wait of its own is judged. `aged`: what was asked may be an hour old when a
    process begins for which another was there a moment ago.

    `beside`: two processes ran side by side since the lock of one was lost, and what they show is not judged any more.
    """

    crowd: Crowd
    jumps = False
    aged = False
    beside = False
    metrics: CollectorRegistry | None = None
    secrets: SecretLaws
    pages: PageLaws
    bot_now: Callable[[], datetime]

    def __init__(self, *of: Any) -> None:
        super().__init__(*of)
        self._before_act: dict[str, Incident] = {}
        self._theirs: dict[str, bool] = {}
        self._past: dict[str, list[Incident]] = {}
        self._laid: dict[tuple[str, int], dict[Place, Card]] = {}
        self._prints: dict[tuple[str, int, Place], str] = {}
        self._shown_at: dict[str, int] = {}

    def begin(self, crowd: Crowd, secrets: Secrets) -> None:
        self.crowd = crowd
        self.secrets = SecretLaws(self.break_, crowd, secrets, self.incidents, self._out)
        self.pages = PageLaws(self.break_, crowd.loop.time)

    def break_(self, law: str, how: str) -> None:
        # Both the wait and the law go by the clock on the wall: where it was set, an hour may be a moment, and the reverse.
        if not (self.jumps and law == "who was nudged is left alone for a while"):
            super().break_(law, how)

    def _excused(self) -> bool:
        """Whether an answer may be wanting."""
        # After an hour nobody waits any more (`ANSWER_STILL`), unless nobody was there to answer.
        # Of two processes each notes for itself how far it has answered, and the later note counts for both.
        return self.aged or self.beside

    def _now(self) -> datetime:
        return self.bot_now()

    # --- who may ------------------------------------------------------------------------------------------------------

    def _recorded(self, before: Incident | None, record: Recorded, after: Incident) -> None:
        past = self._past.setdefault(record.stream, [])
        past.append(after)
        super()._recorded(before, record, after)
        if before is None:
            self._responder(None, record)
            self.secrets.recorded(None, record, after)
            return
        if record.about:
            self._before_act[record.stream] = before
        self._responder(before, record)
        # What a declaration brings with it (a service's recovery owner and backup) is the house's doing.
        if record.about or record.stream not in self._theirs:
            self._theirs[record.stream] = record.about in THEIRS
        known = None if self._theirs[record.stream] else self._before_act.get(record.stream)
        self.secrets.recorded(known, record, after)
        self.pages.recorded(before, record)
        why = wrong(known, record) if known else ""
        if why:
            self.break_("nobody acts without the right", f"{why}, in {record.stream} {record.version}")

    def _responder(self, before: Incident | None, record: Recorded) -> None:
        by = record.by
        if by is None or not record.about or record.about in THEIRS or record.event.kind in ANYBODY:
            return
        if before is not None and before.trusts(by):
            return  # Whom the commander of a private one asked in counts as one there.
        account = by.account.id
        gone = self.crowd.gone_since.get(account)
        late = gone is not None and self.crowd.loop.time() - gone > LAPSE
        if account == self.crowd.stray.id or late:
            what = f"{by.name} is no responder, and did {record.event.kind}"
            self.break_("nobody acts without the right", f"{what}, in {record.stream} {record.version}")

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _cards(self, stream: str, incident: Incident) -> dict[Place, Card]:
        """The cards of a version, laid out once."""
        name = (stream, incident.version)
        if name not in self._laid:
            self._laid[name] = {(self.place(card), card.key): card for card in reversed(self._laid_out(incident))}
        return self._laid[name]

    def _known(self, incident: Incident) -> frozenset[str]:
        stream = f"inc-{incident.number}"
        version, keys = self._keys.get(incident.number, (0, frozenset()))
        if version != incident.version:
            keys = frozenset(key for _, key in self._cards(stream, incident))
            self._keys[incident.number] = (incident.version, keys)
        return keys

    def landed(self, what: str, subjects: tuple[Any, ...]) -> None:
        self.secrets.landed(what, subjects)
        if self.beside:
            return
        super().landed(what, subjects)
        match what, subjects:
            case "edit", (MessageRef() as message, Post() as post):
                self._forward(message, message.channel, post)
            case "send", (ChannelRef() as channel, Post() as post):
                newest = self._world.messages[self._world.channels[channel.id].messages[-1]]
                if newest.post is post:
                    self._forward(newest.ref, channel, post)
                if post.card.startswith("summary"):
                    self._summary(channel)
            case _:
                pass

    def _summary(self, channel: ChannelRef) -> None:
        if channel == self.crowd.partners:
            self.break_(
                "nothing gets out that nobody published", f"a summary in {self._world.channels[channel.id].name}"
            )

    def _forward(self, message: MessageRef, channel: ChannelRef, post: Post) -> None:
        """A card shows the newest version that it can have been made from, which is never older than the one before."""
        stream = f"inc-{post.number}"
        past = self._past.get(stream)
        if post.incident == HOUSE or past is None or post.card.startswith("answer/"):
            return
        seen = digest(post)
        for incident in reversed(past[-PAST:]):
            if self._print(stream, incident, (channel, post.card)) == seen:
                if incident.version < self._shown_at.get(message.id, 0):
                    shown = self._shown_at[message.id]
                    self.break_("no card goes back", f"{post.card} from version {shown} to {incident.version}")
                self._shown_at[message.id] = incident.version
                return
        self.break_("every card is of the record", f"{post.card} as no version of {stream} has it")

    def _print(self, stream: str, incident: Incident, place: Place) -> str:
        name = (stream, incident.version, place)
        if name not in self._prints:
            card = self._cards(stream, incident).get(place)
            self._prints[name] = digest(card.post) if card else ""
        return self._prints[name]

    def _once(self, channel: ChannelRef, post: Post) -> None:
        if not self._world.channels[channel.id].gone:
            super()._once(channel, post)

    def rings(self, ring: Ring) -> None:
        """Somebody is called beyond the chat."""
        if not self.beside:
            self.pages.begun(ring)

    # --- at the end ---------------------------------------------------------------------------------------------------

    def settle(self, living: int, *, shown: bool = True) -> None:
        """Once all has settled, in the process of this number. `shown`: whether the chat is judged too, and not the record alone."""
        self._catch_up()
        self._kept()
        bot = self._bot()
        for stream, incident in self.incidents.items():
            live = dict(bot.post.awake()).get(stream) if bot else None
            if live is not None and live != incident:
                self.break_("the log is the truth", f"{stream}: what is in memory is not what the log says")
            if shown:
                self._shown(incident)
                self._in_order(incident)
            self._calls.settled(stream, incident, self._now(), self._sources)
        self._deadlines()
        self.secrets.settled(self._now(), self.metrics)
        if not self.beside:
            self.pages.settled(self.incidents, living)

    def _kept(self) -> None:
        """Every act is on the record once, and answered."""
        counts = Counter(record.source for record in self._records if record.source)
        acts = {record.source: record for record in self._records if record.source}
        for promise in self.crowd.promised:
            act, times = promise.act, counts[promise.act.source]
            if times > 1 or (times == 0 and not self._undone(promise)):
                self.break_("every act is honoured once", f"{act.label}: {times} times on the record")
            elif times and act.typed and not self._undone(Promise(act, act.typed, promise.at)) and not self._excused():
                self._answered(act.label, act.typed, acts[act.source])

    def _answered(self, label: str, typed: MessageRef, record: Recorded) -> None:
        if _asked_first(record):
            return
        begun_in_private = isinstance(record.event, Declared) and record.event.private
        if record.event.kind in IN_WORDS or begun_in_private:
            if not self._replied(typed) and not self._lost():
                self.break_("every act is answered", f"{label}: no reply")
        elif self._world.bot.id not in self._world.messages[typed.id].who("✅"):
            self.break_("every act is answered", f"{label}: no ✅")

    def _lost(self) -> bool:
        """Whether somebody took away what the bot said: it says it once more, and then no more."""
        return any(one.deleted and one.post for one in self._world.messages.values())

    def _undone(self, promise: Promise) -> bool:
        """Whether what it was done on is there no more, so that nobody can tell any longer what was meant."""
        if promise.on is None:
            return False
        message = self._world.messages[promise.on.id]
        room = self._world.channels[promise.on.channel.id]
        # Of two cards that two processes made side by side one is in nobody's table, and means nothing.
        doubled = (
            self.beside
            and message.post
            and len([one for one in self._world.said(room.ref) if one.mark == message.mark]) > 1
        )
        return message.deleted or room.gone or bool(doubled)
