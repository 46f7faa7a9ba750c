"""The checkout story (spec, section 14) as the demo has it, told to the stage by a clock that is pushed: the same each time."""

from __future__ import annotations

from pathlib import Path

from cast import Someone
from stage import Stage, open_stage

from bot.story import BEGIN, STORY, Beat
from core.activity_log import stream_of
from core.incident.events import Recorded
from core.incident.vocabulary import MessageRef


class Telling:
    """The story, told as `bot.cast` tells it to the demo."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.named: dict[str, MessageRef] = {}
        self.people = {name: getattr(stage, name.lower()) for name in ("Ann", "Mia", "Jon", "Leah", "Sam")}
        self.people["Bo"] = stage.bob

    async def tell(self) -> None:
        for beat in STORY:
            await self.stage.fast_forward(seconds=max((BEGIN + beat.at - self.stage.clock.now()).total_seconds(), 0))
            await self._do(beat, self.people[beat.who])

    async def _do(self, beat: Beat, who: Someone) -> None:
        world = self.stage.world
        target = None if not beat.on else self.named.get(beat.on) or self.stage.find(beat.on).ref
        if beat.reacts and target is not None:
            world.react(who.account, target, beat.reacts)
        else:
            place = self.stage.channel if beat.where == "incident" else self.stage.triage
            self.named[beat.name] = world.say(who.account, place, beat.says, thread=target)
        await self.stage.settle()


async def told(folder: Path) -> list[Recorded]:
    """The record of the story, from the declaration to the close."""
    async with open_stage(folder) as stage:
        await Telling(stage).tell()
        stage.expect_everything()
        return list(await stage.tocsin.log.load(stream_of(1)))
