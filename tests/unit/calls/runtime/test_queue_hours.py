"""Queues close and open at the second their hours say, on every night of the year, and by command at any time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from softswitch.acd.inputs import AcdInput, QueueClosed, QueueOpened
from softswitch.app.calendar import DialplanCalendar
from softswitch.base.ids import QueueId
from softswitch.calls.runtime.queue_hours import LOOK_S, QueueHours
from softswitch.calls.settings import CallSettings, QueueTreatment
from softswitch.dialplan.flows import Dialplan
from softswitch.dialplan.numbers import NumberPlan
from softswitch.dialplan.schedule import Schedule, compile_schedule
from softswitch.store import Store, memory_store
from softswitch.testing.clock import ManualClock

SALES, SUPPORT = QueueId("sales"), QueueId("support")


class Row(msgspec.Struct, frozen=True):
    id: str
    hours: Mapping[str, Sequence[str]]
    timezone: str = "Europe/Berlin"
    holidays: Mapping[str, Sequence[str]] = {}


class Timer:
    def __init__(self, due: float, callback: Callable[[], object]) -> None:
        self.due = due
        self.callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Office:
    """Hours over a clock that a test moves. `facts` are what the router was told, with the time of day in UTC."""

    def __init__(self, begin: str, queues: dict[str, QueueTreatment], *rows: Row, store: Store | None = None) -> None:
        self.clock = ManualClock(wall=wall(begin))
        self.queues = queues
        self.facts: list[tuple[str, AcdInput]] = []
        self.timers: list[Timer] = []
        compiled = [compile_schedule(row) for row in rows]
        schedules = {each.id: each for each in compiled if isinstance(each, Schedule)}
        dialplan = Dialplan(numbers=NumberPlan(), flows={}, schedules=schedules)
        self.store = store or memory_store()
        self.hours = QueueHours(self, self.store, self.clock, self, self.settings, DialplanCalendar(lambda: dialplan))
        self.hours.refresh()

    def settings(self) -> CallSettings:
        return CallSettings(domain="d", media_ip="10.0.0.1", recordings_directory="/tmp", queues=self.queues)

    def apply(self, fact: AcdInput) -> None:
        moment = datetime.fromtimestamp(self.clock.wall(), ZoneInfo("UTC"))
        self.facts.append((f"{moment:%m-%d %H:%M:%S}", fact))

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        timer = Timer(self.clock.now() + delay, callback)
        self.timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        until = self.clock.now() + seconds
        while running := [timer for timer in self.timers if not timer.is_cancelled and timer.due <= until]:
            timer = min(running, key=lambda each: each.due)
            timer.is_cancelled = True
            self.clock.advance_to(timer.due)
            timer.callback()
        self.clock.advance_to(until)


def wall(text: str, zone: str = "Europe/Berlin") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def test_a_day_of_office_hours() -> None:
    office = Office(
        "2026-03-02T08:59:30",
        {"sales": QueueTreatment(hours="office", at_closing="announce"), "support": QueueTreatment()},
        Row("office", {"mon-fri": ["09:00-18:00"]}),
    )
    office.advance(10 * 3600)
    assert office.facts == [
        ("03-02 07:59:30", QueueClosed(SALES, "hours", "announce")),
        ("03-02 08:00:00", QueueOpened(SALES)),
        ("03-02 17:00:00", QueueClosed(SALES, "hours", "announce")),
    ]


@pytest.mark.parametrize(
    ("begin", "hours", "told"),
    [
        # Berlin, 29 March 2026: at 01:00 UTC 02:00 becomes 03:00.
        ("2026-03-28T21:00:00", {"sat": ["22:00-06:00"]}, ["opened 03-28 21:00:00", "closed 03-29 04:00:00"]),
        ("2026-03-28T21:00:00", {"sat": ["22:00-02:30"]}, ["opened 03-28 21:00:00", "closed 03-29 01:00:00"]),
        ("2026-03-28T21:00:00", {"sun": ["02:30-06:00"]}, ["opened 03-29 01:00:00", "closed 03-29 04:00:00"]),
        # 25 October 2026: at 01:00 UTC 03:00 becomes 02:00.
        ("2026-10-24T21:00:00", {"sat": ["22:00-06:00"]}, ["opened 10-24 20:00:00", "closed 10-25 05:00:00"]),
        ("2026-10-24T21:00:00", {"sat": ["22:00-02:30"]}, ["opened 10-24 20:00:00", "closed 10-25 01:30:00"]),
        ("2026-10-24T21:00:00", {"sun": ["02:30-06:00"]}, ["opened 10-25 00:30:00", "closed 10-25 05:00:00"]),
    ],
)
def test_the_nights_on_which_the_clock_is_moved(
    begin: str, hours: Mapping[str, Sequence[str]], told: list[str]
) -> None:
    office = Office(begin, {"sales": QueueTreatment(hours="night")}, Row("night", hours))
    office.advance(14 * 3600)
    facts = [f"{'opened' if isinstance(fact, QueueOpened) else 'closed'} {at}" for at, fact in office.facts]
    assert facts[1:] == told, "the first is that it is closed at the beginning"


def test_a_holiday_in_the_projects_own_time_zone() -> None:
    row = Row("moscow", {"daily": ["09:00-18:00"]}, timezone="Europe/Moscow", holidays={"03-08": []})
    office = Office("2026-03-07T12:00:00", {"sales": QueueTreatment(hours="moscow")}, row)
    office.advance(48 * 3600)
    assert office.facts == [
        ("03-07 15:00:00", QueueClosed(SALES, "hours")),
        ("03-09 06:00:00", QueueOpened(SALES)),
    ]


def test_closing_by_command_is_stronger_than_hours_and_outlives_the_switch() -> None:
    queues = {"sales": QueueTreatment(hours="office"), "support": QueueTreatment()}
    row = Row("office", {"daily": ["09:00-18:00"]})
    office = Office("2026-03-02T17:00:00", queues, row)
    office.hours.close(SALES, "fire alarm", "announce", "otto")
    office.hours.close(SUPPORT, "", "finish", "otto")
    office.advance(20 * 3600)
    closings = [
        QueueClosed(SALES, "fire alarm", "announce", "otto"),
        QueueClosed(SUPPORT, "closed by hand", "finish", "otto"),
    ]
    assert [fact for _, fact in office.facts] == closings, "its hours are over and begin again, and it stays closed"

    restarted = Office("2026-03-03T20:00:00", queues, row, store=office.store)
    assert [fact for _, fact in restarted.facts] == closings
    assert restarted.hours.open(SALES, "otto")
    assert restarted.hours.open(SUPPORT, "otto")
    assert [fact for _, fact in restarted.facts[2:]] == [QueueClosed(SALES, "hours"), QueueOpened(SUPPORT, "otto")]
    assert not restarted.hours.open(SUPPORT, "otto")
    assert list(office.store.queue_closings.ascending()) == []


def test_a_reload_may_change_the_hours() -> None:
    office = Office(
        "2026-03-02T20:00:00", {"sales": QueueTreatment(hours="office")}, Row("office", {"mon": ["09:00-18:00"]})
    )
    office.queues = {"sales": QueueTreatment(), "support": QueueTreatment(hours="office")}
    office.hours.refresh()
    assert [fact for _, fact in office.facts[1:]] == [QueueOpened(SALES), QueueClosed(SUPPORT, "hours")]


def test_a_machine_whose_clock_is_set_is_noticed() -> None:
    office = Office(
        "2026-03-02T12:00:00", {"sales": QueueTreatment(hours="office")}, Row("office", {"mon": ["09:00-18:00"]})
    )
    office.clock = ManualClock(office.clock.now(), wall("2026-03-02T19:00:00"))
    office.hours._clock = office.clock  # pyright: ignore[reportPrivateUsage]
    office.advance(LOOK_S)
    assert [type(fact) for _, fact in office.facts] == [QueueClosed]


def test_a_schedule_that_is_gone_closes_nothing() -> None:
    office = Office("2026-03-02T20:00:00", {"sales": QueueTreatment(hours="gone")})
    assert office.facts == []


def test_nothing_runs_after_the_end() -> None:
    office = Office(
        "2026-03-02T12:00:00", {"sales": QueueTreatment(hours="office")}, Row("office", {"mon": ["09:00-18:00"]})
    )
    office.hours.stop()
    office.advance(10 * 3600)
    assert office.facts == []
