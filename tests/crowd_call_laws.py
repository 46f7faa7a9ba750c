"""The laws of calling people out: what was tried and answered is on the record, silence goes on, and an answer ends it.

Rule: a death between a call and its record makes it "at least once" (`core.pagers`); nothing else does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from crowd_calls import VIAS, Exchange, Key, Ring
from simulated_rights import holds

from core.incident.events import (
    Ask,
    Asked,
    Event,
    Joined,
    PageAnswered,
    PageTried,
    PageUnanswered,
    PutOut,
    Recorded,
    Settled,
)
from core.incident.newcomers import IN_PRIVATE
from core.incident.state import Incident
from core.incident.vocabulary import Role
from core.pagers import WAITS

A_MOMENT = 1.0
"""Seconds in which a process may not know yet what was just written."""

ONCE = "nobody is called twice by one page"
TOLD = "every call is on the record"
ENDS = "an answer ends a page"
GOES_ON = "silence goes on to the next"


class PageLaws:
    """`exchange` has every call that was made, where anybody has an address; `now` is the loop's time."""

    def __init__(self, break_: Callable[[str, str], None], now: Callable[[], float]) -> None:
        self._break = break_
        self._now = now
        self.exchange: Exchange | None = None
        self._put_out: dict[tuple[str, str], float] = {}
        self._tries: Counter[Key] = Counter()
        self._reached: set[Key] = set()
        self._answered: set[tuple[str, str]] = set()
        self._settled_at: dict[tuple[str, str], float] = {}
        self._silent: dict[str, PageUnanswered] = {}
        self._told: Counter[tuple[str, str]] = Counter()

    # --- on the record ------------------------------------------------------------------------------------------------

    def recorded(self, before: Incident, record: Recorded) -> None:
        stream, event, where = record.stream, record.event, f"in {record.stream} {record.version}"
        if record.about and stream in self._silent:
            self._break(GOES_ON, f"{self._silent.pop(stream).prompt} brought nobody in, before {where}")
        if isinstance(event, PageTried | PageAnswered | PageUnanswered):
            self._told[stream, event.kind] += 1
        self._moved(stream, event)
        match event:
            case PageTried(via=via) if via != IN_PRIVATE:
                self._tried((stream, event.prompt, event.to.key, event.via), event, where)
            case PageAnswered(prompt=prompt):
                to = before.prompts[prompt].asked.to
                if record.by is None or not any(map(record.by.is_, to)):
                    self._break("only who was paged answers", f"{record.by} answers {prompt}, {where}")
                self._answered.add((stream, prompt))
            case PageUnanswered(prompt=prompt):
                if (stream, prompt) in self._answered:
                    self._break(ENDS, f"{prompt} goes on, {where}")
                # Where silence brought somebody else in already, theirs is waited for.
                if not any(one.asked.step for one in before.open_prompts(Ask.PAGE) if one.key != prompt):
                    self._silent[stream] = event
            case Settled(prompt=prompt):
                self._settled_at.setdefault((stream, prompt), self._now())
            case Asked(ask=Ask.PAGE | Ask.UNANSWERED) if self._silent.pop(stream, None) is not None:
                self._next(before, event, where)
            case _:
                pass

    def _moved(self, stream: str, event: Event) -> None:
        if isinstance(event, PutOut):
            self._put_out[stream, event.who.key] = self._now()
        elif isinstance(event, Joined):
            self._put_out.pop((stream, event.who.key), None)

    def _next(self, before: Incident, event: Asked, where: str) -> None:
        """Nobody is called a second time by silence, and of what nobody answers the commander is told."""
        asked = [one for prompt in before.prompts.values() if prompt.asked.ask is Ask.PAGE for one in prompt.asked.to]
        again = [one.name for one in event.to if event.ask is Ask.PAGE and any(map(one.is_, asked))]
        commander = holds(before, Role.IC)
        untold = event.ask is Ask.UNANSWERED and commander is not None and not any(map(commander.is_, event.to))
        if again or untold:
            self._break(GOES_ON, f"{event.ask} to {[one.name for one in event.to]}, {where}")

    def _tried(self, key: Key, event: PageTried, where: str) -> None:
        self._tries[key] += 1
        made = [one for one in self._rings() if one.key == key]
        if self._tries[key] > len(made):
            self._break(TOLD, f"{key} was never tried, {where}")
        if event.sent:
            if not any(one.reached for one in made):
                self._break(TOLD, f"{key} did not work, and is told to have, {where}")
            self._reached.add(key)

    def _rings(self) -> list[Ring]:
        return self.exchange.rings if self.exchange is not None else []

    # --- at every call ------------------------------------------------------------------------------------------------

    def begun(self, ring: Ring) -> None:
        mine = [one for one in self._rings() if one.key == ring.key and one.process == ring.process]
        if ring.key in self._reached or any(one.reached for one in mine):
            self._break(ONCE, f"{ring.key} was reached already")
        stream, prompt, person, _ = ring.key
        over = self._settled_at.get((stream, prompt), self._put_out.get((stream, person)))
        if over is not None and self._now() - over > A_MOMENT:
            self._break(ENDS, f"{ring.key} is called {self._now() - over:.0f} s after that")

    # --- at the end ---------------------------------------------------------------------------------------------------

    def settled(self, incidents: Mapping[str, Incident], living: int) -> None:
        """`living`: the process that is there at the end."""
        for key in {one.key for one in self._rings()}:
            made = [one for one in self._rings() if one.key == key]
            # The last call of a process that died may be on no record.
            lost = len({one.process for one in made if one.process != living})
            if not len(made) - lost <= self._tries[key] <= len(made):
                self._break(TOLD, f"{key}: {len(made)} calls, {self._tries[key]} on the record, {lost} may be lost")
        for stream, incident in incidents.items():
            if stream in self._silent:
                self._break(GOES_ON, f"{self._silent[stream].prompt} brought nobody in, in {stream}")
            for kind in ("page_tried", "page_answered", "page_unanswered"):
                entries = sum(entry.kind == kind for entry in incident.entries)
                if entries != self._told[stream, kind]:
                    self._break(TOLD, f"{entries} {kind} on the timeline of {stream}, not {self._told[stream, kind]}")
            if self.exchange is not None and not incident.closed and incident.drill is None:
                self._tried_often_enough(stream, incident)

    def _tried_often_enough(self, stream: str, incident: Incident) -> None:
        for prompt in incident.open_prompts(Ask.PAGE):
            for person in prompt.asked.to:
                for key in ((stream, prompt.key, person.key, via) for via in VIAS.get(person.name, ())):
                    if key not in self._reached and self._tries[key] <= len(WAITS):
                        self._break(TOLD, f"{key} was tried {self._tries[key]} times, and not reached")
