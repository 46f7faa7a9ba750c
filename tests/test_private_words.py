"""Non-interference (failure model, row 34): two runs that differ in private words alone look the same to everybody outside.

Compared byte by byte: what the pages of people who are no members were shown, every name, topic and mark, all that the bot
said where others read, the log lines, the metrics, the insights as page, JSON and CSV, the status page's files, the names
of the postmortems, and what is offered to whoever types.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cast import Someone
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from pydantic import ValidationError
from stage import AUDIENCES, Stage

from bot.logs import set_up
from bot.metrics import measure
from bot.web.insights import pages
from bot.web.status.page import House, files
from core.activity_log import stream_of
from core.incident import commands as c
from core.incident.policy import Audience, Policy, Service, Weekly
from core.incident.public import public
from core.incident.state import Incident
from core.roster import Roster
from transports.headquarters import Headquarters
from transports.sandbox.views import Viewer

NAMES = (
    "title",
    "talk",
    "note",
    "impact",
    "theory",
    "action",
    "result",
    "decision",
    "fix",
    "cause",
    "next",
    "work",
    "lesson",
)
"""What is said in private, a text for each."""

SEEN_BY = ("bob", "sam", "zoe")
"""A responder, somebody in triage, a stranger; none is a member."""

_ID = re.compile(r"\b[mc]\d+\b|\bsandbox:\d+")

Words = dict[str, str]
Seen = dict[str, str]

HOUSE = House("Shop", ("payroll", "zq", "checkout"), "https://status.example.org")

BASE: Words = {name: f"zq {name} zq" for name in NAMES}


def _policy(roster: Roster) -> Policy:
    on_call = [person for name in ("Ann", "Bob") if (person := roster.named(name))]
    customers = Audience(name="customers", status_page=True)
    services = (Service(name="payroll", team=tuple(on_call)), Service(name="zq"), Service(name="checkout"))
    weekly = Weekly.model_validate({"weekday": 0, "at": "09:00"})
    return Policy(on_call=tuple(on_call), audiences=(*AUDIENCES, customers), services=services, weekly=weekly)


@contextmanager
def logged() -> Iterator[StringIO]:
    """Everything that is logged, debugging too, as the bot writes it where nobody watches."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook, threading.excepthook
    out = StringIO()
    set_up(out, [], verbose=True)
    try:
        yield out
    finally:
        root.handlers[:], level, sys.excepthook, threading.excepthook = before
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()


