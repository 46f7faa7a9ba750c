"""The status page's files as programs read them: HTML by html5lib, which refuses what is not valid, and Atom as XML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast
from xml.etree import ElementTree as ET

import html5lib

Node = ET.Element


def page(content: bytes, *, strict: bool = True) -> Node:
    """A page as a tree. Not `strict` is how a browser reads; a parser says that control characters are wrong, and keeps them."""
    parser = html5lib.HTMLParser(strict=strict, namespaceHTMLElements=False)
    return cast("Node", parser.parse(content, likely_encoding="utf-8"))


def text(node: Node) -> str:
    return "".join(node.itertext())


def words(node: Node) -> str:
    """What is read aloud: the text with its blanks joined."""
    return " ".join(text(node).split())


def all_of(node: Node, tag: str, kind: str = "") -> list[Node]:
    """Every element of a tag, and of a class where one is named."""
    return [one for one in node.iter(tag) if not kind or kind in one.get("class", "").split()]


def one_of(node: Node, tag: str, kind: str = "") -> Node:
    [one] = all_of(node, tag, kind)
    return one


def section(tree: Node, heading: str) -> Node:
    """The section that a heading names."""
    return next(one for one in tree.iter("section") if one.get("aria-labelledby") == heading)


def components(tree: Node) -> dict[str, str]:
    rows = all_of(one_of(tree, "ul", "components"), "li")
    return {text(one_of(row, "bdi")): words(one_of(row, "span", "state")) for row in rows}


def cards(tree: Node) -> list[Node]:
    """The current incidents."""
    return all_of(tree, "article", "card")


def past(tree: Node) -> list[tuple[str, list[str]]]:
    """What is listed as over: each day with its headlines."""
    days: list[tuple[str, list[str]]] = []
    for node in tree.iter():
        if node.get("class") == "day":
            days.append((words(node), []))
        elif node.tag == "article" and node.get("class") == "past":
            days[-1][1].append(words(next(one for one in node if one.tag in ("h3", "h4"))))
    return days


def links(tree: Node) -> Iterator[str]:
    """Everything that a page leads to or loads."""
    for node in tree.iter():
        yield from (node.attrib[name] for name in ("href", "src") if name in node.attrib)
