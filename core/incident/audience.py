"""Who may see what of an incident: the one place where that is said (design, law 8; reliability, row 34).

Rule: of a private incident its members see everything, in its own channel and nowhere else. Everybody else sees its code
name, and what the update owner published, where the updates go. That an incident has a number is no secret; a word of it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, Person


class Guarded(Protocol):
    """What is known of an incident, or all of it, with the fact that decides who may know more."""

    @property
    def private(self) -> bool: ...


class Sight(StrEnum):
    """How much is seen."""

    WHOLE = "whole"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks: a person, everybody who reads a channel, a person in a channel; neither is everybody who reads anything."""

    person: Person | None = None
    channel: ChannelRef | None = None


def audience(incident: Incident, eyes: Eyes) -> Sight:
    """What these eyes see of it."""
    if open_to_all(incident):
        return Sight.WHOLE
    member = eyes.person is None or incident.has_member(eyes.person)
    inside = eyes.channel is None or eyes.channel == incident.channel
    nobody = eyes.person is None and eyes.channel is None
    return Sight.WHOLE if member and inside and not nobody else Sight.PUBLISHED


def open_to_all(known: Guarded) -> bool:
    """Whether anybody in the house may know that it is there, what it is called and how it goes: lists, figures, titles."""
    return not known.private
