"""Starting: with 10,000 closed incidents in the log, to the first answer, in how much memory, and importing what."""

from __future__ import annotations

import asyncio
import time

from bench_figures import Figure, Run, ratio
from bench_log import fill
from bench_matrix import Process, Scene, Seen, scene, took

CLOSED = 10_000
OPEN = 50
MESSAGES = 1_000

UNUSED = ("discord", "jinja2", "transports.sandbox", "bot.demo", "bot.story", "bot.doctor", "selenium", "matplotlib")
"""What `tocsin run` has no use for with Matrix alone."""


async def starts(run: Run) -> list[Figure]:
    full = run.home / "full"
    async with scene(run.home / "empty") as empty, scene(full) as crowded:
        await fill(full / "tocsin.db", CLOSED)
        await _prepared(crowded, OPEN)
        await _prepared(empty, 0)
        little, much, ours, bare = [], [], [], []
        for _ in range(run.samples + 1):
            little.append((await _started(empty.tocsin_process()))[0])
            much.append((await _started(crowded.tocsin_process()))[0])
            ours.append(await _first_answer(empty, empty.tocsin_process(), empty.triage))
            bare.append(await _first_answer(empty, empty.raw_process(), empty.elsewhere))
        return [
            ratio(f"start with {CLOSED:,} closed and {OPEN} open incidents", much[1:], little[1:], 1.5),
            ratio("start to the first answer", ours[1:], bare[1:], 2.5),
        ]


async def _prepared(here: Scene, incidents: int) -> None:
    """The first start signs in; the incidents are declared for real, so that their channels are there."""
    process = await here.tocsin_process().start()
    for index in range(incidents):
        await here.declare(f"Trouble in part {index}")
    await asyncio.sleep(5 if incidents else 1)
    await process.stop()


async def _started(process: Process) -> tuple[float, float]:
    """Seconds until it says that it is ready, and MiB."""
    began = time.perf_counter()
    await process.start()
    ready, resident = time.perf_counter() - began, process.resident
    await process.stop()
    return ready, resident


async def _first_answer(here: Scene, process: Process, room: str) -> float:
    began = time.perf_counter()
    await process.start()

    def answers(seen: Seen) -> bool:
        return seen.room == room and seen.event["sender"] != here.ann.id and seen.event["type"] in ANSWERS

    answer = here.ann.expect(answers)
    await here.ann.say(room, "!inc help")
    seconds = await took(answer, began)
    await process.stop()
    return seconds


ANSWERS = ("m.room.message", "m.reaction")
"""Tocsin says its help in words, the raw bot has only its ✅."""


async def memory(run: Run) -> list[Figure]:
    async with scene(run.home / "memory") as here:
        process, raw = here.tocsin_process(), await here.started(here.raw_process())
        await here.started(process)
        room = await here.declare("A long talk")
        words = [
            f"!inc note observation {index}" if index % 4 == 0 else f"nothing in log {index}"
            for index in range(MESSAGES)
        ]
        for begin in range(0, MESSAGES, 10):
            await asyncio.gather(*(here.ann.say(room, text) for text in words[begin : begin + 10]))
        await asyncio.sleep(3)
        detail = f"one of four a command; the raw bot {raw.resident:.1f}"
        return [Figure(f"resident after {MESSAGES:,} messages, Matrix alone", process.resident, 80, "MiB", detail)]


async def imports(run: Run) -> list[Figure]:
    async with scene(run.home / "imports") as here:
        process = here.tocsin_process("-X", "importtime")
        await _started(process)
        rows = process.log.read_text().splitlines()
        loaded = [row.rpartition("|")[2].strip() for row in rows if row.startswith("import time:")]
        wrong = sorted(
            {name for name in loaded for unused in UNUSED if name == unused or name.startswith(f"{unused}.")}
        )
        detail = f"{len(loaded)} modules in all" + (f"; {', '.join(wrong)}" if wrong else "")
        return [Figure("modules imported for what is off", len(wrong), 0, "", detail)]
