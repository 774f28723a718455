"""Whose datagrams are a party's: the table of the module."""

from softswitch.base.address import HostPort
from softswitch.media.fax.fax_latch import FaxLatch

SDP = HostPort("192.0.2.7", 4500)
NAT = HostPort("203.0.113.9", 40_001)
STRANGER = HostPort("198.51.100.66", 4500)


def test_the_address_of_the_sdp_is_heard_at_once_and_for_good() -> None:
    latch = FaxLatch(SDP, learn_from=NAT.host)
    assert latch.receive(SDP, 0)
    assert latch.is_final
    assert not latch.receive(NAT, 1)
    assert not latch.receive(NAT, 2)
    assert latch.destination() == SDP


def test_a_party_behind_nat_is_learnt_by_its_second_datagram() -> None:
    latch = FaxLatch(SDP, learn_from=NAT.host)
    assert not latch.receive(NAT, 0)
    assert latch.destination() == SDP
    assert latch.receive(NAT, 0), "signals are sent several times with one number"
    assert latch.destination() == NAT
    assert not latch.is_final
    assert latch.receive(NAT, 4000)
    assert not latch.receive(HostPort(NAT.host, 1), 4001)
    assert latch.receive(SDP, 4002), "the SDP's address has the last word"
    assert latch.destination() == SDP


def test_one_that_skips_numbers_is_not() -> None:
    latch = FaxLatch(SDP, learn_from=NAT.host)
    assert [latch.receive(NAT, number) for number in (1, 3, 9, 8)] == [False] * 4


def test_two_who_may_be_the_party_do_not_help_each_other() -> None:
    latch = FaxLatch(SDP, learn_from=NAT.host)
    other = HostPort(NAT.host, 40_002)
    assert [latch.receive(each, number) for number, each in enumerate((NAT, other, NAT, other))] == [False] * 4


def test_strangers_are_never_heard() -> None:
    latch = FaxLatch(SDP, learn_from=NAT.host)
    assert not any(latch.receive(STRANGER, number) for number in range(5))
    assert not any(FaxLatch(SDP, learn_from="").receive(NAT, number) for number in range(5))
    assert not any(FaxLatch(None, learn_from="").receive(NAT, number) for number in range(5))


def test_another_port_of_the_sdps_host_and_anybody_where_that_is_allowed_are_learnt() -> None:
    moved = HostPort(SDP.host, 9)
    latch = FaxLatch(SDP, learn_from="")
    assert [latch.receive(moved, number) for number in (7, 8)] == [False, True]
    anybody = FaxLatch(SDP, learn_from=None)
    assert [anybody.receive(STRANGER, number) for number in (0xFFFF, 0)] == [False, True]


def test_another_sdp_begins_anew() -> None:
    latch = FaxLatch(SDP, learn_from="")
    assert latch.receive(SDP, 0)
    assert not latch.describe(SDP, learn_from="")
    elsewhere = HostPort("192.0.2.8", 4500)
    assert latch.describe(elsewhere, learn_from="")
    assert latch.destination() == elsewhere
    assert not latch.receive(SDP, 1)
