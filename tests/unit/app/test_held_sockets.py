"""Sockets that the supervisor holds: given by one process, taken by the next, let go of when they do harm."""

import asyncio
import os
import signal
import socket

import pytest

from softswitch.app.held_sockets import (
    SHORT_LIFE_S,
    SHORT_LIVES_MAX,
    HeldSockets,
    LeftSockets,
    SocketStore,
    is_fault_of_switch,
    renumbered,
)
from softswitch.base.address import HostPort, TransportKind


def listening() -> tuple[socket.socket, HostPort]:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    return bound, HostPort(*bound.getsockname())


def start(store: SocketStore, *, waits: bool = False) -> HeldSockets:
    """What a new switch process finds; its descriptors are copies, as those of a process are."""
    variables, inherited = store.begin(waits=waits)
    held = HeldSockets(renumbered(variables, {number: os.dup(number) for number in inherited}))
    store.begun(inherited)
    return held


def test_a_socket_is_handed_from_one_switch_to_the_next_with_what_waits_in_it() -> None:
    store = SocketStore()
    first = start(store)
    assert not first.takes_over
    bound, local = listening()
    first.hold(TransportKind.UDP, local, bound)
    assert store.receive() == "held"
    bound.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.sendto(b"REGISTER", local)
    first.close()
    second = start(store)
    assert second.takes_over
    taken = second.take(TransportKind.UDP, local)
    assert taken is not None
    assert taken.recv(100) == b"REGISTER"
    taken.close()
    second.close()
    store.close()


def test_a_switch_that_inherits_nothing_has_no_numbers_to_be_changed() -> None:
    assert renumbered({"OTHER": "7"}, {}) == {"OTHER": "7"}


def test_others_are_not_taken_and_are_closed() -> None:
    store = SocketStore()
    first = start(store)
    bound, local = listening()
    first.hold(TransportKind.UDP, local, bound)
    assert store.receive() == "held"
    bound.close()
    first.close()
    second = start(store)
    assert second.take(TransportKind.TCP, local) is None
    assert second.take(TransportKind.UDP, HostPort("127.0.0.1", local.port + 1)) is None
    second.let_go()
    assert second.take(TransportKind.UDP, local) is None
    second.close()
    store.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(local)


def test_the_same_address_once_more_takes_the_place_of_the_former() -> None:
    store = SocketStore()
    first = start(store)
    bound, local = listening()
    for _ in range(3):
        first.hold(TransportKind.UDP, local, bound)
        assert store.receive() == "held"
    bound.close()
    assert len(store.names) == 1
    first.close()
    store.close()


def test_a_switch_that_dies_again_and_again_begins_without_them() -> None:
    store = SocketStore()
    first = start(store)
    bound, local = listening()
    first.hold(TransportKind.UDP, local, bound)
    assert store.receive() == "held"
    bound.close()
    for _ in range(SHORT_LIVES_MAX - 1):
        assert not store.ended(SHORT_LIFE_S / 2)
    assert not store.ended(SHORT_LIFE_S * 2), "one that lived is no sign"
    for _ in range(SHORT_LIVES_MAX - 1):
        assert not store.ended(SHORT_LIFE_S / 2)
    assert not store.ended(SHORT_LIFE_S / 2, is_fault=False), "nor is one that somebody else has killed"
    for _ in range(SHORT_LIVES_MAX - 1):
        assert not store.ended(SHORT_LIFE_S / 2)
    assert not first.begins_anew
    assert store.ended(SHORT_LIFE_S / 2)
    assert store.names == []
    first.close()
    anew = start(store)
    assert anew.begins_anew
    anew.close()
    again = start(store)
    assert not again.begins_anew
    again.close()
    store.close()


def test_without_a_supervisor_nothing_is_held() -> None:
    bound, local = listening()
    for text in ("", "no json", '{"channel": 100000}'):
        held = HeldSockets({"SOFTSWITCH_HELD": text})
        held.hold(TransportKind.UDP, local, bound)
        assert held.take(TransportKind.UDP, local) is None
    bound.close()


def test_the_end_of_a_switch_is_no_socket() -> None:
    store = SocketStore()
    held = start(store)
    held.close()
    assert store.receive() == "over"
    assert store.channel is None


def test_a_switch_that_waits_has_its_turn_when_it_is_told() -> None:
    async def scenario() -> None:
        store = SocketStore()
        held = start(store, waits=True)
        turn = asyncio.create_task(held.turn())
        await asyncio.sleep(0)
        assert store.receive() == "prepared"
        assert not turn.done()
        store.go()
        assert await turn
        held.ready()
        assert store.receive() == "ready"
        held.close()
        store.close()

    asyncio.run(scenario())


def test_a_switch_whose_supervisor_lets_go_of_it_has_no_turn() -> None:
    async def scenario() -> None:
        store = SocketStore()
        held = start(store, waits=True)
        store.close()
        assert not await held.turn()
        held.close()

    asyncio.run(scenario())


def test_one_that_need_not_wait_begins_at_once() -> None:
    async def scenario() -> None:
        store = SocketStore()
        held = start(store)
        assert await held.turn()
        held.close()
        store.close()
        assert await HeldSockets({}).turn()

    asyncio.run(scenario())


def test_the_next_program_of_the_same_process_goes_on_with_what_is_held() -> None:
    store = SocketStore()
    held = start(store)
    bound, local = listening()
    held.hold(TransportKind.UDP, local, bound)
    assert store.receive() == "held"
    bound.close()
    left = store.leave()
    assert left.channel is not None
    numbers = [*left.sockets.values(), left.channel]
    assert all(os.get_inheritable(number) for number in numbers)
    copies = LeftSockets({name: os.dup(number) for name, number in left.sockets.items()}, os.dup(left.channel))
    store.close()  # here `execv` would take the program, and not its descriptors
    after = SocketStore()
    after.resume(copies)
    assert not any(os.get_inheritable(number) for number in copies.sockets.values())
    held.ready()
    assert after.receive() == "ready"
    held.close()
    second = start(after)
    taken = second.take(TransportKind.UDP, local)
    assert taken is not None
    taken.close()
    second.close()
    after.close()


@pytest.mark.parametrize(
    ("exit_code", "has_hung", "is_fault"),
    [
        (1, False, True),
        (-signal.SIGSEGV, False, True),
        (None, False, True),
        (-signal.SIGKILL, False, False),
        (-signal.SIGKILL, True, True),
        (2, False, False),
    ],
)
def test_the_calls_of_before_are_not_given_up_for_what_they_have_not_done(
    exit_code: int | None, *, has_hung: bool, is_fault: bool
) -> None:
    """Exit code 2: its store is read-only, or its configuration is wrong, and it has said so."""
    assert is_fault_of_switch(exit_code, has_hung=has_hung) is is_fault
