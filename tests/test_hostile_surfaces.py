"""Any text at all on the surfaces that hold a whole incident of it: cards on each chat, names of channels, logs, the intake."""

from __future__ import annotations

import asyncio
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from hostile import NAMES, words
from hypothesis import given, settings
from hypothesis import strategies as st
from incidents import Case
from stage import open_stage
from test_discord_render import GUILD
from test_logs import Terminal, logs_as_before
from test_matrix_posts import read
from test_postmortem_typed import everything

from bot.harmless import harmless
from bot.logs import set_up
from core.incident import commands as c
from core.incident.cards import cards
from core.incident.document import Post
from core.incident.evolve import replay
from core.incident.postmortem.escaping import flat
from transports.discord_chat.channels import marked
from transports.discord_chat.render import allowed, embed
from transports.matrix_chat import content
from transports.matrix_chat.hearing import text_of
from transports.matrix_chat.rooms import alias_names
from transports.sandbox.views import post_view
from transports.signals import MessageSent

TYPED = st.lists(words() | NAMES, min_size=1, max_size=8)


def _bear(post: Post) -> None:
    """Every chat can show the post, calls nobody for it but by account, and makes no markup of what was typed."""
    assert len(embed(post, GUILD)) <= 6000
    json.dumps(embed(post, GUILD).to_dict(), ensure_ascii=False).encode()
    assert allowed(post).to_dict()["parse"] == []
    for told in (content.message(post, "matrix"), content.edit(post, "matrix", "$target")):
        json.dumps(told, ensure_ascii=False).encode()
        assert "room" not in told.get("m.mentions", {})
    shown = read(content.message(post, "matrix").get("formatted_body", ""))
    assert shown.tags <= {"strong", "code", "a", "br", "ul", "li", "p", "blockquote", "del", "em"}, shown.tags
    assert all(link.startswith("https://") for link in shown.links)
    json.dumps(post_view(post), ensure_ascii=False).encode()


@settings(max_examples=5, deadline=None)
@given(text=words())
def test_every_card_of_an_incident_full_of_it_can_be_shown(text: str) -> None:
    records = everything(f"x{flat(text)}x".encode(errors="replace").decode()).records
    for upto in (*range(1, len(records), 8), len(records)):
        incident = replay(records[:upto])
        assert incident is not None
        for card in cards(incident):
            _bear(card.post)


@given(text=words())
def test_a_channel_is_named_in_plain_letters(text: str) -> None:
    name = Case(command=c.Declare(title=f"x{text}"[: c.TITLE_LIMIT])).incident.name
    assert re.fullmatch(r"inc-[a-z0-9]+(-[a-z0-9]+)*", name), name
    assert len(name) <= 100
    assert next(alias_names(name)) == name
    assert marked(marked("Incident 1", name), name) == f"Incident 1 · {name}"


@settings(deadline=None)
@given(text=words(), terminal=st.booleans())
def test_no_line_of_a_log_steers_whatever_it_tells(text: str, terminal: bool) -> None:
    stream = Terminal() if terminal else io.StringIO()
    with logs_as_before():
        set_up(stream, [])
        structlog.get_logger("tocsin").warning("late", reason=text, rooms=[text], who={text: text})
        structlog.get_logger("tocsin").error("bug", exc_info=ValueError(text))
    seen = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert harmless(seen.replace("\n", "")) == seen.replace("\n", "")
    seen.encode()
    if not terminal:
        assert len([json.loads(line) for line in seen.splitlines()]) == 2


@given(text=words(), rich=words())
def test_what_is_heard_on_matrix_is_text(text: str, rich: str) -> None:
    for body in (text, f"!inc {text}", f"> {text}"):
        assert isinstance(text_of({"body": body, "formatted_body": f'<a href="https://matrix.to/#/@a:b">{rich}'}), str)


@settings(max_examples=5, deadline=None)
@given(typed=TYPED, names=st.lists(NAMES, min_size=1, max_size=3))
def test_whatever_is_typed_is_on_the_record_or_answered_and_no_bug(typed: list[str], names: list[str]) -> None:
    asyncio.run(_typed(typed, names))


async def _typed(typed: list[str], names: list[str]) -> None:
    with TemporaryDirectory() as folder:
        async with open_stage(Path(folder)) as stage:
            await stage.ann.types("declare checkout fails sev1", stage.triage)
            for at, text in enumerate(typed):
                by = stage.ann.account.model_validate(stage.ann.account.model_dump() | {"name": names[at % len(names)]})
                for form in ("!inc note {}", "!inc {}", "impact: {}", "{}"):
                    there = stage.world.say(stage.ann.account, stage.channel, "x")
                    said = MessageSent(there, by, "x", stage.clock.now(), f"made:{there.id}", None, ())
                    await stage.tocsin.intake.take(replace(said, text=form.format(text)))
            await stage.settle()
            stage.expect_everything()
