"""The crowd: people who do at random what people do in a chat, sensible or not, whenever they can see it.

Rule: nobody here knows of the bot's insides. An act that the chat itself turns down (a read-only channel) did not happen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from simulated_cast import Done

from core.incident.vocabulary import Account, ChannelRef, MessageRef
from transports.prefix import prefix
from transports.reactions import Table
from transports.reading import place
from transports.sandbox.places import Channel, Happening, Kind, Message, Turned
from transports.sandbox.world import World
from transports.signals import PersonLeft

MARK = "zq"
"""Begins every private word: nothing else in a play has these letters."""

TITLES = ("Checkout fails after payment", "Sign-in is down", "payments: blank page", "Search returns nothing")

ROLES = ("ic", "diagnosis", "updates", "recovery", "scribe")

SPOKEN = (
    "it began at 10:02 exactly", "or is it the payment provider?", "We roll back release 214 now", "I see nothing in the logs",
    "@Leah can you look?", "a dozen tickets by now", "<b>both</b> *regions* `are` [hit](http://x.example)",
)  # fmt: skip

TYPED: tuple[tuple[int, str], ...] = (
    (6, "claim {role}"), (2, "release {role}"), (2, "takeover {role}"), (3, "assign {role} @{who}"), (1, "vacate {role}"),
    (3, "backup {role} @{who}"), (3, "handoff @{who}"), (2, "handoff @{who} {role}"),
    (4, "hypothesis {words}"), (4, "action {words}"), (2, "action {words} @{who}"), (4, "grab {item}"), (1, "release {item}"),
    (2, "drop {item}"), (2, "done {item} it is so"), (2, "confirm {item} the totals differ"), (2, "rule-out {item}"),
    (3, "decide-by {length} roll back if it still fails"), (1, "move-decision {length}"), (1, "withdraw-decision"),
    (2, "decide {words}"), (6, "path {path} {words}"), (2, "path {path}"), (3, "object {words}"), (2, "met 1"),
    (3, "watch payments above 99 % @{who} {length}"), (2, "freeze {words}"), (2, "unfreeze"),
    (7, "update impact=Some users cannot pay next=We test a rollback every={length}"), (2, "update"),
    (2, "draft impact=Nobody can sign in headline=Sign-in fails every=5m"), (4, "publish"), (1, "discard"), (2, "unchanged"),
    (3, "correct impact=All users cannot pay"), (2, "withdraw it was wrong"), (1, "snooze 5m"),
    (2, "sev {sev}"), (2, "status {phase}"), (2, "impact {words}"), (3, "note {words}"), (2, "changed release 214 5m ago"),
    (4, "resolve {words}"), (2, "came-back"), (5, "close cause=a bad release fixed=rolled back next=a postmortem"), (1, "close"),
    (2, "close false-alarm the probe was down"), (2, "close duplicate-of {number}"), (3, "reopen it fails again since 10:40"),
    (4, "yes"), (2, "no"), (1, "followup alert on it owner=@{who} due=2026-06-12"), (1, "followup-done F1"),
    (1, "postmortem @{who}"), (1, "postmortem published"), (1, "debrief say aloud who has recovery"), (1, "amend 2 {words}"),
    (1, "hide 2"), (1, "board"), (1, "timeline"), (1, "help close"), (2, "frobnicate {words}"), (1, "grab"), (1, "claim king"),
)  # fmt: skip
"""What is typed in an incident's channel, and how often."""

IN_TRIAGE: tuple[tuple[int, str], ...] = (
    (5, "declare {title}"), (2, "declare {title} {sev3} service=payments"), (1, "declare {title} private"), (3, "reopen {number} fails again"),
    (1, "followup-done {number}.F1"), (1, "postmortem published {number} https://wiki.example"), (1, "grab {item}"),
    (2, "yes"), (2, "no"), (1, "help"), (1, "board"), (1, "resolve"), (1, "declare"),
)  # fmt: skip

ON_CARDS: dict[str, str] = {
    "board": "🧭🔎📣⏪✍🧊🧭🔎📣⏪🆘",
    "notice": "🧭",
    "item/": "✋✋✋✅❌",
    "draft/": "📤📤❌",
    "thresholds": "1",
    "postmortem": "✅",
    "prompt/": "👍👍👍❌⏪🔧⏸🔎🔁🏁↩✅🚨",
}
"""What is put on a card, by the start of its key; on the thresholds' card its first sentence."""

