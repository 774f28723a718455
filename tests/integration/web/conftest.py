"""The API over a control server with fixed contents, asked without a network."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec.structs import replace

from softswitch.base.clock import SystemClock
from softswitch.base.ids import AgentId, CallId, QueueId, RecordingId
from softswitch.config import load_settings
from softswitch.store import open_store
from softswitch.store.schema import ActiveCall, Cdr, StoredRecording
from softswitch.testing.operations import FixedOperations
from softswitch.web.limits import LOG_INS_BURST, LOG_INS_PER_S
from softswitch.web.passwords import hash_password
from softswitch.web.rates import RateLimit
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


PASSWORD = "correct horse battery staple"
STARTED_AT = 1_790_000_000.0
SOUND = bytes(range(256)) * 4


HASH = hash_password(PASSWORD)


def fill(fixed: FixedOperations) -> None:
    """As it is at first. Anna is of the team "first", and everything of the queue support the project acme's."""
    fixed.__init__()
    teams = {"anna": ["first"], "boris": ["second"]}
    fixed.agent_rows = [replace(row, teams=teams.get(row.agent_id, [])) for row in fixed.agent_rows]
    fixed.contact_rows[0] = replace(fixed.contact_rows[0], agent_id=AgentId("anna"))
    fixed.call_rows[0] = replace(fixed.call_rows[0], project="acme")
    fixed.belongings.owners = {("call", "c1"): "acme", ("queue", "support"): "acme", ("recording", "r1"): "acme"}


def make_directory(path: Path) -> Path:
    """A configuration directory with a key for each role, a user, and records."""
    (path / "softswitch.toml").write_text(
        "[web]\nenabled = true\nrequests_per_s = 100000\naddress_requests_per_s = 100000\n"
    )
    (path / "run").mkdir()
    (path / "projects.toml").write_text('[[project]]\nid = "acme"\n')
    (path / "agents.toml").write_text('[[agent]]\nid = "anna"\npassword = "long enough"\nteams = ["first"]\n')
    _write_records(path)
    keys = [
        f'[[key]]\nid = "{role}"\n{rights}\nhash = "{hashlib.sha256(key_of(role).encode()).hexdigest()}"\n'
        for role, rights in ROLES.items()
    ]
    user = f'[[user]]\nid = "olga"\nrole = "admin"\npassword = "{HASH}"\n'
    (path / "users.toml").write_text("\n".join([*keys, user]))
    return path


def _write_records(directory: Path) -> None:
    """Five calls, one a minute, of two queues and two agents; the first was recorded."""
    sound = directory / "recordings" / "r1.wav"
    sound.parent.mkdir()
    sound.write_bytes(SOUND)
    store = open_store(str(directory / "store"), report=lambda line: None)
    for number in range(5):
        is_of_anna = number % 2 == 0
        call = ActiveCall(
            call_id=CallId(f"old{number}"),
            started_at=STARTED_AT + 60 * number,
            calling_number=f"+49301{number}",
            called_number="100",
        )
        cdr = Cdr(
            call_id=call.call_id,
            started_at=call.started_at,
            answered_at=call.started_at + 5 if number else None,
            ended_at=call.started_at + 50,
            calling_number=call.calling_number,
            called_number=call.called_number,
            queue=QueueId("support" if is_of_anna else "sales"),
            agent=AgentId("anna" if is_of_anna else "boris"),
            project="acme" if is_of_anna else "",
            end_reason="completed" if number else "abandoned",
            ended_by="caller",
            fault="a traceback" if number == 4 else "",
        )
        store.begin_call(call)
        store.end_call(cdr)
    recording = StoredRecording(
        recording_id=RecordingId("r1"),
        call_id=CallId("old0"),
        path=str(sound),
        started_at=STARTED_AT,
        duration_s=1.0,
        size_bytes=len(SOUND),
        agent=AgentId("anna"),
        queue=QueueId("support"),
        project="acme",
    )
    store.put_recording(recording)
    store.close()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_directory(tmp_path_factory.mktemp("web"))


@pytest.fixture(scope="module")
def switch() -> FixedOperations:
    return FixedOperations()


@pytest.fixture(scope="module")
def parts(switch: FixedOperations, directory: Path) -> Iterator[WebParts]:
    """The web process without a network, and a switch behind it."""
    running = RunningServer(switch, str(directory / "run" / "control.sock"))
    running.start()
    yield WebParts(str(directory), load_settings(directory), SystemClock())
    running.stop()


@pytest.fixture(scope="module")
def connected(parts: WebParts) -> Iterator[Api]:
    with TestClient(parts.application, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def operations(switch: FixedOperations) -> FixedOperations:
    fill(switch)
    return switch


@pytest.fixture
def api(connected: Api, parts: WebParts, operations: FixedOperations, directory: Path) -> Api:
    """As if nobody had asked anything before."""
    parts.services.log_ins = RateLimit(LOG_INS_PER_S, burst=LOG_INS_BURST)
    (directory / "audit.jsonl").unlink(missing_ok=True)
    connected.cookies.clear()
    parts.link.forget()
    return connected
