"""`softswitch demo` as it is typed: every process real, a short performance."""

import json
import os
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from softswitch.cli.demo.verdict import read_records
from softswitch.store import open_reader
from softswitch.testing.agreement import check_agreement

pytestmark = pytest.mark.network

SECONDS = 10
"""The least it takes; callers who arrive in the first three seconds are served within half a minute."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The performances are given in one directory, one after the other: what is spoken for the first is kept."""
    return tmp_path_factory.mktemp("performances") / "demo"


def command(directory: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "softswitch", "demo", "--directory", str(directory), *arguments]


def processes_naming(path: Path) -> list[str]:
    """Command lines of processes that have something to do with this directory."""
    lines: list[str] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(path) in line:
                lines.append(line)
    return lines


def test_a_short_performance_has_no_fault(directory: Path) -> None:
    finished = subprocess.run(
        command(directory, "--seconds", str(SECONDS), "--seed", "2", "--json"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr + (directory / "serve.log").read_text()
    (line,) = finished.stdout.splitlines()
    figures = json.loads(line)
    assert figures["failed_calls"] == 0
    assert figures["offered"] == figures["answered"] + figures["abandoned"] + figures["turned_away"]
    assert figures["answered"] > 0
    assert figures["recordings"] == figures["answered"]
    assert 0 <= figures["service_level"] <= 1
    assert figures["average_speed_of_answer_s"] > 0
    assert "All calls went as they should." in finished.stderr
    assert json.loads((directory / "report.json").read_text()) == figures
    records = read_records(directory)
    assert len(records.cdrs) == figures["calls"]
    with wave.open(records.recordings[0].path, "rb") as recording:
        assert recording.getnchannels() == 2
    assert_the_workbook_says_the_same(directory, finished.stderr, figures)
    assert_everything_agrees(directory)
    assert processes_naming(directory) == []


def assert_the_workbook_says_the_same(directory: Path, said: str, figures: dict[str, Any]) -> None:
    path = directory / "report.xlsx"
    assert f"with charts and the formula of every number: {path}" in said
    book: Any = openpyxl.load_workbook(path)
    summary = {row[0]: row[1] for row in book["summary.figures"].iter_rows(min_row=4, values_only=True)}
    assert summary == {name: pytest.approx(figures[name]) for name in summary}
    assert {"offered", "answered", "abandoned", "service_level", "survey_average"} <= summary.keys()
    # A caller who was moved to another queue is offered, and overflows, once more there.
    queues = [row for row in book["service_level.queues"].iter_rows(min_row=2, values_only=True) if row[0]]
    whole = dict(zip(queues[0], queues[-1], strict=True))
    assert (whole["Answered"], whole["Lost"]) == (figures["answered"], figures["abandoned"])
    assert whole["Offered"] >= figures["offered"]
    assert book["calls.calls"].max_row == 3 + figures["calls"]
    assert book["service_level.queues"]._charts


def assert_everything_agrees(directory: Path) -> None:
    """Reports, call records, events and queue_log of the real switch."""
    with open_reader(str(directory / "store")) as store:
        check_agreement(store, time.time() - 3600.0, time.time())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_performance_leaves_nothing_running(directory: Path, number: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command(directory), stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as process:
        assert process.stdout is not None
        seen = next(line for line in process.stdout if "will ring" in line)
        assert seen.startswith("The agents are at their phones")
        began_at = time.monotonic()
        process.send_signal(number)
        rest = process.stdout.read()
        assert process.wait(timeout=30) == 130
    assert "everything that was started has ended" in rest
    assert time.monotonic() - began_at < 10
    assert processes_naming(directory) == []


def test_a_directory_of_somebody_elses_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    finished = subprocess.run(command(tmp_path), capture_output=True, text=True, timeout=30, check=False)
    assert finished.returncode == 2
    assert len(finished.stderr.splitlines()) == 1
