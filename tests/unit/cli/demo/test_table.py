"""The picture and the report keep to eighty columns, whatever happens in the call centre."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.cli.demo.centre import Snapshot
from softswitch.cli.demo.report import print_report
from softswitch.cli.demo.table import LiveTable, describe, draw
from softswitch.cli.demo.verdict import Records, Verdict, figures
from softswitch.config import Configuration
from softswitch.control.protocol.rows import AgentRow, CallRow, QueueRow
from softswitch.testing.operations import FixedOperations


def snapshot(calls: int) -> Snapshot:
    queue_row = QueueRow(
        queue_id=QueueId("reception"),
        name="Reception",
        waiting=40,
        longest_wait_s=3599.0,
        agents_ready=0,
        agents_busy=16,
        agents_logged_in=16,
        answered=1234,
        abandoned=567,
        service_level=1.0,
    )
    agent_row = AgentRow(
        agent_id=AgentId("katya"),
        name="Katya Smirnova",
        status="not_ready",
        state="not_ready",
        reason="no answer",
        since_s=3599.0,
        answered=100,
    )
    call_row = CallRow(
        call_id=CallId("c1"),
        state="alerting",
        calling_number="+74955550103",
        called_number="+78005550100",
        started_at=0.0,
        duration_s=3599.0,
        queue="reception",
        agent="katya",
        wait_s=3599.0,
    )
    return Snapshot(FixedOperations().status(), [queue_row] * 4, [agent_row] * 16, [call_row] * calls)


@pytest.mark.parametrize("lines", [24, 30, 50])
@pytest.mark.parametrize("calls", [0, 5, 60])
def test_the_picture_fits_a_terminal(lines: int, calls: int) -> None:
    console = Console(file=io.StringIO(), width=80, record=True)
    console.print(draw(snapshot(calls), 12.0, 60.0, lines=lines))
    text = console.export_text().splitlines()
    assert len(text) < lines
    assert all(len(line) <= 80 for line in text)
    assert not any("…" in line for line in text)
    assert sum("Katya Smirnova  no answer 59:59 100" in line for line in text) == 8


def test_a_pipe_gets_a_line_now_and_then() -> None:
    console = Console(file=io.StringIO(), record=True, width=200)
    with LiveTable(console, 60.0) as table:
        for second in range(0, 12):
            table.show(snapshot(2), second)
    assert len(console.export_text().splitlines()) == 2
    assert describe(snapshot(1), 65.0).startswith("1:05  1 call in progress, 0 talking, 160 waiting; 4936 answered")


def test_the_report_names_every_failure(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), record=True, width=80)
    verdict = Verdict({"+442055501": ["heard nothing (0 packets)", "has no CDR"]}, ["it rained"])
    records = Records([], [])
    result = figures(verdict, records, service_levels_s={}, agents=1, duration_s=60.0, seed=1, directory=tmp_path)
    now = snapshot(0)
    print_report(
        console, result, verdict, records, Configuration(directory=str(tmp_path)), queues=now.queues, agents=now.agents
    )
    text = console.export_text()
    assert "it rained" in text
    assert "+442055501: heard nothing (0 packets); has no CDR" in text
    assert "1 call failed." in text
    assert result.failed_calls == 1
