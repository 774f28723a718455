"""Structured logging: one event per line on standard error, as text for people or JSON for programs.

A module takes its logger with `get_logger("sip")`; `bind(call_id=...)` puts a key on every line that the current task
logs from then on. What libraries log through the standard library (asyncio's unhandled exceptions, say) comes out the
same way. Before `configure_logging` was called, warnings and worse go to standard error as text.
"""

import contextlib
import logging
import re
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Literal, TextIO, cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger, Processor, WrappedLogger

from softswitch.base.clock import SystemClock

_Event = MutableMapping[str, Any]

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
Logger = FilteringBoundLogger

_NOT_ONE_WORD = re.compile(r"""[\s="']""")

_TO_SECOND = len("2026-01-01 12:00:00")

_LEVELS: dict[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def get_logger(area: str) -> Logger:
    """A logger whose lines carry `area`; configuration may come later."""
    logger: Logger = structlog.get_logger(area=area)
    return logger


def bind(**keys: str) -> None:
    """Put these keys on every line of the current task."""
    structlog.contextvars.bind_contextvars(**keys)


def unbind(*keys: str) -> None:
    """Take them off again; unknown keys are fine."""
    structlog.contextvars.unbind_contextvars(*keys)


def configure_logging(
    *,
    level: LogLevel = "info",
    log_format: LogFormat = "text",
    program: str = "",
    stream: TextIO | None = None,
) -> None:
    """Log to `stream` (standard error) from now on. `program` tells apart processes that share a terminal."""
    output = sys.stderr if stream is None else stream
    structlog.configure(
        processors=_processors(log_format, program, is_terminal=output.isatty()),
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Lossy(output))),
        # Each logger is put together when it first writes, not at every line: a third of a line's cost.
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_Forwarder()]
    root.setLevel(max(_LEVELS[level], logging.INFO))


class _Stamp:
    """The time of day of a line, in local time for people and in UTC for programs, and the program.

    Most of it is that of the line before: with its date and zone worked out anew a line would cost twice as much.
    """

    def __init__(self, program: str, *, is_local: bool) -> None:
        self._clock = SystemClock()
        self._program = program
        self._is_local = is_local
        self._second = -1
        self._to_second = self._zone = ""

    def __call__(self, _logger: WrappedLogger, _method: str, event: _Event) -> _Event:
        second, milliseconds = divmod(int(self._clock.wall() * 1000), 1000)
        if second != self._second:
            moment = datetime.fromtimestamp(second, UTC)
            text = moment.astimezone().isoformat(sep=" ") if self._is_local else moment.isoformat()
            self._second, self._to_second, self._zone = second, text[:_TO_SECOND], text[_TO_SECOND:]
        event["timestamp"] = f"{self._to_second}.{milliseconds:03d}{self._zone}"
        if self._program:
            event["program"] = self._program
        return event


def _processors(log_format: LogFormat, program: str, *, is_terminal: bool) -> list[Processor]:
    stamp = _Stamp(program, is_local=log_format == "text")
    shared: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, stamp]
    if log_format == "json":
        return [*shared, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_json)]
    if not is_terminal:
        return [*shared, structlog.processors.format_exc_info, _plain_line]
    console = structlog.dev.ConsoleRenderer(
        exception_formatter=structlog.dev.plain_traceback, sort_keys=False, pad_event_to=0
    )
    return [*shared, console]


def _plain_line(_logger: WrappedLogger, _method: str, event: _Event) -> str:
    """A line as the terminal shows it, without colours, at a fourth of the cost: every call writes some."""
    head = f"{event.pop('timestamp')} [{event.pop('level'):<9}] {event.pop('event')}"
    traceback = event.pop("exception", "")
    line = " ".join([head, *[f"{key}={_plain_value(value)}" for key, value in event.items()]])
    return f"{line}\n{traceback}" if traceback else line


def _plain_value(value: object) -> str:
    """Quoted where it would not be one word."""
    return value if isinstance(value, str) and not _NOT_ONE_WORD.search(value) else repr(value)


def _json(event: object, **_options: object) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


class _Lossy:
    """A stream that loses what cannot be written: neither a full disk nor a reader who has gone ends a call."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


class _Forwarder(logging.Handler):
    """Hands records of the standard library's logging over to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        logger: Logger = structlog.get_logger(area=record.name)
        logger.log(record.levelno, record.getMessage(), exc_info=record.exc_info)


def _standard_error(*_names: object) -> WrappedLogger:
    return structlog.WriteLogger(sys.stderr)


# structlog's own default is standard output, which belongs to the answers of the command line.
structlog.configure(
    processors=_processors("text", "", is_terminal=False),
    wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    logger_factory=_standard_error,
)
