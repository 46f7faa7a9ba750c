"""What the played colleagues of a drill do with what they are given: a question of Tocsin's, an item, the next update.

Rule: all of it follows from the incident as it stands, so that nobody does what a person has done meanwhile. They do what is
theirs and was asked for; they take no command, and choose no path that nobody spoke of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.incident.decide.path import wish_behind
from core.incident.drill import CastLine, Clue, Scenario
from core.incident.events import Ask
from core.incident.state import Incident, Item, Prompt
from core.incident.vocabulary import ItemKind, ItemStatus, Path, Person, Phase, Role

SOON = timedelta(seconds=20)
"""After which somebody answers who is at the keyboard: well within a step of a decision point."""

WORK = timedelta(minutes=2)
"""How long it takes to look at an item, or to do it."""

EVERY = "10m"
"""When the next update comes: within what is left of a drill, so that the promise counts."""

CALLED = re.compile(r"\{([^}]+)\}")
"""An item by its words, since whoever practises may have added others before."""

PATHS: Mapping[Path, re.Pattern[str]] = {
    Path.ROLLBACK: re.compile(r"\b(roll(ing)?[ -]?back|revert|undo|take (it|the release) back)\b", re.IGNORECASE),
    Path.FIX: re.compile(
        r"\b((ship|deploy|bring|make|push) (the|a|that) fix|fix (it|that|forward)|hotfix)\b", re.IGNORECASE
    ),
    Path.PAUSE: re.compile(r"\b(pause|(hold|wait) (five|5|off))\b", re.IGNORECASE),
    Path.DIG: re.compile(r"\b(dig|keep (digging|looking))\b", re.IGNORECASE),
}
"""How people say the four choices."""

NEGATED = re.compile(r"(\b(not|never|no|stop)|n['’]t)\s+(\w+\s+)?$", re.IGNORECASE)  # typed either way
"""What stands before a choice that is not meant."""

NEXT: Mapping[Path | None, str] = {
    None: "We are comparing what changed before it began.",
    Path.ROLLBACK: "We are putting the last good version back.",
    Path.FIX: "We are bringing out a fix.",
    Path.PAUSE: "We are watching the numbers for five minutes.",
    Path.DIG: "We are comparing what changed before it began.",
}
"""What happens next, in an update, by the path that is being gone."""


@dataclass(frozen=True, slots=True)
class Duty:
    """`who` types `lines`, each a message, once it has been theirs for `after`. `key` names it: it is done once."""

    key: str
    after: timedelta
    who: str
    lines: tuple[str, ...]


def duties(incident: Incident, scenario: Scenario, played: Collection[str]) -> Iterator[Duty]:
    """What waits for one of `played` now; `scenario` is the drill's, with its cast and clues."""
    yield from _asked(incident, scenario, played)
    yield from _items(incident, scenario, played)
    yield from _path(incident, played)
    yield from _update(incident, played)


def spoken_of(words: str) -> Path | None:
    """The path that somebody's words name, the first of those that they do not speak against."""
    said = {found.start(): path for path, pattern in PATHS.items() for found in pattern.finditer(words)}
    return next((said[start] for start in sorted(said) if not NEGATED.search(words[:start])), None)


def update(impact: str, path: Path | None) -> str:
    """The command that drafts an update."""
    return f"/inc update impact={impact[:1].upper()}{impact[1:]} next={NEXT[path]} every={EVERY}"


def _one_of(played: Collection[str], *people: Person | None) -> str:
    return next((one.account.name for one in people if one is not None and one.account.name in played), "")


# --- what Tocsin asks -------------------------------------------------------------------------------------------------

Answer = Callable[[Incident, Scenario, Prompt], tuple[str, ...]]
"""What is typed to a question; nothing where it is answered another way."""


def _reply(word: str, prompt: Prompt) -> str:
    return f"/inc {word} {prompt.key.removeprefix('prompt/')}"


def _yes(_: Incident, __: Scenario, prompt: Prompt) -> tuple[str, ...]:
    return (_reply("yes", prompt),)


def _handed(_: Incident, __: Scenario, prompt: Prompt) -> tuple[str, ...]:
    if Role.IC not in prompt.asked.roles:
        return (_reply("yes", prompt),)
    return ("Keep command, please: it is your drill. I take any other call.", _reply("no", prompt))


def _decides(incident: Incident, _: Scenario, prompt: Prompt) -> tuple[str, ...]:
    point = incident.points.get(prompt.asked.point)
    # Where nothing else was spoken of: rolling back first is the field's rule.
    return (f"/inc path {spoken_of(point.condition if point else '') or Path.ROLLBACK}",)


def _unsafe(_: Incident, __: Scenario, prompt: Prompt) -> tuple[str, ...]:
    return (f"/inc path {wish_behind(prompt).path} the version before has the same fault",)


def _signal(_: Incident, __: Scenario, ___: Prompt) -> tuple[str, ...]:
    return ("/inc watch what monitoring says 2m",)


def _worked(incident: Incident, scenario: Scenario, prompt: Prompt) -> tuple[str, ...]:
    if incident.items[prompt.asked.item].path in scenario.mitigates:
        return ("The numbers are going back to normal.", _reply("yes", prompt))
    return ("The numbers are as bad as before.", _reply("no", prompt))


