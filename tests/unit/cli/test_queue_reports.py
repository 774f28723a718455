"""Figures, events and stories of contacts from a store on disk, with no switch running."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from softswitch.acd.events import Stamped, SwitchStarted, SwitchStopped
from softswitch.acd.inputs import AgentPaused, ContactAbandoned, ContactQueued
from softswitch.acd.model import Agent, Queue
from softswitch.app.acd_events import AcdEvents
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.cli.main import main
from softswitch.config.settings import EventsSection
from softswitch.store import open_store
from softswitch.testing.acd import ScriptedAcd
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop

DAY = "2023-11-14"
NOON = datetime(2023, 11, 14, 12).astimezone().timestamp()


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(tmp_path))
    (tmp_path / "softswitch.toml").write_text("")
    return tmp_path


@pytest.fixture
def filled(directory: Path) -> None:
    """c1 is answered after 50 s and talks for half an hour; c2 gives up after 3 s; then a long lunch."""
    acd = ScriptedAcd(
        [Queue(queue_id=QueueId("sales"), name="Sales", wrap_up_s=60.0, project="acme")],
        [Agent(agent_id=AgentId("ann"), name="Ann"), Agent(agent_id=AgentId("bob"))],
    )
    acd.tell(ContactQueued(ContactId("c1aaaa"), QueueId("sales"), caller="+442071838750"))
    acd.advance(50)
    acd.ready("ann")
    acd.answer("c1aaaa")
    acd.call("c2bbbb")
    acd.advance(3)
    acd.tell(ContactAbandoned(ContactId("c2bbbb")))
    acd.advance(1797)
    acd.finish("c1aaaa")
    acd.advance(60)
    acd.tell(AgentPaused(AgentId("ann"), "lunch"))
    acd.advance(1000)
    clock = ManualClock()
    loop = VirtualLoop(clock)
    store = open_store(str(directory / "store"), report=pytest.fail)
    events = AcdEvents(store, clock, loop, EventsSection())
    diary = [SwitchStarted(0.0), *acd.diary, SwitchStopped(acd.now)]
    events.take([Stamped(NOON + event.at, event, "acme") for event in diary])
    events.stop()
    store.close()
    loop.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def lines(*arguments: str) -> list[str]:
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.splitlines()


def whole_day(*arguments: str) -> tuple[str, ...]:
    return (*arguments, "--since", DAY, "--until", "2023-11-15")


@pytest.mark.usefixtures("filled")
def test_figures_of_a_queue_with_their_formulas() -> None:
    document = json.loads(run(*whole_day("queues", "stats", "--json")).stdout)
    (row,) = document["rows"]
    assert (row["counts"]["queue_id"], row["counts"]["offered"], row["counts"]["abandoned_short"]) == ("sales", 2, 1)
    assert row["figures"]["average_speed_of_answer_s"] == 50.0
    assert row["figures"]["average_handle_time_s"] == 1860.0
    assert row["figures"]["service_level_positive"] == 0.5
    assert set(document["formulas"]) == set(row["figures"])
    printed = lines(*whole_day("queues", "stats"))
    assert all(len(line) <= 80 for line in printed[:3])
    assert printed[2].split()[2:5] == ["2", "1", "1"]
    assert "ASA        = wait in the queue of the answered, alerting included / answered" in printed


@pytest.mark.usefixtures("filled")
def test_a_row_for_each_interval() -> None:
    document = json.loads(run(*whole_day("queues", "stats", "--interval", "30", "--json")).stdout)
    assert [
        (row["from_at"] - NOON, row["counts"]["offered"], row["counts"]["handled"]) for row in document["rows"]
    ] == [
        (0, 2, 0),
        (1800, 0, 1),
    ]
    document = json.loads(run(*whole_day("agents", "stats", "--interval", "30", "--json")).stdout)
    assert [row["counts"]["contact_s"] for row in document["rows"]] == [1750.0, 50.0]
    assert document["rows"][1]["counts"]["reasons_s"] == {"lunch": 1000.0}


@pytest.mark.usefixtures("filled")
def test_figures_of_agents_end_with_the_switch() -> None:
    (row,) = json.loads(run(*whole_day("agents", "stats", "--json")).stdout)["rows"]
    assert row["counts"]["contact_s"] + row["counts"]["wrap_up_s"] + row["counts"]["not_ready_s"] == 2860.0
    assert row["figures"]["occupancy"] == 1.0
    assert all(len(line) <= 80 for line in lines(*whole_day("agents", "stats"))[:3])


@pytest.mark.usefixtures("filled")
def test_figures_of_what_was_not_there_are_none() -> None:
    assert lines(*whole_day("queues", "stats", "--queue", "other")) == ["Nothing happened then."]
    assert lines(*whole_day("queues", "stats", "--project", "acme"))[2].split()[1] == "sales"
    assert lines(*whole_day("agents", "stats", "--agent", "bob")) == ["Nothing happened then."]
    backwards = run("queues", "stats", "--since", "2023-11-15", "--until", "2023-11-14")
    assert (backwards.exit_code, len(backwards.stderr.splitlines())) == (2, 1)


@pytest.mark.usefixtures("filled")
def test_events_of_one_contact_in_order() -> None:
    rows = json.loads(run("queues", "events", "--contact", "c2bbbb", "--json").stdout)
    assert [row["event"]["type"] for row in rows] == ["contact.queued", "contact.waits", "contact.abandoned"]
    assert {row["project"] for row in rows} == {"acme"}
    rows = json.loads(run(*whole_day("queues", "events", "--kind", "agent.state", "--agent", "ann", "--json")).stdout)
    assert [row["event"]["new"] for row in rows] == ["ready", "reserved", "busy", "wrap_up", "ready", "not_ready"]
    assert len(lines("queues", "events", "--last", "3")) == 2 + 3


@pytest.mark.usefixtures("filled")
def test_why_tells_the_story_of_a_contact_by_the_beginning_of_its_id() -> None:
    told = lines("queues", "why", "c1a")
    assert told[0] == "contact c1aaaa"
    assert told[1].endswith("queued in sales, place 1 of 1")
    assert "of 2 agents" in told[2]
    assert any("ann became free" in line for line in told)
    assert all(len(line) <= 80 for line in told)
    document = json.loads(run("queues", "why", "c1aaaa", "--json").stdout)
    assert document["story"][-1]["kind"] == "agent.wrap_up"
    assert document["now"] is None


@pytest.mark.usefixtures("filled")
def test_why_finds_a_contact_by_the_callers_number_and_the_last() -> None:
    assert lines("queues", "why", "442071838750")[0] == "contact c1aaaa"
    assert lines("queues", "why", "last")[0] == "contact c2bbbb"
    assert run("queues", "why", "+4420").exit_code == 1


@pytest.mark.usefixtures("filled")
def test_why_needs_a_contact_that_is_known_and_meant() -> None:
    unknown, several = run("queues", "why", "zzz"), run("queues", "why", "c")
    assert (unknown.exit_code, several.exit_code) == (1, 1)
    assert 'no contact "zzz" is known' in unknown.stderr
    assert "several contacts begin with c" in several.stderr


@pytest.mark.parametrize("command", [("queues", "stats", "--since", DAY), ("queues", "events"), ("queues", "why", "x")])
def test_without_a_store_one_line_says_so(command: tuple[str, ...]) -> None:
    result = run(*command)
    assert result.exit_code in (1, 2)
    assert len(result.stderr.splitlines()) == 1
