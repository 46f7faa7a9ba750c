"""What a played colleague answers who is spoken to: a call that they are asked to take, a path, an item, an update, or how it goes.

Rule: an answer is always one of two: the command that does what was asked, or whose it is and what to type. What is the
commander's stays theirs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bot.colleagues import PATHS, spoken_of, update
from core.incident.state import Incident
from core.incident.vocabulary import THREE_CALLS, Path, Person, Role

NATURAL: Mapping[Role, str] = {
    Role.DIAGNOSIS: "Mia",
    Role.UPDATES: "Jon",
    Role.RECOVERY: "Leah",
    Role.SCRIBE: "Bo",
}
"""Who answers when everybody is asked who takes a call."""

ROLES: Mapping[Role, re.Pattern[str]] = {
    Role.IC: re.compile(r"\b(command(er)?|in charge|incident lead)\b", re.IGNORECASE),
    Role.DIAGNOSIS: re.compile(r"\b(diagnos\w+|ops|tech lead|debugging)\b", re.IGNORECASE),
    Role.UPDATES: re.compile(
        r"\b(updates|update owner|comms|communication\w*|customer (side|owner\w*)|(takes?|owns?|handles?) (the )?customers?)\b",
        re.IGNORECASE,
    ),
    Role.RECOVERY: re.compile(r"\b(recovery|roll-?back owner|(takes?|owns?) (the )?roll-?back)\b", re.IGNORECASE),
    Role.SCRIBE: re.compile(r"\b(scribe|takes? (the )?notes)\b", re.IGNORECASE),
}
"""How people name the calls."""

TAKES = re.compile(r"\b(takes?|taking|owns?|claims?|handles?|leads?)\b", re.IGNORECASE)
ANYBODY = re.compile(r"\b(who|any(one|body)|some(one|body)|need)\b", re.IGNORECASE)
NOT = re.compile(r"\b(not|never)\b|n['’]t\b", re.IGNORECASE)  # typed either way
OPINION = re.compile(r"\b(should|shall|could|would|do) (we|i)\b|\bwhat about\b|\bwhy\b", re.IGNORECASE)
WRITES = re.compile(
    r"\b(update|publish|write|(tell|inform) (the )?(customers?|users?|support|people|every\w+))\b", re.IGNORECASE
)
THANKS = re.compile(r"\b(thanks?|thank you|great|good|nice|perfect|well done)\b", re.IGNORECASE)
POLITE = re.compile(r"^\W*((ok|okay|please|let'?s|let us|we|now|then|yes)\b\W*)*", re.IGNORECASE)
ITEM = re.compile(r"\b([har]\d{1,3})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """`who` types `lines`, each a message."""

    who: str
    lines: tuple[str, ...]


def replies(incident: Incident, text: str, asker: str, played: Collection[str]) -> Iterator[Reply]:
    """What those of `played` answer to `asker`'s words; nobody to words that are for nobody."""
    named = [name for name in played if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)]
    # Their own names are no words that mean anything.
    bare = re.sub(rf"@?\b({'|'.join(map(re.escape, named))})\b[,:]?", "", text, flags=re.IGNORECASE) if named else text
    for who in named or _meant(incident, bare, played):
        if lines := _answer(incident, bare.strip(), who, asker):
            yield Reply(who, lines)


def _meant(incident: Incident, text: str, played: Collection[str]) -> list[str]:
    """Of words without a name: whose they are, of those who are played."""
    role, item = _role_in(text), ITEM.search(text)
    if item and ANYBODY.search(text):
        held = incident.items.get(item[1].upper())
        able = (held.holder,) if held is not None and held.holder is not None else incident.idle
        return [one.account.name for one in able if one.account.name in played][:1]
    if role and ANYBODY.search(text):
        return [NATURAL[role]] if NATURAL.get(role) in played else []
    begins = POLITE.sub("", text)
    mine = None
    if any(pattern.match(begins) for pattern in PATHS.values()):
        mine = incident.holder(Role.RECOVERY)
    elif re.match(r"(send|write|publish)\b.*\bupdate\b", begins, re.IGNORECASE):
        mine = incident.holder(Role.UPDATES)
    return [mine.account.name] if mine is not None and mine.account.name in played else []


