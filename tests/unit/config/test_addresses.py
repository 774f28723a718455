"""Addresses as operators write them."""

import pytest

from softswitch.base.address import HostPort, TransportKind
from softswitch.config.addresses import is_host, is_ip, parse_listener, parse_network, parse_port_range


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("udp:0.0.0.0:5060", (TransportKind.UDP, HostPort("0.0.0.0", 5060))),
        ("TCP:192.0.2.1:15060", (TransportKind.TCP, HostPort("192.0.2.1", 15060))),
        ("udp:[::]:5060", (TransportKind.UDP, HostPort("::", 5060))),
        ("udp:[2001:db8::1]:5060", (TransportKind.UDP, HostPort("2001:db8::1", 5060))),
        ("udp:2001:db8::1:5060", None),
        ("0.0.0.0:5060", None),
        ("sctp:0.0.0.0:5060", None),
        ("udp:0.0.0.0", None),
        ("udp:0.0.0.0:0", None),
        ("udp:0.0.0.0:65536", None),
        ("udp:0.0.0.0:٥٠٦٠", None),
        ("udp:pbx.example.com:5060", None),
        ("", None),
    ],
)
def test_listeners(text: str, expected: object):
    assert parse_listener(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20000-29999", range(20000, 30000)),
        (" 20000 - 20000 ", range(20000, 20001)),
        ("20000", None),
        ("30000-20000", None),
        ("0-100", None),
        ("60000-65536", None),
        ("-5-10", None),
        ("a-b", None),
    ],
)
def test_port_ranges(text: str, expected: range | None):
    assert parse_port_range(text) == expected


@pytest.mark.parametrize("text", ["192.0.2.1", "198.51.100.0/24", "2001:db8::/32", "0.0.0.0/0"])
def test_networks(text: str):
    assert str(parse_network(text)).removesuffix("/32") == text.removesuffix("/32")


@pytest.mark.parametrize("text", ["192.0.2.1/24", "provider.example", "192.0.2", "", "192.0.2.1:5060"])
def test_no_networks(text: str):
    assert parse_network(text) is None


@pytest.mark.parametrize("text", ["pbx", "pbx.example.com", "192.0.2.1", "::1", "a-b.c", "1and1.example"])
def test_hosts(text: str):
    assert is_host(text)


@pytest.mark.parametrize(
    "text", ["", "pbx_1", "-a.b", "a..b", "a b", "sip:pbx", "pbx:5060", "[::1]", f"{'a.' * 127}abc", "a" * 64]
)
def test_no_hosts(text: str):
    assert not is_host(text)


def test_an_address_is_no_name():
    assert is_ip("::1")
    assert not is_ip("localhost")
