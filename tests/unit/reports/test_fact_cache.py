"""Facts kept beside the store: the same reports, sooner, and never of what is not in the store any more."""

import os
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from softswitch.reports.catalogue import BY_NAME
from softswitch.reports.runtime.fact_cache import FactCache
from softswitch.reports.runtime.making import make_report
from softswitch.reports.runtime.source import FactSource
from softswitch.reports.tables import Report
from softswitch.testing.stored_day import StoredDay
from tests.unit.reports.busy_day import busy_day, stored_busy_day
from tests.unit.reports.centre import DAY_S, MIDNIGHT, rows, terms
from tests.unit.reports.test_calls import ANSWERED, came_in, went_out

NOW = MIDNIGHT + DAY_S
CDRS = [
    *(came_in(number, MIDNIGHT + number * 700, 300) for number in range(100)),
    *(went_out(number, MIDNIGHT + number * 1100, ANSWERED, talk_s=50) for number in range(60)),
]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path


def made(day: StoredDay, directory: Path | None, name: str, now: float = NOW) -> Report:
    cache = None if directory is None else FactCache(str(directory / "store"))
    return make_report(day.reader, name, terms(until=min(now, NOW)), now, is_running=True, cache=cache)


def with_calls() -> StoredDay:
    day = StoredDay()
    day.put_cdrs(CDRS)
    return day


def files(directory: Path) -> list[Path]:
    return sorted((directory / "store.facts").glob("*.facts"))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_report_of_kept_facts_is_the_same(directory: Path, name: str) -> None:
    day = with_calls() if name in ("trunks", "outbound", "calls") else stored_busy_day()
    plain = made(day, None, name)
    assert made(day, directory, name) == plain, "it is made of the store, and kept"
    kept = files(directory)
    assert made(day, directory, name) == plain, "and of what was kept"
    assert files(directory) == kept
    assert bool(kept) is (name not in ("calls", "conferences"))


def test_later_reports_read_what_earlier_ones_have_kept(directory: Path) -> None:
    made(stored_busy_day(), directory, "service_level")
    before = {path: path.stat().st_mtime_ns for path in files(directory)}
    made(stored_busy_day(), directory, "waits")
    assert {path: path.stat().st_mtime_ns for path in files(directory)} == before


def kept_ahead(day: StoredDay, directory: Path, now: float) -> int:
    """The blocks that had to be counted."""
    source = FactSource(day.reader, now, is_running=True, cache=FactCache(str(directory / "store")))
    source.keep_ahead()
    return source.blocks_kept


@pytest.mark.parametrize("away_s", [0.0, 6 * DAY_S], ids=["today", "where nothing was kept for days"])
@pytest.mark.parametrize("name", BY_NAME)
def test_after_counting_ahead_a_report_counts_nothing(directory: Path, name: str, away_s: float) -> None:
    day = with_calls() if name in ("trunks", "outbound", "calls") else stored_busy_day()
    plain = made(day, None, name, NOW + away_s)
    assert kept_ahead(day, directory, NOW + away_s) > 0
    before = {path: path.stat().st_mtime_ns for path in files(directory)}
    assert made(day, directory, name, NOW + away_s) == plain
    assert {path: path.stat().st_mtime_ns for path in files(directory)} == before


def test_only_blocks_that_are_over_are_counted_ahead_and_each_once(directory: Path) -> None:
    day = stored_busy_day()
    blocks = [kept_ahead(day, directory, NOW - DAY_S / 2 + hours * 3600.0) for hours in (0, 1, 2.9, 3, 6, 12)]
    assert blocks[0] > 0
    assert blocks[1:] == [0, 0, 1, 1, 2]


def test_counting_ahead_goes_back_no_further_than_to_a_block_that_is_kept(directory: Path) -> None:
    day = stored_busy_day()
    kept_ahead(day, directory, NOW)
    first = files(directory)[0]
    first.unlink()
    assert kept_ahead(day, directory, NOW + 6 * DAY_S) == 0
    plain = made(day, None, "service_level")
    assert made(day, directory, "service_level") == plain, "a report counts what is missing"


def test_a_record_that_changes_is_counted_anew_ahead(directory: Path) -> None:
    day = with_calls()
    kept_ahead(day, directory, NOW)
    day.store.end_call(msgspec.structs.replace(CDRS[-30], talk_s=7000.0))
    assert kept_ahead(day, directory, NOW) == 1


def test_a_record_that_changes_afterwards_is_seen(directory: Path) -> None:
    day = with_calls()
    before = made(day, directory, "outbound")
    changed = msgspec.structs.replace(CDRS[-30], talk_s=7000.0)
    day.store.end_call(changed)
    after = made(day, directory, "outbound")
    talked = [rows(each.table("origins"))[0]["talk_s"] for each in (before, after)]
    assert talked == [3000.0, 9950.0]


def test_a_call_that_began_then_and_ends_later_is_seen(directory: Path) -> None:
    day = with_calls()
    made(day, directory, "trunks")
    day.put_cdrs([came_in(500, MIDNIGHT + 100, 20 * 3600.0)])
    assert rows(made(day, directory, "trunks").table("trunks"))[0]["calls_in"] == 101


def test_what_the_store_has_forgotten_is_forgotten(directory: Path) -> None:
    day = StoredDay()
    day.put_events(busy_day())
    made(day, directory, "service_level")
    day.store.delete_events(list(islice(day.store.events.ascending(), 4000)), ())
    plain = made(day, None, "service_level")
    assert plain.notes, "it says that something is missing"
    assert made(day, directory, "service_level") == plain


def test_another_store_in_the_same_place_has_nothing_of_the_former(directory: Path) -> None:
    made(stored_busy_day(), directory, "service_level")
    other = StoredDay()
    other.put_events(list(busy_day())[5000:])
    assert made(other, directory, "service_level") == made(other, None, "service_level")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x81\xa6layout\xa1x"])
def test_a_damaged_file_is_made_again(directory: Path, content: bytes) -> None:
    plain = made(stored_busy_day(), directory, "service_level")
    for path in files(directory):
        path.write_bytes(content)
    assert made(stored_busy_day(), directory, "service_level") == plain
    assert all(path.stat().st_size > 100 for path in files(directory))


def test_without_a_place_to_keep_them_reports_are_made_all_the_same(directory: Path) -> None:
    (directory / "store.facts").write_text("a file where the folder would be")
    assert made(stored_busy_day(), directory, "service_level") == made(stored_busy_day(), None, "service_level")


def test_nobody_else_may_read_them(directory: Path) -> None:
    made(stored_busy_day(), directory, "service_level")
    assert {path.stat().st_mode & 0o077 for path in (directory / "store.facts", *files(directory))} == {0}


def test_files_of_times_that_are_gone_are_deleted(directory: Path) -> None:
    made(stored_busy_day(), directory, "service_level")
    FactCache(str(directory / "store")).forget_before("events", MIDNIGHT + 12 * 3600)
    began = [int(path.name.partition("-")[2].removesuffix(".facts")) for path in files(directory)]
    assert began
    assert min(began) >= MIDNIGHT + 12 * 3600
    assert not [name for name in os.listdir(directory / "store.facts") if not name.endswith(".facts")]
