"""The emoji of every action, by the action's name: what cards seed and people click. All can be changed in the config."""

from __future__ import annotations

from core.incident.vocabulary import Role

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
    "came_back": "↩️",
}

CLAIMS: dict[str, Role] = {f"claim_{role}": role for role in Role}
"""The board's reactions that claim a role."""
