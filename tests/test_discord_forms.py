"""Forms: a command that was given without its words opens a window that knows what the record knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from discord_company import Company, open_company, text, told
from discord_forms import inputs
from discord_interactions import Use
from discord_world import Channel

from core.incident.verbs import PATHS, VERBS
from transports.discord_chat import forms
from transports.discord_chat.commands import slots

pytest_plugins = ["conftest_discord"]


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(tmp_path) as one:
        yield one


def fields(modal: dict[str, Any]) -> dict[str, str]:
    return {each["custom_id"]: each.get("value") or "" for each in inputs(modal)}


async def commanded(company: Company) -> Channel:
    channel = await company.declared()
    assert await told(company.bob.slash(channel, "incident role claim", role="ic")) == "✅"
    return channel


# --- the windows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb.form], ids=lambda verb: verb.path)
async def test_a_window_has_the_slots_of_the_form_within_discords_limits(verb: Any) -> None:
    full = {slot.name: "words" for slot, _ in slots(verb)}
    modal: dict[str, Any] = {**forms.window(verb, full, {}).to_dict()}
    assert 1 <= len(modal["title"]) <= 45
    assert len(modal["custom_id"]) <= 100
    parts = modal["components"]
    assert 1 <= len(parts) <= 5
    assert len(verb.form) <= 5
    assert all(1 <= len(part["label"]) <= 45 for part in parts)


def test_the_forms_are_those_of_the_verbs_with_fields() -> None:
    shown = {verb.path: [slot.name for slot in verb.form] for verb in VERBS if verb.form}
    assert shown == {
        "declare": ["title", "severity", "service"],
        "close": ["cause", "fixed", "next"],
        "update draft": ["impact", "affected", "working", "next", "every"],
        "update correct": ["impact", "affected", "working", "next", "every"],
        "after followup": ["text", "owner", "due", "priority"],
        "after followup-move": ["n", "why", "due"],
        "after postmortem": ["who", "due"],
        "after amend": ["entry", "text", "time"],
    }


@pytest.mark.parametrize(
    ("path", "given", "opens"),
    [
        ("declare", {}, True),
        ("declare", {"severity": "sev1", "private": "private"}, True),
        ("declare", {"title": "x"}, False),
        ("close", {}, True),
        ("close", {"cause": "x"}, False),
        ("update draft", {"headline": "x"}, False),
        ("update publish", {}, False),
        ("note", {}, False),
        ("after followup", {}, False),
        ("after followup", {"text": "x"}, False),
        ("after followup-move", {}, True),
        ("after followup", {"text": "x", "owner": "<@5>", "due": "Friday"}, False),
        ("after amend", {"entry": "5"}, False),
        ("after amend", {}, True),
        ("after postmortem", {"who": "<@5>"}, False),
        ("after hide", {}, False),
    ],
)
def test_a_window_opens_for_who_said_too_little(path: str, given: dict[str, str], *, opens: bool) -> None:
    assert forms.opens(PATHS[path], given) is opens


async def test_what_has_no_place_in_the_window_is_carried_along() -> None:
    modal = forms.window(PATHS["declare"], {"private": "private", "severity": "sev1"}, {})
    sent = {"custom_id": modal.custom_id, "components": [{"component": {"custom_id": "title", "value": "a & b=c"}}]}

    assert forms.filled(sent) == (PATHS["declare"], {"private": "private", "title": "a & b=c"})


# --- on the whole bot ---------------------------------------------------------------------------------------------------


async def test_an_update_is_drafted_in_a_window(company: Company) -> None:
    channel = await commanded(company)
    use = company.bob.slash(channel, "incident update draft")
    modal = await use.modal()
    assert use.acknowledged is not None
    assert use.acknowledged < 3
    assert fields(modal) == {"impact": "", "affected": "", "working": "", "next": "", "every": "30 min"}
    sent = company.bob.submit(use, impact="some users cannot pay", working="sign-in works", every="15m")
    assert await told(sent) == "✅"
    # The draft as it will be read is the check before it goes out.
    await company.card(channel, "draft/1", "some users cannot pay. sign-in works. Next update")
    again = await company.bob.slash(channel, "incident update draft").modal()
    assert fields(again) == {
        "impact": "some users cannot pay",
        "affected": "",
        "working": "sign-in works",
        "next": "",
        "every": "15 min",
    }


async def test_the_next_update_begins_with_the_last_and_a_correction_with_what_is_out(company: Company) -> None:
    channel = await commanded(company)
    assert "no update" in await told(company.bob.slash(channel, "incident update correct"))
    await told(company.bob.slash(channel, "incident update draft", impact="some users cannot pay", every="20m"))
    await told(company.bob.slash(channel, "incident update publish"))
    await company.card(channel, "update/1", "some users cannot pay")
    modal = await company.bob.slash(channel, "incident update draft").modal()
    assert fields(modal)["impact"] == "some users cannot pay"
    use = company.bob.slash(channel, "incident update correct")
    assert fields(await use.modal())["every"] == "20 min"
    assert await told(company.bob.submit(use, impact="all users cannot pay")) == "✅"
    await company.card(channel, "update/1", "all users cannot pay", "Corrected")


async def test_a_close_knows_what_the_record_knows(company: Company) -> None:
    channel = await commanded(company)
    await told(company.bob.slash(channel, "incident item hypothesis", text="tax rounding"))
    await told(company.bob.slash(channel, "incident item confirm", item="H1"))
    await told(company.bob.slash(channel, "incident resolve", fixed="rolled back release 214"))
    use = company.bob.slash(channel, "incident close")
    assert fields(await use.modal()) == {
        "cause": "tax rounding",
        "fixed": "rolled back release 214",
        "next": "postmortem within 5 business days",
    }
    assert await told(company.bob.submit(use, next="postmortem on Tuesday")) == "✅"
    await company.card(channel, "summary", "tax rounding", "rolled back release 214", "postmortem on Tuesday")


async def test_declaring_asks_for_what_is_wrong(company: Company) -> None:
    use = company.bob.slash(company.triage, "incident declare", severity="sev1")
    modal = await use.modal()
    assert fields(modal) == {"title": "", "severity": "sev1", "service": ""}
    assert await told(company.bob.submit(use, title="Checkout fails")) == "✅"
    channel = await company.there(company.channel)
    await company.card(channel, "board", "SEV1", "Checkout fails")


async def test_words_that_make_no_sense_are_answered_as_elsewhere(company: Company) -> None:
    use = company.bob.slash(company.triage, "incident declare")
    await use.modal()
    assert "sev" in await told(company.bob.submit(use, title="Checkout fails", severity="horrible"))
    assert company.channel() is None


async def test_nobody_fills_in_a_form_only_to_be_turned_down(company: Company) -> None:
    channel = await commanded(company)
    assert "incident commander" in await told(company.mia.slash(channel, "incident close"))
    await told(company.bob.slash(channel, "incident role assign", role="updates", who=company.bob))
    refused = company.mia.slash(channel, "incident update draft")
    assert "Bob" in await told(refused)
    assert refused.opened is None
    assert "needs TITLE" in await told(company.bob.slash(channel, "incident declare"))
    for command in ("incident close", "incident update draft", "incident update correct"):
        assert "an incident's own channel" in await told(company.bob.slash(company.triage, command))


async def test_a_window_that_an_earlier_process_opened_is_heard(company: Company) -> None:
    channel = await commanded(company)
    use = company.bob.slash(channel, "incident update draft")
    await use.modal()
    await company.stop()
    await company.start()
    assert await told(company.bob.submit(use, impact="some users cannot pay")) == "✅"
    await company.card(channel, "draft/1", "some users cannot pay")


async def test_a_window_of_another_version_is_answered(company: Company) -> None:
    channel = await commanded(company)
    use: Use = company.bob.slash(channel, "incident update draft")
    modal = await use.modal()
    modal["custom_id"] = "form:escalate?"
    assert "no such" in await told(company.bob.submit(use, impact="x"))


async def test_a_window_whose_opening_is_not_confirmed_is_open(company: Company) -> None:
    channel = await commanded(company)
    lost = company.discord.faults.fail(502, "POST", "/interactions/*/*/callback", after=True)
    use = company.bob.slash(channel, "incident update draft")
    await use.modal()
    assert lost.met == 1
    assert await told(company.bob.submit(use, impact="some users cannot pay")) == "✅"
    assert "some users" in text(await company.card(channel, "draft/1", "some users"))


async def test_who_is_asked_back_is_told_so_and_does_not_wait(company: Company) -> None:
    channel = await commanded(company)
    assert await told(company.bob.slash(channel, "incident item hypothesis", text="the cache")) == "✅"
    assert await told(company.bob.slash(channel, "incident item grab", item="H1")) == "✅"
    said = await told(company.bob.slash(channel, "incident close", cause="tax", fixed="rolled back", next="postmortem"))
    assert "not done yet" in said.casefold()
    await company.card(channel, "prompt/close-1")


async def test_who_does_a_follow_up_is_an_option_and_no_window(company: Company) -> None:
    """Its options know a member; in a window only those of the config have a name."""
    channel = await company.declared()
    given = {"text": "alert on failing payments", "owner": company.bob}
    assert "owner=@Bob due=DATE" in await told(company.mia.slash(channel, "incident after followup", **given))
    assert "needs TEXT" in await told(company.mia.slash(channel, "incident after followup"))
    use = company.mia.slash(channel, "incident after followup", **given, due="Friday", priority="P1")
    assert await told(use) == "✅"


async def test_an_entry_is_amended_in_a_window(company: Company) -> None:
    channel = await company.declared()
    assert await told(company.mia.slash(channel, "incident note", text="errors began")) == "✅"
    use = company.mia.slash(channel, "incident after amend")
    assert fields(await use.modal()) == {"entry": "", "text": "", "time": ""}
    number = (await company.mia.type_option(channel, "incident after amend", "entry").choices())[0][1]
    assert await told(company.mia.submit(use, entry=number, text="errors rose")) == "✅"
