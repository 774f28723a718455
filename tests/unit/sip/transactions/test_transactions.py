"""The four transaction machines against RFC 3261 section 17 and RFC 6026: every timer, state and repetition."""

from collections.abc import Callable
from typing import Any

import pytest

from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.transactions.invite_client import InviteClientTransaction
from softswitch.sip.transactions.invite_client import State as ClientState
from softswitch.sip.transactions.invite_server import InviteServerTransaction
from softswitch.sip.transactions.invite_server import State as ServerState
from softswitch.sip.transactions.non_invite_client import NonInviteClientTransaction
from softswitch.sip.transactions.non_invite_server import NonInviteServerTransaction
from softswitch.sip.transactions.timers import SipTimers
from softswitch.sip.transactions.transaction import Fact

TIMERS = SipTimers()
INVITE = Request(
    "INVITE",
    "sip:bob@192.0.2.4",
    [
        ("via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"),
        ("route", "<sip:proxy.example;lr>"),
        ("max-forwards", "70"),
        ("from", "<sip:alice@example.com>;tag=a"),
        ("to", "<sip:bob@example.com>"),
        ("call-id", "call"),
        ("cseq", "7 INVITE"),
        ("contact", "<sip:192.0.2.1>"),
    ],
)
Outputs = list[tuple[float, Any]]


def response(status: int) -> Response:
    return make_response(INVITE, status, to_tag="b")


def run(machine: Any, until: float) -> Outputs:
    """Let the machine's timers go off; what came out, and when."""
    outputs: Outputs = [(0.0, output) for output in machine.take_outputs()]
    while (at := machine.next_timeout()) is not None and at <= until:
        machine.handle_timeout(at)
        outputs.extend((at, output) for output in machine.take_outputs())
    return outputs


def invite_client(is_reliable: bool = False) -> InviteClientTransaction:
    return InviteClientTransaction(INVITE, b"INVITE", timers=TIMERS, is_reliable=is_reliable, now=0.0)


def non_invite_client(is_reliable: bool = False) -> NonInviteClientTransaction:
    return NonInviteClientTransaction(b"BYE", timers=TIMERS, is_reliable=is_reliable, now=0.0)


def invite_server(is_reliable: bool = False) -> InviteServerTransaction:
    return InviteServerTransaction(timers=TIMERS, is_reliable=is_reliable)


def non_invite_server(is_reliable: bool = False) -> NonInviteServerTransaction:
    return NonInviteServerTransaction(timers=TIMERS, is_reliable=is_reliable)


