"""The page behind a call's link: whoever was called says there whether they come.

Rule: opening it answers nothing, since mail and chats open links by themselves; a button does.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Awaitable
from dataclasses import dataclass
from urllib.parse import parse_qs

from aiohttp import web

from bot.web.answers.links import Links, Unknown
from bot.web.templates import environment
from core.command_post import CommandPost, Order
from core.database import DatabaseFailure
from core.incident import commands as c
from core.incident.audience import Eyes, Sight, audience
from core.incident.events import Origin
from core.incident.state import Incident, Prompt
from core.incident.vocabulary import Person
from core.port import Fatal
from transports.bodies import Unfit, read

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

SHORT = 256
"""Bytes of a form with one button in it."""

UNRECORDED = (sqlite3.Error, DatabaseFailure, Fatal)
"""What keeps an answer from the record."""

NOT_NOW = "Tocsin cannot record that now. Try again in a minute, or say it in the incident's channel."

TEMPLATE = environment(__package__).get_template("answer.html")


@dataclass(frozen=True, slots=True)
class Answers:
    """What the page asks of the bot."""

    links: Links
    post: CommandPost

    def add(self, app: web.Application) -> None:
        app.router.add_get("/answer/{token}", self._shown)
        app.router.add_post("/answer/{token}", self._answered)

    async def _shown(self, request: web.Request) -> web.Response:
        return await _told(self._look(request.match_info["token"]))

    async def _answered(self, request: web.Request) -> web.Response:
        try:
            [said] = parse_qs((await read(request, SHORT)).decode("ascii", "replace")).get("answer", [""])
        except (Unfit, ValueError):
            said = ""
        if said not in ("yes", "no"):
            return _page("Say whether you come: go back, and use one of the two buttons.", status=400)
        return await _told(self._take(request.match_info["token"], said))

    async def _look(self, token: str) -> web.Response:
        _, incident, prompt, person = await self._found(token)
        return _asked(incident, prompt, person)

    async def _take(self, token: str, said: str) -> web.Response:
        stream, incident, prompt, person = await self._found(token)
        if prompt.settled:
            return _asked(incident, prompt, person)
        command = c.Confirm(prompt=prompt.key) if said == "yes" else c.Decline(prompt=prompt.key)
        # Once: the same press twice is one act, and whoever changes their mind does so in the channel.
        source = f"link/{hmac.new(self.links.key, token.encode(), hashlib.sha256).hexdigest()[:24]}"
        now = self.links.clock.now()
        outcome = await self.post.handle(Order(command, stream, source, now, person, Origin(kind="link")))
        if outcome.refused:
            return _page(outcome.refused, status=409)
        words = "You have it. Everybody can see that." if said == "yes" else "Understood: the next person is called."
        return _page(f"{words} The channel is {incident.name}.")

    async def _found(self, token: str) -> tuple[str, Incident, Prompt, Person]:
        stream, key, name = self.links.read(token)
        incident = await self.post.incident(stream)
        prompt = incident.prompts.get(key) if incident else None
        person = next((one for one in prompt.asked.to if one.key == name), None) if prompt else None
        # Whoever was put out of a private incident meanwhile finds nothing of it, its name neither.
        if incident is None or prompt is None or person is None or audience(incident, Eyes(person)) is not Sight.WHOLE:
            raise Unknown("Nobody is asked for this any more.")
        return stream, incident, prompt, person


async def _told(page: Awaitable[web.Response]) -> web.Response:
    """The page, or why there is none, in words for whoever has the link."""
    try:
        return await page
    except Unknown as reason:
        return _page(str(reason), status=404)
    except UNRECORDED:
        return _page(NOT_NOW, status=503)


def _asked(incident: Incident, prompt: Prompt, person: Person) -> web.Response:
    # Not its title: whoever finds the link reads no more than that somebody is called.
    words = f"{incident.severity.upper()} · {incident.name}"
    if prompt.settled:
        return _page(f"{words}: {prompt.settled}.")
    return _page(f"{person.name}, you are paged. {words}", buttons=True)


def _page(words: str, *, status: int = 200, buttons: bool = False) -> web.Response:
    text = TEMPLATE.render(words=words, buttons=buttons)
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)
