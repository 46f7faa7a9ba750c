"""The house rules as they are now: the config's, with whoever is on call at this moment and whoever covers them.

Rule: it is asked at every act, so it is reckoned anew only when somebody goes on or off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from core.covers import Covers
from core.incident.on_call import Cover, Stretch, called, coming, on
from core.incident.policy import Policy
from core.incident.vocabulary import Person
from core.port import Clock

AHEAD = timedelta(days=7)
"""How far ahead the shifts are told; of a longer rotation the next one is told as well."""

Rota = Callable[[datetime], tuple[Stretch, ...]]
"""The stretches around a moment: the same tuple while nothing changed."""


class Duty:
    """Who is called now. Without a rota it is `[groups] oncall`, which also steps in where nobody is on."""

    def __init__(self, policy: Policy, rota: Rota | None, covers: Covers, clock: Clock) -> None:
        self._policy = policy
        self._rota = rota
        self._covers = covers
        self._clock = clock
        self._kept = policy
        self._known: tuple[tuple[Stretch, ...], int] | None = None
        self._until: tuple[datetime, datetime] = (clock.now(), clock.now())

    def policy(self) -> Policy:
        """The rules in force now."""
        now = self._clock.now()
        stretches = self._rota(now) if self._rota is not None else ()
        before, covers = self._known, self._covers.standing
        if (
            before is None
            or before[0] is not stretches
            or before[1] != self._covers.version
            or not self._until[0] <= now < self._until[1]
        ):
            self._kept = in_force(self._policy, stretches, covers, now)
            self._known = (stretches, self._covers.version)
            self._until = (now, _next(now, stretches, covers))
        return self._kept


def _next(now: datetime, stretches: Iterable[Stretch], covers: Iterable[Cover]) -> datetime:
    """When somebody goes on or off next."""
    moments = [at for one in stretches for at in (one.since, one.until)]
    moments += [at for one in covers for at in (one.since, one.until)]
    return min((at for at in moments if at > now), default=now + timedelta(hours=1))


def in_force(policy: Policy, stretches: Sequence[Stretch], covers: Sequence[Cover], now: datetime) -> Policy:
    """The rules with whoever is called at a moment, for the house and for each service that has rotations of its own."""
    here = on(stretches, now)
    services = tuple(
        one.model_copy(update={"on_call": called(_people(here, one.name), covers, now)}) for one in policy.services
    )
    house = _people(here, "") or policy.on_call
    first = [one for rotation in policy.rotations for one in coming(stretches, rotation.name, now)]
    shifts = tuple(
        one for one in stretches if one.until > now and (one.since < now + AHEAD or any(one is each for each in first))
    )
    held = tuple(one for one in covers if one.holds(now))
    return policy.model_copy(
        update={"on_call": called(house, covers, now), "services": services, "shifts": shifts, "covers": held}
    )


def _people(here: Iterable[Stretch], service: str) -> tuple[Person, ...]:
    return tuple(one.who for one in here if one.service == service)
