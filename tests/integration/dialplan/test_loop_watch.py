"""A flow that blocks the event loop is found with its line, and one that goes on is ended."""

import asyncio
import time
from pathlib import Path
from typing import Any, cast

import pytest

from softswitch.base.clock import SystemClock
from softswitch.calls.pace import FlowBlocks
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.dialplan.runtime.loop_watch import LoopWatch

FLOWS = """
from softswitch.dialplan import Call, flow


@flow
async def counting(call: Call) -> None:
    number = 0
    while True:
        number += 1


@flow
async def slow(call: Call) -> None:
    for _ in range(3):
        call.until(0.3)
"""


class Busy:
    """Stands for a call; `until` is a line of somebody else's that a flow has called."""

    def until(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pass


def run(tmp_path: Path, name: str, **limits: float) -> BaseException | None:
    (tmp_path / "busy.py").write_text(FLOWS)
    flows, faults = load_flows([tmp_path])
    assert not faults

    async def scenario() -> BaseException | None:
        with LoopWatch(asyncio.get_running_loop(), SystemClock(), **limits):
            flow = asyncio.create_task(cast(Any, flows[name])(Busy()), name="call-4711")
            await asyncio.wait([flow])
            await asyncio.sleep(0.05)
            return flow.exception()

    return asyncio.run(scenario())


def test_a_flow_that_computes_without_end_is_named_and_ended(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    error = run(tmp_path, "counting", blocked_s=0.1, ended_after_s=0.3)
    assert isinstance(error, FlowBlocks)
    assert "has held up every call" in str(error)
    told = "".join(capfd.readouterr())
    assert told.count("flow blocks every call") == 1
    assert "call-4711" in told
    assert "busy.py:" in told
    assert "in counting" in told


def test_a_flow_that_is_slow_is_named_by_its_own_line_and_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "slow", blocked_s=0.1, ended_after_s=30.0) is None
    told = "".join(capfd.readouterr())
    assert "busy.py:" in told
    assert "in slow" in told
    assert "flow ended" not in told


def test_a_loop_that_waits_is_not_blocked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        with LoopWatch(asyncio.get_running_loop(), SystemClock(), blocked_s=0.5):
            await asyncio.sleep(0.8)

    asyncio.run(scenario())
    assert "blocked" not in "".join(capfd.readouterr())
