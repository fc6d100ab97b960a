"""Structured logs: JSON lines, or coloured lines in a terminal, without personal data or secrets.

    from makegood.logs import bound, get_logger
    log = get_logger(__name__)
    with bound(incident_id=..., run_id=...):
        log.info("proposal_made", actions=12)

What is bound goes with the context, so that every line of a run names it. Lines of libraries
that use `logging` (uvicorn, APScheduler, httpx) take the same way.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Final, Literal, TextIO, cast

import structlog

Level = Literal["debug", "info", "warning", "error"]
Style = Literal["auto", "json", "console"]

HIDDEN: Final = "[redacted]"

# What the key of a value says about it. Names of the event catalogue's personal fields are added
# by `configure`.
_PERSONAL: Final = frozenset(
    {"address", "comment", "customer_name", "drop_off", "email", "name", "note", "phone"}
)
_SECRET: Final = re.compile(
    r"(?:^|_)(?:token|password|secret|credential|cookie|authorization|api_?key|csrf|session)s?$",
    re.IGNORECASE,
)
# What a value looks like, whatever its key.
_LOOKS: Final = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), r"\1 " + HIDDEN),
    (re.compile(r"\bmg_[A-Za-z0-9_-]{8,}"), HIDDEN),
    (re.compile(r"(?i)\b(token|password|secret|key|code)=[^\s&\"']+"), r"\1=" + HIDDEN),
    (re.compile(r"(://[^/\s:@]+):[^/\s@]+@"), r"\1:" + HIDDEN + "@"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"), HIDDEN),
    (re.compile(r"\+\d[\d ()-]{7,}\d"), HIDDEN),
)
_QUIET: Final = ("httpx", "httpcore", "apscheduler", "alembic", "asyncio", "sse_starlette")

EventDict = structlog.typing.EventDict
Logger = structlog.typing.FilteringBoundLogger


class Redact:
    """A processor that hides values by their key's name, and pieces of text by their looks."""

    def __init__(self, personal: Iterable[str] = ()) -> None:
        """Take further names of personal fields."""
        self._personal = _PERSONAL | {name.lower() for name in personal}

    def __call__(self, _logger: object, _method: str, line: EventDict) -> EventDict:
        """Return the line with everything hidden that must not be written."""
        return {key: self._value(key, value) for key, value in line.items()}

    def _value(self, key: str, value: Any) -> Any:  # noqa: ANN401 -- whatever was logged
        # An underscore marks what structlog keeps there for itself.
        if key.startswith("_") or value is None or isinstance(value, (bool, int, float)):
            return value
        if key.lower() in self._personal or _SECRET.search(key):
            return HIDDEN
        if isinstance(value, Mapping):
            pairs = cast("Mapping[Any, Any]", value).items()
            return {str(k): self._value(str(k), v) for k, v in pairs}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._value("", each) for each in cast("Iterable[Any]", value)]
        return redacted(value if isinstance(value, str) else str(value))


def redacted(text: str) -> str:
    """Return a text without what looks like a token, a password, an e-mail or a phone number."""
    for looks, instead in _LOOKS:
        text = looks.sub(instead, text)
    return text


def configure(
    level: Level = "info",
    style: Style = "auto",
    *,
    personal: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send every log line of this process to `stream` (standard error) in one form.

    `personal` are further names of fields that hold personal data.
    """
    out = stream or sys.stderr
    console = style == "console" or (style == "auto" and out.isatty())
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter(personal, console=console, colours=out.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    if level != "debug":
        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)


def get_logger(name: str) -> Logger:
    """Return the logger of a module."""
    return cast("Logger", structlog.stdlib.get_logger(name))


@contextmanager
def bound(**values: str | int) -> Generator[None]:
    """Let every line of this context name these values, such as `incident_id`, while inside."""
    with structlog.contextvars.bound_contextvars(**values):
        yield


def _shared() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _drop_colours(_logger: object, _method: str, line: EventDict) -> EventDict:
    # uvicorn says everything twice, the second time with terminal colours.
    line.pop("color_message", None)
    return line


def _formatter(
    personal: Iterable[str], *, console: bool, colours: bool
) -> structlog.stdlib.ProcessorFormatter:
    last: list[structlog.typing.Processor]
    if console:
        plain = structlog.dev.plain_traceback
        last = [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)]
    else:
        last = [structlog.processors.JSONRenderer(sort_keys=True)]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _drop_colours,
            structlog.processors.format_exc_info,
            Redact(personal),
            *last,
        ],
    )
