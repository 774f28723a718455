"""Log lines: one per event, as text or as JSON, with the standard library's among them."""

import errno
import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog

from softswitch.base.log import LogFormat, LogLevel, bind, configure_logging, get_logger, unbind


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is set up once per process; other tests must not notice this one."""
    configuration = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers.copy(), root.level
    yield
    structlog.contextvars.clear_contextvars()
    structlog.configure(**configuration)
    root.handlers, root.level = handlers, level


def logging_to(log_format: LogFormat = "json", level: LogLevel = "info") -> io.StringIO:
    stream = io.StringIO()
    configure_logging(level=level, log_format=log_format, program="switch", stream=stream)
    return stream


def test_a_line_of_json_has_the_event_its_area_and_its_keys() -> None:
    stream = logging_to()
    get_logger("sip").info("registered", aor="sip:anna@example.test", expires_s=300)
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "event": "registered",
        "level": "info",
        "area": "sip",
        "program": "switch",
        "aor": "sip:anna@example.test",
        "expires_s": 300,
    }


def test_text_is_one_line_without_colours() -> None:
    stream = logging_to("text")
    get_logger("sip").warning("refused", reason="no such user")
    (line,) = stream.getvalue().splitlines()
    assert "[warning" in line
    assert "refused" in line
    assert "reason='no such user'" in line
    assert "\x1b" not in line


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_each_line_has_its_own_time_to_the_millisecond(log_format: LogFormat) -> None:
    stream = logging_to(log_format)
    began_at = datetime.now(UTC).replace(microsecond=0)
    for _ in range(2):
        get_logger("sip").info("registered")
    for line in stream.getvalue().splitlines():
        text = json.loads(line)["timestamp"] if log_format == "json" else line[: line.index(" [info")]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", text)
        assert began_at <= datetime.fromisoformat(text) <= datetime.now(UTC)


def test_what_lies_below_the_level_is_not_written() -> None:
    stream = logging_to(level="warning")
    get_logger("sip").info("registered")
    assert stream.getvalue() == ""


def test_bound_keys_are_on_every_line_until_they_are_taken_off() -> None:
    stream = logging_to()
    logger = get_logger("calls")
    bind(call_id="c1")
    logger.info("began")
    unbind("call_id", "unknown")
    logger.info("ended")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["call_id"] == "c1"
    assert "call_id" not in second


def test_an_exception_comes_with_its_traceback() -> None:
    stream = logging_to()
    try:
        raise ValueError("broken")
    except ValueError:
        get_logger("calls").exception("flow failed")
    assert "ValueError: broken" in json.loads(stream.getvalue())["exception"]


def test_lines_of_libraries_look_the_same() -> None:
    stream = logging_to()
    logging.getLogger("asyncio").error("%s was never awaited", "it")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["area"], line["level"]) == ("it was never awaited", "asyncio", "error")


def test_values_json_does_not_know_are_written_as_text() -> None:
    stream = logging_to()
    get_logger("sip").info("seen", kind=ValueError)
    assert json.loads(stream.getvalue())["kind"] == "<class 'ValueError'>"


def test_before_it_is_set_up_warnings_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    get_logger("sip").info("unseen")
    get_logger("sip").warning("seen")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "seen" in captured.err
    assert "unseen" not in captured.err


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_log_that_cannot_be_written_disturbs_nobody(log_format: LogFormat) -> None:
    configure_logging(log_format=log_format, stream=FullDisk())
    get_logger("sip").error("no room")
    logging.getLogger("asyncio").error("neither here")
