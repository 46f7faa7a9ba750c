"""The links at which whoever is called answers: signed, for one person and one page, good for a day.

Rule: nothing is kept of a link. What it stands for is in it, and whether it still answers is in the record.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadData, URLSafeSerializer

from core.incident.state import Prompt
from core.incident.vocabulary import Person
from core.port import Clock

GOOD_FOR = timedelta(days=1)
"""How long a link answers; a page that old has long been somebody else's."""

LONGEST = 2048
"""Characters of a token that are looked at; ours have some 200."""


class Unknown(Exception):
    """The link is none of ours, was changed, or is too old; the message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the links and reads them. `url` is where the bot is reached from outside; without it there are none."""

    key: bytes
    url: str
    clock: Clock

    def address(self, stream: str, prompt: Prompt, person: Person) -> str:
        """Where this person answers this page; nothing where nobody reaches the bot from outside."""
        until = int((self.clock.now() + GOOD_FOR).timestamp())
        token = self._signer().dumps([stream, prompt.key, person.key, until])
        return f"{self.url}/answer/{token}" if self.url else ""

    def read(self, token: str) -> tuple[str, str, str]:
        """The stream, the page and the person's key. Raises `Unknown`."""
        try:
            stream, prompt, person, until = self._signer().loads(token[:LONGEST])
        except (BadData, ValueError, TypeError):
            raise Unknown("This link is not one of Tocsin's, or a part of it is missing.") from None
        if self.clock.now().timestamp() > until:
            raise Unknown("This link is too old. Answer in the incident's channel.")
        return stream, prompt, person

    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.key, salt="page", signer_kwargs={"digest_method": hashlib.sha256})
