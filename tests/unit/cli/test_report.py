"""`softswitch report`: from a store on disk, with no switch running."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from softswitch.acd.events import Stamped, SwitchStarted, SwitchStopped
from softswitch.app.acd_events import AcdEvents
from softswitch.cli.main import main
from softswitch.config.settings import EventsSection
from softswitch.store import open_store
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop
from tests.unit.reports.centre import acd

NOON = datetime(2023, 11, 14, 12, tzinfo=UTC).timestamp()
DAY = ("--since", "2023-11-14", "--until", "2023-11-15", "--zone", "UTC")


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of three contacts two are served; then the switch is stopped."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(tmp_path))
    (tmp_path / "softswitch.toml").write_text("")
    centre = acd()
    centre.ready("ann")
    for number, queue in enumerate(("sales", "sales", "support")):
        centre.call(f"c{number}", queue)
        centre.advance(4)
        if number < 2:
            centre.answer(f"c{number}")
            centre.advance(60)
            centre.finish(f"c{number}")
            centre.advance(20)
    clock = ManualClock()
    loop = VirtualLoop(clock)
    store = open_store(str(tmp_path / "store"), report=pytest.fail)
    events = AcdEvents(store, clock, loop, EventsSection())
    for event in (SwitchStarted(0.0), *centre.diary, SwitchStopped(centre.now)):
        events.take([Stamped(NOON + event.at, event, "acme" if getattr(event, "queue_id", "") == "sales" else "")])
    events.stop()
    store.close()
    loop.close()
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_the_list_names_every_report() -> None:
    from softswitch.reports.catalogue import CATALOGUE

    text = said("report", "list")
    assert all(kind.name in text for kind in CATALOGUE)


def test_a_terminal_shows_tables_and_formulas() -> None:
    text = said("report", "service_level", *DAY)
    assert text.startswith("Service level, 2023-11-14 00:00 to 2023-11-15 00:00 (UTC)\n")
    assert "2023-11-14 12:00" in text
    assert "ASA          = wait in the queue of the answered, alerting included / answered" in text


def test_a_project_sees_its_own_contacts_only() -> None:
    found = json.loads(said("--project", "acme", "report", "service_level", *DAY, "--format", "json"))
    queues = next(table for table in found["tables"] if table["name"] == "queues")["rows"]
    assert [(row["queue"], row["offered"]) for row in queues] == [("sales", 2)]
    assert found["filters"] == {"project": "acme"}


def test_one_table_as_csv() -> None:
    text = said("report", "service_level", *DAY, "--table", "queues", "--format", "csv")
    rows = list(csv.DictReader(text.splitlines()))
    assert [(row["queue"], row["offered"]) for row in rows] == [("sales", "2"), ("support", "1"), ("all", "3")]


def test_the_file_s_ending_is_its_format(directory: Path) -> None:
    path = directory / "day.xlsx"
    result = run("report", "by_hour", *DAY, "-o", str(path))
    assert (result.exit_code, result.stdout) == (0, "")
    assert openpyxl.load_workbook(path)["hours"]["A4"].value == "12:00"


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ((*DAY[:2], "--until", "2023-11-13"), 2, "the end must be after the beginning"),
        ((*DAY[:2], "--zone", "Mars/Base"), 2, "there is no time zone"),
        ((*DAY, "--table", "nothing"), 2, "has no table nothing: it has intervals"),
        (("--live",), 3, "no switch is running"),
        (("--last-days", "2", "--since", "2023-11-13"), 2, "write one or the other"),
        ((*DAY, "--queue", "nowhere"), 2, 'there is no queue "nowhere"'),
        ((*DAY, "--project", "nobody"), 2, 'there is no project "nobody"'),
        ((*DAY, "-o", "day.csv", "--format", "table"), 2, "into a file go csv, json or xlsx"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: tuple[str, ...], code: int, reason: str) -> None:
    result = run("report", "service_level", *arguments)
    assert result.exit_code == code
    assert reason in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_queue_is_reported_if_there_was_one_or_is_one(directory: Path) -> None:
    assert "sales" in said("report", "service_level", *DAY, "--queue", "sales"), (
        "it is not in the configuration any more"
    )
    (directory / "queues.toml").write_text('[[queue]]\nid = "new"\n')
    said("report", "service_level", *DAY, "--queue", "new")
    (directory / "queues.toml").write_text("[[queue]\n")
    said("report", "service_level", *DAY, "--queue", "nowhere")  # of a configuration with faults nobody knows


def test_whole_days_are_those_of_the_zone() -> None:
    found = json.loads(said("report", "service_level", "--last-days", "3", "--zone", "Asia/Tokyo", "--format", "json"))
    since, until = datetime.fromisoformat(found["since"]), datetime.fromisoformat(found["until"])
    assert (until - since).days == 3
    assert {since.isoformat()[11:], until.isoformat()[11:]} == {"00:00:00+09:00"}
