"""`kill -9` and orderly stops of a switch that has work in its queues: who waits and who works goes on afterwards."""

from pathlib import Path

import pytest

from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.control.protocol.replies import AgentSet, ContactSet
from softswitch.control.protocol.requests import QueueContact, SetAgent, SetContact
from softswitch.control.protocol.rows import AgentRow, ContactRow
from softswitch.store.environment import open_for_reading
from softswitch.store.schema import ROUTER_JOURNAL
from softswitch.store.tables import TableReader
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

ANNA, BOB = AgentId("anna"), AgentId("bob")
SUPPORT = QueueId("support")


def files(port: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "10000-11999"\nworkers = 1\n',
        "agents.toml": '[[agent]]\nid = "anna"\npassword = "long-enough-4711"\n'
        '[[agent]]\nid = "bob"\npassword = "long-enough-4711"\n',
        "queues.toml": '[[queue]]\nid = "support"\nwrap_up_s = 300\n',
        "numbers.toml": '[[route]]\nnumber = "100"\nflow = "support_line"\n',
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
        "dialplans/support.py": "from softswitch.dialplan import Call, flow\n\n\n"
        '@flow\nasync def support_line(call: Call) -> None:\n    await call.queue("support")\n',
    }


def work(switch: RunningSwitch) -> None:
    """Anna wraps up a task and takes a break afterwards, Bob has one, two e-mails wait."""
    with switch.control() as client:
        client.ask(SetAgent(ANNA, "login"), AgentSet)
        client.ask(QueueContact(SUPPORT, "task", ContactId("task")), ContactSet)
        client.ask(SetContact(ContactId("task"), "accept", ANNA), ContactSet)
        client.ask(SetContact(ContactId("task"), "finish", ANNA), ContactSet)
        client.ask(SetAgent(ANNA, "pause", "training", by="eve"), AgentSet)
        client.ask(SetAgent(BOB, "login"), AgentSet)
        client.ask(SetAgent(BOB, "pause", "lunch"), AgentSet)
        for name in ("mail-1", "mail-2"):
            client.ask(QueueContact(SUPPORT, "email", ContactId(name)), ContactSet)


def seen(switch: RunningSwitch) -> tuple[dict[str, AgentRow], list[ContactRow]]:
    with switch.control() as client:
        return {row.agent_id: row for row in client.agents()}, list(client.contacts())


def check(switch: RunningSwitch, before: tuple[dict[str, AgentRow], list[ContactRow]]) -> None:
    agents, contacts = seen(switch)
    assert [(row.contact_id, row.state, row.position) for row in contacts] == [
        ("mail-1", "waiting", 1),
        ("mail-2", "waiting", 2),
    ]
    assert all(row.wait_s > former.wait_s for row, former in zip(contacts, before[1], strict=True))
    assert (agents["anna"].state, agents["bob"].state, agents["bob"].reason) == ("wrap_up", "not_ready", "lunch")
    for name in ("anna", "bob"):
        assert agents[name].since_s > before[0][name].since_s, "his clock went on"
    assert agents["anna"].answered == 1
    with switch.control() as client:
        anna = client.ask(SetAgent(ANNA, "done"), AgentSet).agent
        assert (anna.state, anna.reason) == ("not_ready", "training"), "what she had planned"
        client.ask(SetAgent(ANNA, "resume"), AgentSet)
        (first, *_) = client.contacts()
        assert (first.contact_id, first.alerted) == ("mail-1", ["anna"])
    assert "Traceback" not in switch.log()


def is_on_disk(switch: RunningSwitch, what: bytes) -> bool:
    rows = open_for_reading(str(switch.directory / "store"), [ROUTER_JOURNAL.name])
    try:
        return any(what in bytes(part.content) for part in TableReader(ROUTER_JOURNAL, rows).ascending())
    finally:
        rows.close()


def test_after_a_kill(tmp_path: Path) -> None:
    with RunningSwitch(tmp_path / "centre", files(free_port())) as switch:
        work(switch)
        before = seen(switch)
        switch.wait_until(lambda: is_on_disk(switch, b"mail-2"), 10)
        killed = switch.kill("switch")
        switch.wait_until(lambda: switch.pid("switch") not in (0, killed) and switch.status() is not None, 30)
        check(switch, before)


def test_after_a_stop(tmp_path: Path) -> None:
    with RunningSwitch(tmp_path / "centre", files(free_port())) as switch:
        work(switch)
        before = seen(switch)
        assert switch.stop() == 0
        switch.start()
        check(switch, before)
