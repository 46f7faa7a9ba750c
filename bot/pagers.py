"""The addresses of `[[people]] notify`, through Apprise, which knows some hundred services.

Rule: an address holds secrets: nothing here repeats one, and what a service answers is not told on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from threading import Thread

import apprise

from bot.config.settings import Settings
from core.incident.vocabulary import Person
from core.pagers import Call, Pagers
from core.port import Fatal, Temporary
from core.roster import Roster

AT_ONCE = 16
"""Calls that are under way at the same time; `TasksMax` of packaging/tocsin.service has room for them."""


class _Threads:
    """A few threads in which calls are made, since a service may hang for as long as its library lets it.

    Not asyncio's own: whatever else needs one of those waits for them (the chats' names are looked up there), and so does the
    end of the process.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[Future[bool], Callable[[], bool | None]]] = SimpleQueue()
        self._begun = 0

    async def make(self, call: Callable[[], bool | None]) -> bool:
        """Makes a call, or raises what it raises. One that nobody waits for any more by its turn is not made."""
        done: Future[bool] = Future()
        self._queue.put((done, call))
        if self._begun < AT_ONCE:
            self._begun += 1
            Thread(target=self._work, daemon=True).start()
        return await asyncio.wrap_future(done)

    def _work(self) -> None:
        while True:
            done, call = self._queue.get()
            if done.set_running_or_notify_cancel():
                try:
                    done.set_result(bool(call()))
                except Exception as error:  # noqa: BLE001  # it is whoever waits who is told
                    done.set_exception(error)


@dataclass(frozen=True, slots=True)
class Address:
    """One that Apprise has understood."""

    via: str
    _target: apprise.NotifyBase
    _threads: _Threads = field(default_factory=_Threads)

    async def call(self, call: Call) -> None:
        """Raises `Temporary`: Apprise says whether it worked, and nothing else."""
        ends = [f"To answer: {call.answer_at}"] if call.answer_at else []
        words = "\n\n".join([call.words, *ends])
        try:
            # That the words are text is said, since what is not said is taken for the service's own markup.
            sent = await self._threads.make(
                partial(
                    self._target.notify,
                    body=words,
                    title=call.subject,
                    notify_type=apprise.NotifyType.FAILURE,
                    body_format=apprise.NotifyFormat.TEXT,
                )
            )
        except Exception as error:  # noqa: BLE001  # the library's, whose words and traceback may hold the address
            raise Temporary(f"{self.via} failed: {type(error).__name__}") from None
        if not sent:
            raise Temporary(f"{self.via} did not take it")


def pagers(settings: Settings, roster: Roster) -> Pagers:
    """Everybody's addresses. Raises `Fatal` with the person and the place of one that Apprise does not know."""
    # Apprise tells in its log what it was given.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    threads = _Threads()
    known: Mapping[str, Sequence[Address]] = {
        person.key: tuple(_addresses(one.name, (word.get_secret_value() for word in one.notify), threads))
        for one in settings.people
        if one.notify and (person := roster.named(one.name)) is not None
    }

    def of(person: Person) -> Sequence[Address]:
        return known.get(person.key, ())

    return of


def _addresses(name: str, words: Iterable[str], threads: _Threads) -> Iterable[Address]:
    seen: Counter[str] = Counter()
    for place, word in enumerate(words, 1):
        target = apprise.Apprise.instantiate(word)
        if target is None:
            raise Fatal(
                f"people, notify of {name}: Apprise does not know address {place}; "
                "https://github.com/caronc/apprise/wiki has how each service's is written"
            )
        # Its own pauses are for those who send much; a call is made once, and again after `core.pagers.WAITS`.
        target.request_rate_per_sec = 0
        kind = word.partition("://")[0].lower()
        seen[kind] += 1
        yield Address(kind if seen[kind] == 1 else f"{kind} {seen[kind]}", target, threads)
