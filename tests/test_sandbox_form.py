"""A command without its fields is a form in the sandbox: filled with what is known, sent as one could have typed it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from sandbox_tabs import NEEDS_CHROMIUM, Page, console
from selenium import webdriver
from stage import Stage

from transports.sandbox.acts import ACTS
from transports.sandbox.page import serve

pytest_plugins = ["conftest_sandbox"]


def _form(stage: Stage, text: str) -> Any:
    act = {"act": "form", "by": "ann", "channel": stage.channel.id, "text": text}
    return ACTS.validate_python(act).carry_out(stage.world)


async def _declared(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev1", stage.triage)
    stage.expect_card("board")


@pytest.mark.parametrize("text", ["/inc update", "!inc draft", "/inc update draft", " /inc Update "])
async def test_a_bare_update_is_a_form(stage: Stage, text: str) -> None:
    await _declared(stage)
    form = _form(stage, text)
    assert form["words"] == "/inc draft"
    assert form["title"] == "Draft the next update"
    assert [field["name"] for field in form["fields"]] == ["impact", "affected", "working", "next", "every"]
    assert form["fields"][0] == {"name": "impact", "asks": "what users see", "value": ""}
    assert form["fields"][-1]["value"] == "15 min"


@pytest.mark.parametrize(
    "text", ["/inc update impact=x", "/inc note", "/inc board", "update", "hello", "/inc", "/inc role update"]
)
async def test_everything_else_is_said_as_it_stands(stage: Stage, text: str) -> None:
    await _declared(stage)
    assert _form(stage, text) is None


async def test_whoever_may_not_draft_gets_no_form_but_the_answer(stage: Stage) -> None:
    await _declared(stage)
    await stage.jon.types("claim updates")
    assert _form(stage, "/inc update") is None
    await stage.mia.is_told("update", "ask Jon")


async def test_it_is_filled_with_what_was_said_last(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("update impact=Some users cannot pay next=We test a rollback")
    await stage.ann.types("publish")
    stage.expect_updates(1)
    stage.expect_everything()
    values = {field["name"]: field["value"] for field in _form(stage, "/inc correct")["fields"]}
    assert (values["impact"], values["next"]) == ("Some users cannot pay", "We test a rollback")


@NEEDS_CHROMIUM
async def test_the_form_in_the_browser(stage: Stage, chromium: webdriver.Chrome) -> None:
    await _declared(stage)
    site = await serve(stage.world, "127.0.0.1", 0, "token")

    def fills_in() -> None:
        page = Page(chromium, SimpleNamespace(site=site)).enter("Ann")  # type: ignore[arg-type]
        page.go(stage.incident.name)
        page.one("#composer textarea").send_keys("/inc update\n")
        page.until(lambda: page.one("#fill").get_attribute("open"))
        page.one('#fill [name="every"]').clear()
        page.one("#fill button[type=submit]").click()
        page.until(lambda: "one field" in page.one("#fill-answer").text)
        page.one('#fill [name="impact"]').send_keys("The form says next=1")
        page.one('#fill [name="every"]').send_keys("10m\n")
        page.until(lambda: not page.one("#fill").get_attribute("open"))
        assert [one for one in console(chromium) if one["level"] == "SEVERE"] == []

    try:
        await asyncio.to_thread(fills_in)
        await stage.settle()
        stage.expect_card("draft/1", "The form says next=1. Next update 10:12 UTC.")
        stage.expect_everything()
    finally:
        await site.close()
