"""Whom a text names: by id in its words, or by a pill in its rich form. Rule: a stranger wrote it, so reading it is linear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import islice
from urllib.parse import unquote

NAMED = 20
"""People that one message can name; each of them may have to be asked for."""

LONGEST = 16_000
"""Characters of a command's rich form that are read. An entry has 2,000 at most, and clients write little around them."""

LONGEST_NAME = 1_000
"""Characters of a pill's markup. A display name has 255 bytes; escapes and tags come on top."""

# No pattern runs past the next "<" or "@", and none goes back ("*+"), so each character is looked at once. html.parser
# takes quadratic time for some malformed markup, as does whatever looks for an end from each beginning.
_ID = re.compile(r"@[^\s:@<>()\"',]+:[A-Za-z0-9.\-\[\]:]*[A-Za-z0-9\]]")
_TAG = re.compile(r"<(/?[A-Za-z][A-Za-z0-9]*+)([^<>]*+)>")
_ACCOUNT = re.compile(r"\shref=[\"']https://matrix\.to/#/(?:@|%40)([^\"'?/]+)", re.IGNORECASE)


def ids_in(text: str) -> list[str]:
    """The account ids that stand in a text, each once."""
    return list(islice(dict.fromkeys(_ID.findall(text)), NAMED))


def pills_as_ids(body: str, html: str) -> str:
    """A plain body with the ids of people in place of their pills' names, which may be anything, spaces included."""
    done, rest = "", body
    for account, name in islice(_pills(html[:LONGEST]), NAMED):
        before, found, after = rest.partition(name)
        if found:
            done, rest = f"{done}{before}{account}", after
    return done + rest


def _pills(html: str) -> Iterator[tuple[str, str]]:
    """The people that a rich text links, each with the name that it shows."""
    account, begins = "", 0
    for tag in _TAG.finditer(html):
        match tag[1].lower():
            case "a":
                to = _ACCOUNT.search(tag[2])
                account, begins = f"@{unquote(to[1])}" if to else "", tag.end()
            case "/a":
                if account and tag.start() - begins <= LONGEST_NAME:
                    name = unescape(_TAG.sub("", html[begins : tag.start()]))
                    if name:
                        yield account, name
                account = ""
