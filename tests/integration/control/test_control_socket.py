"""Server and client over a real Unix socket, and clients that misbehave."""

import asyncio
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from softswitch.base.errors import StartError
from softswitch.base.ids import AgentId, CallId
from softswitch.control.framing import encode_frame
from softswitch.control.limits import REQUEST_BYTES_MAX, ROWS_PER_FRAME
from softswitch.control.protocol.replies import AgentSet, Done, Refused, Reloaded, Status
from softswitch.control.protocol.requests import GetStatus, HangUp, Reload, SetAgent, Stop
from softswitch.control.protocol.rows import CallRow
from softswitch.control.runtime.client import ControlClient, ControlFailed, ControlRefused, NoSwitchRunning
from softswitch.control.runtime.server import ControlServer
from softswitch.testing.operations import FixedOperations

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("server")]


@pytest.fixture
def path(directory: Path) -> str:
    return str(directory / "run" / "control.sock")


@pytest.fixture
def client(server: object, path: str) -> Iterator[ControlClient]:
    with ControlClient(path, "/srv/switch") as connected:
        yield connected


def test_every_listing_arrives_as_the_switch_gave_it(client: ControlClient, operations: FixedOperations) -> None:
    assert client.calls() == operations.call_rows
    assert client.agents() == operations.agent_rows
    assert client.queues() == operations.queue_rows
    assert client.registrations() == operations.registration_rows
    assert client.subscriptions() == operations.subscription_rows
    assert client.mailboxes() == operations.mailbox_rows
    assert client.trunks() == operations.trunk_rows
    assert client.ask(GetStatus(), Status) == operations.status()


@pytest.mark.parametrize("count", [0, 1, ROWS_PER_FRAME, ROWS_PER_FRAME + 1, 3 * ROWS_PER_FRAME])
def test_long_listings_come_whole_in_several_frames(
    client: ControlClient, operations: FixedOperations, count: int
) -> None:
    row = operations.call_rows[0]
    operations.call_rows = [msgspec.structs.replace(row, call_id=CallId(f"c{number}")) for number in range(count)]
    assert client.calls() == operations.call_rows
    assert client.agents() == operations.agent_rows  # the connection is still in step


def test_orders_reach_the_switch(client: ControlClient, operations: FixedOperations) -> None:
    answer = client.ask(SetAgent(AgentId("anna"), "pause", "lunch"), AgentSet)
    assert (answer.agent.status, answer.agent.reason, answer.is_pending) == ("not_ready", "lunch", True)
    client.ask(HangUp(CallId("c1")), Done)
    assert client.ask(Reload(), Reloaded).changes
    client.ask(Stop(), Done)
    assert operations.orders == [
        ("set_agent", "anna", "pause", "lunch", "0.0"),
        ("hang_up", "c1"),
        ("reload",),
        ("stop",),
    ]


def test_a_refusal_is_an_error_with_the_switch_s_words(client: ControlClient, operations: FixedOperations) -> None:
    with pytest.raises(ControlFailed, match="no agent nobody"):
        client.ask(SetAgent(AgentId("nobody"), "login"), AgentSet)
    operations.reload_reply = Refused("configuration", "2 faults", ["a", "b"])
    with pytest.raises(ControlRefused) as refused:
        client.ask(Reload(), Reloaded)
    assert refused.value.reply.faults == ["a", "b"]


def test_a_fault_of_the_switch_is_told_and_the_connection_goes_on(
    client: ControlClient, operations: FixedOperations, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken() -> list[CallRow]:
        raise ZeroDivisionError

    operations.calls = broken
    with pytest.raises(ControlFailed, match="its log says where"):
        client.calls()
    assert "ZeroDivisionError" in capfd.readouterr().err
    assert client.agents()


def test_no_switch_running_names_the_directory(tmp_path: Path) -> None:
    with pytest.raises(NoSwitchRunning, match="no switch is running for /srv/switch: start it with `softswitch serve"):
        ControlClient(str(tmp_path / "control.sock"), "/srv/switch")


def test_a_socket_left_by_a_dead_switch_is_no_switch_and_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "control.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    with pytest.raises(NoSwitchRunning):
        ControlClient(path, "/srv/switch")

    async def serve_once() -> int:
        server = ControlServer(FixedOperations(), path)
        await server.start()
        mode = stat.S_IMODE(os.stat(path).st_mode)
        await server.close()
        return mode

    assert asyncio.run(serve_once()) == 0o600
    assert not os.path.exists(path)


def test_a_second_switch_at_the_same_socket_cannot_start(path: str) -> None:
    with pytest.raises(StartError, match="another switch answers"):
        asyncio.run(ControlServer(FixedOperations(), path).start())


def test_a_path_too_long_for_a_socket_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"set \[control\] socket"):
        asyncio.run(ControlServer(FixedOperations(), str(tmp_path / ("long" * 30))).start())


