"""Signing in: once, then the same device for ever, since a homeserver knows a repeated send by its device (spec MSC3970)."""

from __future__ import annotations

import json
from typing import Any

import nio

from core.port import Fatal, Forbidden, Notebook
from core.redaction import learn
from transports.matrix_chat.requests import CONFIG, SignedOut, ask
from transports.matrix_chat.settings import MatrixSettings

NOTE = "session"
ENV = "TOCSIN_TRANSPORTS__MATRIX__"


class Session:
    """The account's sign-in, kept in the notebook."""

    def __init__(self, settings: MatrixSettings, notebook: Notebook) -> None:
        self._settings = settings
        self._notebook = notebook
        self.client = nio.AsyncClient(settings.homeserver.rstrip("/"), settings.user_id, config=CONFIG)

    async def start(self) -> None:
        """Take up the kept session, or the token of the config, or sign in with the password. Raises `Fatal`."""
        settings, kept = self._settings, await self._kept()
        self.client.device_id = settings.device_id or kept.get("device_id", "")
        if settings.password is not None and kept.get("access_token"):
            learn(kept["access_token"])
            self.client.restore_login(settings.user_id, kept["device_id"], kept["access_token"])
        elif settings.access_token is not None:
            await self._use_token(settings.access_token.get_secret_value())
        elif settings.password is not None:
            await self._log_in(settings.password.get_secret_value())
        else:
            raise Fatal(f"Matrix: {settings.user_id} has neither password nor access_token; set {ENV}PASSWORD")

    async def again(self) -> None:
        """After a refused token: sign in anew on the same device. Raises `Fatal` when there is no password to do it."""
        if self._settings.password is None:
            raise Fatal(
                f"Matrix: the homeserver refused the access token of {self._settings.user_id}; put a new one in "
                f"{ENV}ACCESS_TOKEN, or set {ENV}PASSWORD so that Tocsin can sign in by itself"
            )
        await self._log_in(self._settings.password.get_secret_value())

    async def _kept(self) -> dict[str, str]:
        note = json.loads(await self._notebook.read(NOTE) or "{}")
        return note if note.get("user_id") == self._settings.user_id else {}

    async def _use_token(self, token: str) -> None:
        self.client.restore_login(self._settings.user_id, self.client.device_id, token)
        try:
            whose: Any = await ask(self.client.whoami())
        except SignedOut:
            await self.again()
            return
        if whose.user_id != self._settings.user_id:
            # Otherwise the bot would take its own words for somebody else's, and answer itself.
            raise Fatal(f"Matrix: the access token belongs to {whose.user_id}, not to {self._settings.user_id}")
        self.client.restore_login(whose.user_id, whose.device_id or self.client.device_id, token)

    async def _log_in(self, password: str) -> None:
        self.client.access_token = ""
        try:
            await ask(self.client.login(password, device_name="Tocsin"))
        except Forbidden as error:
            raise Fatal(
                f"Matrix: the homeserver refused the password of {self._settings.user_id}; check {ENV}PASSWORD"
            ) from error
        learn(self.client.access_token)
        note = {name: getattr(self.client, name) for name in ("user_id", "device_id", "access_token")}
        await self._notebook.write(NOTE, json.dumps(note))
