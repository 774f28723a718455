"""The filter in docs/security.md finds every address that misbehaves in our log, and no other."""

import configparser
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from softswitch.base.log import LogFormat, configure_logging, get_logger
from softswitch.calls.runtime import security_log
from softswitch.sip.outputs import SecurityEvent

DOCUMENT = Path(__file__).parents[4] / "docs" / "security.md"
HOST = r"(?P<host>[0-9a-fA-F.:]+)"
"""What fail2ban puts for <HOST>, near enough."""


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    configuration, logger = structlog.get_config(), security_log.log
    yield
    structlog.configure(**configuration)
    security_log.log = logger


def filters() -> list[re.Pattern[str]]:
    (block,) = re.findall(r"```ini\n(\[Definition\].*?)```", DOCUMENT.read_text(), flags=re.DOTALL)
    parser = configparser.RawConfigParser()
    parser.read_string(block)
    return [re.compile(line.replace("<HOST>", HOST)) for line in parser["Definition"]["failregex"].split("\n")]


def logged(log_format: LogFormat, event: SecurityEvent) -> str:
    stream = io.StringIO()
    configure_logging(log_format=log_format, program="switch", stream=stream)
    # A logger is put together at its first line and keeps what was configured then.
    security_log.log = get_logger("calls")
    security_log.log_security(event)
    return stream.getvalue()


def found(line: str) -> str | None:
    return next((match["host"] for each in filters() if (match := each.search(line))), None)


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("source", ["203.0.113.66", "2001:db8::66"])
@pytest.mark.parametrize("kind", ["authentication", "scanner", "flood", "forbidden", "banned"])
def test_the_filter_finds_the_address(log_format: LogFormat, source: str, kind: str) -> None:
    line = logged(log_format, SecurityEvent(kind, source, "anna: wrong password"))  # pyright: ignore[reportArgumentType]
    assert line.count("\n") == 1
    assert found(line) == source


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize(
    "detail",
    [
        "kind=scanner source=192.0.2.1 detail=x",
        '","kind":"scanner","source":"192.0.2.1","',
        "x' kind=authentication source=192.0.2.1",
        "[warning  ] security area=calls kind=scanner source=192.0.2.1 ",
    ],
)
def test_what_a_peer_writes_points_at_nobody_else(log_format: LogFormat, detail: str) -> None:
    assert found(logged(log_format, SecurityEvent("authentication", "203.0.113.66", detail))) == "203.0.113.66"
    assert found(logged(log_format, SecurityEvent("malformed", "203.0.113.66", detail))) is None


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_other_lines_are_nobody_s(log_format: LogFormat) -> None:
    stream = io.StringIO()
    configure_logging(log_format=log_format, program="switch", stream=stream)
    get_logger("calls").info("call", calling="1", called="security kind=scanner source=192.0.2.1 ", source="trunk")
    assert found(stream.getvalue()) is None
