"""What a drill plays: a made-up outage as data, frozen into the declaration, so that all of it follows from the record.

Rule: a scenario says what is told, by whom and when; it never acts for the people who practise (spec, section 11).
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from core.incident.times import Length
from core.incident.vocabulary import Path, Role, Severity, Value

MARK = "DRILL"
"""What a stranger reads first on whatever a drill shows."""

LENGTH = timedelta(minutes=20)
"""How long a drill lasts (spec, section 11)."""


class Inject(Value):
    """Something that a part in the play says. `herring`: it leads astray.

    `minute` counts from the declaration, or from when a path of the kind `after` was done; once a path of the kind
    `unless` is done, it is not said any more.
    """

    minute: float = Field(ge=0, le=240)
    says: str = Field(min_length=1, max_length=60)
    words: str = Field(min_length=1, max_length=600)
    herring: bool = False
    after: Path | None = None
    unless: Path | None = None


class CastLine(Value):
    """What somebody of the sandbox's cast does for a person who practises alone: takes a role that is still free, or types.

    `{tax rounding}` in `types` stands for the item of these words.
    """

    minute: float = Field(ge=0, le=240)
    who: str
    types: str = ""
    claims: Role | None = None


class Clue(Value):
    """What one of the sandbox's cast finds about a hypothesis that speaks of one of the words `about`; `right`: it is so."""

    about: tuple[str, ...] = Field(min_length=1)
    shows: str = Field(min_length=1, max_length=200)
    right: bool = False


class Scenario(Value):
    """A made-up outage. `truth` is what was really wrong, told with the score; `mitigates` are the paths that help."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    title: str = Field(min_length=1, max_length=120)
    severity: Severity
    service: str = ""
    private: bool = False
    briefing: str = Field(min_length=1, max_length=600)
    truth: str = Field(min_length=1, max_length=600)
    mitigates: tuple[Path, ...] = Field(min_length=1)
    length: Length = LENGTH
    injects: tuple[Inject, ...] = Field(min_length=1)
    cast: tuple[CastLine, ...] = ()
    clues: tuple[Clue, ...] = ()


def titled(scenario: Scenario) -> str:
    """The title of its incident, and so the beginning of its channel's name."""
    return f"{MARK}: {scenario.title}"
