from softswitch.base.address import HostPort
from softswitch.base.entropy import SeededEntropy
from softswitch.base.ids import StreamId
from softswitch.media.limits import SHARED_PORTS_MAX
from softswitch.media.receiving.source_table import REST_S
from softswitch.media.runtime.ports import PortPool
from softswitch.media.runtime.stream_ports import STREAMS_PER_PORT, Claim, StreamPorts

ONE = HostPort("192.0.2.1", 4000)
WORKER = "media-0"


class Ports:
    """Ports for streams that are numbered as they come."""

    def __init__(self, ports: range = range(10_000, 11_000)) -> None:
        self.ports = StreamPorts(PortPool(ports, SeededEntropy(1)))
        self.count = 0

    def take(self, remote: HostPort | None = None, *, worker: str = WORKER, now: float = 0.0) -> int | None:
        self.count += 1
        stream_id = StreamId(self.count)
        if remote is None:
            return self.ports.take(stream_id, now)
        return self.ports.take_shared(stream_id, worker, remote, now)

    def release(self, number: int, *, now: float = 0.0, is_refused: bool = False) -> None:
        self.ports.release(StreamId(number), now, is_refused=is_refused)


def remote(number: int) -> HostPort:
    return HostPort("192.0.2.2", 1024 + number)


def test_streams_with_different_remotes_share_a_port_until_it_is_full() -> None:
    ports = Ports()
    first = {ports.take(remote(number)) for number in range(STREAMS_PER_PORT)}
    assert len(first) == 1
    assert ports.take(remote(STREAMS_PER_PORT)) not in first


def test_when_there_are_enough_ports_they_are_filled_alike() -> None:
    ports = Ports()
    taken = [ports.take(remote(number)) for number in range(2 * SHARED_PORTS_MAX * STREAMS_PER_PORT)]
    assert {taken.count(port) for port in taken} == {2 * STREAMS_PER_PORT}
    assert len(set(taken)) == SHARED_PORTS_MAX


def test_one_remote_is_on_a_port_once_and_workers_share_none() -> None:
    ports = Ports()
    taken = [ports.take(ONE) for _ in range(SHARED_PORTS_MAX)]
    assert len(set(taken)) == SHARED_PORTS_MAX
    assert ports.take(ONE) is None
    assert ports.take(ONE, worker="media-1") not in taken
    assert ports.take() not in taken


def test_a_remote_rests_on_the_port_it_was_on() -> None:
    ports = Ports()
    first = ports.take(ONE)
    ports.release(1)
    ports.release(1)
    assert ports.take(ONE, now=REST_S - 1) != first
    assert ports.take(ONE, now=REST_S) == first


def test_a_remote_that_moves_rests_where_it_was_and_is_taken_where_it_is() -> None:
    ports = Ports()
    first = ports.take(ONE)
    ports.ports.move(StreamId(1), remote(1), 0.0)
    ports.ports.move(StreamId(1), None, 0.0)
    assert ports.take(ONE) != first
    assert ports.take(remote(1)) != first
    assert ports.take(remote(2)) == first


def test_a_port_that_is_refused_is_left_to_whoever_has_it() -> None:
    ports = Ports(range(10_000, 10_004))
    first = ports.take(ONE)
    ports.release(1, is_refused=True)
    second = ports.take(ONE)
    assert {first, second} == {10_000, 10_002}
    ports.release(2, is_refused=True)
    assert ports.take(ONE) is None


def test_a_port_with_others_on_it_is_refused_for_one_remote_only() -> None:
    ports = Ports()
    first = ports.take(remote(1))
    ports.take(ONE)
    ports.release(2, is_refused=True)
    assert ports.take(ONE) != first
    assert ports.take(remote(2)) == first


def test_ports_of_the_last_switch_are_claimed_once_and_shared_ones_filled_up() -> None:
    ports = Ports()
    own, shared = Claim(StreamId(9001), 10_000), Claim(StreamId(9002), 10_002, WORKER, ONE)
    ports.ports.claim([own, shared])
    ports.ports.claim([own, shared, Claim(StreamId(9003), 10_002, WORKER, remote(1))])
    assert ports.take(remote(2)) == 10_002
    assert ports.take(ONE) not in (10_002, None)
    assert {ports.take() for _ in range(497)}.isdisjoint({10_000, 10_002})
    assert ports.take() is None
    ports.release(9002)
    assert ports.take(ONE, now=REST_S) == 10_002
    ports.release(9001)
    assert ports.take(now=REST_S) == 10_000
