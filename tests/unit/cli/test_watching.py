"""`--watch`: shown again until Ctrl-C, in pipes and as JSON."""

import json
from collections.abc import Callable, Iterator

import click
import pytest

from softswitch.cli import watching
from softswitch.cli.failure import Failure
from softswitch.control.runtime.client import NoSwitchRunning


def shows(texts: Iterator[str | Exception]) -> Callable[[], None]:
    """Each text in turn, then Ctrl-C."""

    def show() -> None:
        text = next(texts, KeyboardInterrupt())
        if isinstance(text, BaseException):
            raise text
        click.echo(text)

    return show


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(watching.time, "sleep", waited.append)
    return waited


def test_without_it_a_listing_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    watching.shown_again(shows(iter(["one"])), None, as_json=False)
    assert capsys.readouterr().out == "one\n"


def test_into_a_pipe_each_showing_follows_the_one_before(
    capsys: pytest.CaptureFixture[str], no_waiting: list[float]
) -> None:
    watching.shown_again(shows(iter(["one", "two"])), 5.0, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line in ("one", "two")] == ["one", "two"]
    assert no_waiting == [5.0, 5.0]


def test_json_is_a_line_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    watching.shown_again(shows(iter(['{\n  "calls": 1\n}', '{\n  "calls": 2\n}'])), 1.0, as_json=True)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [{"calls": 1}, {"calls": 2}]


def test_a_switch_that_is_away_for_a_while_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    texts: list[str | Exception] = ["one", NoSwitchRunning("no switch is running"), "two"]
    watching.shown_again(shows(iter(texts)), 1.0, as_json=False)
    shown = capsys.readouterr().out.splitlines()
    assert [line for line in shown if line and ":" not in line] == ["one", "no switch is running", "two"]


def test_what_fails_the_first_time_ends_it() -> None:
    with pytest.raises(Failure, match="nothing to watch"):
        watching.shown_again(shows(iter([Failure("nothing to watch")])), 1.0, as_json=False)


def test_a_screen_is_left_as_it_was(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("LINES", "4")
    watching.shown_again(shows(iter(["1\n2\n3\n4\n5"])), 1.0, as_json=False)
    out = capsys.readouterr().out
    assert out.startswith("\x1b[?1049h")
    assert out.endswith("\x1b[?1049l")
    assert "lines more" in out
