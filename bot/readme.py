"""`python -m bot.readme` writes the README's generated parts from the code; `--check` only says whether they are up to date.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`; NAME is a row of `PARTS`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from core.incident.authority import AUTHORITY
from core.incident.checklist import CHECKLIST
from core.incident.events import Wording
from core.incident.fixes import SAFE_MOVES
from core.incident.forms import Group
from core.incident.lifecycle import diagram
from core.incident.policy import Policy, Times
from core.incident.stuck import SIGNS
from core.incident.times import spell
from core.incident.verbs import VERBS
from core.incident.wording import WORDING
from transports.reactions import REACTIONS, TWINS, few, together

README = Path(__file__).parent.parent / "README.md"

SHOWN = 90
"""Characters of an example that are shown; the one that is too long is shown by its beginning."""

_PART = re.compile(r"(<!-- generated: (?P<name>\w+) -->\n)(?P<body>.*?)(?P<end><!-- end -->)", re.DOTALL)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    # A bar inside a cell ends it, in code too, unless it is escaped.
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *cells])


def emoji() -> str:
    """The emoji table."""
    rows, last = [], None
    for group in together(REACTIONS):
        row = group[0]
        where = row.where.value if row.where is not last else ""
        words = few([f"`{one.command}`" for one in group])
        rows.append((where, few([one.emoji for one in group]), row.does, row.who or "any responder", words))
        last = row.where
    alike = " · ".join(" ".join(group) for group in TWINS)
    return f"{_table(('where', 'emoji', 'does', 'who', 'the same in words'), rows)}\n\nAlike in one place: {alike}."


def commands() -> str:
    """The command table."""
    rows = [(group.value, f"`{verb.usage}`", verb.does) for group in Group for verb in VERBS if verb.group is group]
    return _table(("group", "command", "does"), rows)


def lifecycle() -> str:
    """The phases, as a diagram."""
    return f"```mermaid\n{diagram()}\n```"


def authority() -> str:
    """Who may do what, as commands; those with one right in one row."""
    rows: dict[str, list[str]] = {}
    for verb in VERBS:
        who = " or ".join(role.title for role in AUTHORITY[verb.command].roles) or "any responder"
        rows.setdefault(who, []).append(f"`{verb.word}`")
    return _table(("who", "may"), ((who, " ".join(dict.fromkeys(words))) for who, words in rows.items()))


def checklist() -> str:
    """The steps of the first 15 minutes, with the time by which each should be done."""
    rows = zip(CHECKLIST, Times().checklist, strict=True)
    people = {True: "everybody", False: "when two or more are there"}
    return _table(("by", "step", "asked of"), ((spell(at), check.does, people[check.alone]) for check, at in rows))


def signs() -> str:
    """The stuck signs."""
    times = Policy().times
    waits = {"quiet record": times.quiet_record, "no mitigation": times.no_mitigation}
    rows = ((sign.means, f"for {spell(waits[sign.name])}" if sign.name in waits else "") for sign in SIGNS)
    moves = ", ".join(name for name, _ in SAFE_MOVES)
    table = _table(("sign", "lasting"), rows)
    return f"{table}\n\nSafe to try before the cause is known: {moves}."


def wording() -> str:
    """The rules of the wording check, with examples and the better form."""
    rows = (
        (
            f"`{rule.name}`",
            rule.check.value,
            rule.reason,
            " / ".join(map(_example, rule.fails)),
            rule.better,
            " / ".join(map(_example, rule.passes)),
        )
        for rule in WORDING
    )
    return _table(("rule", "default", "why", "fails", "better", "passes"), rows)


def _example(words: Wording) -> str:
    """An example as it would be read; as it would be typed, where what matters is a field that is not there."""
    if words.impact in ("", "…"):
        typed = f"next={words.next}" if words.next else f"impact={words.impact}"
        return f"`update {typed}`"
    short = words.impact if len(words.impact) <= SHOWN else f"{words.impact[:SHOWN].rstrip()}…"
    if words.every is None:
        return f"“{short}”"
    return f"“{short}” {'with `every=15m`' if words.every else 'where the severity has no interval'}"


PARTS: dict[str, Callable[[], str]] = {
    "emoji": emoji,
    "commands": commands,
    "lifecycle": lifecycle,
    "authority": authority,
    "checklist": checklist,
    "signs": signs,
    "wording": wording,
}
"""What can be generated, by the name in its marker."""


def regenerate(text: str) -> str:
    """The text with every generated part made anew. Raises `ValueError` for a marker that is unknown or has no end."""

    def _anew(part: re.Match[str]) -> str:
        if part["name"] not in PARTS or "<!-- generated:" in part["body"]:
            raise ValueError(f"the part {part['name']!r} is unknown or has no end; there are {', '.join(PARTS)}")
        return f"{part[1]}{PARTS[part['name']]()}\n{part['end']}"

    fresh = _PART.sub(_anew, text)
    if len(re.findall("<!-- generated:", text)) != len(_PART.findall(text)):
        raise ValueError("a generated part has no <!-- end -->, or its marker stands beside other text")
    return fresh


def main(arguments: Sequence[str]) -> int:
    """The exit status: with `--check`, 1 when a part is stale."""
    text = README.read_text(encoding="utf-8")
    fresh = regenerate(text)
    if "--check" in arguments:
        print("README.md is up to date" if fresh == text else "README.md is stale: run `poe readme`")
        return int(fresh != text)
    README.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
