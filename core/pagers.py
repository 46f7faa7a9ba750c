"""People out: the calls beyond the chat that an incident's open pages ask for, a display that only sends.

Rule: nothing waits for a call. Each try is on the record once it was made; so after a death between the two it is made
again: somebody who is called twice is awake, and somebody who was not called is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from core.command_post import CommandPost
from core.errands import Errands
from core.incident import commands as c
from core.incident.audience import open_to_all
from core.incident.cards.paging import found
from core.incident.document import Document, plain
from core.incident.events import Ask, Recorded
from core.incident.newcomers import briefing
from core.incident.state import Incident, Prompt
from core.incident.vocabulary import Person
from core.port import Clock, TransportFailure
from core.reports import Reports

log = structlog.get_logger(__name__)

WAITS = (5.0, 30.0)
"""Seconds between one try and the next; there is one more try than there are waits."""

PATIENCE = 20.0
"""Seconds that one try may take."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is said: `subject` in a line, `words` whole, and the address that answers, if there is one."""

    subject: str
    words: str
    answer_at: str = ""


class Pager(Protocol):
    """One address of somebody's. `via` is its kind and tells it apart from their others; it holds no secret."""

    @property
    def via(self) -> str: ...

    async def call(self, call: Call) -> None:
        """Raises a `TransportFailure` with the reason, which repeats nothing of the address."""


Pagers = Callable[[Person], Sequence[Pager]]
"""The addresses that the config has of somebody."""

Answers = Callable[[str, Prompt, Person], str]
"""The address at which this person answers that page; empty where there is none."""


class PeopleOut:
    """Makes the calls. `pagers` and `answers` are asked at the moment of a call, since a config may be another by then."""

    def __init__(self, post: CommandPost, clock: Clock, reports: Reports, pagers: Pagers, answers: Answers) -> None:
        self._post = post
        self._clock = clock
        self._reports = reports
        self._pagers = pagers
        self._answers = answers
        self._errands = Errands()
        self._begun: set[tuple[str, str, str, str]] = set()

    def show(self, stream: str, incident: Incident | None, _: Sequence[Recorded]) -> None:
        """Begins what an incident's open pages ask for and was not begun."""
        # A drill rings nobody: this is the one place where that is said.
        if incident is None or incident.closed or incident.drill is not None:
            return
        for prompt in incident.open_prompts(Ask.PAGE):
            for person in prompt.asked.to:
                for pager in self._pagers(person):
                    one = (stream, prompt.key, person.key, pager.via)
                    if one not in self._begun:
                        self._begun.add(one)
                        self._errands.begin(self._ring(stream, prompt.key, person, pager))

    def let_go(self, stream: str) -> None:
        """The incident sleeps."""
        self._begun = {one for one in self._begun if one[0] != stream}

    async def stop(self) -> None:
        await self._errands.end()

    async def _ring(self, stream: str, key: str, person: Person, pager: Pager) -> None:
        """Calls until it worked, somebody answered, or it was tried often enough."""
        while True:
            incident = await self._post.incident(stream)
            prompt = incident.prompts.get(key) if incident else None
            if incident is None or prompt is None or prompt.settled or not incident.has_member(person):
                return
            made = [one for one in incident.tries if (one.prompt, one.to.key, one.via) == (key, person.key, pager.via)]
            if any(one.sent for one in made) or len(made) > len(WAITS):
                return
            if made:
                await self._clock.sleep(WAITS[len(made) - 1])
                incident = await self._post.incident(stream) or incident
                if incident.prompts[key].settled:
                    return
            why = await self._try(incident, stream, prompt, person, pager)
            if why and not made:
                log.warning("a call failed", incident=stream, page=key, via=pager.via, reason=why)
            tried = c.NotePageTried(prompt=key, to=person, via=pager.via, sent=not why, why=why)
            await self._reports.hand_in(stream, tried, f"{key}/{person.key}/{pager.via}/{len(made)}")

    async def _try(self, incident: Incident, stream: str, prompt: Prompt, person: Person, pager: Pager) -> str:
        """One call; why it failed, or nothing."""
        try:
            async with asyncio.timeout(PATIENCE):
                await pager.call(self._call(incident, stream, prompt, person))
        except TimeoutError:
            return "it took too long"
        except TransportFailure as failure:
            return str(failure)
        except Exception:  # a library's bug must not keep the other addresses from being called
            log.exception("bug", incident=stream, via=pager.via)
            return "something went wrong; Tocsin's log has it"
        return ""

    def _call(self, incident: Incident, stream: str, prompt: Prompt, person: Person) -> Call:
        """What is said; of what not everybody may know, that it is there and under which name."""
        told = open_to_all(incident)
        why = f" {prompt.asked.why}." if prompt.asked.why and told else ""
        words = [
            f"{person.name}, you are paged.{why}",
            plain(Document(tuple(found(briefing(incident, ()))))) if told else "",
        ]
        subject = f"{incident.severity.upper()} {incident.title if told else incident.name}"
        words = [*filter(None, words), incident.name]
        return Call(subject, "\n".join(words), self._answers(stream, prompt, person))
