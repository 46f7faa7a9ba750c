"""The emoji of every action, by the action's name: what cards seed and people click. All can be changed in the config."""

from __future__ import annotations

from core.incident.vocabulary import Path, Role

EMOJI: dict[str, str] = {
    "declare": "🚨",
    "claim_ic": "🧭",
    "claim_diagnosis": "🔎",
    "claim_updates": "📣",
    "claim_recovery": "⏪",
    "claim_scribe": "✍️",
    "freeze": "🧊",
    "hypothesis": "💡",
    "action": "🛠️",
    "decision": "⚖️",
    "pin": "📌",
    "draft": "📢",
    "grab": "✋",
    "done": "✅",
    "cross_off": "❌",
    "publish": "📤",
    "discard": "❌",
    "unchanged": "🔁",
    "close": "🏁",
    "yes": "👍",
    "no": "❌",
    "widen": "🆘",
    "came_back": "↩️",
    "published": "✅",
    "path_rollback": "⏪",
    "path_fix": "🔧",
    "path_pause": "⏸️",
    "path_dig": "🔎",
    "next_page": "▶️",
    **{f"step_{number}": f"{number}\ufe0f\u20e3" for number in range(1, 10)},
    **{f"met_{number}": f"{number}\ufe0f\u20e3" for number in range(1, 10)},
}

CLAIMS: dict[str, Role] = {f"claim_{role}": role for role in Role}
"""The board's reactions that claim a role."""

PATHS: dict[str, Path] = {f"path_{path}": path for path in Path}
"""The four choices at a decision point."""

STEPS: dict[str, int] = {f"step_{number}": number for number in range(1, 10)}
"""The steps on a runbook's page, by their number; a page has no more."""

THRESHOLDS: dict[str, int] = {f"met_{number}": number for number in range(1, 10)}
"""The sentences on the thresholds' card, by their number; a service has no more."""
