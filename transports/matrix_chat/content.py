"""What goes into an event: a post as a message or as the edit of one, with its mark, its mentions and its size in bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from core.incident.document import Post
from transports.matrix_chat import render

MARK = "dev.tocsin"

LARGEST = 60 * 1024
"""Bytes of content. An event may have 65,536 in all (client-server API, "Size limits"), its envelope and hashes included."""

Content = dict[str, Any]


LARGEST_SEALED = 44 * 1024
"""The same before it is encrypted, which makes four bytes of three."""


def message(post: Post, transport: str, carried: Content | None = None, largest: int = LARGEST) -> Content:
    """A new message. Raises nothing: what is too long is cut, and says so.

    `carried` is what it says of the file that goes with it, whose caption the words are then.
    """
    return _first_that_fits(_messages(post, transport, carried or {}), largest)


def edit(post: Post, transport: str, target: str, carried: Content | None = None, largest: int = LARGEST) -> Content:
    """The same as a replacement of `target`. It calls nobody a second time: only `m.new_content` names the mentioned."""
    return _first_that_fits(_edits(post, transport, target, carried or {}), largest)


def _messages(post: Post, transport: str, carried: Content) -> Iterator[Content]:
    for text in _texts(post, transport, carried):
        yield {**text, **_mark(post), "m.mentions": _mentions(post, transport), **_relation(post)}


def _edits(post: Post, transport: str, target: str, carried: Content) -> Iterator[Content]:
    relation = {"m.relates_to": {"rel_type": "m.replace", "event_id": target}}
    for text in _texts(post, transport, carried):
        new = {**text, **_mark(post), "m.mentions": _mentions(post, transport)}
        fallback = {key: f"* {words}" if "body" in key else words for key, words in text.items()}
        yield {**fallback, **_mark(post), "m.mentions": {}, "m.new_content": new, **relation}
        # Clients that know edits never show the fallback: it is the first to go.
        short = {**text, "body": f"* {text['body'][:200]}"}
        short = {key: words for key, words in short.items() if key not in ("format", "formatted_body")}
        yield {**short, **_mark(post, text=False), "m.mentions": {}, "m.new_content": new, **relation}


def _texts(post: Post, transport: str, carried: Content) -> Iterator[Content]:
    body = render.body(post.document, post.choices)
    basic: Content = {"msgtype": "m.text", **carried}
    if "://" in body or "www." in body.lower():
        # People's links open no preview under the bot's name (MSC4095: an empty list means none).
        basic["com.beeper.linkpreviews"] = []
    rich = render.html(post.document, transport, post.choices)
    yield {**basic, "body": body, "format": "org.matrix.custom.html", "formatted_body": rich}
    yield {**basic, "body": body}
    length = len(body)
    while length > 200:
        length = length * 3 // 4
        yield {**basic, "body": f"{body[:length]}…\n(cut here: {len(body) - length:,} more characters)"}


def _first_that_fits(contents: Iterator[Content], largest: int) -> Content:
    content: Content = {}
    for content in contents:
        if len(json.dumps(content, ensure_ascii=False).encode(errors="replace")) <= largest:
            break
    return content


def _mark(post: Post, *, text: bool = True) -> Content:
    mark = {"incident": post.incident, "card": post.card}
    if text and post.text is not None:
        mark["text"] = post.text
    return {MARK: mark}


def _mentions(post: Post, transport: str) -> Content:
    # Present even when empty: without it, clients look for names and "@room" in the text (client-server API, "Mentions").
    called = [person.account.id for person in post.pings if person.account.transport == transport]
    return {"user_ids": called} if called else {}


def _relation(post: Post) -> Content:
    if post.thread is None:
        return {"m.relates_to": {"m.in_reply_to": {"event_id": post.reply_to.id}}} if post.reply_to else {}
    shown = post.reply_to or post.thread
    return {
        "m.relates_to": {
            "rel_type": "m.thread",
            "event_id": post.thread.id,
            "is_falling_back": post.reply_to is None,
            "m.in_reply_to": {"event_id": shown.id},
        }
    }
