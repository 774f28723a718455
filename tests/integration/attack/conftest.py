"""One switch for all tests of this folder: it must survive them all in a row. Attackers take an address per test."""

from collections.abc import Iterator

import pytest

from tests.integration.attack.arena import Arena


@pytest.fixture(scope="session")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    running = Arena(tmp_path_factory.mktemp("arena"), settings='[log]\nformat = "json"\n')
    with running:
        pids = running.pid("switch"), running.pid("media-0")
        yield running
        assert (running.pid("switch"), running.pid("media-0")) == pids, running.log()[-3000:]