def _reminded(incident: Incident, _: Scenario, __: Prompt) -> tuple[str, ...]:
    if incident.draft is not None:
        return ()
    if not incident.users_see:
        return ("I cannot write yet, nobody has said what users see. “/inc impact …”, and I do.",)
    going = _going(incident)
    return ("/inc unchanged",) if incident.updates and going is None else (update(incident.users_see, going),)


ANSWERS: Mapping[Ask, Answer] = {
    Ask.PAGE: _yes,
    Ask.HANDOFF: _handed,
    Ask.TAKEOVER: _yes,
    Ask.SECOND: _yes,
    Ask.STOP: _yes,
    Ask.DECISION: _decides,
    Ask.RULE: _decides,
    Ask.UNSAFE: _unsafe,
    Ask.SIGNAL: _signal,
    Ask.WORKED: _worked,
    Ask.UPDATE: _reminded,
}
"""What a colleague is asked and answers. The rest is the commander's, or of no drill."""


def _asked(incident: Incident, scenario: Scenario, played: Collection[str]) -> Iterator[Duty]:
    for prompt in incident.prompts.values():
        who = _one_of(played, *prompt.asked.to)
        answer = ANSWERS.get(prompt.asked.ask)
        lines = answer(incident, scenario, prompt) if answer and who and not prompt.settled else ()
        if lines:
            yield Duty(prompt.key, SOON, who, lines)


# --- what is in their hands -------------------------------------------------------------------------------------------


def _items(incident: Incident, scenario: Scenario, played: Collection[str]) -> Iterator[Duty]:
    planned = {name for one in scenario.cast for name in CALLED.findall(one.types)}
    for item in incident.items.values():
        who = _one_of(played, item.holder)
        # A pause ends by itself; and when their own are over, the scenario says.
        if item.open and who and item.path is not Path.PAUSE and item.text not in planned:
            yield Duty(f"{item.key} {who}", WORK, who, _ending(item, scenario))


def _ending(item: Item, scenario: Scenario) -> tuple[str, ...]:
    if item.kind is not ItemKind.HYPOTHESIS:
        return (f"/inc done {item.key}",)
    clue = _clue(item.text, scenario)
    if clue is None:
        return (f"{item.key}: I found nothing for it, and nothing against it.", f"/inc release {item.key}")
    return (f"/inc {'confirm' if clue.right else 'rule-out'} {item.key} {clue.shows}",)


def _clue(text: str, scenario: Scenario) -> Clue | None:
    """The first clue that a hypothesis speaks of."""
    spoken = (
        one for one in scenario.clues for word in one.about if re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE)
    )
    return next(spoken, None)


def _path(incident: Incident, played: Collection[str]) -> Iterator[Duty]:
    """Who has recovery goes the path that they chose, and asks for one when it is time."""
    who = _one_of(played, incident.holder(Role.RECOVERY))
    if not who or incident.phase in (Phase.RESOLVED, Phase.CLOSED):
        return
    item = incident.open_path
    if item is not None and item.holder is None and item.path is not Path.PAUSE and item.said_by.account.name == who:
        yield Duty(f"grab {item.key}", SOON, who, (f"/inc grab {item.key}",))
    failed = [one.key for one in incident.items.values() if one.status is ItemStatus.DID_NOT_HELP]
    if item is None and not incident.open_points and (failed or (incident.confirmed and incident.path is None)):
        words = f"Which path do we take{' now' if failed else ''}? Say “{who}, roll back”, or what else it shall be."
        yield Duty(f"which path {failed}", WORK, who, (words,))


def _update(incident: Incident, played: Collection[str]) -> Iterator[Duty]:
    """Who writes tells what the commander said that users see, and at the end that it is over."""
    who = _one_of(played, incident.holder(Role.UPDATES))
    told = len(incident.updates)
    if not who or incident.closed:
        return
    if incident.draft is not None:
        yield Duty(f"publish {incident.draft.number}", SOON, who, ("/inc publish",))
    elif incident.phase is Phase.RESOLVED:
        if told and incident.resolved_after == told:
            yield Duty(f"over {told}", SOON, who, ("/inc update impact=Everything works again.",))
    elif incident.impact and incident.impact_after == told:
        yield Duty(f"tell {told} {incident.impact}", SOON, who, (update(incident.impact, _going(incident)),))


def _going(incident: Incident) -> Path | None:
    return incident.open_path.path if incident.open_path else None


# --- what the scenario has them do ------------------------------------------------------------------------------------


HYPOTHESIS = "/inc hypothesis "


def words(incident: Incident, scenario: Scenario, one: CastLine) -> str:
    """What is typed for a line of the cast's; nothing where a person has the role, said the same, or the item is not there."""
    if one.claims is not None:
        free = incident.holder(one.claims) is None and one.claims is not Role.IC
        return f"/inc claim {one.claims}" if free else ""
    if one.types.startswith(HYPOTHESIS) and (clue := _clue(one.types.removeprefix(HYPOTHESIS), scenario)):
        known = [_clue(item.text, scenario) for item in incident.items_of(ItemKind.HYPOTHESIS)]
        if clue in known:
            return ""
    keys = {item.text: item.key for item in incident.items.values() if item.open}
    if any(name not in keys for name in CALLED.findall(one.types)):
        return ""
    return CALLED.sub(lambda found: keys[found[1]], one.types)
