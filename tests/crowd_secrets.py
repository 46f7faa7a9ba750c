"""People with a secret: they declare it in private, bring others in by name and put them out again; and others try the door.

Rule: every word that is private bears `MARK`, so that one that gets out is known for what it is.
"""

from __future__ import annotations

from random import Random

from crowd import MARK, Crowd, private

from core.incident.vocabulary import Account
from transports.prefix import prefix
from transports.sandbox.places import Channel, Turned

TITLES = (f"{MARK} keys leaked on a forum", f"{MARK} the payroll is open to all", f"{MARK} payments")

INSIDE: tuple[tuple[int, str], ...] = (
    (7, "invite @{anyone}"), (4, "uninvite @{anyone}"), (2, "page @{anyone} {words}"), (2, "assign {role} @{anyone}"),
    (1, "backup ic @{anyone}"), (1, "handoff @{anyone}"), (1, "takeover ic"), (2, "claim updates"), (3, "hypothesis {words}"),
    (2, "action {words} @{anyone}"), (3, "note {words}"), (2, "impact {words}"), (2, "decide {words}"), (1, "timeline"), (1, "board"),
    (3, "update impact=Sign-in is off for everybody next=We replace keys every=5m"), (3, "publish"), (1, "withdraw it was wrong"),
    (1, "widen"), (1, "cover @{anyone} 5m"), (1, "resolve {words}"), (2, "close cause={words} fixed={words} next={words}"),
    (1, "reopen {words}"), (1, "close duplicate-of {number}"), (1, "followup {words} owner=@{anyone} due=2026-06-12 priority=P1"),
    (1, "postmortem @{anyone}"), (1, "debrief {words}"), (1, "postmortem published https://wiki.example"),
)  # fmt: skip
"""What is typed in a private channel, and how often."""

OUTSIDE = (
    "reopen {} it has come back to us", "close duplicate-of {}", "postmortem published {} https://wiki.example",
    "postmortem none {} nothing of it", "followup-done {}.F1", "followup-move {}.F1 due=tomorrow",
)  # fmt: skip
"""What names a private incident from elsewhere."""


class Secrets:
    """Acts around private incidents. `let_in` are (channel, person) whom an administrator of the chat, not the bot, let in."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self.let_in: set[tuple[str, str]] = set()

    @property
    def rooms(self) -> list[Channel]:
        return [room for room in self._crowd.rooms if private(room)]

    def act(self, rng: Random) -> None:
        """Somebody does something about a secret; where there is none yet, one is declared."""
        known = self.rooms
        self._crowd.one_of(
            rng,
            (
                (0.7 if known else 1, self._declares),
                (9 if known else 0, self._types),
                (3 if known else 0, self._talks),
                (2 if known else 0, self._names_it_outside),
                (2 if known else 0, self._intrudes),
            ),
        )

    def _declares(self, rng: Random) -> None:
        who = rng.choice(self._crowd.people)
        more = rng.choice(("", "", " sev1", " sev3", " service=payments"))
        words = f"!inc declare {rng.choice(TITLES)} private{more}"
        self._crowd.say(who, self._crowd.world.direct(who), words)

    def _anyone(self, rng: Random) -> Account:
        return rng.choice((*self._crowd.people, self._crowd.stray))

    def _members(self, room: Channel) -> list[Account]:
        invited = [self._crowd.world.people[name] for name in room.invited]
        return invited or self._crowd.people

    def _types(self, rng: Random) -> None:
        room = rng.choice(self.rooms)
        [words] = rng.choices([words for _, words in INSIDE], [weight for weight, _ in INSIDE])
        words = words.replace("{anyone}", self._anyone(rng).name)
        # Most are the first to come, who declared it and commands.
        who = self._members(room)[0] if rng.random() < 0.6 else rng.choice(self._members(room))
        self._crowd.say(who, room.ref, "!inc " + self._crowd.filled(words, rng, room))

    def _talks(self, rng: Random) -> None:
        self._crowd.takes_words(rng, rng.choice(self.rooms))

    def _names_it_outside(self, rng: Random) -> None:
        """Somebody who may know nothing of it, or knows, names it by its number, in triage or where they work."""
        number = rng.choice(self.rooms).topic.split()[1]
        places = [self._crowd.triage, *(room.ref for room in self._crowd.rooms if not private(room))]
        words = rng.choice(OUTSIDE).format(number)
        self._crowd.say(rng.choice(self._crowd.people), rng.choice(places), f"!inc {words}")

    def _intrudes(self, rng: Random) -> None:
        """An administrator of the chat lets somebody into the channel, who then does what one does there."""
        room, who = rng.choice(self.rooms), self._anyone(rng)
        if who.id not in room.members:
            room.members.append(who.id)
            self.let_in.add((room.ref.id, who.id))
        said = [one for one in self._crowd.world.said(room.ref) if one.post or prefix(one.text) is None]
        if not said or rng.random() < 0.5:
            words = rng.choice(
                ("claim ic", "note I was here", "board", "takeover ic", "publish", "invite @Zoe", "resolve")
            )
            self._crowd.say(who, room.ref, f"!inc {words}")
            return
        message, emoji = rng.choice(said), rng.choice("💡📌🧭📣✋✅👍📤")
        if message.post is None and emoji not in "💡📌":
            raise Turned("That is put on cards.")
        self._crowd.react(who, message, emoji, promised=self._crowd.means(message, emoji) or message.post is None)
