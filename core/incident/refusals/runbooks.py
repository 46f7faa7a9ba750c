"""Runbooks that are not there."""

from __future__ import annotations

from collections.abc import Sequence

from core.incident.refusals.refusal import Refusal

NAMED = 12
"""Runbooks that an answer names."""


def no_runbook(name: str, known: Sequence[str]) -> Refusal:
    why = f"There is no runbook {name[:60]}." if name else "There is no runbook for this."
    if not known:
        return Refusal(
            "no-runbook", why, "Runbooks are Markdown files in the folder that `[runbooks]` of the config names."
        )
    shown = " ".join(f"`runbook {one}`" for one in known[:NAMED])
    return Refusal("no-runbook", why, f"There are: {shown}{' and more' if len(known) > NAMED else ''}.")


def no_such_page(name: str, page: int, count: int) -> Refusal:
    return Refusal("no-such-page", f"{name} has no section {page}; it has {count}.", f"`runbook {name}` lists them.")


def no_steps() -> Refusal:
    return Refusal("no-steps", "No steps of a runbook were shown here yet.", "`runbook` shows it.")


def no_such_step(step: int, count: int) -> Refusal:
    return Refusal(
        "no-such-step",
        f"There is no step {step} on that page; it has {count or 'none'}.",
        "`action TEXT` adds any other.",
    )
