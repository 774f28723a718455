"""Which flow a request takes: the table of next_hop.py's docstring, row by row."""

import pytest

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.errors import LocalError
from softswitch.sip.routing.local_addresses import LocalAddresses
from softswitch.sip.routing.next_hop import NextHop, is_address
from softswitch.sip.routing.server_location import Destination, Wanted
from softswitch.sip.routing.trunk_peers import TrunkPeers
from softswitch.sip.settings import TrunkPeer

HERE = HostPort("198.51.100.1", 5060)
TRUNK = HostPort("203.0.113.5", 5060)
PHONE = HostPort("192.0.2.7", 61_000)
TRUNK_FLOW = Flow(TransportKind.UDP, HERE, TRUNK)
PHONE_FLOW = Flow(TransportKind.UDP, HERE, PHONE)
SBC_BY_TLS = Flow(TransportKind.TLS, HERE, HostPort("203.0.113.9", 5061), 0, "sbc.example")
STREAM = Flow(TransportKind.TCP, HERE, PHONE, 3)
BROWSER = Flow(TransportKind.WSS, HERE, PHONE, 4)


@pytest.fixture
def next_hop() -> NextHop:
    addresses = LocalAddresses({})
    for kind in TransportKind:
        addresses.add_listener(kind, HERE)
    trunks = TrunkPeers((TrunkPeer(name="provider", addresses=("203.0.113.0/24",)),))
    return NextHop(addresses, {"sbc.example": "203.0.113.9"}, trunks)


@pytest.mark.parametrize(
    ("source", "target", "routes", "expected"),
    [
        (PHONE_FLOW, "sip:a@192.168.1.5:5060", (), PHONE),
        (PHONE_FLOW, "sip:a@0.0.0.0", (), PHONE),
        (PHONE_FLOW, "sip:a@phone.invalid", (), PHONE),
        (PHONE_FLOW, "sip:a@198.18.0.1:5060", (), PHONE),
        (PHONE_FLOW, "sip:a@192.0.2.7:5062", (), HostPort("192.0.2.7", 5062)),
        (PHONE_FLOW, "sip:a@192.0.2.7", (), HostPort("192.0.2.7", 5060)),
        (PHONE_FLOW, "sip:a@192.0.2.7:61000;transport=UDP", (), PHONE),
        (PHONE_FLOW, "tel:+49", (), PHONE),
        (PHONE_FLOW, "sip:a@10.0.0.1", ("<sip:203.0.113.77:5080;lr>",), HostPort("203.0.113.77", 5080)),
        (PHONE_FLOW, "sip:a@10.0.0.1", ("<sip:sbc.example;lr>",), HostPort("203.0.113.9", 5060)),
        (TRUNK_FLOW, "sip:a@203.0.113.6:5070", (), HostPort("203.0.113.6", 5070)),
        (TRUNK_FLOW, "sip:a@sbc.example", (), HostPort("203.0.113.9", 5060)),
        (TRUNK_FLOW, "sip:a@10.9.8.7", (), TRUNK),
        (STREAM, "sip:a@10.9.8.7", (), PHONE),
        (STREAM, "sip:a@10.9.8.7", ("<sip:203.0.113.77;lr>",), PHONE),
        (BROWSER, "sip:a@df7jal23ls0d.invalid;transport=ws", (), PHONE),
    ],
)
def test_within_a_dialog(
    next_hop: NextHop, source: Flow, target: str, routes: tuple[str, ...], expected: HostPort
) -> None:
    flow = next_hop.dialog_way(source, target, routes)
    assert isinstance(flow, Flow)
    assert (flow.remote, flow.local) == (expected, HERE)


@pytest.mark.parametrize(
    ("source", "target", "routes", "led_to", "expected"),
    [
        (PHONE_FLOW, "sip:a@10.0.0.1", ("<sip:unknown.example;lr>",), "203.0.113.77", HostPort("203.0.113.77", 5070)),
        (PHONE_FLOW, "sip:a@10.0.0.1", ("<sip:unknown.example;lr>",), "", PHONE),
        (TRUNK_FLOW, "sip:a@unknown.example", (), "203.0.113.77", HostPort("203.0.113.77", 5070)),
        (TRUNK_FLOW, "sip:a@unknown.example", (), "198.18.0.1", TRUNK),
    ],
)
def test_a_name_within_a_dialog_is_a_question(
    next_hop: NextHop, source: Flow, target: str, routes: tuple[str, ...], led_to: str, expected: HostPort
) -> None:
    wanted = next_hop.dialog_way(source, target, routes)
    assert isinstance(wanted, Wanted)
    found = [Destination(TransportKind.UDP, HostPort(led_to, 5070))] if led_to else []
    assert next_hop.found_way(source, routes, wanted, found).remote == expected


def test_a_phones_contact_with_a_name_is_not_looked_up(next_hop: NextHop) -> None:
    assert next_hop.dialog_way(PHONE_FLOW, "sip:a@unknown.example", ()) == PHONE_FLOW


def test_a_streams_connection_is_kept(next_hop: NextHop) -> None:
    assert next_hop.dialog_way(STREAM, "sip:a@10.9.8.7;transport=tcp", ()) is STREAM


