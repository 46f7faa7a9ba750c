"""Logs: one line that a machine can read, one that a person can, and never a secret in either."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import structlog
from hostile import ATTACKS
from structlog.contextvars import bound_contextvars

from bot.harmless import harmless
from bot.logs import set_up
from core.redaction import HIDDEN, redactor

SECRET = 'p/s "w" ö&?\\canary'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@contextmanager
def logs_as_before() -> Iterator[None]:
    """Afterwards nothing is left of what `set_up` did to the process."""
    root = logging.getLogger()
    handlers, level, hook, thread_hook = root.handlers[:], root.level, sys.excepthook, threading.excepthook
    try:
        yield
    finally:
        root.handlers[:], sys.excepthook, threading.excepthook = handlers, hook, thread_hook
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    with logs_as_before():
        yield


@pytest.fixture
def out() -> io.StringIO:
    stream = io.StringIO()
    set_up(stream, [SECRET])
    return stream


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_json_where_nobody_watches(out: io.StringIO) -> None:
    with bound_contextvars(incident="inc-2026-05-02-checkout-down"):
        structlog.get_logger("tocsin").info("declared", severity="sev1")
    structlog.get_logger("tocsin").info("ready")
    inside, outside = lines(out)
    assert (inside["event"], inside["severity"], inside["level"]) == ("declared", "sev1", "info")
    assert inside["incident"] == "inc-2026-05-02-checkout-down"
    assert inside["timestamp"].endswith("Z")
    assert outside["incident"] is None


def test_a_line_is_for_people_on_a_terminal() -> None:
    terminal = Terminal()
    set_up(terminal, [SECRET])
    with bound_contextvars(incident="inc-1"):
        structlog.get_logger("tocsin").warning("late", password=SECRET)
    text = terminal.getvalue()
    assert "late" in text
    assert "inc-1" in text
    assert not text.startswith("{")
    assert "canary" not in text
    assert HIDDEN in text


def test_a_persons_eye_finds_the_incident_first() -> None:
    terminal = Terminal()
    set_up(terminal, [])
    with bound_contextvars(incident="inc-1"):
        structlog.get_logger("tocsin").info("recorded", by="Ann", act="Claim")
    words = re.sub(r"\x1b\[\d*m", "", terminal.getvalue())
    assert words.index("recorded") < words.index("incident=inc-1") < words.index("act=Claim") < words.index("by=Ann")


def test_what_libraries_log_takes_the_same_road(out: io.StringIO) -> None:
    with bound_contextvars(incident="inc-1"):
        logging.getLogger("somewhere").info("sent %s", SECRET)
    logging.getLogger("aiohttp.access").info("everyday talk")
    logging.getLogger("aiohttp.access").warning("trouble")
    sent, trouble = lines(out)
    assert (sent["event"], sent["incident"], sent["logger"]) == (f"sent {HIDDEN}", "inc-1", "somewhere")
    assert trouble["event"] == "trouble"


def test_verbose_lets_everyday_talk_through() -> None:
    out = io.StringIO()
    set_up(out, [], verbose=True)
    logging.getLogger("aiohttp.access").debug("everyday talk")
    assert lines(out)[0]["event"] == "everyday talk"


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize(("library", "level"), [("aiosqlite", "DEBUG"), ("apscheduler", "INFO"), ("nio", "WARNING")])
def test_what_would_deafen_or_tell_secrets_is_never_logged(library: str, level: str, *, verbose: bool) -> None:
    """aiosqlite writes every statement with its values, the access token that came of a password among them."""
    out = io.StringIO()
    set_up(out, [], verbose=verbose)
    logging.getLogger(f"{library}.core").log(logging.getLevelNamesMapping()[level], "a page of it")
    assert lines(out) == []


def test_warnings_are_logged(out: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(f"old {SECRET}", DeprecationWarning, stacklevel=1)
    assert "DeprecationWarning: old [secret]" in lines(out)[0]["event"]


PLACES = {
    "event": lambda log: log.info(f"token {SECRET}"),  # noqa: G004 - just what somebody will do one day
    "value": lambda log: log.info("x", token=SECRET),
    "key": lambda log: log.info("x", **{SECRET: 1}),
    "nested": lambda log: log.info("x", request={"headers": [("Authorization", f"Bearer {SECRET}")]}),
    "repr": lambda log: log.info("x", error=ValueError(SECRET)),
    "repr of a repr": lambda log: log.info("x", error=repr([repr(SECRET)[1:-1], {"k": SECRET}])),
    "bytes": lambda log: log.info("x", body=SECRET.encode()),
    "ascii": lambda log: log.info("x", body=ascii(SECRET)),
    "json in json": lambda log: log.info("x", body=json.dumps(json.dumps({"password": SECRET}))),
    "json": lambda log: log.info("x", body=json.dumps({"password": SECRET})),
    "address": lambda log: log.info("x", url="https://h/p?access_token=p%2Fs%20%22w%22%20%C3%B6%26%3F%5Ccanary"),
    "form": lambda log: log.info("x", body="password=p%2Fs+%22w%22+%C3%B6%26%3F%5Ccanary"),
    "context": lambda log: log.bind(who=SECRET).info("x"),
    "arguments": lambda log: log.info("x %s %r", SECRET, SECRET),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("terminal", [False, True])
def test_a_secret_is_nowhere(place: str, terminal: bool) -> None:
    out = Terminal() if terminal else io.StringIO()
    set_up(out, [SECRET])
    PLACES[place](structlog.get_logger("tocsin"))
    assert HIDDEN in out.getvalue()
    assert "canary" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 1


@pytest.mark.parametrize("terminal", [False, True])
def test_a_secret_is_not_in_a_traceback_either(terminal: bool) -> None:
    out = Terminal() if terminal else io.StringIO()
    set_up(out, [SECRET])
    try:
        int(f"https://tocsin:{SECRET}@example.org")
    except ValueError:
        structlog.get_logger("tocsin").exception("failed", exc_info=True)
    text = out.getvalue()
    assert "ValueError" in text
    assert "test_logs.py" in text, "the traceback is there"
    assert "canary" not in text


def test_a_crash_is_one_line_without_the_secret() -> None:
    program = (
        "import sys; from bot.logs import set_up; set_up(sys.stderr, ['canary-5f2a9c']);"
        "raise RuntimeError('https://x:canary-5f2a9c@h')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert json.loads(line)["event"] == "crashed"
    assert f"RuntimeError: https://x:{HIDDEN}@h" in json.loads(line)["exception"]


def test_a_thread_that_crashes_says_so(out: io.StringIO) -> None:
    def crash() -> None:
        raise RuntimeError(SECRET)

    thread = threading.Thread(target=crash)
    # pytest puts its own hook around a test; ours is what is looked at.
    hook = threading.excepthook
    thread.start()
    thread.join()
    assert hook is threading.excepthook
    (line,) = lines(out)
    assert line["event"] == "crashed"
    assert HIDDEN in line["exception"]


def test_ctrl_c_is_no_crash(out: io.StringIO) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert out.getvalue() == ""


def test_what_is_too_short_to_be_a_secret_blots_out_no_words() -> None:
    assert redactor(["a", "abc", ""])("abc and a") == "abc and a"


@pytest.mark.parametrize("secret", ["tab\tinside-canary", "línea-canary\x7f", "🔥🔥-canary", "a.b*c+d(canary"])
@pytest.mark.parametrize("form", [str, repr, ascii, json.dumps, lambda s: repr(s.encode()), quote, quote_plus])
def test_every_form_of_every_letter_is_known(secret: str, form: Callable[[str], str]) -> None:
    assert "canary" not in redactor([secret])(f"x {form(secret)} y")


def test_what_only_looks_alike_stays() -> None:
    assert redactor(["a.b*c"])("aXb*c a.b*") == "aXb*c a.b*"


def test_the_longer_secret_leaves_no_tail() -> None:
    assert redactor(["hunter", "hunter22"])("hunter22 hunter") == f"{HIDDEN} {HIDDEN}"


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("words", [each for each in ATTACKS if harmless(each) != each], ids=ascii)
def test_what_somebody_wrote_steers_no_reader_of_the_log(words: str, terminal: bool) -> None:
    """Names and what a chat answers are logged: they move no cursor, turn no line round and begin none."""
    stream = Terminal() if terminal else io.StringIO()
    set_up(stream, [])
    structlog.get_logger("tocsin").warning("late", reason=words, rooms=[words], who={"name": words})
    logging.getLogger("library").warning("says %s", words)
    structlog.get_logger("tocsin").error("bug", exc_info=ValueError(words))
    text = stream.getvalue()
    # Ours; theirs is written out, and so is no colour.
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert harmless(text.replace("\n", "")) == text.replace("\n", "")
    assert words != "\x1b[31mred" or text.count("\\x1b[31mred") + text.count("u001b[31mred") >= 4
    text.encode()
    # Of what is no traceback nothing begins a line.
    assert sum("late" in line for line in text.splitlines()) == 1
    if not terminal:
        assert [json.loads(line)["level"] for line in text.splitlines()] == ["warning", "warning", "error"]
        assert json.loads(text.splitlines()[0])["reason"] == words
