"""Answers to what Tocsin asked, and reactions taken back."""

from __future__ import annotations

from core.incident.commands.wish import Command
from core.incident.vocabulary import Role


class Confirm(Command):
    """Yes to a prompt, by its card key."""

    prompt: str


class Decline(Command):
    """No to a prompt, by its card key."""

    prompt: str


class KeepClaim(Command):
    """🚨 or a role's emoji was taken back: nothing changes, and the answer says how to hand it off."""

    role: Role | None = None


class NoteTakenBack(Command):
    """A reaction was taken back on which nothing hangs; kept, so that putting it there again is another act."""
