"""Runbooks as data: pages of lines, with the steps that can be taken; and the shelf on which they are found.

Rule: a runbook's words are shown as they stand, and never as markup; nothing in them pings anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from core.incident.vocabulary import Value


class RunbookLine(Value):
    """A line of a page. `step` is its number where it can be taken as an action."""

    text: str
    kind: Literal["text", "bullet", "code", "quote", "strong"] = "text"
    step: int = 0


class Page(Value):
    """A section, or as much of it as fits on a card."""

    heading: str
    lines: tuple[RunbookLine, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(one.text for one in self.lines if one.step)


class Runbook(Value):
    """A file. `name` is the file's without its ending, `digest` of what stands in it."""

    name: str
    title: str
    digest: str
    services: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """The runbooks that there are now."""

    books: tuple[Runbook, ...] = ()

    def named(self, words: str) -> Runbook | None:
        """By its name, with or without `.md`, or by its title; else the only one whose name or title begins so."""
        wanted = words.strip().casefold().removesuffix(".md")
        for book in self.books:
            if wanted in (book.name.casefold(), book.title.casefold()):
                return book
        begun = [book for book in self.books if f"{book.name} {book.title}".casefold().startswith(wanted)]
        begun += [book for book in self.books if book.title.casefold().startswith(wanted) and book not in begun]
        return begun[0] if wanted and len(begun) == 1 else None

    def for_service(self, service: str, runbook: str = "") -> Runbook | None:
        """The one that the catalogue names; else the first that names the service, or is named like it."""
        if runbook:
            return self.named(runbook)
        wanted = service.casefold()
        named = (book for book in self.books if wanted in (each.casefold() for each in book.services))
        return next(named, None) or next((book for book in self.books if book.name.casefold() == wanted), None)

    def for_labels(self, labels: Mapping[str, str]) -> Runbook | None:
        """The one for an alert: all of its labels are the alert's, and it has more of them than others; else its service's."""
        fitting = [book for book in self.books if book.labels and book.labels.items() <= labels.items()]
        if fitting:
            return max(fitting, key=lambda book: len(book.labels))
        return self.for_service(labels["service"]) if labels.get("service") else None


EMPTY = Shelf()
