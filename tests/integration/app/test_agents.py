"""Agents of a running switch, over the control socket: breaks, wrap-up, what came of a call."""

import asyncio
from pathlib import Path

import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.control.protocol.replies import AgentSet, ContactSet
from softswitch.control.protocol.requests import (
    AgentAction,
    ContactAction,
    QueueContact,
    SetAgent,
    SetContact,
    SetDisposition,
)
from softswitch.control.protocol.rows import AgentRow, ContactRow
from softswitch.control.runtime.client import ControlRefused
from softswitch.testing.phones import Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

ANNA = AgentId("anna")
SUPPORT = QueueId("support")
PASSWORD = "long-enough-4711"


def files(port: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "10000-11999"\nworkers = 1\n'
        '[agents]\nnot_ready_reasons = ["lunch", "training"]\n',
        "agents.toml": f'[[agent]]\nid = "anna"\npassword = "{PASSWORD}"\ncapacity = {{ chat = 2 }}\n',
        "queues.toml": '[[queue]]\nid = "support"\nwrap_up_s = 60\nwrap_up_max_s = 90\n'
        'dispositions = ["solved", "call again"]\ndisposition_required = true\n',
        "numbers.toml": '[[route]]\nnumber = "100"\nflow = "support_line"\n',
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
        "dialplans/support.py": "from softswitch.dialplan import Call, flow\n\n\n"
        '@flow\nasync def support_line(call: Call) -> None:\n    await call.queue("support")\n',
    }


def order(switch: RunningSwitch, action: AgentAction, reason: str = "", seconds: float = 0.0) -> AgentRow:
    with switch.control() as client:
        return client.ask(SetAgent(ANNA, action, reason, seconds, "eve"), AgentSet).agent


def agent(switch: RunningSwitch) -> AgentRow:
    with switch.control() as client:
        (row,) = client.agents()
    return row


def dispose(switch: RunningSwitch, code: str, name: str = "") -> AgentRow:
    with switch.control() as client:
        return client.ask(SetDisposition(ANNA, code, ContactId(name) if name else "", "eve"), AgentSet).agent


def contact(switch: RunningSwitch, action: ContactAction, name: str) -> ContactRow | None:
    with switch.control() as client:
        return client.ask(SetContact(ContactId(name), action, ANNA), ContactSet).contact


def test_chats_and_an_email(tmp_path: Path) -> None:
    with RunningSwitch(tmp_path / "centre", files(free_port())) as switch:
        order(switch, "login")
        with switch.control() as client:
            for name in ("chat-1", "chat-2"):
                client.ask(QueueContact(SUPPORT, "chat", ContactId(name), "eve@example.test"), ContactSet)
            assert [(row.contact_id, row.state, row.alerted) for row in client.contacts()] == [
                ("chat-1", "alerting", ["anna"]),
                ("chat-2", "waiting", []),
            ]
            with pytest.raises(ControlRefused, match="chat-1 is known already"):
                client.ask(QueueContact(SUPPORT, "chat", ContactId("chat-1")), ContactSet)
            with pytest.raises(ControlRefused, match='there is no queue "sales"'):
                client.ask(QueueContact(QueueId("sales"), "chat"), ContactSet)
        with pytest.raises(ControlRefused, match="no agent has chat-1 yet"):
            contact(switch, "finish", "chat-1")
        taken = contact(switch, "accept", "chat-1")
        assert taken is not None
        assert (taken.state, taken.agent_id) == ("connected", "anna")
        with pytest.raises(ControlRefused, match="anna is not alerted for it: nobody is"):
            contact(switch, "accept", "chat-2")
        contact(switch, "replied", "chat-1")
        contact(switch, "accept", "chat-2")
        assert [each.contact_id for each in agent(switch).contacts] == ["chat-1", "chat-2"]
        assert contact(switch, "finish", "chat-1") is None
        dispose(switch, "solved", "chat-1")
        assert order(switch, "done").state == "busy"
        assert contact(switch, "withdraw", "chat-2") is None
        with pytest.raises(ControlRefused, match='there is no contact "chat-2"'):
            contact(switch, "finish", "chat-2")
    assert "Traceback" not in switch.log()


def test_breaks_and_the_end_of_a_call(tmp_path: Path) -> None:
    port = free_port()

    async def scenario(switch: RunningSwitch, phones: Phones) -> None:
        anna = await phones.register("anna", PASSWORD)
        order(switch, "login")
        with pytest.raises(ControlRefused, match=r'"smoking" is no reason .*: there are lunch, training'):
            order(switch, "pause", "smoking")
        assert order(switch, "pause", "lunch").by == "eve"
        row = order(switch, "resume")
        assert set(row.free_for) == {"voice", "callback", "voicemail", "chat", "email", "task"}
        with pytest.raises(ControlRefused, match="anna is not in wrap-up"):
            order(switch, "done")
        with pytest.raises(ControlRefused, match="anna is in no contact"):
            dispose(switch, "solved")
        caller = await phones.dial("100", calling_number="+15550100")
        line = await asyncio.wait_for(anna.next_call(), 10)
        await line.answer()
        assert await caller.answered()
        row = agent(switch)
        assert [(each.channel, each.queue_id) for each in row.contacts] == [("voice", "support")]
        assert row.free_for == []
        caller.hang_up()
        await asyncio.wait_for(line.ended(), 10)
        await asyncio.sleep(0.2)  # his notes take a moment, which his call's record has to say
        assert agent(switch).state == "wrap_up"
        (wrap_up,) = order(switch, "extend", seconds=1000.0).wrap_ups
        assert 80 < wrap_up.left_s <= 90
        with pytest.raises(ControlRefused, match=r"give a disposition first \(solved, call again\)"):
            order(switch, "done")
        with pytest.raises(ControlRefused, match=r'"sold" is no disposition of queue support'):
            dispose(switch, "sold")
        assert dispose(switch, "solved").wrap_ups[0].disposition == "solved"
        assert order(switch, "done").state == "ready"

    async def run(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with Phones(HostPort("127.0.0.1", port), folder=folder, host="127.0.0.2") as phones:
            await scenario(switch, phones)

    with RunningSwitch(tmp_path / "centre", files(port)) as switch:
        asyncio.run(run(switch))
    assert "Traceback" not in switch.log()
    with switch.store() as store:
        (cdr,) = store.cdrs.ascending()
    assert (cdr.disposition, cdr.is_disposition_missing) == ("solved", False)
    assert cdr.wrap_up_s > 0.1
