"""Whom a request is from, and who counts as one."""

from ipaddress import ip_network

import pytest

from softswitch.web.addresses import client_address, site_of

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:0:1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("no address", "no address"),
    ],
)
def test_who_counts_as_one(address: str, site: str):
    assert site_of(address) == site


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("fd00::1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "", ""),
        ("10.0.0.1", "rubbish", "rubbish"),
    ],
)
def test_a_proxy_of_ours_is_believed_and_nobody_else(peer: str, forwarded_for: str, address: str):
    assert client_address(peer, forwarded_for, PROXIES) == address


def test_without_proxies_nobody_is_believed():
    assert client_address("10.0.0.1", "198.51.100.7", []) == "10.0.0.1"
