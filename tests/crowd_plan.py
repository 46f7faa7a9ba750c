"""A play of the crowd: everything that a seed stands for, cut into parts that can be left out one by one.

Rule: each part is drawn with dice of its own, so what is left out changes nothing about what stays.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from transports.sandbox.server import DAY

FAULTS: dict[str, tuple[float, ...]] = {
    "lost_request": (0.05, 0.2),
    "lost_reply": (0.05, 0.2),
    "rate_limit": (0.1, 0.3),
    "delay": (0.3, 2.0, 6.0),
    "repeat": (0.1, 0.4),
    "reorder": (0.5, 1.0),
}
"""What may go wrong on the line, and how bad it is (`transports.sandbox.faults`)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something at a moment of the play, in seconds, and so many steps of the loop later.

    Deaths: `pause` seconds, `cut`, `wipe` as in `simulation.Death`. Outages last for `pause`; a jump moves the bot's clock
    by `pause`.
    """

    part: str
    at: float
    steps: int = 0
    pause: float = 0.0
    cut: bool = False
    wipe: bool = False


@dataclass(frozen=True, slots=True)
class CrowdPlan:
    """`acts` are (name of the part, moment); each is drawn from what people see then, by dice named after the part.

    `secrets` are the acts around a private incident, the first declares it; `calls` those of people who page and are paged.
    """

    seed: int
    parts: tuple[str, ...]
    acts: tuple[tuple[str, float], ...]
    faults: tuple[tuple[str, float], ...]
    retry_after: float
    busy: float
    outages: tuple[Moment, ...]
    deaths: tuple[Moment, ...]
    jumps: tuple[Moment, ...]
    deletions: tuple[Moment, ...]
    channels: tuple[Moment, ...]
    seconds: tuple[Moment, ...]
    zombies: tuple[Moment, ...]
    secrets: tuple[Moment, ...]
    calls: tuple[Moment, ...]
    window: timedelta
    shuffled: bool
    whole: bool

    @property
    def length(self) -> float:
        """When the last of all acts is done, in seconds."""
        return max((*(at for _, at in self.acts), *(one.at for one in (*self.secrets, *self.calls))), default=0.0)

    @property
    def again(self) -> str:
        """The words that play it again, for `poe simulate`."""
        return f"--seed {self.seed}" + ("" if self.whole else f" --only {','.join(self.parts) or 'nothing'}")


def _acts(rng: Random) -> list[tuple[str, float]]:
    """The first come soon after each other, as in an alarm; then there are rests that some deadline falls into."""
    at, acts = 1.0, []
    for number in range(rng.randint(8, 25)):
        acts.append((f"act{number}", at))
        at += rng.choices((0.0, rng.uniform(0.1, 2), rng.uniform(2, 30), rng.uniform(60, 700)), (2, 3, 6, 1))[0]
    return acts


def _beside(seed: int, name: str, acts: list[tuple[str, float]]) -> list[Moment]:
    """Acts of another kind in three seeds of ten, with dice of their own: a seed without them is what it was before them."""
    dice = Random(f"{name}s {seed}")
    if dice.random() >= 0.3:
        return []
    moments = sorted(
        dice.choice(acts)[1] + dice.choice((0.0, dice.uniform(0, 5), dice.uniform(0, 90)))
        for _ in range(dice.randint(4, 14))
    )
    return [Moment(f"{name}{number}", at) for number, at in enumerate(moments)]


def crowd_plan(seed: int, only: Collection[str] | None = None) -> CrowdPlan:
    """The play of a seed; of its parts only those named."""
    rng = Random(f"crowd {seed}")
    acts = _acts(rng)
    last = acts[-1][1] + 30.0
    # Most seeds have two or three kinds of fault: with all of them at once little happens at all.
    faults = [(name, rng.choice(chances)) for name, chances in FAULTS.items() if rng.random() < 0.25]
    busy = rng.choice((0.02, 0.1)) if rng.random() < 0.15 else 0.0
    # A card that is deleted and whose row is lost is known by nobody: the two do not come together.
    wiping = rng.random() < 0.4
    moment = Random(f"moments {seed}")

    def near() -> float:
        return max(0.0, moment.choice(acts)[1] + moment.choice((0.0, 0.0, 1.0, moment.uniform(0, 60))))

    deaths = [
        Moment(
            f"death{number}", near(), moment.randrange(150), moment.choice((1.0, 5.0, 20.0, 90.0, 700.0, 5000.0)),
            cut=moment.random() < 0.5, wipe=wiping and moment.random() < 0.6,
        )
        for number in range(moment.choice((0, 1, 1, 2, 3, 6)))
    ]  # fmt: skip
    outages = [
        Moment(f"outage{number}", near(), 0, moment.choice((2.0, 40.0, 300.0, 1500.0)))
        for number in range(moment.choice((0, 0, 0, 1, 2)))
    ]
    jumps = [
        Moment(f"jump{number}", near(), 0, moment.choice((-3600.0, -61.0, -5.0, 5.0, 61.0, 400.0, 3600.0)))
        for number in range(moment.choice((0, 0, 0, 0, 1, 2)))
    ]
    count = 0 if wiping else moment.choice((0, 0, 1, 3))
    deletions = [Moment(f"deletion{number}", moment.uniform(2, last)) for number in range(count)]
    count = int(not wiping and moment.random() < 0.08)
    channels = [Moment(f"channel{number}", moment.uniform(2, last)) for number in range(count)]
    seconds = [Moment(f"second{number}", near(), moment.randrange(60)) for number in range(moment.random() < 0.1)]
    zombies = [
        Moment(f"zombie{number}", near(), moment.randrange(100), moment.choice((10.0, 60.0, 400.0)))
        for number in range(moment.random() < 0.05)
    ]
    secrets, calls = _beside(seed, "secret", acts), _beside(seed, "call", acts)
    window = rng.choice((DAY, timedelta(seconds=30), timedelta(0)))
    shuffled = rng.random() < 0.3

    flags = [name for name, there in (("busy", busy), ("window", window != DAY), ("shuffled", shuffled)) if there]
    lists = (outages, deaths, jumps, deletions, channels, seconds, zombies, secrets, calls)
    every = [name for name, _ in acts] + [name for name, _ in faults] + flags
    every += [one.part for several in lists for one in several]
    kept = set(every) if only is None else set(only)

    def keep(several: list[Moment]) -> tuple[Moment, ...]:
        return tuple(one for one in several if one.part in kept)

    return CrowdPlan(
        seed=seed,
        parts=tuple(name for name in every if name in kept),
        acts=tuple(one for one in acts if one[0] in kept),
        faults=tuple(one for one in faults if one[0] in kept),
        retry_after=rng.choice((1.0, 5.0, 20.0)),
        busy=busy if "busy" in kept else 0.0,
        outages=keep(outages),
        deaths=keep(deaths),
        jumps=keep(jumps),
        deletions=keep(deletions),
        channels=keep(channels),
        seconds=keep(seconds),
        zombies=keep(zombies),
        secrets=keep(secrets),
        calls=keep(calls),
        window=window if "window" in kept else DAY,
        shuffled=shuffled and "shuffled" in kept,
        whole=len(kept & set(every)) == len(every),
    )
