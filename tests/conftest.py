"""A developer may lack a program that some test needs, and that test is then skipped; in CI it fails instead."""

import os
from collections.abc import Generator

import pytest

from softswitch.testing.runtime.running import RunningSwitch

IS_CI = bool(os.environ.get("CI"))


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
