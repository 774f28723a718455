"""Who is behind which lost connection: found by what was registered there, and by nothing once it is over."""

import pytest

from softswitch.base.address import LOST, OURS, Flow, HostPort, TransportKind
from softswitch.sip.outputs import Binding
from softswitch.sip.returning import Returning

HERE, PHONE = HostPort("192.0.2.1", 5060), HostPort("192.0.2.2", 40000)
OLD = Flow(TransportKind.WS, HERE, PHONE, 8)
NEW = Flow(TransportKind.WS, HERE, PHONE._replace(port=40001), 12)


class Leg:
    """Follows one flow, as sessions do."""

    def __init__(self, returning: Returning, flow: Flow) -> None:
        self.returning = returning
        self.flow = flow
        returning.follow(flow, self)

    def connection_broken(self, now: float) -> None:
        self.go_by(self.flow.broken())

    def move_to(self, flow: Flow, now: float) -> None:
        self.go_by(flow)

    def go_by(self, flow: Flow) -> None:
        self.returning.leave(self.flow, self)
        self.flow = flow
        self.returning.follow(flow, self)


def binding(flow: Flow, contact: str = "sip:x@a.invalid", instance: str = "<urn:1>", reg_id: int = 0) -> Binding:
    return Binding(
        aor="anna@switch.example",
        contact_uri=contact,
        flow=flow,
        expires_at=100.0,
        expires_at_wall=100.0,
        call_id="c",
        cseq=1,
        instance=instance,
        reg_id=reg_id,
    )


@pytest.mark.parametrize(
    ("again", "is_same"),
    [
        (binding(NEW), True),
        (binding(NEW, contact="sip:y@b.invalid"), True),
        (binding(NEW, instance="<urn:2>"), True),
        (binding(NEW, contact="sip:y@b.invalid", instance="<urn:2>"), False),
        (binding(NEW, contact="sip:y@b.invalid", instance=""), False),
        (binding(NEW, reg_id=1), False),
    ],
)
def test_a_phone_is_known_by_its_contact_or_its_instance(again: Binding, is_same: bool) -> None:
    returning = Returning()
    leg = Leg(returning, OLD)
    returning.broken(OLD, [binding(OLD)], 1.0)
    assert leg.flow.is_lost
    returning.registered([again], NEW, 2.0)
    assert leg.flow == (NEW if is_same else OLD.broken())


def test_a_flow_of_rfc_5626_is_known_by_its_number() -> None:
    returning = Returning()
    legs = [Leg(returning, OLD), Leg(returning, OLD._replace(connection=10))]
    for number, leg in enumerate(legs, 1):
        returning.broken(leg.flow, [binding(leg.flow, reg_id=number)], 1.0)
    returning.registered([binding(NEW, contact="sip:z@c.invalid", reg_id=2)], NEW, 2.0)
    assert [leg.flow for leg in legs] == [OLD.broken(), NEW]


def test_what_another_process_had_is_told_by_address() -> None:
    """The store does not number connections."""
    returning = Returning()
    returning.was_registered([binding(OLD._replace(connection=0)), binding(Flow(TransportKind.UDP, HERE, PHONE))])
    leg = Leg(returning, OLD.revived())
    assert leg.flow.connection == LOST
    returning.registered([binding(NEW)], NEW, 2.0)
    assert leg.flow == NEW


@pytest.mark.parametrize(
    ("registered", "is_back"),
    [([], True), ([binding(Flow(TransportKind.TCP, HERE, PHONE))], True), ([binding(NEW)], False)],
)
def test_an_account_alone_proves_who_is_back_if_none_of_its_phones_is_here(
    registered: list[Binding], is_back: bool
) -> None:
    returning = Returning()
    leg = Leg(returning, OLD)
    returning.broken(OLD, [binding(OLD)], 1.0)
    assert returning.misses("anna@switch.example")
    returning.proven("bob@switch.example", [], NEW, 2.0)
    assert leg.flow.is_lost
    returning.proven("anna@switch.example", registered, NEW, 2.0)
    assert leg.flow.is_lost is not is_back


def test_an_account_that_has_lost_two_connections_does_not_say_which_is_back() -> None:
    returning = Returning()
    legs = [Leg(returning, OLD), Leg(returning, OLD._replace(connection=10))]
    for number, leg in enumerate(legs):
        returning.broken(leg.flow, [binding(leg.flow, contact=f"sip:{number}@a.invalid", instance="")], 1.0)
    returning.proven("anna@switch.example", [], NEW, 2.0)
    assert all(leg.flow.is_lost for leg in legs)


@pytest.mark.parametrize("ends", [True, False])
def test_nothing_is_remembered_of_what_is_over(ends: bool) -> None:
    """Whether the leg ends while its phone is away, or the phone is back and then it ends."""
    returning = Returning()
    leg = Leg(returning, OLD)
    returning.broken(OLD, [binding(OLD)], 1.0)
    if not ends:
        returning.registered([binding(NEW)], NEW, 2.0)
    returning.leave(leg.flow, leg)
    assert len(returning) == 0


def test_a_connection_that_nobody_follows_is_nothing_to_remember() -> None:
    returning = Returning()
    returning.broken(OLD, [binding(OLD)], 1.0)
    Leg(returning, Flow(TransportKind.UDP, HERE, PHONE))
    assert len(returning) == 0


@pytest.mark.parametrize(
    ("flow", "broken", "revived"),
    [
        (Flow(TransportKind.UDP, HERE, PHONE), 0, 0),
        (Flow(TransportKind.TCP, HERE, PHONE), 0, 0),
        (Flow(TransportKind.TCP, HERE, PHONE, 8 | OURS), 0, 0),
        (Flow(TransportKind.TLS, HERE, PHONE, 8), -8, LOST),
        (Flow(TransportKind.WSS, HERE, PHONE, -8), -8, LOST),
    ],
)
def test_what_is_left_of_a_flow(flow: Flow, broken: int, revived: int) -> None:
    assert flow.broken().connection == broken
    assert flow.revived().connection == revived
    assert flow.broken().is_lost == flow.revived().is_lost == (broken < 0)
