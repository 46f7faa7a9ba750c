"""Logs: for people on a terminal, JSON elsewhere; an incident id on every line that has one, and never a secret.

Rule: everything that is logged, by us or by a library, leaves through one handler, and that handler redacts last.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable
from io import StringIO
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.harmless import harmless, harmless_json, harmless_rows
from core import redaction
from core.redaction import redact

LOUD = ("aiohttp", "asyncio", "peewee")
"""Libraries whose everyday talk is nobody's news."""

DEAFENING = {
    "aiosqlite": logging.WARNING,
    "apprise": logging.CRITICAL,
    "apscheduler": logging.WARNING,
    "nio": logging.ERROR,
    "urllib3": logging.CRITICAL,
}
"""Libraries held to their bad news even when all is logged. They write every statement with its values (the access token
among them), the path of each call (a webhook's is its secret), a line for each tick, a page for each malformed event."""


def set_up(stream: TextIO, secrets: Iterable[str], *, verbose: bool = False) -> None:
    """Send all logs to `stream`: as people read them where it is a terminal, as one JSON object a line elsewhere."""
    redaction.start(secrets)
    human = stream.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.UnicodeDecoder(),
    ]
    # rich's tracebacks show local variables, hence secrets, and fold them over lines where nothing finds them.
    render: list[Processor] = (
        [
            _tamed,
            _incident_first,
            structlog.dev.ConsoleRenderer(sort_keys=False, exception_formatter=_tame_traceback),
        ]
        if human
        else [structlog.processors.format_exc_info, _named, _json]
    )
    formatter = _Redacting(
        redact,
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _redacted(redact), *render],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.NOTSET if verbose else logging.WARNING)
    for name, level in DEAFENING.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


class _Redacting(structlog.stdlib.ProcessorFormatter):
    """The last word on every line, whatever rendered it."""

    def __init__(self, redact: Callable[[str], str], **options: Any) -> None:
        super().__init__(**options)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def _redacted(redact: Callable[[str], str]) -> Processor:
    # Before rendering as well: a renderer may pad, colour or escape, and split a secret in two.
    def clean(value: object) -> object:
        match value:
            case str():
                return redact(value)
            case dict():
                return {clean(key): clean(inner) for key, inner in value.items()}
            case list() | tuple():
                return [clean(inner) for inner in value]
            case None | bool() | int() | float():
                return value
            case _:
                return redact(str(value))

    def process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        # The exception itself is rendered later, with its traceback, and redacted with the whole line.
        return {key: value if key == "exc_info" else clean(value) for key, value in event.items()}

    return process


def _tamed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # Names, and what a chat answers, are somebody's words: on a terminal they move nothing and begin no line.
    return {key: value if key == "exc_info" else _tame(value) for key, value in event.items()}


def _tame(value: object) -> object:
    match value:
        case str():
            return harmless(value)
        case dict():
            return {_tame(key): _tame(inner) for key, inner in value.items()}
        case list():
            return [_tame(inner) for inner in value]
        case _:
            return value


def _tame_traceback(out: TextIO, exc_info: Any) -> None:
    page = StringIO()
    structlog.dev.plain_traceback(page, exc_info)
    out.write(harmless_rows(page.getvalue()))


_as_json = structlog.processors.JSONRenderer(ensure_ascii=False)


def _json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    return harmless_json(str(_as_json(logger, method, event)))


def _incident_first(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # Which incident it is about is what an eye looks for, before whatever else a line has to say.
    return {key: event[key] for key in ("incident",) if key in event} | dict(sorted(event.items()))


def _named(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # A reader of JSON can rely on the key: null where a line is about no incident.
    event.setdefault("incident", None)
    return event


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger("tocsin").critical("crashed", exc_info=(kind, error, trace))
