"""A card that carries a text file: sent once with it, left alone by edits, brought back with it."""

from __future__ import annotations

import pytest
from stage import Stage

from core.incident import postmortem
from core.incident.state import Incident


async def _closed(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev1", stage.triage)
    await stage.ann.types("close cause=tax rounding fixed=rolled back next=a test for rounding")
    stage.expect_everything()


async def test_the_postmortem_and_the_course_are_files_in_the_channel(stage: Stage) -> None:
    await _closed(stage)
    name = stage.incident.name
    assert stage.expect_file("postmortem", f"{name}.md", "# checkout fails") == postmortem.markdown(stage.incident)
    stage.expect_file("course", f"{name}.svg", "<svg")
    assert stage.find("postmortem").file != stage.find("course").file


async def test_an_edit_of_the_words_leaves_the_file(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await _closed(stage)
    sent = stage.find("postmortem").file
    made: list[Incident] = []

    def anew(incident: Incident) -> str:
        made.append(incident)
        return "anew"

    monkeypatch.setattr(postmortem, "markdown", anew)
    await stage.ann.types("postmortem published https://wiki.example.org/7")
    stage.expect_card("postmortem", "https://wiki.example.org/7")
    assert stage.find("postmortem").file == sent
    assert made == [], "the text was made for an edit"
