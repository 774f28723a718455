"""Fax ports in an engine: what comes to one leaves by the other, and nothing else does."""

import msgspec

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, StreamId
from softswitch.media.limits import FAX_PORTS_MAX, UDPTL_BYTES_MAX
from softswitch.media.protocol import (
    Describe,
    DropFaxPort,
    FaxPort,
    FaxPortStatistics,
    MediaEvent,
    PutFaxPort,
    StreamTimedOut,
)
from softswitch.testing.media_engine import EngineDriver

NEAR = HostPort("192.0.2.7", 4500)
FAR = HostPort("192.0.2.8", 4600)
STRANGER = HostPort("198.51.100.66", 5)


def port(number: int, remote: HostPort | None, *, peer: int | None = None, timeout_s: float = 0.0) -> FaxPort:
    return FaxPort(
        port_id=StreamId(number),
        stream_id=StreamId(100 + number),
        call_id=CallId("call"),
        local=HostPort("127.0.0.1", 20_000 + 2 * number),
        remote=remote,
        learn_from="",
        peer=None if peer is None else StreamId(peer),
        timeout_s=timeout_s,
    )


def ifp(number: int) -> bytes:
    return bytes([number >> 8, number & 0xFF, 1, 0x06, 0, 0])


def pair(*, timeout_s: float = 0.0) -> EngineDriver:
    driver = EngineDriver()
    for described in (port(1, NEAR, peer=2, timeout_s=timeout_s), port(2, FAR, peer=1, timeout_s=timeout_s)):
        assert driver.apply(PutFaxPort(described)) == []
    return driver


def comes(driver: EngineDriver, number: int, datagram: bytes, source: HostPort) -> None:
    driver.engine.receive_fax(StreamId(number), datagram, source, driver.now)


def dropped(driver: EngineDriver, number: int) -> FaxPortStatistics:
    driver.engine.take_events()
    assert driver.apply(DropFaxPort(StreamId(number))) == []
    (statistics,) = driver.engine.take_events()
    assert isinstance(statistics, FaxPortStatistics)
    return statistics


def test_datagrams_pass_as_they_are_both_ways() -> None:
    driver = pair()
    comes(driver, 1, ifp(0), NEAR)
    comes(driver, 2, ifp(7), FAR)
    assert driver.fax.sent == [(2, ifp(0), FAR), (1, ifp(7), NEAR)]
    assert driver.fax.remote == {1: NEAR, 2: FAR}, "the kernel drops strangers from now on"
    assert dropped(driver, 1) == FaxPortStatistics(CallId("call"), StreamId(101), received=1, sent=1)


def test_garbage_and_strangers_are_dropped_and_counted() -> None:
    driver = pair()
    comes(driver, 1, b"\0", NEAR)
    comes(driver, 1, b"\0\0\1".ljust(UDPTL_BYTES_MAX + 1, b"\0"), NEAR)
    comes(driver, 1, ifp(0), STRANGER)
    comes(driver, 1, ifp(1), STRANGER)
    comes(driver, 9, ifp(1), STRANGER)
    assert driver.fax.sent == []
    assert driver.engine.fax_ports.strangers == 2
    statistics = dropped(driver, 1)
    assert (statistics.received, statistics.malformed, statistics.strangers) == (0, 2, 2)


def test_a_learnt_source_is_sent_to_and_its_socket_left_open() -> None:
    driver = pair()
    moved = HostPort(NEAR.host, 99)
    for number in (0, 1):
        comes(driver, 1, ifp(number), moved)
    comes(driver, 2, ifp(0), FAR)
    assert driver.fax.sent == [(2, ifp(1), FAR), (1, ifp(0), moved)]
    assert 1 not in driver.fax.remote


def test_nothing_passes_before_there_is_a_peer_and_after_it_is_gone() -> None:
    driver = EngineDriver()
    driver.apply(PutFaxPort(port(1, NEAR)), PutFaxPort(port(2, None, peer=1)))
    comes(driver, 1, ifp(0), NEAR)
    driver.apply(PutFaxPort(port(1, NEAR, peer=2)))
    comes(driver, 1, ifp(1), NEAR)
    assert driver.fax.sent == [], "where the far machine is, is not known"
    driver.apply(PutFaxPort(port(2, FAR, peer=1)))
    comes(driver, 1, ifp(2), NEAR)
    driver.apply(DropFaxPort(StreamId(2)), DropFaxPort(StreamId(2)))
    comes(driver, 1, ifp(3), NEAR)
    assert driver.fax.sent == [(2, ifp(2), FAR)]


def test_an_address_that_changes_is_found_anew() -> None:
    driver = pair()
    comes(driver, 1, ifp(0), NEAR)
    elsewhere = HostPort("192.0.2.9", 4500)
    assert driver.apply(PutFaxPort(port(1, elsewhere, peer=2))) == []
    assert 1 not in driver.fax.remote
    comes(driver, 1, ifp(1), NEAR)
    comes(driver, 2, ifp(1), FAR)
    assert driver.fax.sent[1:] == [(1, ifp(1), elsewhere)]


def test_what_cannot_be_is_refused() -> None:
    driver = pair()
    moved = msgspec.structs.replace(port(1, NEAR), local=HostPort("127.0.0.1", 9))
    assert driver.apply(PutFaxPort(moved)) == ["fax port 1 is here already, at 127.0.0.1:20002"]
    driver.fax.refusal = "port in use"
    assert driver.apply(PutFaxPort(port(3, NEAR))) == ["port in use"]
    for bad in (
        msgspec.structs.replace(port(4, NEAR), timeout_s=-1.0),
        port(4, HostPort("nowhere", 5)),
        port(4, HostPort("192.0.2.1", 70_000)),
        port(4, HostPort("::1", 7)),
    ):
        assert len(driver.apply(PutFaxPort(bad))) == 1
    assert len(driver.engine.fax_ports) == 2


def test_there_is_an_end_to_them() -> None:
    driver = EngineDriver()
    for number in range(FAX_PORTS_MAX):
        assert driver.apply(PutFaxPort(port(number, NEAR))) == []
    (reason,) = driver.apply(PutFaxPort(port(FAX_PORTS_MAX, NEAR)))
    assert "start more workers" in reason


def test_silence_of_both_is_told_and_silence_of_one_is_a_page() -> None:
    driver = pair(timeout_s=10.0)
    began = driver.now

    def told(after_s: float) -> list[MediaEvent]:
        driver.engine.watch_fax_ports(began + after_s)
        return driver.engine.take_events()

    assert told(9.9) == []
    driver.engine.receive_fax(StreamId(1), ifp(0), NEAR, began + 9)
    assert told(18.9) == []
    assert told(19.0) == [StreamTimedOut(CallId("call"), StreamId(number), 10.0) for number in (101, 102)]
    assert told(28.9) == []
    assert [type(event) for event in told(29.0)] == [StreamTimedOut] * 2
    assert EngineDriver().engine.fax_ports.silent(1e9) == []


def test_a_description_keeps_those_it_has_and_drops_the_others() -> None:
    driver = pair()
    comes(driver, 1, ifp(0), NEAR)
    assert driver.apply(Describe([], [], [], [], fax_ports=[port(1, NEAR), port(3, FAR)])) == []
    assert driver.engine.fax_ports.ids() == [1, 3]
    assert driver.fax.remote == {1: NEAR}
    assert driver.apply(Describe([], [], [], [])) == []
    assert driver.fax.local == {}
