"""The API over a control server with fixed contents, asked without a network."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from softswitch.base.clock import SystemClock
from softswitch.config import load_settings
from softswitch.testing.operations import FixedOperations
from softswitch.web.runtime.building import WebParts
from tests.integration.control.conftest import RunningServer

Api = TestClient[Litestar]

ROLES = {
    "admin": 'role = "admin"',
    "supervisor": 'role = "supervisor"\nteams = ["first"]\nphone = "900"',
    "agent": 'role = "agent"\nagent = "anna"',
    "project": 'role = "project"\nproject = "acme"',
    "project_commands": 'role = "project"\nproject = "acme"\ncommands = true',
}


def key_of(role: str) -> str:
    return f"ssw_{role}"


def bearer(role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key_of(role)}"}


@pytest.fixture
def operations() -> FixedOperations:
    return FixedOperations()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A configuration directory with a key for each role."""
    (tmp_path / "softswitch.toml").write_text("[web]\nenabled = true\n")
    (tmp_path / "run").mkdir()
    keys = [
        f'[[key]]\nid = "{role}"\n{rights}\nhash = "{hashlib.sha256(key_of(role).encode()).hexdigest()}"\n'
        for role, rights in ROLES.items()
    ]
    (tmp_path / "users.toml").write_text("\n".join(keys))
    return tmp_path


@pytest.fixture
def server(operations: FixedOperations, directory: Path) -> Iterator[RunningServer]:
    running = RunningServer(operations, str(directory / "run" / "control.sock"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def api(server: RunningServer, directory: Path) -> Iterator[Api]:
    parts = WebParts(str(directory), load_settings(directory), SystemClock())
    with TestClient(parts.application, raise_server_exceptions=False) as client:
        yield client
