"""A running switch whose supervisors order about who waits, with steps, profiles and strategies from its files."""

from pathlib import Path

import pytest

from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.control.protocol.replies import AgentSet, ContactSet
from softswitch.control.protocol.requests import ContactOrder, OrderContact, QueueContact, SetAgent, SetSkills
from softswitch.control.protocol.rows import ContactRow
from softswitch.control.runtime.client import ControlClient, ControlRefused
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

ANNA, BOB = AgentId("anna"), AgentId("bob")
QUEUES = """
[[queue]]
id = "support"
requirement = "tech and not trainee"
strategy = "fewest_contacts"
steps = [{requirement = "tech >= 8", for_s = 600}, {strategy = "linear"}]

[[queue]]
id = "sales"
skills = {sales = 1}
"""
AGENTS = """
[[agent]]
id = "anna"
password = "long-enough-4711"
skills = {tech = 5}
capacity = {chat = 1}
profile = {support = {order = 2, delay_s = 0.5}}

[[agent]]
id = "bob"
password = "long-enough-4712"
skills = {tech = 9, sales = 1}
capacity = {chat = 1}
"""


def files() -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{free_port()}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "10000-11999"\nworkers = 1\n',
        "agents.toml": AGENTS,
        "queues.toml": QUEUES,
        "numbers.toml": "",
    }


def add(client: ControlClient, queue: str, name: str) -> None:
    client.ask(QueueContact(QueueId(queue), "chat", ContactId(name), "eve@example.test"), ContactSet)


def told(
    client: ControlClient, order: ContactOrder, name: str, target: str = "", boost_s: float = 0
) -> ContactRow | None:
    return client.ask(OrderContact(ContactId(name), order, target, boost_s, by="otto"), ContactSet).contact


def test_who_waits_is_moved_boosted_assigned_and_taken_out(tmp_path: Path) -> None:
    with RunningSwitch(tmp_path / "centre", files()) as switch, switch.control() as client:
        client.ask(SetAgent(ANNA, "login"), AgentSet)
        for name in ("chat-1", "chat-2", "chat-3"):
            add(client, "support", name)
        assert [(row.state, row.step) for row in client.contacts()] == [("waiting", 1)] * 3, "she has no tech 8"
        boosted = told(client, "boost", "chat-3", boost_s=600)
        assert boosted is not None
        assert (boosted.position, boosted.boost_s) == (1, 600)
        with pytest.raises(ControlRefused, match="bob is not logged in"):
            told(client, "assign", "chat-2", "bob")
        assigned = told(client, "assign", "chat-2", "anna")
        assert assigned is not None
        assert (assigned.state, assigned.alerted) == ("alerting", ["anna"])
        with pytest.raises(ControlRefused, match="the phone of anna is ringing for contact chat-2"):
            told(client, "move", "chat-2", "sales")
        moved = told(client, "move", "chat-1", "sales")
        assert moved is not None
        assert (moved.queue_id, moved.position) == ("sales", 1)
        assert told(client, "withdraw", "chat-3") is None
        with pytest.raises(ControlRefused, match='there is no contact "chat-3"'):
            told(client, "boost", "chat-3", boost_s=1)
        assert {row.contact_id for row in client.contacts()} == {"chat-1", "chat-2"}
    assert "Traceback" not in switch.log()


def test_skills_change_at_once_and_outlive_a_restart(tmp_path: Path) -> None:
    settings = files()
    with RunningSwitch(tmp_path / "centre", settings) as switch, switch.control() as client:
        client.ask(SetAgent(ANNA, "login"), AgentSet)
        add(client, "support", "chat-1")
        with pytest.raises(ControlRefused, match="level 12 of 'tech' is not 1-10"):
            client.ask(SetSkills(ANNA, {"tech": 12}), AgentSet)
        row = client.ask(SetSkills(ANNA, {"tech": 8, "sales": 3}, by="otto"), AgentSet).agent
        assert (row.skills, row.queues) == ({"tech": 8, "sales": 3}, ["support", "sales"])
        assert switch.wait_until(lambda: client.contacts()[0].alerted == ["anna"], 5.0) < 5.0
    with RunningSwitch(tmp_path / "centre", settings) as switch, switch.control() as client:
        assert client.agents()[0].skills == {"tech": 8, "sales": 3}
        row = client.ask(SetSkills(ANNA, is_reset=True, by="otto"), AgentSet).agent
        assert (row.skills, row.queues) == ({"tech": 5}, ["support"])
