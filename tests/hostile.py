"""What somebody writes to break a surface: one alphabet for every test of hostile text.

Known attacks as whole strings, the letters that they are made of, and words and names mixed of both.
"""

from __future__ import annotations

from hypothesis import strategies as st

ATTACKS: tuple[str, ...] = (
    # Markup: HTML, Markdown, XML.
    *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<svg/onload=alert(1)>", "<!-- x", "--> x", "]]>"),
    *("<![CDATA[x]]>", "&lt;b&gt;", "&#x3c;b&#x3e;", "&xxe;", '<!ENTITY xxe SYSTEM "file:///etc/passwd">', "</title><b>"),
    *("[x](javascript:alert(1))", "![x](https://evil.example/x.png)", "<https://evil.example>", "[x]: https://evil.example"),
    *("javascript:alert(1)", "data:text/html,<b>x</b>", "https://evil.example/?q=<b>", "vbscript:x"),
    *("# heading", "> quote", "- item", "1. item", "-# small", ">>> all", "```", "```\n@everyone\n```", "`x`", "||spoiler||"),
    *("**a**", "__a__", "~~a~~", "a\n===", "| a | b |\n|---|---|", "\\", "\\*", "{{ 7*7 }}", "{% x %}", "${x}", "%s%n", "{0}"),
    # Mentions: crowds and people.
    *("@everyone", "@here", "@room", "<@123>", "<@!123>", "<@&123>", "<#123>", "</x:1>", "<t:0:R>", "<:x:1>", "<id:home>"),
    *("@ann:test.localhost", "https://matrix.to/#/@ann:test.localhost", "https://matrix.to/#/!room:x", "!inc close", "/inc x"),
    # Spreadsheets.
    *("=cmd|' /C calc'!A0", "=HYPERLINK(1)", "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", ",", ";", '"', "'", '","'),
    # Terminals: escapes, links, moves, the eight-bit forms, a line of its own.
    *("\x1b[2J", "\x1b[31mred", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\", "\x1b[1A\x1b[2K"),
    *("\x9b31m", "\x9d0;x\x9c", "\x07", "\x08\x08", "\r", "a\rb", "\r\n", "\n", '\n{"level": "info"}', "\x0b", "\x0c", "\x7f"),
    # Letters that hide, turn, break lines or are none.
    *("\u202e", "\u2066", "\u2069", "\u200b", "\u200e", "\u061c", "\ufeff", "\xad", "\u2028", "\u2029", "\x85", "\x00", "\x01"),
    *("\ud800", "\udc00", "\ud83d", "\ufffe", "\uffff", "\ue000", "\U000e0041", "\U0010ffff", "\ufff9"),
    # Combining storms, right-to-left, look-alikes, emoji and their variants.
    *("e" + "\u0301" * 60, "\u0301", "שלום", "مرحبا", "Αnn", "Аnn", "Ａｎｎ", "ﬁ", "İ", "ß", "❤", "❤️", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈"),
    # Names of files and rooms.
    *("../../etc/passwd", "..", ".", "/", "\\\\server\\x", "CON", "NUL", "con.txt", "a/b", "C:\\x", "~", "-rf", "%2e%2e%2f", "#x:y"),
)  # fmt: skip

LETTERS = "<>&\"'`*_~|[]()#@:/\\!=+-.,;{}%$\x00\x07\x08\t\n\r\x1b\x7f\x85\x9b\u0301\u061c\u200b\u200d\u202e\u2028\u2066\ud800\ue000\ufeff\ufe0f💥aé1 "


def words(max_size: int = 6) -> st.SearchStrategy[str]:
    """Anything that somebody may type: attacks, their parts, and any text at all."""
    # The plainest first: a failing example shrinks towards it.
    parts = st.text(max_size=4) | st.text(LETTERS, max_size=6) | st.sampled_from(ATTACKS)
    return st.lists(parts, min_size=1, max_size=max_size).map("".join)


NAMES = words(3).map(lambda text: text[:60])
"""What a chat may give as somebody's name."""

LONG: tuple[str, ...] = (
    "x" * 65_536,
    "💥" * 32_768,
    "e" + "\u0301" * 65_535,
    "\n".join(f"row {at} of a paste @everyone" for at in range(1000)),
    "<b>" * 20_000,
    "@everyone " * 6_000,
    "`" * 30_000,
    "\u202e" * 30_000,
)
"""What somebody pastes."""
