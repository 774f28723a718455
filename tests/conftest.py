"""How the suite is run: what is skipped, and what runs beside what.

A developer may lack a program that some test needs, and that test is then skipped; in CI it fails instead.

Tests that hear sound, or wait for real processes, run one after the other in the first of pytest-xdist's workers. The
others have the tests in virtual time, and yield the processor, so that no packet is late for their sake.
"""

import os
import sys
from collections.abc import Generator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from softswitch.testing.runtime.running import RunningSwitch

IS_CI = bool(os.environ.get("CI"))
FIRST_WORKER = "gw0"
REAL_TIME = ("tests/contract/", "tests/integration/", "tests/peers/", "tests/survival/")
AT_LEISURE = tuple(f"tests/integration/{folder}/" for folder in ("control", "records", "store", "web"))
"""They have sockets, databases and processes, and no sound that could be late,"""
BUT = ("tests/integration/web/test_process.py",)
"""except for this, which has calls."""

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
"""Some images forbid it, and then each of the hundreds of processes that tests start compiles the switch anew."""


def pytest_configure() -> None:
    if os.environ.get("PYTEST_XDIST_WORKER", FIRST_WORKER) != FIRST_WORKER:
        os.nice(19)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real time comes first, because what comes first goes to the first worker."""
    items.sort(key=lambda item: not is_real_time(item.nodeid))


def is_real_time(nodeid: str) -> bool:
    return nodeid.startswith(BUT) or (nodeid.startswith(REAL_TIME) and not nodeid.startswith(AT_LEISURE))


class ByTheClock(LoadScopeScheduling):
    """What opens ports or waits for the clock goes to one worker, for two of them at once could be in each other's
    way; other files go wherever there is room, each as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        return "real time" if is_real_time(nodeid) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByTheClock:
    return ByTheClock(config, log)


def forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if IS_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longreprtext}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Of a file that is skipped as a whole."""
    report = yield
    forbid_skip(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def prompts_are_spoken_once(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """And not by each of the switches that tests start: that takes seconds, and says the same every time."""
    RunningSwitch.spoken = tmp_path_factory.mktemp("spoken") / "sounds"
    yield
    RunningSwitch.spoken = None