def test_a_directory_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="No such file or directory"):
        asyncio.run(ControlServer(FixedOperations(), str(tmp_path / "none" / "control.sock")).start())


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="a browser"),
        pytest.param((REQUEST_BYTES_MAX + 1).to_bytes(4, "big"), id="too long"),
        pytest.param(b"\x00\x00\x00\x05ab", id="half a frame"),
        pytest.param(b"\x00", id="half a header"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_bad_client_hurts_nobody(client: ControlClient, path: str, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as bad:
        bad.connect(path)
        bad.sendall(sent)
    assert client.agents()


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"\xc1\xff", id="not msgpack"),
        pytest.param(msgspec.msgpack.encode({"type": "Explode"}), id="unknown request"),
        pytest.param(msgspec.msgpack.encode({"type": "SetAgent", "agent_id": 5, "action": "fly"}), id="wrong types"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_frame_that_is_no_request_is_refused_and_the_connection_goes_on(path: str, payload: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(5)
        raw.connect(path)
        for frame, expected in (
            (len(payload).to_bytes(4, "big") + payload, b"malformed"),
            (encode_frame(GetStatus()), b"example.test"),
        ):
            raw.sendall(frame)
            reply = raw.recv(65536)
            assert expected in reply


def test_unknown_fields_of_a_newer_client_are_ignored(path: str) -> None:
    payload = msgspec.msgpack.encode({"type": "HangUp", "call_id": "c1", "politely": True})
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(5)
        raw.connect(path)
        raw.sendall(len(payload).to_bytes(4, "big") + payload)
        assert b"Done" in raw.recv(65536)


def test_too_many_clients_are_refused_by_name(path: str) -> None:
    with ExitStack() as connections:
        for _ in range(8):
            connections.enter_context(ControlClient(path, "x")).ask(GetStatus(), Status)
        late = connections.enter_context(ControlClient(path, "x"))
        with pytest.raises(ControlFailed, match="8 control connections already"):
            late.ask(GetStatus(), Status)


def test_a_client_waits_only_so_long(tmp_path: Path) -> None:
    path = str(tmp_path / "silent.sock")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(path)
        silent.listen()
        with ControlClient(path, "x", answer_s=0.05) as client, pytest.raises(ControlFailed, match="not answered"):
            client.ask(GetStatus(), Status)


def test_a_client_that_asks_nothing_is_disconnected(tmp_path: Path) -> None:
    async def scenario() -> bytes:
        path = str(tmp_path / "idle.sock")
        server = ControlServer(FixedOperations(), path, idle_s=0.02)
        await server.start()
        reader, writer = await asyncio.open_unix_connection(path)
        async with asyncio.timeout(5):
            received = await reader.read()
        writer.close()
        await server.close()
        return received

    assert asyncio.run(scenario()) == b""


def test_in_the_name_of_a_project_only_what_is_its_own_is_seen_and_done(
    server: object, path: str, operations: FixedOperations
) -> None:
    first, second = operations.call_rows
    operations.call_rows = [msgspec.structs.replace(first, project="acme", supervisors={}), second]
    operations.belongings.owners = {("call", "c1"): "acme", ("call", "c2"): "bolt", ("queue", "support"): "bolt"}
    with ControlClient(path, "/srv/switch", project="acme") as acme:
        assert [row.project_id for row in acme.projects()] == ["acme"]
        assert acme.calls() == operations.call_rows[:1]
        assert acme.queues() == acme.agents() == acme.phones() == acme.callbacks() == []
        acme.ask(HangUp(CallId("c1")), Done)
        for request in (HangUp(CallId("c2")), SetAgent(AgentId("anna"), "logout"), Reload(), Stop()):
            with pytest.raises(ControlRefused):
                acme.ask(request, Done)
    assert operations.orders == [("hang_up", "c1")]
