"""The postmortem of a closed incident of 2,000 events, beside a bare pass over its log."""

from __future__ import annotations

import time
from datetime import timedelta

from bench_figures import Figure, Run, ratio
from incidents import ANN, EVERYONE, JON, LEAH, Case, message, team

from core.incident import commands as c
from core.incident import postmortem
from core.incident.evolve import replay
from core.incident.vocabulary import ItemKind, ItemStatus, Path

EVENTS = 2000

MOST = 50
"""Passes and postmortems measured, at most: each takes a while."""


def long_incident() -> Case:
    """People note, guess, check, decide and publish until the record is so long; then it is closed."""
    case, count = team(), 0
    while len(case.records) < EVENTS:
        count += 1
        who = EVERYONE[count % len(EVERYONE)]
        case.now += timedelta(seconds=40)
        case.does(who, c.AddNote(text=f"*errors* are at {count} % on [shard {count}](x), {who.name} looks"))
        if count % 8 == 0:
            case.does(who, c.AddItem(kind=ItemKind.HYPOTHESIS, text=f"cause {count}, as Mia said"))
            key = list(case.incident.items)[-1]
            case.does(who, c.Grab(item=key))
            quote = c.Quote(message=message(f"evidence-{count}"), by=who, at=case.now)
            case.does(who, c.GiveEvidence(item=key, text=f"the graph of {count} is flat", quote=quote))
            case.does(who, c.EndItem(item=key, status=ItemStatus.RULED_OUT))
        if count % 40 == 0:
            case.does(LEAH, c.ChoosePath(path=Path.FIX, why=f"patch {count}"))
            case.does(LEAH, c.EndItem(item=list(case.incident.items)[-1], status=ItemStatus.DROPPED))
            case.does(
                JON, c.Draft(impact=f"Some users cannot pay since {count}", next="We look", every=timedelta(minutes=20))
            )
            case.does(JON, c.Publish())
    case.does(ANN, c.Close(cause="tax rounding", fixed="rolled back", next="a test"))
    assert case.incident.closed
    return case


async def postmortems(run: Run) -> list[Figure]:
    records = long_incident().records
    ours, bare = [], []
    for _ in range(min(run.samples, MOST)):
        began = time.perf_counter()
        incident = replay(records)
        bare.append(time.perf_counter() - began)
        assert incident is not None
        began = time.perf_counter()
        postmortem.markdown(incident)
        postmortem.picture(incident)
        ours.append(time.perf_counter() - began)
    return [ratio(f"file and picture of {len(records)} events ÷ a pass over its log", ours, bare, 30)]