class Play:
    """The story with these words, and what those outside see of it."""

    def __init__(self, folder: Path, words: Words) -> None:
        self.words = words
        self.folder = folder / "postmortems"
        self.stage = Stage(folder, policy=_policy, postmortems=self.folder, insights=True)
        people = self.stage.world.people
        self.viewers = {name: Viewer(self.stage.world, people[name]) for name in SEEN_BY}
        self.frames: dict[str, list[object]] = {name: [one.everything()] for name, one in self.viewers.items()}
        for viewer in self.viewers.values():
            self.stage.world.subscribe(viewer.note)
        self.registries: list[CollectorRegistry] = []

    async def start(self) -> None:
        await self.stage.start()
        self.count()

    def count(self) -> None:
        """The metrics of one process."""
        self.registries.append(CollectorRegistry())
        measure(self.registries[-1], self.stage.tocsin)

    async def in_private(self, who: Someone, words: str) -> None:
        """A member's command in the private channel; `{name}` is a private text. Those outside look after each."""
        room = self.incident(1).channel
        assert room is not None
        await who.types(words.format(**self.words), room)
        self.look()

    def look(self) -> None:
        for name, viewer in self.viewers.items():
            self.frames[name].append(viewer.news())

    def incident(self, number: int) -> Incident:
        return dict(self.stage.tocsin.post.awake())[stream_of(number)]

    async def whole(self) -> None:
        stage, say = self.stage, self.in_private
        await stage.ann.says(
            "!inc declare {title} sev1 private".format(**self.words), stage.world.direct(stage.ann.account)
        )
        await say(stage.ann, "invite @Mia")
        await stage.bob.types("declare checkout fails", stage.triage)
        await say(stage.mia, "note {note}")
        await say(stage.ann, "impact {impact}")
        await say(stage.mia, "hypothesis {theory}")
        await say(stage.mia, "grab H1")
        await say(stage.ann, "action {action} @Jon")
        await say(stage.mia, "confirm H1 {result}")
        await say(stage.ann, "decide {decision}")
        talk = await stage.mia.says(self.words["talk"], self.incident(1).channel)
        await stage.ann.reacts(talk, "📌")
        await stage.jon.reacts(talk, "💡")
        await say(stage.ann, "assign updates @Jon")
        await say(stage.jon, "draft impact=Sign-in is off for everybody. next=we replace the keys every=15m")
        await say(stage.jon, "publish")
        await self._strangers()
        await stage.restart()
        self.count()
        await say(stage.ann, "path fix {fix}")
        await say(stage.jon, "correct headline=Sign-in is off")
        await say(stage.ann, "done R1")
        await say(stage.ann, "resolve {fix}")
        close = "!inc close cause={cause} fixed={fix} next=postmortem {next}".format(**self.words)
        # The first lists what is in somebody's hands.
        await stage.ann.says(close, self.incident(1).channel)
        await stage.ann.says(close, self.incident(1).channel)
        assert self.incident(1).closed
        await say(stage.ann, "followup {work} owner=@Mia due=tomorrow")
        await say(stage.ann, "debrief {lesson}")
        await stage.ann.says("!inc postmortem", self.incident(1).channel)
        await stage.kim.types("declare search is empty", stage.triage)
        await stage.fast_forward(days=9)
        await self._strangers()
        self.look()

    async def _strangers(self) -> None:
        """Somebody tries what they can."""
        stage = self.stage
        for words in (
            "reopen 1 it has come back",
            "followup-done 1.F1",
            "postmortem none 1 nothing",
            "close duplicate-of 1",
        ):
            await stage.kim.says(f"!inc {words}", stage.triage)
        self.look()

    async def seen(self, out: StringIO) -> Seen:
        stage = self.stage
        known = [one for number in (1, 2, 3) if (one := await stage.tocsin.post.incident(stream_of(number)))]
        assert len(known) == 3
        shown = [view for incident in known if (view := public(incident))]
        page = files(HOUSE, shown, stage.clock.now())
        while stage.tocsin.postmortems is not None and not stage.tocsin.postmortems.idle:
            await asyncio.sleep(0.01)
            await stage.fast_forward(seconds=1)
        private = known[0].channel
        members = {"ann", "mia", "jon"}
        rooms = [
            room
            for room in stage.world.channels.values()
            if room.ref != private and not members & set(room.members[:1])
        ]
        rooms += [room for room in stage.rooms() if room.ref in (stage.triage, stage.support, stage.leadership)]
        headquarters: Headquarters = stage.world.form.args[0]  # type: ignore[attr-defined]
        offered = [
            headquarters.suggest(stage.triage, verb, "n", "")
            for verb in ("reopen", "close duplicate-of", "after postmortem none")
        ]
        seen = {
            **{f"as {name} saw it": json.dumps(frames, default=str) for name, frames in self.frames.items()},
            "names": repr(
                [(one.name, one.topic, one.kind, one.locked, one.incident) for one in stage.world.channels.values()]
            ),
            "said": repr(
                [[one.post or one.text for one in stage.world.said(room.ref)] for room in rooms if not room.gone]
            ),
            "log": "\n".join(map(_bare, out.getvalue().replace(str(self.folder.parent), "FOLDER").splitlines())),
            "metrics": "".join(_counted(registry) for registry in self.registries),
            "status page": repr(sorted(page.items())),
            "postmortems": repr(sorted(one.name for one in self.folder.iterdir())),
            "offered": repr(offered),
            **await self._insights(),
        }
        return {name: _renumbered(text) for name, text in seen.items()}

    async def _insights(self) -> Seen:
        app, tocsin = web.Application(), self.stage.tocsin
        assert tocsin.insights is not None
        pages.add(app, tocsin.insights, tocsin.post.incident)
        found = {}
        async with TestClient(TestServer(app)) as client:
            for path in ("/insights", "/insights.json", "/insights.csv", "/insights/1"):
                answer = await client.get(path)
                assert answer.status == 200
                found[path] = await answer.text()
        return found


