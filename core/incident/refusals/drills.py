"""Which drill, and where."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from core.incident.refusals.refusal import Refusal


def no_such_drill(name: str, known: Sequence[str]) -> Refusal:
    near = get_close_matches(name.casefold(), known, n=1)
    way = f"Perhaps `drill {near[0]}`?" if near else "`drill` alone lists them."
    return Refusal("no-such-drill", f"There is no drill “{name[:40]}”.", way)


def drill_in_triage() -> Refusal:
    return Refusal("drill-in-triage", "Drills are begun in the triage channel.", "Type `drill` there: it lists them.")


def drill_in_private(name: str) -> Refusal:
    return Refusal(
        "drill-in-private",
        "This is practised as a private incident.",
        f"Type `drill {name} private` to Tocsin alone, in a direct message; on Discord, use it as a slash command.",
    )


def drill_is_over() -> Refusal:
    return Refusal(
        "drill-is-over", "A drill that is over has its score, and is not reopened.", "Begin another in triage."
    )
