import numpy as np
import pytest

from softswitch.base.address import HostPort
from softswitch.media.receiving import source_table
from softswitch.media.receiving.source_table import NAME_BYTES, REST_S, STRANGER, SourceTable
from softswitch.media.runtime.sockets.message_batch import name_of

ONE = HostPort("192.0.2.1", 4000)
TWO = HostPort("192.0.2.1", 4002)
SIX = HostPort("2001:db8::1", 4000)
SEVEN = HostPort("2001:db8::1", 4002)


class Table:
    """A table asked about addresses instead of their bytes."""

    def __init__(self) -> None:
        self.table = SourceTable()
        self.now = 1000.0

    def put(self, row: int, port: int, source: HostPort) -> str | None:
        reason = self.table.why_not(row, port, name_of(source), self.now)
        if reason is None:
            self.table.put(row, port, name_of(source), self.now)
        return reason

    def find(self, *packets: tuple[int, HostPort]) -> list[int]:
        ports = np.array([port for port, _ in packets], np.uint64)
        names = np.frombuffer(b"".join(name_of(source) for _, source in packets), np.uint8).reshape(-1, NAME_BYTES)
        return self.table.find(ports, names, self.now).tolist()


def test_a_packet_is_its_row_s_by_port_and_source() -> None:
    table = Table()
    assert table.find((0, ONE)) == [STRANGER]
    for row, (port, source) in enumerate([(0, ONE), (0, TWO), (1, ONE), (2, SIX), (2, SEVEN), (3, SIX)]):
        assert table.put(row, port, source) is None
    packets = [(3, SIX), (2, SEVEN), (2, SIX), (1, ONE), (0, TWO), (0, ONE), (1, TWO), (3, SEVEN), (9, ONE)]
    assert table.find(*packets) == [5, 4, 3, 2, 1, 0, STRANGER, STRANGER, STRANGER]


def test_a_source_belongs_to_one_row_at_a_time() -> None:
    table = Table()
    table.put(0, 0, ONE)
    assert table.put(1, 0, ONE) == "another stream has that remote address already"
    assert table.put(1, 1, ONE) is None
    assert table.put(0, 0, ONE) is None
    assert table.find((0, ONE), (1, ONE)) == [0, 1]


def test_a_source_that_was_given_up_rests_a_minute() -> None:
    table = Table()
    table.put(0, 0, ONE)
    table.table.close(0, table.now)
    assert table.find((0, ONE)) == [STRANGER]
    table.now += REST_S - 1
    assert table.put(1, 0, ONE) == "that remote address rests after another call"
    table.now += 1
    assert table.put(1, 0, ONE) is None
    assert table.find((0, ONE)) == [1]


def test_it_rests_longer_while_packets_still_come() -> None:
    table = Table()
    table.put(0, 0, ONE)
    table.table.close(0, table.now)
    for _ in range(10):
        table.now += REST_S - 1
        assert table.find((0, TWO), (0, ONE), (0, ONE)) == [STRANGER] * 3
    table.now += REST_S - 1
    assert table.put(1, 0, ONE) is not None
    table.now += 1
    assert table.put(1, 0, ONE) is None


def test_a_stream_may_go_back_to_where_it_was_but_no_other_may_go_there() -> None:
    table = Table()
    table.put(0, 0, ONE)
    table.put(0, 0, TWO)
    assert table.put(1, 0, ONE) is not None
    assert table.find((0, ONE), (0, TWO)) == [STRANGER, 0]
    assert table.put(0, 0, ONE) is None
    assert table.find((0, ONE), (0, TWO)) == [0, STRANGER]


def test_a_new_stream_in_the_row_has_no_claim_to_the_old_one_s_source() -> None:
    table = Table()
    table.put(0, 0, ONE)
    table.table.close(0, table.now)
    assert table.put(0, 0, ONE) == "that remote address rests after another call"


def test_nothing_is_left_when_all_have_rested() -> None:
    table = Table()
    assert table.table.is_empty(table.now)
    table.put(0, 0, ONE)
    assert not table.table.is_empty(table.now + 1000)
    table.table.close(0, table.now)
    assert not table.table.is_empty(table.now)
    assert table.table.is_empty(table.now + REST_S)


def test_the_oldest_rests_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_table, "RESTING_SOURCES_MAX", 2)
    table = Table()
    for port in range(3):
        table.put(0, port, ONE)
        table.table.close(0, table.now)
    assert [table.put(1, port, ONE) is None for port in (2, 1, 0)] == [False, False, True]


def test_ten_thousand_sources_are_told_apart() -> None:
    table = Table()
    sources = [HostPort(f"10.{n // 250}.{n % 250}.7", 1024 + n) for n in range(5000)]
    sources += [HostPort(f"2001:db8::{n:x}", 1024 + n) for n in range(5000)]
    ports = [n % 16 + 16 * (n >= 5000) for n in range(10_000)]
    for row, (port, source) in enumerate(zip(ports, sources, strict=True)):
        assert table.put(row, port, source) is None
    assert table.find(*zip(ports, sources, strict=True)) == list(range(10_000))