ON_WORDS = "💡🛠⚖📌📢🍕"


def private(room: Channel) -> bool:
    """Whether the channel is of an incident that is by invitation only."""
    return bool(room.incident) and not room.beside


def marked(words: str, room: Channel | None) -> str:
    """What is said in a private channel bears the mark of its incident's number, which the topic tells."""
    return f"{MARK}{room.topic.split()[1]} {words}" if room is not None and private(room) else words


@dataclass(slots=True)
class Promise:
    """An act of a moment that must be on the record once: `on` is what it was done on, which nobody may take away before."""

    act: Done
    on: MessageRef | None
    at: float


@dataclass
class Crowd:
    """Everybody, in a world with a triage channel, two audiences of the house and one outside of it.

    `promised` are the acts that must be honoured; `gone_since` says who left triage and when; `stray` is one who never
    was in it, but is let into every incident's channel.
    """

    world: World
    loop: asyncio.AbstractEventLoop
    promised: list[Promise] = field(default_factory=list)
    acts: int = 0
    gone_since: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.world
        self.triage = world.create_channel("triage")
        self.support = world.create_channel("support", Kind.AUDIENCE)
        self.leadership = world.create_channel("leadership", Kind.AUDIENCE)
        self.partners = world.create_channel("partners", Kind.AUDIENCE)
        names = ("Ann", "Mia", "Jon", "Leah", "Bob", "Sam")
        self.people = [world.create_person(name) for name in names]
        self.ann, self.mia, self.jon, self.leah, self.bob, self.sam = self.people
        self.stray = world.create_person("Zoe", [])
        self._table = Table()
        world.subscribe(self._happened)

    def _happened(self, happening: Happening) -> None:
        room = happening.subject
        if isinstance(room, Channel) and room.incident and self.stray.id not in room.members:
            room.members.append(self.stray.id)
        if isinstance(happening.signal, PersonLeft) and happening.signal.channel == self.triage:
            self.gone_since.setdefault(happening.signal.who.id, self.loop.time())

    @property
    def rooms(self) -> list[Channel]:
        return [room for room in self.world.channels.values() if room.incident and not room.gone]

    # --- one act ------------------------------------------------------------------------------------------------------

    def act(self, rng: Random) -> None:
        """Somebody does something; or nothing, where nothing is there to do it on."""
        rooms = self.rooms
        kinds: tuple[tuple[float, Callable[[Random], None]], ...] = (
            (3 if len(rooms) < 3 else 0.5, self._alarm),
            (2 if len(rooms) < 2 else 1, self._types_in_triage),
            (14 if rooms else 0, self._types),
            (10 if rooms else 0, self._reacts_to_a_card),
            (4 if rooms else 0, self._takes_words),
            (2 if rooms else 0, self._takes_back),
            (1.5 if rooms else 0, self._two_at_once),
            (1, self._edits),
            (0.7, self._deletes),
            (1 if rooms else 0, self._writes_in_a_thread),
            (0.6 if rooms else 0, self._leaves),
        )
        self.one_of(rng, kinds)

    def one_of(self, rng: Random, kinds: Sequence[tuple[float, Callable[[Random], None]]]) -> None:
        """One of these, by their weights; what the chat turns down did not happen."""
        [what] = rng.choices([one for _, one in kinds], [weight for weight, _ in kinds])
        try:
            what(rng)
        except Turned:
            return

    def did(self, label: str, *, typed: MessageRef | None = None, on: MessageRef | None = None) -> None:
        signal = self.world.history[-1].signal
        # Coming into the channel is a happening of its own, before it.
        if signal is not None:
            self.promised.append(Promise(Done(label, signal.source, typed), on, self.loop.time()))
        self.acts += 1

    def _somebody(self, rng: Random, *, stray: float = 0.06) -> Account:
        if rng.random() < stray:
            return self.stray
        return rng.choices(self.people, (4, 2, 2, 2, 1, 2))[0]

    def say(self, who: Account, channel: ChannelRef, text: str, thread: MessageRef | None = None) -> MessageRef:
        message = self.world.say(who, channel, text, thread=thread)
        if prefix(text) is not None:
            self.did(f"{who.name} types {text}", typed=message)
        else:
            self.acts += 1
        return message

    def react(self, who: Account, message: Message, emoji: str, *, promised: bool = True) -> None:
        before = len(self.world.history)
        self.world.react(who, message.ref, emoji)
        if len(self.world.history) > before and promised:
            what = message.post.card if message.post else "a message"
            self.did(f"{who.name} puts {emoji} on {what}", on=message.ref)

    # --- in triage ----------------------------------------------------------------------------------------------------

    def _alarm(self, rng: Random) -> None:
        """Somebody tells of it, and one, two or three raise the alarm; now and then on what was told before."""
        told = [one for one in self.world.said(self.triage) if one.post is None and prefix(one.text) is None]
        if told and rng.random() < 0.3:
            message = rng.choice(told)
        else:
            message = self.world.look(self.say(rng.choice(self.people), self.triage, rng.choice(TITLES)))
        for who in rng.sample(self.people, rng.choices((1, 2, 3), (6, 2, 1))[0]):
            self.react(who, message, "🚨")

    def _types_in_triage(self, rng: Random) -> None:
        [words] = rng.choices([words for _, words in IN_TRIAGE], [weight for weight, _ in IN_TRIAGE])
        self.say(rng.choice(self.people), self.triage, "!inc " + self.filled(words, rng, None))

    # --- in an incident's channel -------------------------------------------------------------------------------------

    def filled(self, words: str, rng: Random, room: Channel | None) -> str:
        items = [key.removeprefix("item/") for key in self._cards(room, "item/")] if room else []
        return words.format(
            title=rng.choice(TITLES),
            role=rng.choice(ROLES),
            who=rng.choice(self.people).name,
            item=rng.choice([*items, *items, *items, "H9"] if items else ["H1"]),
            words=marked(rng.choice(SPOKEN).replace("{", ""), room),
            length=rng.choice(("1m", "2m", "5m", "15m")),
            path=rng.choice(("rollback", "fix", "pause", "dig")),
            sev=rng.choice("123"),
            sev3=rng.choice(("sev1", "sev3")),
            phase=rng.choice(("investigating", "identified", "monitoring", "resolved")),
            number=rng.choice("1123"),
        )

    def _room(self, rng: Random) -> Channel:
        # The newest is talked in most.
        rooms = self.rooms
        return rooms[-1] if rng.random() < 0.6 else rng.choice(rooms)

    def _types(self, rng: Random) -> None:
        room = self._room(rng)
        [words] = rng.choices([words for _, words in TYPED], [weight for weight, _ in TYPED])
        self.say(self._somebody(rng), room.ref, "!inc " + self.filled(words, rng, room))

    def _cards(self, room: Channel | None, start: str) -> list[str]:
        said = self.world.said(room.ref) if room else []
        return [one.post.card for one in said if one.post and one.post.card.startswith(start)]

    def _card(self, rng: Random) -> tuple[Message, str]:
        """One of the cards that ask for something, the newest first of all, and what may be put on it."""
        rooms = [self._room(rng).ref, *([self.triage] if rng.random() < 0.2 else [])]
        found: list[tuple[Message, str]] = []
        for room in rooms:
            for one in self.world.said(room):
                kind = next((kind for kind in ON_CARDS if one.post and one.post.card.startswith(kind)), None)
                if kind is not None:
                    found.append((one, ON_CARDS[kind]))
        if not found:
            raise Turned("There is nothing to react to.")
        return found[-1] if rng.random() < 0.3 else rng.choice(found)

    def _reacts_to_a_card(self, rng: Random) -> None:
        message, emoji = self._card(rng)
        chosen = rng.choice(emoji)
        chosen = "1️⃣" if chosen == "1" else chosen
        who = self._somebody(rng)
        pinged = [self.world.people[name] for name in message.pings if name in self.world.people]
        if pinged and rng.random() < 0.7:
            who = rng.choice(pinged)
        self.react(who, message, chosen, promised=self.means(message, chosen))

    def means(self, message: Message, emoji: str) -> bool:
        """Whether something must come of it: an emoji that has no meaning there is answered only where any has one."""
        where = place(message.post.card) if message.post else None
        return where is not None and self._table.action(where, emoji) is not None

    def _two_at_once(self, rng: Random) -> None:
        """Two people reach for the same thing in the same moment."""
        message, emoji = self._card(rng)
        chosen = "1️⃣" if emoji == "1" else emoji[0]
        for who in rng.sample(self.people, 2):
            self.react(who, message, chosen, promised=self.means(message, chosen))

    def _takes_words(self, rng: Random) -> None:
        self.takes_words(rng, self._room(rng))

    def takes_words(self, rng: Random, room: Channel) -> None:
        """Somebody says something, and somebody makes something of that or of what was said before."""
        said = [one for one in self.world.said(room.ref) if one.post is None and prefix(one.text) is None]
        if not said or rng.random() < 0.6:
            message = self.world.look(self.say(self._somebody(rng), room.ref, marked(rng.choice(SPOKEN), room)))
        else:
            message = rng.choice(said)
        emoji = rng.choice(ON_WORDS)
        if emoji == "📢" and private(room):
            return  # An update is made of words that may be read by all.
        self.react(self._somebody(rng), message, emoji, promised=emoji != "🍕")

    def _writes_in_a_thread(self, rng: Random) -> None:
        room = self._room(rng)
        roots = [one for one in self.world.said(room.ref) if one.post and one.post.card.startswith(("item/", "draft/"))]
        if roots:
            words = rng.choice((*SPOKEN, "!inc hypothesis it is the cache", "!inc done", "impact: nobody can pay"))
            words = marked(words, room) if words in SPOKEN else words
            self.say(self._somebody(rng), room.ref, words, rng.choice(roots).ref)

    def _takes_back(self, rng: Random) -> None:
        put = [
            (one, emoji, name)
            for room in (*(room.ref for room in self.rooms), self.triage)
            for one in self.world.said(room)
            for emoji, turns in one.reactions.items()
            for name in turns
            if name != self.world.bot.id
        ]
        if put:
            message, emoji, name = rng.choice(put)
            self.world.unreact(self.world.people[name], message.ref, emoji)
            self.acts += 1

    def _mine(self, rng: Random) -> Message | None:
        rooms = [self.triage, *(room.ref for room in self.rooms)]
        said = [one for room in rooms for one in self.world.said(room) if one.post is None]
        return rng.choice(said) if said else None

    def _edits(self, rng: Random) -> None:
        message = self._mine(rng)
        if message is None:
            return
        typed = prefix(message.text) is not None
        words = self.filled(rng.choice(TYPED)[1], rng, None) if typed else ""
        said = f"!inc {words}" if words else marked(rng.choice(SPOKEN), self.world.room(message.ref.channel))
        self.world.edit(message.author, message.ref, said)
        self.acts += 1

    def _deletes(self, rng: Random) -> None:
        message = self._mine(rng)
        if message is not None:
            self.world.delete(message.author, message.ref)
            self.acts += 1

    def _leaves(self, rng: Random) -> None:
        """Out of an incident's channel; seldom out of triage, which takes one's rights away."""
        who: Account = rng.choice(self.people)
        if rng.random() < 0.3 and who is not self.ann:
            self.world.leave(who, self.triage)
        else:
            self.world.leave(who, self._room(rng).ref)
        self.acts += 1

    # --- people who take away what is the bot's -----------------------------------------------------------------------

    def takes_a_card_away(self, rng: Random, heard: Callable[[Message], bool]) -> None:
        """Tocsin brings it back once, so nobody does it twice; and what is unheard stays."""
        lost = {(one.ref.channel, one.mark) for one in self.world.messages.values() if one.deleted}
        cards = [
            one
            for room in self.rooms
            if not room.locked and self.world.sees(self.ann, room)
            for one in self.world.said(room.ref)
            if one.post and not one.post.card.startswith("answer/") and (room.ref, one.mark) not in lost and heard(one)
        ]
        if cards:
            self.world.delete(self.ann, rng.choice(cards).ref)

    def takes_a_channel_away(self, rng: Random) -> None:
        rooms: Sequence[Channel] = [room for room in self.rooms if self.world.sees(self.ann, room)]
        if rooms:
            self.world.delete_channel(self.ann, rng.choice(rooms).ref)
