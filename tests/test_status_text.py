"""Whatever people type, the page, the feed and the JSON say just that, and no markup of theirs is alive."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET

import pytest
from hostile import words as attacks
from hypothesis import example, given
from hypothesis import strategies as st
from status_reading import Node, all_of, cards, components, one_of, page, text
from status_samples import AT, LOOKING, clock, incident, update, withdrawn

from bot.web.status.page import House, files
from bot.web.status.view import shown
from core.incident.commands.wish import one_line
from core.incident.public import PublicIncident

ATOM = "{http://www.w3.org/2005/Atom}"

MARKUP = (
    *("<script>alert(1)</script>", "</title><script src=//evil>", "<img src=x onerror=alert(1)>", "</p></article><h1>"),
    *(
        "&lt;b&gt; &amp;amp; &#60;",
        "]]><x/>",
        "<!-- -->",
        "-->",
        '" onload="alert(1)',
        "' autofocus '",
        "</style>",
        "<?php",
    ),
    *("{{ view.house }}", "{% raw %}", "${x}", "javascript:alert(1)", "</script>", "</svg>", "\u202eexe.fdp", "\u2028"),
    *(
        "**bold** [a](http://evil)",
        "@everyone",
        "https://evil.example",
        "<a href=//evil>",
        "https&colon;",
        "🧯 العربية",
    ),
)

TYPED = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(MARKUP), max_size=4).map(" ".join),
    st.sampled_from(MARKUP),
    attacks(4),
)


def said(headline: str, words: str, why: str, service: str) -> PublicIncident:
    first = update(1, clock("10:05"), LOOKING, "x").model_copy(update={"text": words})
    second = first.model_copy(update={"number": 2, "at": clock("10:06")})
    return incident(1, headline, [first, withdrawn(second, clock("10:07"), why)], service=service)


def shape(node: Node) -> Counter[tuple[str, tuple[str, ...]]]:
    """The elements of a page with their attributes, without what is in them."""
    return Counter((str(one.tag), tuple(sorted(map(str, one.attrib)))) for one in node.iter())


def names(node: Node) -> Iterator[str]:
    for one in node.iter():
        yield from (str(value) for name, value in one.attrib.items() if name in ("href", "src"))


PLAIN = files(House("Words", ("Words",)), [said("Words", "Words", "Words", "Words")], AT)


@given(headline=TYPED, words=TYPED, why=TYPED, name=TYPED, service=TYPED.filter(str.strip))
@example("</title>", "\r\n\t", "\x00\x0b\ufffe", "\ud800", "\x85\x7f")
def test_the_page_says_what_was_typed(headline: str, words: str, why: str, name: str, service: str) -> None:
    made = files(House(name, (service,)), [said(headline, words, why, service)], AT)
    pages = [one for one in made if one.endswith(".html")]
    assert pages == [one for one in PLAIN if one.endswith(".html")]
    for path in pages:
        tree, plain = page(made[path], strict=False), page(PLAIN[path])
        assert Counter(names(tree)) == Counter(names(plain)), "no link of theirs"
        brand = one_of(tree, "a", "brand")
        assert text(one_of(brand, "b")) == (shown(name) or "Status")
        # The word beside the name is ours, and left out where the name has it.
        beside = shape(plain) - shape(tree)
        assert sum(beside.values()) <= 1
        assert shape(tree) - shape(plain) == Counter()
    tree = page(made["index.html"], strict=False)
    [card] = cards(tree)
    assert text(one_of(card, "h2")) == shown(headline)
    assert [text(one) for one in all_of(card, "p", "text")] == [shown(words), shown(words)]
    assert text(one_of(one_of(card, "p", "note"), "bdi")) == shown(why)
    assert list(components(tree)) == [shown(service)]
    [own] = [page(made[path], strict=False) for path in pages if path.startswith("incidents/")]
    title = f"Investigating: {shown(headline)} · {shown(name) or 'Status'}"
    assert text(one_of(own, "title")) == title


@given(headline=TYPED, words=TYPED, why=TYPED, name=TYPED)
@example("]]>", "\r\n\t", "\x00\x0b\ufffe", "\ud800")
def test_the_feed_says_what_was_typed(headline: str, words: str, why: str, name: str) -> None:
    root = ET.fromstring(files(House(name), [said(headline, words, why, "")], AT)["feed.atom"])
    assert shape(root) == shape(
        ET.fromstring(files(House("Words"), [said("Words", "Words", "Words", "")], AT)["feed.atom"])
    )
    withdrawal, first = root.findall(f"{ATOM}entry")
    assert root.findtext(f"{ATOM}title") == (shown(name) or "Status")
    assert first.findtext(f"{ATOM}title", "") == shown(headline)
    assert first.findtext(f"{ATOM}content", "") == shown(words)
    assert withdrawal.findtext(f"{ATOM}title", "") == f"Withdrawn: {shown(headline)}"
    content = withdrawal.find(f"{ATOM}content")
    assert content is not None
    assert "".join(content.itertext()) == f"Withdrawn: {shown(why)}{shown(words)}"


@given(headline=TYPED, words=TYPED, name=TYPED, service=TYPED.filter(str.strip))
@example("\\", '"', "\ud800", "\u2028")
def test_the_json_says_what_was_typed(headline: str, words: str, name: str, service: str) -> None:
    made: Mapping[str, bytes] = files(House(name, (service,)), [said(headline, words, "", service)], AT)
    found = json.loads(made["api/v2/summary.json"])
    [one] = found["incidents"]
    assert found["page"]["name"] == (shown(name) or "Status")
    assert one["name"] == shown(headline)
    assert [each["body"] for each in one["incident_updates"]] == [shown(words)]
    assert [each["name"] for each in one["components"]] == [shown(service)]


@given(st.text() | attacks())
def test_what_a_command_lets_through_is_shown_as_it_is(typed: str) -> None:
    words = one_line(typed)
    assert shown(words) == words


@pytest.mark.parametrize("url", ['https://example.org/"><script>', "https://example.org/?a=1&b=2"])
def test_an_address_is_an_address(url: str) -> None:
    made = files(House(public_url=url), [said("x", "x", "x", "")], AT)
    root = ET.fromstring(made["feed.atom"])
    own = root.find(f"{ATOM}link[@rel='self']")
    assert own is not None
    assert own.get("href") == f"{url}/feed.atom"