@pytest.mark.parametrize(
    ("uri", "routes", "expected"),
    [
        ("sip:a@192.0.2.9:5080", (), Flow(TransportKind.UDP, HERE, HostPort("192.0.2.9", 5080))),
        ("sip:a@192.0.2.9;transport=TCP", (), Flow(TransportKind.TCP, HERE, HostPort("192.0.2.9", 5060))),
        ("sip:a@x;maddr=192.0.2.9", (), Flow(TransportKind.UDP, HERE, HostPort("192.0.2.9", 5060))),
        ("sip:a@10.0.0.1", ("sip:192.0.2.9;lr",), Flow(TransportKind.UDP, HERE, HostPort("192.0.2.9", 5060))),
        ("sip:a@unknown.example", (), Wanted("unknown.example")),
        ("sip:a@unknown.example:5070", (), Wanted("unknown.example", 5070)),
        ("sip:a@unknown.example;transport=TCP", (), Wanted("unknown.example", None, TransportKind.TCP)),
        ("sips:a@unknown.example", (), Wanted("unknown.example", None, None, True)),
        ("sips:a@unknown.example;transport=tcp", (), Wanted("unknown.example", None, TransportKind.TLS, True)),
        ("sip:a@sbc.example;transport=tls", (), SBC_BY_TLS),
        ("sip:a@unknown.example;transport=ws", (), None),
        ("sip:a@unknown.invalid", (), None),
        ("sip:a@1.2.3", (), None),
        ("sip:a@192.0.2.9;transport=TLS", (), Flow(TransportKind.TLS, HERE, HostPort("192.0.2.9", 5061))),
        ("sips:a@192.0.2.9", (), Flow(TransportKind.TLS, HERE, HostPort("192.0.2.9", 5061))),
        ("sips:a@192.0.2.9:5070;transport=tcp", (), Flow(TransportKind.TLS, HERE, HostPort("192.0.2.9", 5070))),
        ("sips:a@192.0.2.9;transport=udp", (), None),
        ("sip:a@192.0.2.9;transport=sctp", (), None),
        ("sip:a@192.0.2.9;transport=WS", (), None),
        ("sips:a@192.0.2.9;transport=ws", (), None),
        ("sip:a@df7jal23ls0d.invalid;transport=ws", (), None),
        ("sip:a@[2001:db8::1]", (), None),
        ("sip:a@255.255.255.255", (), None),
        ("tel:+49", (), None),
        ("no uri", (), None),
    ],
)
def test_outside_a_dialog(next_hop: NextHop, uri: str, routes: tuple[str, ...], expected: Flow | Wanted | None) -> None:
    assert next_hop.first_way(uri, routes) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [("192.0.2.1", True), ("::1", True), ("0.0.0.0", False), ("::", False), ("224.0.1.75", False), ("a.b", False)],
)
def test_addresses_that_can_be_sent_to(host: str, expected: bool) -> None:
    assert is_address(host) is expected


def test_trunks_are_found_by_the_narrowest_entry() -> None:
    peers = TrunkPeers(
        (
            TrunkPeer(name="wide", addresses=("203.0.113.0/24", "[2001:db8::1]:5061", "2001:db8:1::/48")),
            TrunkPeer(name="narrow", addresses=("203.0.113.128/25",)),
            TrunkPeer(name="exact", addresses=("203.0.113.200:5070", "203.0.113.201")),
        )
    )
    found = {
        (host, port): peers.find(HostPort(host, port))
        for host, port in (
            ("203.0.113.1", 5060),
            ("203.0.113.130", 5060),
            ("203.0.113.200", 5070),
            ("203.0.113.200", 5060),
            ("203.0.113.201", 9),
            ("198.51.100.1", 5060),
            ("2001:db8::1", 5061),
            ("2001:db8::1", 5060),
            ("2001:db8:1::5", 5060),
        )
    }
    assert list(found.values()) == ["wide", "narrow", "exact", "narrow", "exact", None, "wide", None, "wide"]
    with pytest.raises(LocalError, match="no address of a trunk"):
        TrunkPeers((TrunkPeer(name="bad", addresses=("provider.example",)),))


def test_what_we_call_ourselves() -> None:
    addresses = LocalAddresses({"0.0.0.0": "203.0.113.99", "10.0.0.2": "203.0.113.98"})
    private = Flow(TransportKind.TCP, HostPort("10.0.0.1", 5060), PHONE)
    named = Flow(TransportKind.UDP, HostPort("10.0.0.2", 5060), PHONE)
    loopback = Flow(TransportKind.UDP, HostPort("127.0.0.1", 5060), PHONE)
    assert addresses.contact(private) == "<sip:203.0.113.99:5060;transport=tcp>"
    assert addresses.contact(named) == "<sip:203.0.113.98:5060>"
    assert addresses.via(loopback, "z9hG4bKx") == "SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKx"
    addresses.update({})
    assert addresses.contact_of("bob", named) == "<sip:bob@10.0.0.2:5060>"
    with pytest.raises(LocalError, match="no UDP listener"):
        addresses.flow_to(TransportKind.UDP, PHONE)


def test_a_flow_from_before_a_restart_finds_a_listener_again() -> None:
    addresses = LocalAddresses({})
    addresses.add_listener(TransportKind.UDP, HERE)
    gone = Flow(TransportKind.UDP, HostPort("198.51.100.77", 5060), PHONE)
    assert addresses.rehome(gone) == gone._replace(local=HERE)
    assert addresses.rehome(PHONE_FLOW) is PHONE_FLOW
    assert addresses.rehome(STREAM) is STREAM
    addresses.add_listener(TransportKind.UDP, HERE, is_wildcard=True)
    assert addresses.rehome(gone) is gone