def _role_in(text: str) -> Role | None:
    return next((role for role, pattern in ROLES.items() if pattern.search(text)), None)


def _answer(incident: Incident, text: str, me: str, asker: str) -> tuple[str, ...]:
    item, role, path = ITEM.search(text), _role_in(text), spoken_of(text)
    if item:
        return _about_item(incident, item[1].upper(), me)
    if role and (TAKES.search(text) or ANYBODY.search(text)):
        return _about_role(incident, role, me)
    if path:
        asks = bool(OPINION.search(text))
        return ("That is yours to say. Say so, and I do it.",) if asks else _go(incident, path, me, asker)
    if NOT.search(text):
        return ("Understood.",)
    if WRITES.search(text):
        return _write(incident, me)
    if role:
        return _about_role(incident, role, me)
    if THANKS.search(text):
        return ()
    if text.endswith("?") or len(text.split()) < 3:
        return (_doing(incident, me),)
    return (f"Put it on the list, and I take it: “/inc action {text.rstrip('.!')} @{me}”",)


def _named(person: Person | None) -> str:
    return person.account.name if person is not None else ""


def _about_item(incident: Incident, key: str, me: str) -> tuple[str, ...]:
    item = incident.items.get(key)
    if item is None:
        return (f"I see no {key} on the board.",)
    if not item.open:
        return (f"{key} is over: {item.status}.",)
    if item.holder is None:
        return (f"/inc grab {key}",)
    return (
        (f"I am on {key}, and say so when I know.",)
        if _named(item.holder) == me
        else (f"{item.holder.name} has {key}.",)
    )


def _about_role(incident: Incident, role: Role, me: str) -> tuple[str, ...]:
    holder = incident.holder(role)
    if role is Role.IC:
        return (f"{holder.name} commands.",) if holder else ("Command is for you: 🧭 on the board.",)
    if holder is not None:
        return (f"{'I have' if _named(holder) == me else f'{holder.name} has'} {role}.",)
    mine = {one for one in THREE_CALLS if _named(incident.holder(one)) == me}
    if len(mine | {role} & THREE_CALLS) == len(THREE_CALLS):
        return (f"I have two calls. Who else can take {role}?",)
    return (f"/inc claim {role}",)


def _go(incident: Incident, path: Path, me: str, asker: str) -> tuple[str, ...]:
    holder, commander = incident.holder(Role.RECOVERY), incident.commander
    if commander is None:
        return ("Who commands? 🧭 on the board, and I do as you say.",)
    if _named(commander) != asker:
        return (f"{commander.name} commands. I do it when {commander.name} says so.",)
    if holder is not None and _named(holder) != me:
        return (f"{holder.name} has recovery.",)
    going = incident.open_path
    if going is not None and going.path is path:
        return (f"{going.key} is under way.",)
    return (*(() if holder else ("/inc claim recovery",)), f"/inc path {path} {asker} said so")


def _write(incident: Incident, me: str) -> tuple[str, ...]:
    holder = incident.holder(Role.UPDATES)
    if holder is not None and _named(holder) != me:
        return (f"{holder.name} writes the updates.",)
    claim = () if holder else ("/inc claim updates",)
    if incident.draft is not None:
        return (*claim, "/inc publish")
    if not incident.users_see:
        return (*claim, "What do users see? “/inc impact …”, and I write it.")
    return (*claim, update(incident.users_see, incident.open_path.path if incident.open_path else None))


def _doing(incident: Incident, me: str) -> str:
    items = [f"{one.key} ({one.text})" for one in incident.items.values() if one.open and _named(one.holder) == me]
    roles = [str(role) for role in Role if _named(incident.holder(role)) == me]
    if items:
        return f"I am on {' and '.join(items)}. Nothing sure yet."
    if roles:
        return f"I have {' and '.join(roles)}, and both hands free. What do you need?"
    return f"I am free. Give me something: “/inc action … @{me}”, or a call: “/inc assign scribe @{me}”"
