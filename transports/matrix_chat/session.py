"""Signing in: once, then the same device for ever, since a homeserver knows a repeated send by its device (spec MSC3970)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nio
import structlog

from core.port import Fatal, Finding, Forbidden, Notebook, Permanent, Temporary
from core.redaction import learn
from transports.matrix_chat.echo import DEAF_TO_SELF, unread
from transports.matrix_chat.key_file import Absent, path_of
from transports.matrix_chat.keys import Keys
from transports.matrix_chat.requests import CONFIG, SignedOut, ask
from transports.matrix_chat.settings import MatrixSettings

log = structlog.get_logger(__name__)

NOTE = "session"
LOST_NOTE = "lost"
"""The device that we became when keys were lost, until people know of it."""

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
            self._take_up(settings.user_id, kept["device_id"], kept["access_token"])
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

    def _take_up(self, user_id: str, device_id: str, token: str) -> None:
        learn(token)
        # nio's `restore_login` opens a store of its own, and will not do without a device, which some tokens lack.
        self.client.user_id, self.client.device_id, self.client.access_token = user_id, device_id, token

    async def unlock(self, folder: Path) -> Keys:
        """The keys of our device; without them we become a new device, and the notebook says so.

        A device whose keys are gone cannot be taken up again: everybody else holds on to the old ones, and rightly so.
        Raises `Fatal` when there is no password to become a new one, or the file is damaged.
        """
        if not self.client.device_id:
            raise Fatal(
                f"Matrix: the access token has no device, which encrypted rooms need; set {ENV}PASSWORD instead"
            )
        known = await self.published()
        path = path_of(folder, self._settings.user_id, self.client.device_id)
        try:
            keys = Keys(folder, self._settings.user_id, self.client.device_id, known)
        except Absent:
            pass
        else:
            if not known:
                keys.olm.account.shared = False
            return keys
        what = f"the keys of Tocsin's device {self.client.device_id} are not in {path}"
        if self._settings.password is None:
            raise Fatal(
                f"Matrix: {what}; put them back from the backup, or set {ENV}PASSWORD so that Tocsin can sign in as a new "
                "device (what was said in encrypted rooms before stays unreadable to it)"
            )
        log.error("the keys are lost; signing in as a new device", device=self.client.device_id, expected=str(path))
        await self._as_new_device(self._settings.password.get_secret_value())
        return Keys(folder, self._settings.user_id, self.client.device_id)

    async def renew(self, folder: Path) -> None:
        """Become a new device in place of one whose keys are out of date. Raises `Fatal` without a password."""
        path = path_of(folder, self._settings.user_id, self.client.device_id)
        what = f"the keys in {path} are older than what the homeserver has of this device"
        if self._settings.password is None:
            raise Fatal(f"Matrix: {what}; put newer ones back, or set {ENV}PASSWORD so that Tocsin can be a new device")
        log.error("the keys are out of date; signing in as a new device", device=self.client.device_id, file=str(path))
        await self._as_new_device(self._settings.password.get_secret_value())

    async def published(self) -> str:
        """The signing key that the homeserver has of our device, nothing when it has none. Raises a `TransportFailure`."""
        user, device = self._settings.user_id, self.client.device_id
        answer = await ask(
            self.client._send(nio.KeysQueryResponse, *nio.Api.keys_query("", [user]))
        )  # the named call needs nio's own store
        keys = answer.device_keys.get(user, {}).get(device, {}).get("keys", {})
        return str(keys.get(f"ed25519:{device}", ""))

    async def keys_found(self, folder: Path) -> list[Finding]:
        """Whether the device's keys are the ones that others know, and open what we wrote. Raises a `TransportFailure`."""
        path, known = path_of(folder, self._settings.user_id, self.client.device_id), await self.published()
        what = f"keys of encrypted rooms in {path}"
        if not known:
            return [Finding(None, f"{what}: not made yet; `tocsin run` makes them")]
        try:
            keys = Keys(folder, self._settings.user_id, self.client.device_id, known)
        except Absent:
            lost = f"they are not there, and others know this device ({self.client.device_id}) by them; put the backup back"
            return [Finding(False, what, lost)]
        try:
            deaf = await unread(self.client, keys)
        finally:
            keys.close()
        return [Finding(True, what), *([Finding(False, f"encrypted room {deaf[0]}", DEAF_TO_SELF)] if deaf else [])]

    async def _as_new_device(self, password: str) -> None:
        old = self.client.access_token
        self.client.device_id = ""
        await self._log_in(password, lost=True)
        device, new, self.client.access_token = self.client.device_id, self.client.access_token, old
        try:
            # Else everybody goes on to encrypt for a device that reads nothing.
            await ask(self.client._send(nio.LogoutResponse, *nio.Api.logout(old)))  # `logout` would forget the new one
        except (Temporary, Permanent) as failure:
            log.warning("the old device could not be signed out", error=str(failure))
        finally:
            self._take_up(self._settings.user_id, device, new)

    async def _kept(self) -> dict[str, str]:
        note = json.loads(await self._notebook.read(NOTE) or "{}")
        return note if note.get("user_id") == self._settings.user_id else {}

    async def _use_token(self, token: str) -> None:
        self._take_up(self._settings.user_id, self.client.device_id, token)
        try:
            whose: Any = await ask(self.client.whoami())
        except SignedOut:
            await self.again()
            return
        if whose.user_id != self._settings.user_id:
            # Otherwise the bot would take its own words for somebody else's, and answer itself.
            raise Fatal(f"Matrix: the access token belongs to {whose.user_id}, not to {self._settings.user_id}")
        self._take_up(whose.user_id, whose.device_id or self.client.device_id, token)

    async def _log_in(self, password: str, *, lost: bool = False) -> None:
        self.client.access_token = ""
        try:
            await ask(self.client.login(password, device_name="Tocsin"))
        except Forbidden as error:
            raise Fatal(
                f"Matrix: the homeserver refused the password of {self._settings.user_id}; check {ENV}PASSWORD"
            ) from error
        learn(self.client.access_token)
        if lost:
            await self._notebook.write(LOST_NOTE, self.client.device_id)
        note = {name: getattr(self.client, name) for name in ("user_id", "device_id", "access_token")}
        await self._notebook.write(NOTE, json.dumps(note))
