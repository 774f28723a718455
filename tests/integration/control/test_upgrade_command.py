"""`softswitch upgrade`: what it refuses before anything is touched, and what it says of how it went."""

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from softswitch import __version__
from softswitch.app.supervisor_protocol import (
    AskSupervisor,
    Request,
    Step,
    Supervised,
    Upgrade,
    Upgraded,
    supervisor_socket,
)
from softswitch.app.supervisor_socket import Client, SupervisorSocket
from softswitch.cli.main import main
from softswitch.testing.operations import FixedOperations

pytestmark = pytest.mark.network


class FixedSupervisor:
    """Answers every upgrade with the same end. Becomes another program if that is a good one."""

    def __init__(self, path: str) -> None:
        self.end = Upgraded("upgraded")
        self.upgrades: list[Upgrade] = []
        self.outdated = ["media-0"]
        self._path = path
        self._programs = 1
        self._loop = asyncio.new_event_loop()
        self._is_there = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "FixedSupervisor":
        self._thread.start()
        assert self._is_there.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._begin())
        self._loop.run_forever()
        self._listening.close()
        self._loop.close()

    async def _begin(self) -> None:
        self._listening = SupervisorSocket(self._path, self._asked)
        self._is_there.set()

    def _asked(self, client: Client, request: Request) -> None:
        if isinstance(request, AskSupervisor):
            began_at = float(self._programs)
            client.tell(Supervised(version="0.1.0", python="/old", pid=1, began_at=began_at, outdated=self.outdated))
            if self._programs > 1:
                self.outdated = []
        elif isinstance(request, Upgrade):
            self.upgrades.append(request)
            client.tell(Step("the switch hands its calls over"))
            client.tell(self.end)
            self._programs += self.end.outcome == "upgraded"


RUNNING = """
[sip]
listen = ["udp:192.0.2.5:5060", "tcp:192.0.2.5:5060"]
[store]
directory = "/srv/switch/store"
[media]
workers = 2
"""
"""As the switch of `FixedOperations` was started."""


@pytest.fixture(autouse=True)
def surroundings(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / "softswitch.toml").write_text(RUNNING)
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(directory))


@pytest.fixture
def supervisor(directory: Path) -> Iterator[FixedSupervisor]:
    with FixedSupervisor(supervisor_socket(str(directory / "run"))) as supervisor:
        yield supervisor


def upgrade(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["upgrade", *arguments])


@pytest.mark.usefixtures("server")
def test_an_installation_says_whether_it_can_take_over(directory: Path) -> None:
    result = upgrade("--check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"softswitch {__version__} can take over: the configuration is good")
    fitness = json.loads(upgrade("--check", "--json").stdout)
    assert (fitness["version"], fitness["python"], fitness["faults"]) == (__version__, sys.executable, [])
    (directory / "softswitch.toml").write_text('[sip]\nlisten = ["udp:nowhere"]\n')
    result = upgrade("--check")
    assert result.exit_code == 2
    assert "listen" in result.stderr
    result = upgrade()
    assert result.exit_code == 2
    assert "listen" in result.stderr


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("/srv/switch/store", "/srv/store", "[store] directory is /srv/store now, and calls hang on /srv/switch/store"),
        ('"tcp:192.0.2.5:5060"', '"tcp:192.0.2.5:5070"', "and calls hang on tcp:192.0.2.5:5060"),
        ("workers = 2", "workers = 1", ""),
    ],
)
def test_what_was_edited_must_not_part_the_switch_from_its_calls(
    directory: Path, before: str, now: str, told: str
) -> None:
    (directory / "softswitch.toml").write_text(RUNNING.replace(before, now))
    result = upgrade("--check")
    assert (result.exit_code == 0) == (not told), "the second worker carries nothing"
    assert told in result.stderr


def test_what_cannot_be_is_one_line(directory: Path, tmp_path: Path) -> None:
    assert upgrade().exit_code == 3, "no switch is running"
    assert upgrade("--python", "/bin/true", "--venv", "/x").exit_code == 2
    result = upgrade("--venv", str(tmp_path / "nowhere"))
    assert result.exit_code == 2
    assert "is no interpreter that can be run" in result.stderr
    result = upgrade("--python", "/bin/true")
    assert result.exit_code == 2
    assert result.stderr.startswith("there is no softswitch in /")


@pytest.mark.usefixtures("server")
def test_without_a_supervisor_there_is_no_upgrade() -> None:
    result = upgrade()
    assert result.exit_code == 3
    assert "is softswitch serve running?" in result.stderr


@pytest.mark.usefixtures("server")
def test_progress_is_shown_and_the_end(supervisor: FixedSupervisor, operations: FixedOperations) -> None:
    result = upgrade("--python", sys.executable)
    assert (result.exit_code, result.stderr) == (0, "")
    told = [line.partition(" s  ")[2] for line in result.stdout.splitlines()]
    assert told == [
        f"0.1.0 -> {__version__}: the configuration is good, the store keeps schema 1",
        "the switch hands its calls over",
        f"the switch is {__version__}: {len(operations.call_rows)} calls in progress",
        "the supervisor is 0.1.0",
        "go on with the version of before until they are empty: media-0",
    ]
    (request,) = supervisor.upgrades
    assert request.can_return


@pytest.mark.usefixtures("server")
def test_the_end_is_waited_for_and_is_one_object(supervisor: FixedSupervisor) -> None:
    report = json.loads(upgrade("--wait", "--json").stdout)
    assert (report["outcome"], report["outdated"], report["from_version"]) == ("upgraded", [], "0.1.0")
    assert report["steps"][1]["what"] == "the switch hands its calls over"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("end", "told"),
    [
        (Upgraded("refused", "another upgrade is under way"), "Not upgraded, and nothing was touched: another upgrade"),
        (Upgraded("returned", "it died"), "Not upgraded: it died. 0.1.0 runs again, and calls go on"),
        (Upgraded("failed", "no switch was ready"), "no switch was ready"),
    ],
)
def test_an_upgrade_that_did_not_go_well_says_what_runs_now(
    supervisor: FixedSupervisor, end: Upgraded, told: str
) -> None:
    supervisor.end = end
    result = upgrade()
    assert result.exit_code == 1
    assert result.stderr.startswith(told)
    report = json.loads(upgrade("--json").stdout)
    assert (report["outcome"], report["reason"]) == (end.outcome, end.reason)
