"""A failed test shows what its scene looked like from both ends."""

from collections.abc import Generator

import pytest

from tests.survival.scene import Scene


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    scene = getattr(item, "funcargs", {}).get("scene")
    if report.failed and isinstance(scene, Scene):
        report.sections += [
            ("serve.log ends", scene.centre.log()[-8000:]),
            ("the crowd says", scene.crowd.log()[-4000:]),
        ]
    return report
