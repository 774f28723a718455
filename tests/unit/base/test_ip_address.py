"""Hosts read as IP addresses."""

from softswitch.base.ip_address import read_ip


def test_addresses_and_names() -> None:
    assert str(read_ip("2001:DB8::1")) == "2001:db8::1"
    assert str(read_ip("192.0.2.1")) == "192.0.2.1"
    assert read_ip("pbx.example") is None
    assert read_ip("999.1.1.1") is None
    assert read_ip("1" * 10_000) is None
