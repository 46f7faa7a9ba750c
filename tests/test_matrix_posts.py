from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

from hostile import words as attacks
from hypothesis import given
from hypothesis import strategies as st
from matrix_world import World, key, post

from core.incident.document import (
    Choice,
    Code,
    Document,
    Jump,
    Place,
    Post,
    Strong,
    Struck,
    Typed,
    When,
    Who,
    line,
    spans,
)
from core.incident.vocabulary import Account, ChannelRef, MessageRef, Person
from transports.matrix_chat import content, render
from transports.signals import MessageSent

pytest_plugins = ["conftest_matrix"]

NASTY = '@room <script>alert(1)</script> <a href="https://evil.example">x</a> **b** & "quotes" https://evil.example'
ROOM = ChannelRef(transport="matrix", id="!room:test.localhost")


def person(account_id: str, name: str = "Ann", transport: str = "matrix") -> Person:
    account = Account(transport=transport, id=account_id, name=name)
    return Person(key=f"{transport}:{account_id}", name=name, initials="A", account=account)


class Reader(HTMLParser):
    """What a client shows of HTML, and the tags it is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.text += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


@given(st.text() | attacks())
def test_whatever_is_typed_is_read_as_typed_and_makes_no_markup(typed: str) -> None:
    people = Who(person("@ann:b", typed))
    document = Document(lines=(line(typed, Strong(typed), Code(typed), people, label=typed),), title=spans("t", typed))
    shown = read(render.html(document, "matrix", (Choice("✅", typed, typed),)))
    assert shown.tags <= {"strong", "code", "a", "br"}
    assert shown.links == ["https://matrix.to/#/@ann:b"] * bool(shown.links)
    visible = render.clean(typed)
    assert visible in shown.text
    json.dumps(content.message(Post(document, "i", "c"), "matrix"), ensure_ascii=False).encode()


def test_a_document_reads_in_html_as_in_text() -> None:
    at = datetime(2026, 5, 2, 10, 5, tzinfo=UTC)
    document = Document(
        lines=(
            line("some users", label="Impact"),
            line("all of them", label=" "),
            line("one ", Strong("two"), bullet=True),
            line("three", bullet=True),
            line("said", quote=True),
            line(When(at), " by ", Who(person("@ann:b"))),
            line(Jump(MessageRef(channel=ROOM, id="$e"), "there"), " ", Who(person("1", "Cam", "discord"))),
            line(Place(ROOM, "inc-x"), " ", Struck("old")),
        ),
        title=spans("SEV1 · ", Strong("Checkout")),
    )
    assert render.html(document, "matrix") == (
        "<strong>SEV1 · Checkout</strong><br><strong>Impact</strong>&nbsp; some users<br>all of them"
        "<ul><li>one <strong>two</strong></li><li>three</li></ul><blockquote>said</blockquote>"
        '10:05 UTC by <a href="https://matrix.to/#/@ann:b">Ann</a><br>'
        '<a href="https://matrix.to/#/%21room%3Atest.localhost/%24e">there</a> Cam<br>'
        '<a href="https://matrix.to/#/%21room%3Atest.localhost">inc-x</a> <del>old</del>'
    )
    assert render.body(document).startswith(
        "SEV1 · Checkout\nImpact       some users\n             all of them\n• one two\n• three\n> said\n"
    )


def test_choices_are_told_in_words_too() -> None:
    choices = (Choice("⏪", "roll back", "path rollback"), Choice("🔧", "fix", "path fix"))
    assert render.body(Document(), choices) == "⏪ roll back (!inc path rollback) · 🔧 fix (!inc path fix)"
    assert render.html(Document(), "matrix", choices) == (
        "⏪ roll back (<code>!inc path rollback</code>) · 🔧 fix (<code>!inc path fix</code>)"
    )


def test_words_that_turn_the_direction_turn_nothing_else() -> None:
    assert render.clean("abc\u202edef") == "\u2068abc\u202edef\u2069"
    assert render.clean("a\x00b\ud800c\r\nd") == "abc\nd"


def test_an_edit_calls_nobody_again_and_carries_the_mark_inside() -> None:
    card = post("x", text="We test.", pings=(person("@ann:b"), person("7", transport="discord")))
    sent, edited = content.message(card, "matrix"), content.edit(card, "matrix", "$e")
    mark = {"incident": "inc-a", "card": "board", "text": "We test."}
    assert sent["m.mentions"] == {"user_ids": ["@ann:b"]}
    assert edited["m.mentions"] == {}
    assert sent["dev.tocsin"] == edited["dev.tocsin"] == edited["m.new_content"]["dev.tocsin"] == mark
    assert edited["body"] == "* x"
    assert edited["m.new_content"]["body"] == "x"
    assert edited["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$e"}


async def test_long_and_nasty_words_arrive_whole_and_harmless(world: World) -> None:
    await world.bot.start()
    transport, triage = world.bot.transport, world.at(world.triage)
    await world.ann.unread(world.triage)
    before = await world.ann.unread(world.triage)
    nasty = await transport.send(triage, post(NASTY), key("nasty"))
    long = await transport.send(triage, post("x" * 20_000, text="y" * 20_000), key("long"))
    await transport.edit(long, post("ü" * 20_000, text="z" * 20_000), key("edit"))
    huge = await transport.send(triage, post("🔥" * 40_000), key("huge"))
    await transport.edit(huge, post("ж" * 90_000), key("huger"))
    after = await world.ann.unread(world.triage)
    assert after[1] == before[1] == 0
    said = {event["event_id"]: event["content"] for event in await world.ann.messages(world.triage)}
    assert said[nasty.id]["body"] == NASTY
    assert read(said[nasty.id]["formatted_body"]).tags == set()
    assert said[nasty.id]["m.mentions"] == {}
    assert said[long.id]["body"] == "x" * 20_000
    assert said[long.id]["dev.tocsin"]["text"] == "y" * 20_000
    assert "cut here" in said[huge.id]["body"]
    assert (await transport.read(long)).text == "ü" * 20_000
    assert (await transport.read(huge)).text.startswith("ж" * 5_000)
    assert "cut here" in (await transport.read(huge)).text


async def test_a_ping_reaches_the_one_who_is_meant(world: World) -> None:
    bob = await world.person("bob")
    await world.bot.start()
    for each in (world.ann, bob):
        await each.unread(world.triage)
    await world.bot.transport.send(
        world.at(world.triage), post(Who(person(world.ann.id)), pings=(person(bob.id),)), key("p")
    )
    assert (await world.ann.unread(world.triage))[1] == 0
    assert (await bob.unread(world.triage))[1] == 1


async def test_threads_and_replies_hang_where_they_belong(world: World) -> None:
    await world.bot.start()
    transport, triage = world.bot.transport, world.at(world.triage)
    root = await transport.send(triage, post("item", card="item/H1"), key("root"))
    inside = await transport.send(triage, post("in it", thread=root), key("in"))
    letter = await transport.send(triage, post("no", thread=root, reply_to=inside), key("letter"))
    reply = await transport.send(triage, post("yes", reply_to=root), key("reply"))
    relations = {e["event_id"]: e["content"].get("m.relates_to") for e in await world.ann.messages(world.triage)}
    thread = {"rel_type": "m.thread", "event_id": root.id}
    assert relations[root.id] is None
    assert relations[inside.id] == {**thread, "is_falling_back": True, "m.in_reply_to": {"event_id": root.id}}
    assert relations[letter.id] == {**thread, "is_falling_back": False, "m.in_reply_to": {"event_id": inside.id}}
    assert relations[reply.id] == {"m.in_reply_to": {"event_id": root.id}}
    assert (await transport.read(inside)).thread == root


async def test_the_same_key_is_the_same_message_in_the_next_process_too(world: World) -> None:
    await world.bot.start()
    triage = world.at(world.triage)
    board = await world.bot.transport.send(triage, post("board"), key("same"))
    await world.bot.transport.react(board, "🧭", key("same"))
    await world.bot.stop()
    again = await world.process().start()
    assert await again.transport.send(triage, post("board"), key("same")) == board
    await again.transport.react(board, "🧭", key("same"))
    await again.transport.react(board, "🧭", key("another"))
    await again.transport.edit(board, post("edited"), key("same"))
    assert [event["event_id"] for event in await world.ann.messages(world.triage)] == [board.id]
    assert await world.ann.reactions(world.triage, board.id) == [(world.account.id, "🧭")]
    assert (await again.transport.read(board)).text == "edited"


async def test_a_persons_reaction_is_cleared_and_nobody_elses(world: World) -> None:
    bob = await world.person("bob")
    await world.bot.start()
    room = await world.bot.transport.open_channel(world.plan(world.unique("inc-clear")))
    board = await world.bot.transport.send(room, post("board"), key("b"))
    for each in (world.ann, bob):
        await each.join(room.id)
        await each.react(room.id, board.id, "✍🏽")
        await each.react(room.id, board.id, "🧭")
    await world.bot.transport.clear_reaction(board, "✍️", bob.id)
    left = await world.ann.reactions(room.id, board.id)
    assert sorted(left) == sorted([(world.ann.id, "✍🏽"), (world.ann.id, "🧭"), (bob.id, "🧭")])
    said = await world.ann.say(world.triage, "in a room of other people's making")
    await bob.react(world.triage, said, "🧭")
    await world.bot.transport.clear_reaction(MessageRef(channel=world.at(world.triage), id=said), "🧭", bob.id)


async def test_cards_are_found_in_the_history(world: World) -> None:
    await world.bot.start()
    transport, triage = world.bot.transport, world.at(world.triage)
    eyes = await world.as_bot()
    await eyes.say(world.triage, "no card")
    await world.ann.say(world.triage, "forged", **{"dev.tocsin": {"incident": "inc-a", "card": "board"}})
    board = await transport.send(triage, post("board"), key("b"))
    gone = await transport.send(triage, post("gone", card="item/H1"), key("g"))
    await transport.edit(board, post("newer"), key("e"))
    await world.ann.redact(world.triage, gone.id)
    await asyncio.gather(*(world.ann.say(world.triage, "chatter") for _ in range(120)))
    item = await transport.send(triage, post("item", card="item/H2"), key("i"))
    start = (await transport.read(board)).at
    assert await transport.marked(triage, "inc-a", 1, start) == {"board": board, "item/H2": item}
    assert await transport.marked(triage, "inc-a", 1, start + timedelta(milliseconds=1)) == {"item/H2": item}
    assert [each.text for each in await world.bot.hears(MessageSent, 121)][:2] == ["forged", "chatter"]


def test_a_command_is_shown_as_one_types_it_here() -> None:
    copied = Document((line("Copy this:"), line(Typed("update impact=…", alone=True))))
    named = Document((line("Or ", Typed("takeover ic"), "."),))
    assert render.body(copied).splitlines() == ["Copy this:", "!inc update impact=…"]
    assert render.body(named) == "Or `!inc takeover ic`."
    assert read(render.html(named, "matrix")).text == "Or !inc takeover ic."
    assert "<code>!inc takeover ic</code>" in render.html(named, "matrix")
