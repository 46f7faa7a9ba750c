"""What Tocsin writes on Discord reads as it was typed, does only what the document asks for, and calls only the allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from discord_bot import connected
from discord_fake import NEEDED, FakeDiscord
from discord_permissions import Permission
from discord_reader import read
from hostile import words as attacks
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.incident.commands import one_line
from core.incident.document import (
    Code,
    Document,
    Jump,
    Line,
    Place,
    Plain,
    Post,
    Span,
    Strong,
    Struck,
    Typed,
    When,
    Who,
    line,
    spans,
    utc,
)
from core.incident.verbs import VERBS
from core.incident.vocabulary import Account, ChannelRef, MessageRef, Person
from transports.arguments import Context
from transports.discord_chat.markdown import clean, escaped, plain, size
from transports.discord_chat.render import LIMIT, allowed, description, embed, mark, pinged
from transports.discord_chat.typed import slash
from transports.phrases import read as command
from transports.prefix import prefix

GUILD = "900"
HERE = ChannelRef(transport="discord", id="5")
ELSEWHERE = ChannelRef(transport="matrix", id="!room:example.org")
AT = datetime(2026, 5, 2, 10, 5, tzinfo=UTC)

HOSTILE = (
    "@everyone @here <@1> <@!1> <@&1> <#1> <t:1> <t:1:R> <:a:1> <a:b:1> </incident:1> <id:guide> :tada: "
    "[x](http://y.example) [x]( <https://y.example> ) https://x.example/a_b_c?d=*e* https://x.example/**b** "
    "<https://x.example> (https://x.example/a). ahttps://x.example\\ HTTPS://X.EXAMPLE steam://run/1 http:// https://a|| "
    "**b** *i* _i_ __u__ ~~s~~ ||x|| `c` ``c`` ```c``` ¯\\_(ツ)_/¯ \\ \\* \\\\ * ** *** _ __ ~ ~~ ~~~ | || ` `` ``` ]( ) "
    "# ## ### -# - + > >>> 1. 12. . .. x 7 é \u200d 🔥 🇩🇪 v1.2 sign-in 10:05 a*b a_b_c 1 \\n & &amp; <b> e: :"
)
typed = (
    st.lists(st.sampled_from(HOSTILE.split(" ")) | st.just(" ") | st.text(max_size=3), max_size=6).map("".join)
    | attacks(3)
).map(one_line)
worded = st.builds("".join, st.tuples(st.sampled_from(("", " ")), typed, st.sampled_from(("", " "))))


def person(name: str, *ids: str, transport: str = "discord") -> Person:
    first, *others = (Account(transport=transport, id=each, name=name) for each in ids or ("1",))
    return Person(key=f"{transport}:{first.id}", name=name, initials="A", account=first, others=tuple(others))


def message(channel: ChannelRef, id_: str) -> MessageRef:
    return MessageRef(channel=channel, id=id_)


any_span: st.SearchStrategy[Span] = st.one_of(
    st.builds(Plain, worded),
    st.builds(Strong, worded),
    st.builds(Struck, worded),
    st.builds(Code, worded),
    st.builds(Typed, worded),
    st.builds(lambda name: Who(person(name)), worded),
    st.just(When(AT)),
    st.builds(Jump, st.sampled_from((message(HERE, "6"), message(HERE, "7/8"), message(ELSEWHERE, "$e"))), worded),
    st.builds(Place, st.sampled_from((HERE, ELSEWHERE)), worded),
)
some_spans = st.lists(any_span, max_size=4).map(tuple)
any_line = st.builds(Line, some_spans, st.just("") | worded, st.booleans(), st.booleans())
documents = st.builds(Document, st.lists(any_line, max_size=4).map(tuple), some_spans)

Asked = tuple[str, str, str]
"""Words, the style that was asked for them (none: ""), and what the whole line is (`quote`)."""


def asked(document: Document) -> Iterator[Asked]:
    """What a reader should see, in the words of the document: the model that the renderer is held against."""
    rows = [Line(document.title)] if document.title else []
    for at, row in enumerate((*rows, *document.lines)):
        strong = at < len(rows)
        if at:
            yield "\n", "", "quote"
        words = [_span(each, strong=strong) for each in row.spans]
        quoted = row.quote and not row.label and not row.bullet and "".join(text for text, _ in words).strip()
        if row.label:
            yield row.label, "strong", ""
            yield "  ", "", ""
        elif row.bullet:
            yield "• ", "", ""
        yield from ((text, style, "quote" if quoted else "") for text, style in words)


def _span(span: Span, *, strong: bool) -> tuple[str, str]:
    match span:
        case Strong(text):
            return text, "strong"
        case Struck(text):
            return text, "struck"
        case Code(text) | Typed(text):
            shown = slash(text) if isinstance(span, Typed) else text
            return shown, "code" if shown == shown.strip() and "`" not in shown else "address"
        case When(at):
            return utc(at), "time"
        case Who(who):
            return who.name, "strong" if strong else "address"
        case Plain(text) if strong:
            return text, "strong"
        case Place(to) if to == HERE:
            return "<#5>", "channel"
        case Jump(to, text) if to.channel == HERE and re.fullmatch(r"(?:[^\W_]| (?=[^\W_]))+", text) and text[0] != " ":
            return text, f"link https://discord.com/channels/900/{'7/8' if '/' in to.id else '5/6'}"
        case _:
            return span.text, "address"


def assert_reads_as_asked(document: Document, markdown: str) -> None:
    wanted = [(letter, style, whole) for text, style, whole in asked(document) for letter in text]
    for heeds in (True, False):
        seen = read(markdown, heeds=heeds)
        assert seen.text == "".join(letter for letter, _, _ in wanted)
        for letter, (_, style, whole) in zip(seen.letters, wanted, strict=True):
            assert letter.styles <= {style, whole}
            # Spaces and marks at the end of bold words stand outside; an address may be a link where all is plain.
            assert style in letter.styles or style in ("", "address") or not letter.letter.isalnum()
            assert whole in letter.styles or not letter.letter.isalnum() or not whole


@settings(deadline=None)
@given(documents)
@example(Document((Line((Strong("a"), Plain(""), Strong("b"))), line("- x"), line("+ x"), line("https://a<@1>"))))
@example(Document((line(Strong("a"), Strong("b"), Code("c"), Code("d"), Struck("e~"), "~", Struck("f")),)))
@example(
    Document(
        (line(Who(person("1")), ". x"), line(Strong("# x")), line(Strong("- "), "x"), line(Who(person("-")), "# x"))
    )
)
@example(Document((line("https://x.example/a", Strong("b"), " https://x.example/c"), line("https://x.example/d*"))))
@example(Document((line(">>> all", quote=True), line("# x", quote=True), line("", quote=True), line("after"))))
@example(Document((line(Jump(message(HERE, "6"), "x](https://y.example)")), line(Jump(message(HERE, "6"), "1. x")))))
@example(
    Document(
        (line("x", label="**"), line("x", label="# a "), line(""), line("x", bullet=True)),
        spans("# t", Code("**"), "*"),
    )
)
def test_whatever_is_typed_reads_as_typed_and_does_only_what_was_asked(document: Document) -> None:
    shown = description(document, GUILD)
    assert_reads_as_asked(document, shown)
    # The sign of a quotation is a bar to a reader, and `> ` in text, as everywhere.
    for said, seen in zip(plain(shown).split("\n"), read(shown).text.split("\n"), strict=True):
        assert said in (seen, f"> {seen}")


@pytest.mark.parametrize(
    ("words", "markdown"),
    [
        ("<@1> <t:1:R>", r"\<\@1\> \<t\:1\:R\>"),
        ("[x](https://y.example)", r"\[x](https\://y.example)"),
        ("# a - b + c", r"\# a \- b \+ c"),
        ("1. sign-in v1.2, 10.", r"1\. sign-in v1.2, 10\."),
        ("¯\\_(ツ)_/¯", r"¯\\\_(ツ)\_/¯"),
        ("Cause: :tada: 10:05", r"Cause: \:tada: 10\:05"),
        ("Don't (ever) panic!", "Don't (ever) panic!"),
    ],
)
def test_what_stands_behind_a_backslash(words: str, markdown: str) -> None:
    assert escaped(words) == markdown


def test_a_document_in_markdown() -> None:
    document = Document(
        lines=(
            line("some users cannot pay: see https://status.example.org/a_b", label="Impact"),
            line("one ", Strong("two"), ", sign-in works", bullet=True),
            line("said > it", quote=True),
            line(When(AT), " by ", Who(person("@ann_b"))),
            line(Jump(message(HERE, "6"), "the message"), " ", Jump(message(HERE, "7/8"), "another")),
            line(Place(HERE, "inc-x"), " ", Place(ELSEWHERE, "inc-y"), " ", Struck("old")),
            line("Type ", Typed("release H2"), " or ", Code("a`b"), "."),
        ),
        title=spans("SEV1 · ", Strong("Checkout #1"), " ", When(AT)),
    )
    assert description(document, GUILD).split("\n") == [
        r"**SEV1 · Checkout \#1** <t:1777716300:t>",
        "**Impact**  some users cannot pay: see https://status.example.org/a_b",
        "• one **two**, sign-in works",
        r"> said \> it",
        r"<t:1777716300:t> by \@ann\_b",
        "[the message](https://discord.com/channels/900/5/6) [another](https://discord.com/channels/900/7/8)",
        "<#5> inc-y ~~old~~",
        r"Type `/incident item release H2` or a\`b.",
    ]


def test_a_command_alone_on_its_line_has_a_block_to_be_copied_from() -> None:
    form = "update impact=some_users *cannot* pay next=… every=15m"
    copied = description(Document((line("Copy this:"), line(Typed(form, alone=True)), line("Or wait."))), GUILD)
    for heeds in (True, False):
        seen = read(copied, heeds=heeds)
        assert seen.of("block") == f"/incident update draft {form.removeprefix('update ')}"
        assert seen.effects == {"block"}
    within = read(description(Document((line("For example: ", Typed("claim ic", alone=True)),)), GUILD))
    assert (within.text, within.effects) == ("For example: /incident role claim ic", {"code"})
    ticks = read(description(Document((line(Typed("note ```x", alone=True)),)), GUILD))
    assert (ticks.text, ticks.effects) == ("/incident note ```x", set())


@pytest.mark.parametrize(
    "address", ["https://x.example/a_b?c=d&e=~f#g", "http://10.0.0.1:8080/.", "https://x.example)"]
)
def test_an_address_can_be_clicked(address: str) -> None:
    for words in (address, f"see {address} there", f"({address}"):
        seen = read(description(Document((line(words),)), GUILD))
        assert seen.text == words
        assert seen.of("address") == address.rstrip(".)")
    assert "address" not in read(description(Document((line(Strong(address), Struck(address)),)), GUILD)).effects


def test_what_hides_or_turns_letters_is_not_there() -> None:
    document = Document((line("a\u202eb\u200bc\u2066d\ud800e\nf\tg\u00a0h\x00i 👩\u200d🚒"),))
    assert description(document, GUILD) == "abcde f g h i 👩\u200d🚒"
    assert "\n" not in clean("a\r\nb\u2028c\x85d")


@given(st.text() | attacks())
def test_what_the_rules_keep_of_a_text_is_not_changed(text: str) -> None:
    assert clean(one_line(text)) == one_line(text)


# --- what is too long -------------------------------------------------------------------------------------------------


def longer(document: Document, times: int) -> Document:
    rows = tuple(Line(row.spans * times, row.label, row.bullet, row.quote) for row in document.lines)
    return Document(rows * 3, document.title)


@settings(deadline=None, max_examples=25)  # the reader takes its time with thousands of letters
@given(documents, st.sampled_from((1, 20, 200)))
@example(Document((line("*" * 3000), line("b"))), 1)
@example(Document((line("a"), line("\\" * 1000, Strong("*x*" * 300)), line("b"))), 1)
@example(Document((line("🔥" * 2040), line("🔥" * 2000)), spans("t")), 1)
def test_what_is_too_long_ends_early_and_says_so(document: Document, times: int) -> None:
    document = longer(document, times)
    whole = "".join(text for text, _, _ in asked(document))
    shown = description(document, GUILD)
    assert size(shown) == len(shown.encode("utf-16-le")) // 2 <= LIMIT
    for heeds in (True, False):
        seen = read(shown, heeds=heeds).text
        if seen != whole:
            assert seen.endswith("…")
            assert whole.startswith(seen.removesuffix("…").removesuffix("\n"))
    assert len(embed(Post(document, "i", "item/H1", number=123456), GUILD)) <= 6000


def test_short_lines_are_left_out_whole_and_long_ones_are_cut() -> None:
    rows = [line(f"{number:04} {'x' * 495}") for number in range(9)]
    shown = description(Document(tuple(rows)), GUILD).split("\n")
    assert [each[:4] for each in shown] == [f"{number:04}" for number in range(8)] + ["…"]
    shown = description(Document((line("first"), line("_" * 9000), line("last")), spans("title")), GUILD).split("\n")
    assert shown[:2] == ["**title**", "first"]
    assert re.fullmatch(r"(?:\\_)+…", shown[2])
    assert LIMIT - 2 <= len("\n".join(shown)) <= LIMIT
    assert len(shown) == 3
    exact = Document((line("x" * LIMIT),))
    assert description(exact, GUILD) == "x" * LIMIT
    bold = description(Document((line("a ", Strong("b" * 9000)),)), GUILD)
    assert read(bold).of("strong") == "b" * (LIMIT - 7)
    code = read(description(Document((line(Code("xx" + " x" * 9000)),)), GUILD))
    assert (code.of("code"), code.text[-3:]) == ("xx" + " x" * 2045, " x…")
    full = [*(line("x" * 1000) for _ in range(4)), line("x" * 80), line("y" * 3000, label="Impact")]
    assert description(Document(tuple(full)), GUILD).endswith("x\n…")


# --- the mark, and who is called --------------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.from_regex(r"[a-z]+(/[a-zA-Z0-9-]+)?", fullmatch=True))
def test_the_mark_is_read_back(number: int, card: str) -> None:
    footer = embed(Post(Document(), "inc-a", card, number=number), GUILD).footer.text
    assert mark(footer or "") == (number, card)


def test_the_mark_as_people_see_it() -> None:
    assert embed(Post(Document(), "inc-a", "item/H1", number=7), GUILD).footer.text == "inc 7 · item/H1"
    assert embed(Post(Document(), "house", "letter/12"), GUILD).footer.text == "tocsin · letter/12"
    for other in ("", "inc 7", "inc x · board", "inc 7 · board · more", "by somebody", "tocsin · "):
        assert mark(other) is None


ids = st.sampled_from(("1", "2", "3", "44444444444444444444", "@everyone", "ann", "٣", "", "5> @here <@6"))
people = st.lists(
    st.builds(lambda name, all_, where: person(name, *all_, transport=where), worded,
              st.lists(ids, min_size=1, max_size=2), st.sampled_from(("discord", "discord", "matrix"))),
    max_size=4,
).map(tuple)  # fmt: skip


@given(documents, people, people)
def test_only_who_is_named_may_be_called(
    document: Document, pings: tuple[Person, ...], calls: tuple[Person, ...]
) -> None:
    post = Post(document, "inc-a", "board", number=1, pings=pings, calls=calls)
    accounts = [one for one in (each.on("discord") for each in (*pings, *calls)) if one is not None]
    wanted = {one.id for one in accounts if one.id in ("1", "2", "3", "44444444444444444444")}
    content, may = pinged(post), dict(allowed(post).to_dict())
    assert (may.pop("parse"), may.pop("roles", [])) == ([], [])
    assert re.fullmatch(r"(?:<@[0-9]+>(?: (?=<)|$))*", content)
    assert sorted(re.findall(r"[0-9]+", content)) == sorted(wanted)
    assert [*may] == ["users"]
    assert sorted(str(each) for each in allowed(post).to_dict()["users"]) == sorted(wanted)


def test_a_crowd_is_called_as_far_as_a_message_holds_it() -> None:
    crowd = tuple(person("x", str(10**19 + number)) for number in range(200))
    post = Post(Document(), "inc-a", "board", number=1, pings=crowd[:1], calls=crowd)
    assert 1900 < len(pinged(post)) <= 2000
    assert len(allowed(post).to_dict()["users"]) <= 100
    assert pinged(post).startswith(f"<@{crowd[0].account.id}> <@{crowd[1].account.id}>")


# --- commands as they are typed here ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("claim ic", "role claim ic"),
        ("role claim ic", "role claim ic"),
        ("release H2", "item release H2"),
        ("release ITEM", "item release ITEM"),
        ("release scribe", "role release scribe"),
        ("release", "role release"),
        ("item release H2", "item release H2"),
        ("close false-alarm WHY", "close-false-alarm WHY"),
        ("close duplicate of 7", "close-duplicate-of of 7"),
        ("close cause=a b", "close cause=a b"),
        ("update impact=… next=…", "update draft impact=… next=…"),
        ("update publish", "update publish"),
        ("update runbook=x", "update draft runbook=x"),
        ("update runbook", "update draft runbook"),
        ("Rule_Out H1", "item rule-out H1"),
        ("yes handoff-1", "yes handoff-1"),
        ("decide-by TIME", "call decide-by TIME"),
        ("nothing known", "nothing known"),
        ("", ""),
    ],
)
def test_a_command_is_shown_under_its_name_here(words: str, shown: str) -> None:
    assert slash(words) == f"/incident {shown}"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.path)
def test_what_is_shown_means_the_same_where_it_is_typed(verb: object) -> None:
    row = next(each for each in VERBS if each is verb)
    ann = person("Ann", "3")
    here = Context(now=AT, named=lambda words: ann if words.casefold() in ("@ann", "ann") else None)
    assert slash(row.example).startswith(
        f"/incident {row.path.replace('close ', 'close-').replace('postmortem ', 'postmortem-')}"
    )
    assert command(prefix(slash(row.example)) or "", here) == command(row.example, here)


# --- by the real discord.py ------------------------------------------------------------------------------------------


async def test_what_is_sent_reads_as_typed_and_rings_only_the_allowed() -> None:
    async with FakeDiscord(permissions=NEEDED | Permission.MENTION_EVERYONE) as fake:
        triage, bob, mia, eve = fake.create_channel("triage"), *map(fake.create_person, ("Bob", "Mia", "Eve"))
        nasty = f"@everyone @here {eve.mention} <@&{fake.guild.id}> ![x](http://y.example) # ||x|| ¯\\_(ツ)_/¯ `"
        document = Document((line(nasty), line(Strong(nasty), Who(person(nasty)), quote=True)), spans(nasty))
        post = Post(
            document,
            "inc-a",
            "board",
            number=7,
            pings=(person(nasty, str(bob.id)),),
            calls=(person("Mia", str(mia.id)), person("Bob", str(bob.id)), person("Eve", "@eve:b", transport="matrix")),
        )
        async with connected(fake) as client:
            sent = await client.text(triage.id).send(
                pinged(post), embed=embed(post, str(fake.guild.id)), allowed_mentions=allowed(post)
            )
            again = await client.text(triage.id).fetch_message(sent.id)
        (seen,) = eve.sees(triage)
        assert seen.pings == {bob.id, mia.id}
        assert (seen.mentions, seen.mention_roles, seen.mention_everyone) == (sorted((bob.id, mia.id)), [], False)
        assert seen.content == f"{bob.mention} {mia.mention}"
        (shown,) = seen.embeds
        assert_reads_as_asked(document, shown["description"])
        assert shown["footer"]["text"] == "inc 7 · board"
        assert plain(again.embeds[0].description or "") == f"{nasty}\n{nasty}\n> {nasty}{nasty}"
        assert mark(again.embeds[0].footer.text or "") == (7, "board")
