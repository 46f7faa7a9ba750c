"""Code names: two plain words that stand for a private incident wherever others may read.

Rule: a code name follows from where the declaration came from, never from what it says, and is borne once for ever.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2b
from itertools import count

FIRST = [
    "amber",
    "azure",
    "bold",
    "brave",
    "brisk",
    "bright",
    "calm",
    "clear",
    "copper",
    "coral",
    "crisp",
    "dapper",
    "dawn",
    "deep",
    "early",
    "even",
    "fair",
    "fleet",
    "fresh",
    "frosty",
    "gentle",
    "glad",
    "golden",
    "grand",
    "green",
    "hazel",
    "humble",
    "icy",
    "indigo",
    "ivory",
    "jade",
    "keen",
    "kind",
    "lively",
    "lucky",
    "lunar",
    "mellow",
    "merry",
    "mild",
    "misty",
    "noble",
    "olive",
    "opal",
    "pale",
    "plain",
    "proud",
    "quick",
    "quiet",
    "rapid",
    "royal",
    "ruby",
    "rustic",
    "sandy",
    "scarlet",
    "silent",
    "silver",
    "sleek",
    "solar",
    "steady",
    "sunny",
    "swift",
    "tidy",
    "vivid",
    "warm",
]

SECOND = [
    "acorn",
    "anchor",
    "arrow",
    "aspen",
    "badger",
    "basil",
    "beacon",
    "birch",
    "bison",
    "bridge",
    "brook",
    "canoe",
    "canyon",
    "castle",
    "cedar",
    "cliff",
    "clover",
    "comet",
    "condor",
    "crane",
    "dune",
    "eagle",
    "elm",
    "ember",
    "falcon",
    "fern",
    "finch",
    "fjord",
    "forest",
    "garden",
    "glade",
    "harbor",
    "heron",
    "hill",
    "island",
    "juniper",
    "kettle",
    "lagoon",
    "lantern",
    "larch",
    "lark",
    "lemon",
    "lynx",
    "maple",
    "meadow",
    "mill",
    "moss",
    "oak",
    "orchard",
    "otter",
    "pebble",
    "pine",
    "prairie",
    "quartz",
    "raven",
    "reef",
    "river",
    "robin",
    "spruce",
    "stone",
    "thistle",
    "tulip",
    "valley",
    "willow",
]


def code_name(source: str, taken: Collection[str]) -> str:
    """Two words for the incident that was declared by this act, other than those `taken` (incidents' names end with them)."""
    borne = {"-".join(name.split("-")[4:]).removeprefix("drill-") for name in taken}
    attempts = iter(count())
    while True:
        attempt = next(attempts)
        digest = blake2b(f"{source}/{attempt}".encode(), digest_size=8).digest()
        first = FIRST[int.from_bytes(digest[:4]) % len(FIRST)]
        second = SECOND[int.from_bytes(digest[4:]) % len(SECOND)]
        # After so many in vain most pairs are borne, and a count tells the next from its namesake.
        tail = "" if attempt < len(FIRST) * len(SECOND) else f"-{attempt}"
        if f"{first}-{second}{tail}" not in borne:
            return f"{first}-{second}{tail}"
