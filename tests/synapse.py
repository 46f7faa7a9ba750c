"""A real Synapse for tests: installed once into an environment of its own, started on loopback in about a second.

The first use takes about half a minute and 240 MB from PyPI (`.synapse/` beside the code, which Git ignores). The
interpreter is the one that runs the tests. The configuration is the one measured in the project's notes.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = "1.163.2"
SERVER = "test.localhost"
SECRET = "test-only"
CACHE = Path(__file__).parent.parent / ".synapse"
READY_WITHIN = 60.0
"""Seconds. It takes 1.0 to 1.7 on an idle machine; the rest is for machines that are not."""

ENOUGH = {"per_second": 1000, "burst_count": 1000}


@dataclass(frozen=True)
class User:
    """A registered account."""

    id: str
    token: str
    device: str
    password: str


def python() -> Path:
    """The interpreter of the environment that holds Synapse, which is made when it is not there."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    home = CACHE / f"synapse-{VERSION}-py{version}"
    inside = home / "bin" / "python"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel workers wait for the one that installs
        if not (home / "complete").exists():
            print(f"installing matrix-synapse {VERSION} into {home} (once)", file=sys.stderr)
            shutil.rmtree(home, ignore_errors=True)
            uv = shutil.which("uv") or "uv"
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(home)], check=True)
            install = [uv, "pip", "install", "--quiet", "--python", str(inside), f"matrix-synapse=={VERSION}"]
            subprocess.run(install, check=True, env={**os.environ, "VIRTUAL_ENV": str(home)})
            (home / "complete").touch()
    return inside


class Synapse:
    """One homeserver on one directory: stop, kill and start it again on the same data."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.home = home
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._admin: User | None = None
        self._users = 0
        home.mkdir(parents=True, exist_ok=True)
        (home / "hs.yaml").write_text(json.dumps(self._config() | settings))  # JSON is YAML
        (home / "log.yaml").write_text(json.dumps(LOGGING))

    def start(self) -> Synapse:
        """Run, and return when it answers."""
        command = [str(python()), "-m", "synapse.app.homeserver", "-c", str(self.home / "hs.yaml")]
        with (self.home / "out.log").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, cwd=self.home)
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=1) as answer:
                    if answer.status == 200:
                        return self
            except OSError:
                time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"Synapse did not start:\n{(self.home / 'out.log').read_text()[-3000:]}")

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=20)
            self._process = None

    def register(self, name: str, *, admin: bool = False) -> User:
        """A new account; the name is made unique, so that tests can share one server."""
        self._users += 1
        name, password = f"{name}{self._users}", f"password-of-{name}"
        nonce = self._call("GET", "/_synapse/admin/v1/register")["nonce"]
        words = "\0".join([nonce, name, password, "admin" if admin else "notadmin"])
        mac = hmac.new(SECRET.encode(), words.encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": password, "admin": admin, "mac": mac}
        made = self._call("POST", "/_synapse/admin/v1/register", body)
        return User(made["user_id"], made["access_token"], made["device_id"], password)

    def limit(self, user: User, per_second: int, burst: int) -> None:
        """Let an account send so much and no more; zero and zero is without limit."""
        body = {"messages_per_second": per_second, "burst_count": burst}
        self.admin("POST", f"/_synapse/admin/v1/users/{user.id}/override_ratelimit", body)

    def unlimit(self, user: User) -> None:
        self.admin("DELETE", f"/_synapse/admin/v1/users/{user.id}/override_ratelimit")

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        self._admin = self._admin or self.register("admin", admin=True)
        return self._call(method, path, body, self._admin.token)

    def _call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read().decode()}") from error

    def _config(self) -> dict[str, Any]:
        return {
            "server_name": SERVER,
            "report_stats": False,
            "pid_file": str(self.home / "hs.pid"),
            "signing_key": "ed25519 a_test 1AQ4hyXqk2Qn2dWE5m8kZQ0f7kJ2h0ZQ8bYb7e3pS0k",
            "macaroon_secret_key": SECRET,
            "form_secret": SECRET,
            "registration_shared_secret": SECRET,
            "bcrypt_rounds": 4,  # by default each account and login costs a quarter of a second
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "presence": {"enabled": False},
            "caches": {"sync_response_cache_duration": 0},
            "media_store_path": str(self.home / "media"),
            "log_config": str(self.home / "log.yaml"),
            "listeners": [
                {
                    "port": self.port,
                    "bind_addresses": ["127.0.0.1"],
                    "type": "http",
                    "tls": False,
                    "resources": [{"names": ["client"]}],
                }
            ],
            "database": {"name": "sqlite3", "args": {"database": str(self.home / "hs.db")}},
            "rc_message": ENOUGH,
            "rc_login": {"address": ENOUGH, "account": ENOUGH, "failed_attempts": ENOUGH},
            "rc_joins": {"local": ENOUGH},
            "rc_joins_per_room": ENOUGH,
            "rc_invites": {"per_room": ENOUGH, "per_user": ENOUGH, "per_issuer": ENOUGH},
            "rc_room_creation": ENOUGH,
            "rc_media_create": ENOUGH,
        }


LOGGING = {
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"level": "WARNING", "handlers": ["console"]},
    "disable_existing_loggers": False,
}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
