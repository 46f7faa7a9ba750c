"""Escaping for Markdown, read back by a CommonMark parser: people's words are words, wherever they stand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.incident.marks import escaped

COMMONMARK = MarkdownIt("commonmark")
GITHUBS = MarkdownIt("commonmark").enable(["table", "strikethrough"])
"""`linkify` is not in the test's environment: that an address is none is shown by its escapes."""

PIECES = st.sampled_from(
    [
        *"\\`*_[]<>#|~&$@^{}!-+=.):;'\"/? \t\n\u00a0",
        *("1", "12", "a", "é", "💥", "1.", "1) ", "- ", "---", "===", "```", "~~~", "> ", "# ", "[a](b)", "![a](b)"),
        *("<b>", "<!--", "<https://x.example>", "&amp;", "&#64;", "www.x.example", "https://x.example", "**a**", "| a |"),
        *("    ", "[a]: b", "[^1]", ":tada:", "\\\n", "  \n", "\0", "javascript:alert(1)", "__a__", "~~a~~", "$x$", "{{a}}"),
    ]
)  # fmt: skip
TEXTS = st.text() | st.lists(PIECES | st.text(max_size=3), max_size=14).map("".join)


def flat(text: str) -> str:
    """As `escaped` sets it on one line."""
    return " ".join(text.replace("\0", "\ufffd").split())


def leaves(tokens: list[Token]) -> list[Token]:
    return [leaf for token in tokens for leaf in (token.children or [token] if token.type == "inline" else [token])]


def read(markdown: str, kinds: list[str], reader: MarkdownIt = COMMONMARK) -> str:
    """The text of it, which is nothing but these blocks with words in them."""
    found = leaves(reader.parse(markdown))
    assert [one.type for one in found if one.type not in ("text", "text_special")] == kinds
    return "".join(one.content for one in found if one.type in ("text", "text_special"))


@given(text=TEXTS)
def test_words_alone_are_a_paragraph(text: str) -> None:
    kinds = ["paragraph_open", "paragraph_close"] if flat(text) else []
    assert read(escaped(text), kinds) == flat(text)
    assert "\n" not in escaped(text)


@given(text=TEXTS.filter(flat))
def test_words_in_a_list_a_heading_and_a_quote_stay_in_there(text: str) -> None:
    item = ["bullet_list_open", "list_item_open", "paragraph_open", "paragraph_close", "list_item_close"]
    assert read(f"- {escaped(text)}", [*item, "bullet_list_close"]) == flat(text)
    assert read(f"## {escaped(text)}", ["heading_open", "heading_close"]) == flat(text)
    quote = ["blockquote_open", "paragraph_open", "paragraph_close", "blockquote_close"]
    assert read(f"> {escaped(text)}", quote) == flat(text)


@given(text=TEXTS.filter(flat))
def test_words_among_others_stay_in_there(text: str) -> None:
    assert read(f"a {escaped(text)} b", ["paragraph_open", "paragraph_close"], GITHUBS) == f"a {flat(text)} b"


@given(texts=st.lists(TEXTS, min_size=2, max_size=2))
def test_words_in_a_table_stay_in_their_cells(texts: list[str]) -> None:
    table = GITHUBS.parse(f"| a | b |\n|---|---|\n| {escaped(texts[0])} | {escaped(texts[1])} |")
    cells = [token for before, token in pairwise(table) if before.type == "td_open"]
    assert ["".join(leaf.content for leaf in cell.children or []) for cell in cells] == [flat(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Cause: tax rounding in v2.14 (5 %)", "Cause: tax rounding in v2.14 (5 %)"),
        ("sign-in works - mostly", "sign-in works - mostly"),
        ("https://x.example and www.x.example", "https\\://x.example and www\\.x.example"),
        ("mail me@x.example :tada: #12", "mail me\\@x.example \\:tada: \\#12"),
        ("1. first", "1\\. first"),
        ("---", "\\---"),
        ("two\nlines\t", "two lines"),
    ],
)
def test_little_is_escaped_in_ordinary_words(text: str, shown: str) -> None:
    assert escaped(text) == shown