def _renumbered(text: str) -> str:
    """The ids as they come: the sandbox counts all that it ever held, and how much is said in private is no word of it."""
    ids: dict[str, str] = {}
    return _ID.sub(lambda found: ids.setdefault(found[0], f"id-{len(ids)}"), text)


def _counted(registry: CollectorRegistry) -> str:
    """The metrics without the moment at which each began, which is the machine's."""
    return "".join(row for row in generate_latest(registry).decode().splitlines(keepends=True) if "_created" not in row)


def _bare(line: str) -> str:
    """A log line without the moment, which is the machine's."""
    fields = json.loads(line)
    return json.dumps({name: value for name, value in fields.items() if name != "timestamp"}, sort_keys=True)


async def _played(words: Words) -> Seen:
    with logged() as out, TemporaryDirectory() as folder:
        play = Play(Path(folder), words)
        await play.start()
        try:
            await play.whole()
            return await play.seen(out)
        finally:
            await play.stage.stop()


def played(words: Words) -> Seen:
    return asyncio.run(_played(words))


def differences(one: Seen, other: Seen) -> list[str]:
    """Where they differ, and how the first difference reads."""
    found = []
    for name in one:
        if one[name] != other[name]:
            at = next((i for i, (a, b) in enumerate(zip(one[name], other[name], strict=False)) if a != b), 0)
            found.append(
                f"{name}: {one[name][max(0, at - 60) : at + 60]!r} / {other[name][max(0, at - 60) : at + 60]!r}"
            )
    return found


HARD: Words = {
    **{
        name: f"zq payroll <b>{name}</b> @everyone [x](https://evil.example) ``` inc-2026-05-02-checkout-fails zq"
        for name in NAMES
    },
    # As an open one is called, and as a service is.
    "title": "checkout",
    "theory": "zq",
}


def test_other_private_words_change_nothing_that_anybody_outside_sees() -> None:
    assert differences(played(BASE), played(HARD)) == []


_text = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Co", "Cn"), exclude_characters="="), max_size=60
)


@pytest.fixture(scope="module")
def base() -> Seen:
    return played(BASE)


@pytest.mark.endure
def test_no_private_words_at_all_change_anything_that_anybody_outside_sees(base: Seen) -> None:
    @settings(max_examples=25, deadline=None)
    @given(st.fixed_dictionaries(dict.fromkeys(NAMES, _text)))
    def same(words: Words) -> None:
        assert differences(base, played({name: f"zq {said} zq" for name, said in words.items()})) == []

    same()


def test_the_comparison_would_find_a_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.incident.audience.open_to_all", lambda _: True)
    monkeypatch.setattr("core.incident.cards.open_to_all", lambda _: True)
    monkeypatch.setattr("core.incident.figures.open_to_all", lambda _: True)
    monkeypatch.setattr("core.incident.digest.open_to_all", lambda _: True)
    found = {one.partition(":")[0] for one in differences(played(BASE), played(HARD))}
    assert {"said", "as bob saw it", "/insights", "/insights.json"} <= found


def test_what_is_refused_as_a_value_is_not_quoted_in_a_traceback() -> None:
    with pytest.raises(ValidationError) as refused:
        c.AddNote.model_validate({"text": ["Root credentials leaked"], "Root": 1})
    assert "credentials" not in str(refused.value)