class TestInviteClient:
    def test_timer_a_doubles_and_timer_b_ends_it(self) -> None:
        outputs = run(invite_client(), 100.0)
        assert [at for at, output in outputs if output == b"INVITE"] == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
        assert outputs[-2:] == [(32.0, Fact.TIMED_OUT), (32.0, Fact.ENDED)]

    def test_a_reliable_transport_repeats_nothing(self) -> None:
        assert run(invite_client(is_reliable=True), 100.0) == [
            (0.0, b"INVITE"),
            (32.0, Fact.TIMED_OUT),
            (32.0, Fact.ENDED),
        ]

    def test_a_provisional_response_stops_the_timers(self) -> None:
        machine = invite_client()
        ringing = response(180)
        machine.receive(ringing, 0.1)
        assert machine.take_outputs() == [b"INVITE", ringing]
        assert machine.next_timeout() is None

    def test_after_cancel_it_gives_up_by_itself(self) -> None:
        machine = invite_client()
        machine.receive(response(180), 0.1)
        machine.cancelled(5.0)
        assert run(machine, 100.0)[-2:] == [(37.0, Fact.TIMED_OUT), (37.0, Fact.ENDED)]

    def test_cancel_before_any_response_leaves_timer_b_alone(self) -> None:
        machine = invite_client()
        machine.cancelled(5.0)
        assert run(machine, 100.0)[-1] == (32.0, Fact.ENDED)

    @pytest.mark.parametrize(("is_reliable", "timer_d_s"), [(False, 32.0), (True, 0.0)])
    def test_a_refusal_is_acknowledged_as_often_as_it_comes(self, is_reliable: bool, timer_d_s: float) -> None:
        machine = invite_client(is_reliable)
        machine.take_outputs()
        busy = response(486)
        machine.receive(busy, 1.0)
        ack, passed, *rest = machine.take_outputs()
        assert isinstance(ack, bytes)
        assert passed is busy
        assert ack.decode().split("\r\n") == [
            "ACK sip:bob@192.0.2.4 SIP/2.0",
            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
            "Route: <sip:proxy.example;lr>",
            "Max-Forwards: 70",
            "From: <sip:alice@example.com>;tag=a",
            "Call-ID: call",
            "To: <sip:bob@example.com>;tag=b",
            "CSeq: 7 ACK",
            "Content-Length: 0",
            "",
            "",
        ]
        if timer_d_s:
            machine.receive(response(486), 1.5)
            assert machine.take_outputs() == [ack]
            assert run(machine, 100.0) == [(33.0, Fact.ENDED)]
        else:
            assert rest == [Fact.ENDED]

    def test_every_2xx_is_passed_up_until_timer_m(self) -> None:
        machine = invite_client()
        machine.take_outputs()
        first, forked = response(200), response(200)
        machine.receive(first, 1.0)
        machine.receive(forked, 2.0)
        assert machine.take_outputs() == [first, forked]
        assert machine.state is ClientState.ACCEPTED
        assert run(machine, 100.0) == [(33.0, Fact.ENDED)]

    @pytest.mark.parametrize("status", [None, 180])
    def test_a_broken_transport_ends_it(self, status: int | None) -> None:
        machine = invite_client()
        if status:
            machine.receive(response(status), 0.1)
        machine.take_outputs()
        machine.transport_failed(1.0)
        assert machine.take_outputs() == [Fact.BROKEN, Fact.ENDED]
        assert machine.state is ClientState.TERMINATED

    def test_what_has_no_row_is_ignored_and_counted(self) -> None:
        machine = invite_client()
        machine.receive(response(200), 1.0)
        machine.take_outputs()
        machine.receive(response(180), 1.1)
        machine.receive(response(486), 1.2)
        machine.transport_failed(1.3)
        assert machine.take_outputs() == []
        assert machine.ignored == 3

    def test_a_timer_that_fires_early_changes_nothing(self) -> None:
        machine = invite_client()
        machine.take_outputs()
        machine.handle_timeout(0.4)
        assert machine.take_outputs() == []


class TestNonInviteClient:
    def test_timer_e_doubles_up_to_t2_and_timer_f_ends_it(self) -> None:
        outputs = run(non_invite_client(), 100.0)
        sent_at = [at for at, output in outputs if output == b"BYE"]
        assert sent_at == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
        assert outputs[-2:] == [(32.0, Fact.TIMED_OUT), (32.0, Fact.ENDED)]

    def test_after_a_provisional_response_it_repeats_every_t2(self) -> None:
        machine = non_invite_client()
        machine.receive(response(100), 0.1)
        sent_at = [at for at, output in run(machine, 100.0) if output == b"BYE"]
        assert sent_at == [0.0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]

    @pytest.mark.parametrize(("is_reliable", "timer_k_s"), [(False, 5.0), (True, 0.0)])
    def test_timer_k_swallows_repeated_answers(self, is_reliable: bool, timer_k_s: float) -> None:
        machine = non_invite_client(is_reliable)
        machine.take_outputs()
        final = response(200)
        machine.receive(final, 1.0)
        if timer_k_s:
            machine.receive(response(200), 2.0)
            assert run(machine, 100.0) == [(0.0, final), (6.0, Fact.ENDED)]
            assert machine.ignored == 1
        else:
            assert machine.take_outputs() == [final, Fact.ENDED]

    @pytest.mark.parametrize("status", [None, 100])
    def test_a_broken_transport_ends_it(self, status: int | None) -> None:
        machine = non_invite_client()
        if status:
            machine.receive(response(status), 0.1)
        machine.take_outputs()
        machine.transport_failed(1.0)
        assert machine.take_outputs() == [Fact.BROKEN, Fact.ENDED]

    def test_a_timer_that_fires_early_changes_nothing(self) -> None:
        machine = non_invite_client()
        machine.take_outputs()
        machine.handle_timeout(0.4)
        assert machine.take_outputs() == []


