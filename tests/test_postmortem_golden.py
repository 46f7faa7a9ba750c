"""The checkout story's postmortem, picture and summary are as they were last agreed on; `poe golden` writes them anew."""

from __future__ import annotations

import re
from datetime import date, datetime
from difflib import unified_diff
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
import yaml
from checkout_story import told
from golden_story import GOLDEN, files
from markdown_it import MarkdownIt

from core.incident import postmortem
from core.incident.course import Track
from core.incident.events import Recorded
from core.incident.evolve import replay
from core.incident.figures import figures
from core.incident.state import Incident
from core.incident.vocabulary import Phase

SECTIONS = (
    "Summary", "Impact", "Course", "Timeline (UTC)", "Hypotheses considered", "Decisions and recovery actions", "What delayed us",
    "Updates as published", "Roles and hand-offs", "Root cause and contributing factors", "What went well", "What went badly",
    "Where we were lucky", "Action items", "Debrief",
)  # fmt: skip


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Recorded]:
    import asyncio

    return asyncio.run(told(tmp_path_factory.mktemp("story")))


@pytest.fixture
def incident(records: list[Recorded]) -> Incident:
    found = replay(records)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["checkout.md", "checkout.svg", "checkout.summary.txt"])
def test_the_checkout_story_reads_as_agreed(records: list[Recorded], name: str) -> None:
    agreed, made = (GOLDEN / name).read_text(encoding="utf-8"), files(records)[name]
    diff = unified_diff(agreed.splitlines(), made.splitlines(), "agreed", "made", lineterm="")
    assert agreed == made, "\n".join([f"{name} changed; if that is meant, `uv run poe golden`:", *diff])


def test_a_log_that_is_read_again_gives_the_same_bytes(records: list[Recorded]) -> None:
    again = [Recorded.model_validate_json(one.model_dump_json(exclude_none=True)) for one in records]
    assert files(again) == files(records)


def test_the_file_is_commonmark_with_every_section_in_order(incident: Incident) -> None:
    text = postmortem.markdown(incident).split("\n---\n", 1)[1]
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    heads = [after.content for one, after in pairwise(tokens) if one.type == "heading_open" and one.tag == "h2"]
    assert tuple(heads) == SECTIONS
    assert sum(one.type == "table_open" for one in tokens) == 1
    pictures = [child for one in tokens for child in one.children or [] if child.type == "image"]
    assert [one.attrs["src"] for one in pictures] == [postmortem.picture_name(incident)]
    assert not [one for one in tokens if one.type.startswith("html")]


def test_the_front_matter_is_yaml_with_the_figures(incident: Incident) -> None:
    front = yaml.safe_load(postmortem.markdown(incident).split("---\n")[1])
    known = figures(incident)
    assert front["declared_at"] == known.declared_at
    assert isinstance(front["closed_at"], datetime)
    assert front["seconds_to_mitigation"] == 520
    assert (front["promises_kept"], front["promises_broken"], front["updates"]) == (2, 0, 3)
    assert (front["owner"], front["due"], front["status"]) == ("Ann", date(2026, 5, 8), "due")


def test_the_picture_is_whole_in_itself_and_says_what_it_is(incident: Incident) -> None:
    drawn = postmortem.picture(incident)
    root = ET.fromstring(drawn)
    assert root.get("role") == "img"
    title, desc = (root.find(f"{{http://www.w3.org/2000/svg}}{name}") for name in ("title", "desc"))
    assert title is not None
    assert title.text == "Incident 1 · SEV2 · Checkout fails after payment"
    assert desc is not None
    assert "3 updates, 2 promises kept and 0 broken" in str(desc.text)
    assert not re.search(r"href|<script|<style|<image|foreignObject|url\((?!#)", drawn)
    words = {one.text for one in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"investigating", "monitoring", "resolved", "Mia · did not help", "Bob · ruled out"} <= words


def test_the_spans_of_a_track_never_overlap_and_the_phases_cover_it_all(incident: Incident) -> None:
    assert_covered(incident)


def assert_covered(incident: Incident) -> None:
    tracks: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    end = incident.closed_at or incident.changed_at
    assert end is not None
    for one in incident.course:
        place = ("phase", "") if one.track is Track.PHASE else (one.track.value, one.key)
        if one.key != Phase.CLOSED or one.until is not None:
            tracks.setdefault(place, []).append((one.since, one.until or end))
    for place, spans in tracks.items():
        for (_, until), (since, _) in pairwise(spans):
            assert until <= since, place
            if place[0] == "phase":
                assert until == since
    assert tracks["phase", ""][0][0] == incident.declared_at
    assert tracks["phase", ""][-1][1] == end
    assert sum((b - a).total_seconds() for a, b in tracks["phase", ""]) == (end - incident.declared_at).total_seconds()
