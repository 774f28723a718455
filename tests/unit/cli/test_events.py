"""`softswitch events` from a store on disk, with no switch running."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from softswitch.app.switch_events import SwitchEvents
from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.calls.told.call_events import CallAnswered, CallBridged
from softswitch.calls.told.events import Numbered, TrunkDown
from softswitch.cli.main import main
from softswitch.config.settings import EventsSection
from softswitch.store import open_store
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop


@pytest.fixture(autouse=True)
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty calls of acme's, and a trunk that was lost."""
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(tmp_path))
    (tmp_path / "softswitch.toml").write_text("")
    clock = ManualClock()
    loop = VirtualLoop(clock)
    store = open_store(str(tmp_path / "store"), report=pytest.fail)
    events = SwitchEvents(store, clock, loop, EventsSection())
    for number in range(30):
        call_id = CallId(f"c{number}")
        events.tell(CallAnswered(clock.now(), call_id, waited_s=1.25), "acme")
        events.tell(CallBridged(clock.now(), call_id, "ann", AgentId("ann"), QueueId("sales")), "acme")
    events.tell(TrunkDown(clock.now(), "provider", "health", state="down", reason="no answer\x1b[2J"), "")
    events.stop()
    store.close()
    loop.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def numbers(*arguments: str) -> list[int]:
    result = run("events", *arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return [msgspec.json.decode(line, type=Numbered).number for line in result.stdout.splitlines()]


def test_the_last_of_them_or_all_after_a_number() -> None:
    assert numbers() == list(range(42, 62))
    assert numbers("--last", "2") == [60, 61]
    assert numbers("--after", "0") == list(range(1, 62))
    assert numbers("--after", "58") == [59, 60, 61]
    assert numbers("--after", "61") == []


def test_by_kind_contact_queue_agent_and_project() -> None:
    assert numbers("--kind", "trunk") == [61]
    assert numbers("--kind", "call.answered", "--kind", "trunk.down", "--last", "2") == [59, 61]
    assert numbers("--contact", "c7") == [15, 16]
    assert numbers("--contact", "c7", "--agent", "ann", "--queue", "sales") == [16]
    assert CliRunner().invoke(main, ["--project", "bolt", "events"]).stdout == "No such events.\n"
    assert "trunk" not in CliRunner().invoke(main, ["--project", "acme", "events"]).stdout


def test_a_line_for_people_cannot_command_their_terminal() -> None:
    last = run("events", "--last", "3").stdout.splitlines()
    assert len(last) == 3
    assert last[0].split()[0] == "59"
    assert "call.answered" in last[0]
    assert "call=c29 waited_s=1.250 project=acme" in last[0]
    assert "reason=no answer" in last[2]
    assert "\x1b" not in last[2]


def test_following_needs_a_switch_that_runs() -> None:
    assert run("events", "--follow").exit_code == 3