class TestInviteServer:
    def test_a_repeated_invite_gets_the_last_provisional_response(self) -> None:
        machine = invite_server()
        machine.receive_invite(0.1)
        machine.respond(100, b"100", 0.2)
        machine.respond(180, b"180", 0.3)
        machine.receive_invite(0.5)
        assert machine.take_outputs() == [b"100", b"180", b"180"]
        assert machine.next_timeout() is None

    def test_timer_g_repeats_a_refusal_until_timer_h(self) -> None:
        machine = invite_server()
        machine.respond(486, b"486", 0.0)
        outputs = run(machine, 100.0)
        sent_at = [at for at, output in outputs if output == b"486"]
        assert sent_at == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
        assert outputs[-2:] == [(32.0, Fact.TIMED_OUT), (32.0, Fact.ENDED)]

    def test_a_refusal_is_not_repeated_on_a_reliable_transport_but_to_a_repeated_invite(self) -> None:
        machine = invite_server(is_reliable=True)
        machine.respond(486, b"486", 0.0)
        machine.receive_invite(1.0)
        assert run(machine, 100.0) == [(0.0, b"486"), (0.0, b"486"), (32.0, Fact.TIMED_OUT), (32.0, Fact.ENDED)]

    @pytest.mark.parametrize(("is_reliable", "timer_i_s"), [(False, 5.0), (True, 0.0)])
    def test_the_ack_confirms_and_timer_i_swallows_its_repetitions(self, is_reliable: bool, timer_i_s: float) -> None:
        machine = invite_server(is_reliable)
        machine.respond(486, b"486", 0.0)
        machine.take_outputs()
        machine.receive_ack(1.0)
        if timer_i_s:
            machine.receive_ack(1.5)
            machine.receive_invite(1.6)
            assert run(machine, 100.0) == [(0.0, Fact.ACKED), (6.0, Fact.ENDED)]
        else:
            assert machine.take_outputs() == [Fact.ACKED, Fact.ENDED]

    def test_a_2xx_leaves_repetition_to_the_user_until_timer_l(self) -> None:
        machine = invite_server()
        machine.respond(200, b"200", 0.0)
        machine.receive_invite(0.5)
        machine.respond(200, b"200", 0.5)
        machine.receive_ack(0.7)
        assert machine.state is ServerState.ACCEPTED
        assert run(machine, 100.0) == [(0.0, b"200"), (0.0, b"200"), (0.0, Fact.ACKED), (32.0, Fact.ENDED)]

    def test_answers_after_the_end_are_ignored(self) -> None:
        machine = invite_server(is_reliable=True)
        machine.respond(486, b"486", 0.0)
        machine.receive_ack(1.0)
        machine.take_outputs()
        machine.respond(200, b"200", 2.0)
        assert machine.take_outputs() == []
        assert machine.ignored == 1


class TestNonInviteServer:
    @pytest.mark.parametrize(("is_reliable", "timer_j_s"), [(False, 32.0), (True, 0.0)])
    def test_timer_j_keeps_the_answer_for_repetitions(self, is_reliable: bool, timer_j_s: float) -> None:
        machine = non_invite_server(is_reliable)
        machine.receive_request(0.1)
        machine.respond(200, b"200", 0.2)
        if timer_j_s:
            machine.receive_request(0.5)
            assert run(machine, 100.0) == [(0.0, b"200"), (0.0, b"200"), (32.2, Fact.ENDED)]
        else:
            assert machine.take_outputs() == [b"200", Fact.ENDED]

    def test_a_provisional_response_is_repeated_too(self) -> None:
        machine = non_invite_server()
        machine.respond(100, b"100", 0.1)
        machine.receive_request(0.5)
        machine.respond(100, b"100 again", 0.6)
        machine.respond(200, b"200", 1.0)
        machine.respond(500, b"500", 1.1)
        assert machine.take_outputs() == [b"100", b"100", b"100 again", b"200"]
        assert machine.ignored == 1

    def test_a_timer_that_fires_early_changes_nothing(self) -> None:
        machine = non_invite_server()
        machine.handle_timeout(1.0)
        assert machine.take_outputs() == []


@pytest.mark.parametrize("make", [invite_client, non_invite_client, invite_server, non_invite_server])
def test_every_machine_ends_whatever_is_lost(make: Callable[[], Any]) -> None:
    """No transaction outlives its timers: no peer can make us keep one by saying nothing."""
    machine = make()
    if isinstance(machine, InviteServerTransaction | NonInviteServerTransaction):
        machine.respond(500, b"500", 0.0)
    assert run(machine, 1000.0)[-1][1] is Fact.ENDED
