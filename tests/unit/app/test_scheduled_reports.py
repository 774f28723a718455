"""Reports are mailed at their times, each time once, whatever the switch has been doing meanwhile."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
import structlog

from softswitch.app.due_work import RETRY_S
from softswitch.app.report_maker import Made, Order
from softswitch.app.report_maker import main as make_now
from softswitch.app.scheduled_reports import Schedule, ScheduledReports
from softswitch.config.report_rows import ReportRow
from softswitch.reports.schedule import read_report_time
from softswitch.reports.terms import Terms
from softswitch.store import Store, memory_store, open_store
from softswitch.store.voicemail_schema import StoredMail
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop

DAY_S = 86_400.0


def at(day: int, hour: int, minute: int = 0) -> float:
    """In November 2026, whose ninth is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp()


def schedule(report_id: str = "levels", when: str = "daily 07:00") -> Schedule:
    time = read_report_time(when, "UTC")
    assert time is not None
    row = ReportRow(id=report_id, report="service_level", when=when, project="acme", interval="15")
    return Schedule(row=row, to=("office@acme.example",), name="Acme", time=time)


class Office:
    """A switch with nothing but reports, in virtual time; `fault` is what becomes of the next ones."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.wanted = [schedule()]
        self.clock = ManualClock(wall=at(9, 12))
        self.loop = VirtualLoop(self.clock)
        self.store: Store = memory_store()
        self.mails: list[StoredMail] = []
        self.orders: list[Order] = []
        self.fault: Exception | None = None
        self.made = Made(title="Service level", notes=("A note.",))
        self.reports = self.build()
        self.reports.refresh()

    def build(self) -> ScheduledReports:
        return ScheduledReports(
            self.store,
            self.clock,
            self.loop,
            lambda: self.wanted,
            store_directory=str(self.directory / "store"),
            put=self.mails.append,
            make=self.make,
        )

    async def make(self, order: Order) -> Made:
        self.orders.append(order)
        if self.fault is not None:
            raise self.fault
        return self.made

    def restart(self, *, away_s: float) -> None:
        self.loop.run_until_complete(self.reports.stop())
        self.clock.advance(away_s)
        self.reports = self.build()
        self.reports.refresh()

    def until(self, wall: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(wall - self.clock.wall()))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.loop.run_until_complete(made.reports.stop())
    made.loop.close()


def test_a_report_is_of_the_day_before_and_comes_at_its_time(office: Office) -> None:
    office.until(at(10, 6, 59))
    assert not office.mails
    office.until(at(10, 7, 1))
    (order,) = office.orders
    assert order.terms == Terms(since=at(9, 0), until=at(10, 0), zone="UTC", project="acme", interval_min=15)
    (mail,) = office.mails
    assert (mail.to, mail.subject) == (("office@acme.example",), "Acme: Service level, 2026-11-09")
    assert "A note." in mail.text
    assert (mail.document, mail.document_name) == (order.path, "service_level-2026-11-09.xlsx")
    assert Path(order.path).parent == office.directory / "store.mails"
    office.until(at(11, 7, 1))
    assert len(office.mails) == 2


def test_what_was_due_while_the_switch_was_down_is_made_once_each(office: Office) -> None:
    office.until(at(10, 8))
    office.restart(away_s=2 * DAY_S)
    office.until(at(12, 9))
    assert [order.terms.since for order in office.orders] == [at(9, 0), at(10, 0), at(11, 0)]
    office.restart(away_s=60.0)
    office.until(at(12, 10))
    assert len({mail.mail_id for mail in office.mails}) == len(office.mails) == 3


def test_after_a_long_time_only_those_of_the_last_week_are_made(office: Office) -> None:
    office.restart(away_s=30 * DAY_S)
    office.until(office.clock.wall() + 60)
    assert len(office.mails) == 7


def test_one_that_fails_is_tried_again_and_keeps_no_other_waiting(office: Office) -> None:
    office.fault = OSError(28, "No space left on device")
    office.until(at(10, 7, 30))
    assert (len(office.orders), office.mails) == (1, [])
    office.fault = None
    office.until(at(10, 7) + RETRY_S + 60)
    assert len(office.mails) == 1


def test_a_fault_that_lasts_is_logged_once_and_another_one_as_well(office: Office) -> None:
    with structlog.testing.capture_logs() as lines:
        office.fault = OSError(28, "No space left on device")
        office.until(at(10, 7) + 5 * RETRY_S)
        assert len(office.orders) > 3
        office.fault = TimeoutError()
        office.until(at(10, 7) + 8 * RETRY_S)
        office.fault = None
        office.until(at(10, 7) + 10 * RETRY_S)
        office.fault = OSError(28, "No space left on device")
        office.until(at(11, 7) + 5 * RETRY_S)
    faults = [line["fault"] for line in lines if line["log_level"] == "error"]
    assert faults == ["[Errno 28] No space left on device", "TimeoutError()", "[Errno 28] No space left on device"]


def test_one_that_cannot_be_told_says_why_instead(office: Office) -> None:
    office.made = Made(fault="there is no time zone")
    office.until(at(10, 8))
    (mail,) = office.mails
    assert mail.document == ""
    assert "There is no file: there is no time zone." in mail.text


def test_a_new_one_is_due_from_now_on_and_one_taken_away_no_more(office: Office) -> None:
    office.wanted = [schedule("weekly", "mon 08:00")]
    office.reports.refresh()
    office.until(at(16, 9))
    (mail,) = office.mails
    assert office.orders[0].terms.since == at(9, 0)
    assert "weekly" in mail.mail_id
    assert [row.report for row in office.store.report_times.ascending()] == ["weekly"]


def test_the_process_makes_the_file_from_a_store_on_disk(tmp_path: Path) -> None:
    open_store(str(tmp_path / "store"), map_size_mb=16, report=pytest.fail).close()
    order = Order(
        store=str(tmp_path / "store"),
        report="service_level",
        terms=Terms(since=at(9, 0), until=at(10, 0)),
        now=at(10, 7),
        format="xlsx",
        path=str(tmp_path / "r.xlsx"),
    )
    assert make_now(order) == Made(title="Service level", notes=("The store has no events of the ACD yet.",))
    assert openpyxl.load_workbook(tmp_path / "r.xlsx").sheetnames[0] == "Report"
