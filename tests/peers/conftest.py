"""What every test with a peer has: a centre, a stage for its peers, voices, and evidence when it fails."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from softswitch.prompts.runtime.library import SoundLibrary
from tests.peers.centre import Centre
from tests.peers.speech import AGENT, CALLER, Voice, speak
from tests.peers.stage import Evidence, Stage

_EVIDENCE = pytest.StashKey[Evidence]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what its peers said and heard, and the log of the switch."""
    report = yield
    if report.failed:
        nothing: Evidence = []
        report.sections += [(title, tell()) for title, tell in item.stash.get(_EVIDENCE, nothing)]
    return report


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Evidence:
    """What is shown of the test if it fails."""
    stash: pytest.Stash = request.node.stash
    return stash.setdefault(_EVIDENCE, [])


@pytest.fixture
def stage(tmp_path: Path, evidence: Evidence) -> Iterator[Stage]:
    stage = Stage(tmp_path / "peers", evidence)
    yield stage
    stage.close()


@pytest.fixture
def open_centre(tmp_path: Path, evidence: Evidence) -> Iterator[Callable[[int], Centre]]:
    """Make and start a centre with so many agents."""
    centres: list[Centre] = []

    def start(agents: int) -> Centre:
        centre = Centre(tmp_path / f"centre{len(centres)}", agents=agents)
        evidence.append(("serve.log ends", lambda: centre.log()[-6000:]))
        centres.append(centre)
        centre.start()
        return centre

    yield start
    for centre in centres:
        centre.stop()
        assert "Traceback" not in centre.log(), centre.log()[-6000:]


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> SoundLibrary:
    return SoundLibrary(cache=tmp_path_factory.mktemp("speech"))


@pytest.fixture(scope="session")
def agent_voice(sounds: SoundLibrary) -> Voice:
    """25 seconds of a woman at a parcel service, in English."""
    return speak(sounds, AGENT, "en", seed=1)


@pytest.fixture(scope="session")
def caller_voice(sounds: SoundLibrary) -> Voice:
    """23 seconds of somebody who waits for two chairs, in Russian."""
    return speak(sounds, CALLER, "ru", seed=2)
