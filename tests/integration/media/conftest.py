"""A media worker process and parties for it."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.media.protocol import Describe
from softswitch.testing.runtime.free_ports import free_range
from softswitch.testing.runtime.media_process import MediaProcess
from softswitch.testing.runtime.rtp_party import RtpParty


@pytest.fixture(scope="module")
def running_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaProcess]:
    """One process for the tests of a module: it starts in half a second, most tests last less."""
    worker = MediaProcess(tmp_path_factory.mktemp("worker") / "media-0.sock")
    yield worker
    worker.kill()


@pytest.fixture
def worker(running_worker: MediaProcess) -> MediaProcess:
    """The module's worker, with nothing to do."""
    if running_worker.process.poll() is not None:
        running_worker.start()
    assert running_worker.command(Describe([], [], [], [])) == []
    running_worker.command()  # events of the description come before the next reply
    running_worker.events.clear()
    return running_worker


@pytest.fixture
def parties() -> Iterator[Callable[[int], list[RtpParty]]]:
    """Makes that many parties; their streams have free ports of this machine."""
    made: list[RtpParty] = []

    def make(count: int) -> list[RtpParty]:
        made.extend(RtpParty(number + 1, port) for number, port in enumerate(free_range(2 * count)[::2]))
        return made

    yield make
    for party in made:
        party.socket.close()


@pytest.fixture
def speech() -> Callable[[float], NDArray[np.uint8]]:
    """That many seconds of bytes, every frame another: anything inserted, lost or repeated shows."""
    generator = np.random.default_rng(7)
    return lambda seconds: generator.integers(0, 256, round(seconds * 8000), np.uint8)
