"""The addresses of `[[people]] notify`, through Apprise, which knows some hundred services.

Rule: an address holds secrets: nothing here repeats one, and what a service answers is not told on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from threading import Thread

import apprise

from bot.config.settings import Settings
from core.incident.vocabulary import Person
from core.pagers import Call, Pagers
from core.port import Fatal, Temporary
from core.roster import Roster


@dataclass(frozen=True, slots=True)
class Address:
    """One that Apprise has understood."""

    via: str
    _target: apprise.NotifyBase

    async def call(self, call: Call) -> None:
        """Raises `Temporary`: Apprise says whether it worked, and nothing else."""
        ends = [f"To answer: {call.answer_at}"] if call.answer_at else []
        words = "\n\n".join([call.words, *ends])
        try:
            # That the words are text is said, since what is not said is taken for the service's own markup.
            sent = await _apart(
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


async def _apart(call: Callable[[], bool | None]) -> bool:
    """Makes a call in a thread of its own, since a service may hang for as long as its library lets it.

    asyncio's own threads are few: whatever else needs one waits for them (the chats' names are looked up there), and so does
    the end of the process.
    """
    done: Future[bool] = Future()
    # From now on nobody can cancel it: whoever waited may be gone when it ends.
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(bool(call()))
        except Exception as error:  # noqa: BLE001 (it is whoever waits who is told)
            done.set_exception(error)

    Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(done)


def pagers(settings: Settings, roster: Roster) -> Pagers:
    """Everybody's addresses. Raises `Fatal` with the person and the place of one that Apprise does not know."""
    # Apprise tells in its log what it was given.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    known: Mapping[str, Sequence[Address]] = {
        person.key: tuple(_addresses(one.name, (word.get_secret_value() for word in one.notify)))
        for one in settings.people
        if one.notify and (person := roster.named(one.name)) is not None
    }

    def of(person: Person) -> Sequence[Address]:
        return known.get(person.key, ())

    return of


def _addresses(name: str, words: Iterable[str]) -> Iterable[Address]:
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
        yield Address(kind if seen[kind] == 1 else f"{kind} {seen[kind]}", target)
