from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.incident.vocabulary import Account
from transports.matrix_chat.hearing import Hearing, text_of
from transports.signals import MessageSent, PersonLeft

WORDS = st.text("a@:$ü\n<>", max_size=8)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
RELATION = ANYTHING | st.fixed_dictionaries(
    {},
    optional={
        "rel_type": ANYTHING | st.sampled_from(["m.replace", "m.annotation", "m.thread"]),
        "event_id": ANYTHING,
        "key": ANYTHING,
        "m.in_reply_to": ANYTHING,
    },
)
CONTENT = ANYTHING | st.fixed_dictionaries(
    {},
    optional={
        "msgtype": ANYTHING | st.sampled_from(["m.text", "m.emote", "m.image"]),
        "body": ANYTHING | st.sampled_from(["> <@a:b> x\n\ny", "> only", "!inc assign ic Bob"]),
        "formatted_body": ANYTHING | st.just('<a href="https://matrix.to/#/@b:c">Bob</a>'),
        "m.relates_to": RELATION,
        "m.new_content": ANYTHING | st.just({"msgtype": "m.text", "body": "new"}),
        "m.mentions": ANYTHING | st.just({"user_ids": [1, "@a:b"]}),
        "redacts": ANYTHING,
        "membership": ANYTHING | st.sampled_from(["leave", "ban", "join"]),
    },
)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "type": ANYTHING | st.sampled_from(["m.room.message", "m.reaction", "m.room.redaction", "m.room.member"]),
        "event_id": ANYTHING | st.just("$e"),
        "sender": ANYTHING | st.just("@ann:c"),
        "origin_server_ts": ANYTHING,
        "content": CONTENT,
        "redacts": ANYTHING | st.just("$x"),
        "state_key": ANYTHING | st.sampled_from(["@bob:c", "@bot:c"]),
        "unsigned": ANYTHING | st.just({"prev_content": {"membership": "join"}}),
    },
)


async def _name(account_id: str) -> Account:
    return Account(transport="matrix", id=account_id, name="Ann")


@given(event=EVENT, original=st.none() | EVENT)
async def test_no_event_is_too_strange(event: dict[str, Any], original: dict[str, Any] | None) -> None:
    async def look(room: str, name: str) -> dict[str, Any] | None:
        return original

    signal = await Hearing("matrix", "@bot:c", look, _name).signal("!r", event)
    if signal is not None:
        assert signal.source == f"matrix:{event['event_id']}"
        assert signal.at.tzinfo is UTC
    if isinstance(signal, PersonLeft):
        assert signal.who.id == event["state_key"] != "@bot:c"
    if isinstance(signal, MessageSent):
        assert signal.author.id == event["sender"] != "@bot:c"


@pytest.mark.parametrize("field", ["content", "m.new_content"])
async def test_a_kind_of_message_that_is_no_word_is_silence(field: str) -> None:
    """Whoever sends it can make it anything; a list cannot be looked up in a set."""
    content: dict[str, Any] = {"msgtype": ["m.text"], "body": "x"}
    if field == "m.new_content":
        content = {"m.new_content": content, "m.relates_to": {"rel_type": "m.replace", "event_id": "$x"}}
    event = {"type": "m.room.message", "event_id": "$e", "sender": "@ann:c", "content": content}

    async def look(room: str, name: str) -> dict[str, Any]:
        return {**event, "content": {"msgtype": "m.text", "body": "y"}}

    assert await Hearing("matrix", "@bot:c", look, _name).signal("!r", event) is None


def test_a_quotation_is_dropped_and_a_quoting_message_kept() -> None:
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": "$x"}}}
    assert text_of({"body": "> <@a:b> one\n> two\n\n!inc board", **reply}) == "!inc board"
    assert text_of({"body": "> one\n\nI agree"}) == "> one\n\nI agree"


def test_pills_become_ids_in_commands_alone() -> None:
    html = 'x <a href="https://matrix.to/#/@ann:c">Ann</a> <a href="https://matrix.to/#/%40bob%3Ac">Bob B</a>'
    assert text_of({"body": "!inc handoff Ann Bob B", "formatted_body": html}) == "!inc handoff @ann:c @bob:c"
    assert text_of({"body": "thanks Ann and Bob B", "formatted_body": html}) == "thanks Ann and Bob B"
