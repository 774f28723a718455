"""How the suite is run: what is skipped, and what runs beside what.

A developer may lack a program that some test needs, and that test is then skipped; in CI it fails instead.

Two of pytest-xdist's workers begin with tests that hear sound, or wait for real processes, one after the other: one has
those whose switches and phones are at addresses of their own, one those that are all at 127.0.0.1. Both mostly wait.
The third has the tests in virtual time, and yields the processor, so that no packet is late for their sake; so does
whoever has nothing in real time left.
"""

import os
import sys
from collections.abc import Generator

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from softswitch.testing.runtime.running import RunningSwitch

IS_CI = bool(os.environ.get("CI"))

OWN_ADDRESSES = ("tests/peers/", "tests/survival/", "tests/integration/acd/test_storm.py")
LOOPBACK = ("tests/peers/test_softphone.py",)
"""It is with those, but that softphone knows no other address than 127.0.0.1."""
REAL_TIME = ("tests/contract/", "tests/integration/", *OWN_ADDRESSES)
"""All others have ranges of ports at 127.0.0.1 that two of them could not have at once."""
AT_LEISURE = (
    *(f"tests/integration/{folder}/" for folder in ("control", "records", "store", "web")),
    "tests/peers/test_coded_quality.py",
)
"""They have sockets, databases and processes, and no sound that could be late,"""
BUT = ("tests/integration/web/test_process.py",)
"""except for this, which has calls."""
SEQUENCES = ("loopback", "own addresses", "")
NICEST = 19

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
"""Some images forbid it, and then each of the hundreds of processes that tests start compiles the switch anew."""

settings.register_profile("beside others", settings.default, deadline=None)
settings.load_profile("beside others")
"""Who yields the processor may be late."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real time comes first, so that two workers begin with it."""
    items.sort(key=lambda item: SEQUENCES.index(real_time(item.nodeid)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ and not real_time(item.nodeid):
        os.setpriority(os.PRIO_PROCESS, 0, NICEST)


def real_time(nodeid: str) -> str:
    """Which of the two sequences of tests in real time it belongs to; "" for neither."""
    if nodeid.startswith(AT_LEISURE) and not nodeid.startswith(BUT):
        return ""
    if nodeid.startswith(OWN_ADDRESSES) and not nodeid.startswith(LOOPBACK):
        return "own addresses"
    return "loopback" if nodeid.startswith(REAL_TIME) else ""


class ByTheClock(LoadScopeScheduling):
    """Each sequence in real time goes to one worker; other files go wherever there is room, each as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        return real_time(nodeid) or nodeid.partition("::")[0]


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
