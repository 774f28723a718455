"""Where a name leads: the table of server_location.py's docstring, row by row, from answers given here."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.limits import DESTINATIONS_MAX
from softswitch.sip.routing.server_location import (
    Destination,
    Naptr,
    Question,
    QuestionKind,
    Record,
    Srv,
    Wanted,
    in_order,
    locate,
)

HOST = "provider.example"
UDP, TCP, TLS = TransportKind.UDP, TransportKind.TCP, TransportKind.TLS
ALL = (UDP, TCP, TLS, TransportKind.WS, TransportKind.WSS)

RECORDS: dict[Question, Sequence[Record]] = {
    Question("A", HOST): ["192.0.2.1"],
    Question("A", "one.example"): ["192.0.2.11"],
    Question("AAAA", "one.example"): ["2001:db8::11"],
    Question("A", "two.example"): ["192.0.2.21", "192.0.2.22"],
    Question("SRV", f"_sip._udp.{HOST}"): [Srv(20, 0, 5062, "two.example"), Srv(10, 0, 5061, "one.example")],
    Question("SRV", f"_sip._tcp.{HOST}"): [Srv(10, 0, 5060, "one.example")],
    Question("SRV", f"_sips._tcp.{HOST}"): [Srv(10, 0, 5071, "one.example")],
}
NAPTR = {
    Question("NAPTR", HOST): [
        Naptr(20, 0, "s", "SIP+D2U", f"_sip._udp.{HOST}"),
        Naptr(10, 5, "S", "SIPS+D2T", f"_sips._tcp.{HOST}"),
        Naptr(10, 1, "s", "SIP+D2S", f"_sip._sctp.{HOST}"),
        Naptr(5, 1, "u", "E2U+sip", "!^.*$!sip:x@y!"),
    ]
}


def found(
    wanted: Wanted,
    records: Mapping[Question, Sequence[Record]] = RECORDS,
    kinds: Sequence[TransportKind] = ALL,
    families: Sequence[QuestionKind] = ("A",),
) -> tuple[list[tuple[TransportKind, str]], list[Question]]:
    """Destinations as text, and everything that was asked."""
    asked: list[Question] = []
    search = locate(wanted, kinds, families, SeededEntropy(1))
    try:
        questions = next(search)
        while True:
            asked += questions
            questions = search.send({question: records.get(question, ()) for question in questions})
    except StopIteration as end:
        destinations: tuple[Destination, ...] = end.value
    return [(kind, str(remote)) for kind, remote in destinations], asked


def test_an_explicit_port_wants_addresses_only() -> None:
    assert found(Wanted(HOST, 5080)) == ([(UDP, "192.0.2.1:5080")], [Question("A", HOST)])
    assert found(Wanted(HOST, 5080, TCP))[0] == [(TCP, "192.0.2.1:5080")]
    assert found(Wanted(HOST, 5080, None, True))[0] == [(TLS, "192.0.2.1:5080")]


def test_an_explicit_transport_wants_its_srv_records() -> None:
    destinations, asked = found(Wanted(HOST, None, UDP))
    assert destinations == [(UDP, "192.0.2.11:5061"), (UDP, "192.0.2.21:5062"), (UDP, "192.0.2.22:5062")]
    assert asked[0] == Question("SRV", f"_sip._udp.{HOST}")
    assert found(Wanted(HOST, None, TLS))[0] == [(TLS, "192.0.2.11:5071")]


def test_naptr_says_what_is_preferred() -> None:
    destinations, asked = found(Wanted(HOST), {**RECORDS, **NAPTR})
    assert destinations[0] == (TLS, "192.0.2.11:5071")
    assert destinations[1:] == [(UDP, "192.0.2.11:5061"), (UDP, "192.0.2.21:5062"), (UDP, "192.0.2.22:5062")]
    assert [question.kind for question in asked] == ["NAPTR", "SRV", "SRV", "A", "A"]


def test_what_we_do_not_speak_is_left_out() -> None:
    destinations, _ = found(Wanted(HOST), {**RECORDS, **NAPTR}, kinds=(UDP,))
    assert {kind for kind, _ in destinations} == {UDP}
    assert found(Wanted(HOST, None, TCP), kinds=(UDP,))[0] == []


def test_without_naptr_every_transport_is_asked_for_udp_first() -> None:
    destinations, asked = found(Wanted(HOST))
    assert [kind for kind, _ in destinations] == [UDP, UDP, UDP, TCP, TLS]
    assert [question.kind for question in asked[:4]] == ["NAPTR", "SRV", "SRV", "SRV"]


def test_sips_goes_by_tls_alone() -> None:
    for records in (RECORDS, {**RECORDS, **NAPTR}):
        assert found(Wanted(HOST, None, None, True), records)[0] == [(TLS, "192.0.2.11:5071")]


def test_without_srv_the_address_and_the_default_port() -> None:
    alone = {Question("A", HOST): ["192.0.2.1"]}
    assert found(Wanted(HOST), alone)[0] == [(UDP, "192.0.2.1:5060")]
    assert found(Wanted(HOST, None, TLS), alone)[0] == [(TLS, "192.0.2.1:5061")]
    assert found(Wanted("nobody.example"), alone)[0] == []


def test_both_families_are_asked_for_and_kept_in_order() -> None:
    destinations, _ = found(Wanted(HOST, None, TCP), families=("A", "AAAA"))
    assert destinations == [(TCP, "192.0.2.11:5060"), (TCP, "[2001:db8::11]:5060")]


def test_a_service_that_is_not_there() -> None:
    records = {Question("SRV", f"_sip._udp.{HOST}"): [Srv(0, 0, 0, ".")], Question("A", HOST): ["192.0.2.1"]}
    assert found(Wanted(HOST, None, UDP), records)[0] == [(UDP, "192.0.2.1:5060")]


def test_the_number_of_destinations_has_a_bound() -> None:
    records = {Question("A", HOST): [f"192.0.2.{number}" for number in range(200)]}
    assert len(found(Wanted(HOST, 5060), records)[0]) == DESTINATIONS_MAX


def test_the_heavier_record_is_tried_first_more_often() -> None:
    records = [Srv(1, 30, 5060, "light"), Srv(1, 70, 5060, "heavy"), Srv(0, 0, 5060, "first"), Srv(2, 99, 5060, "last")]
    entropy = SeededEntropy(7)
    orders = Counter(tuple(record.target for record in in_order(records, entropy)) for _ in range(1000))
    assert set(orders) == {("first", "light", "heavy", "last"), ("first", "heavy", "light", "last")}
    assert orders["first", "heavy", "light", "last"] == pytest.approx(700, abs=60)


def test_records_without_weight_are_all_tried() -> None:
    records = [Srv(1, 0, 5060, "a"), Srv(1, 0, 5060, "b"), Srv(1, 5, 5060, "c")]
    assert sorted(record.target for record in in_order(records, SeededEntropy(1))) == ["a", "b", "c"]


def test_destinations_are_host_and_port() -> None:
    search = locate(Wanted(HOST, 5080), (UDP,), ("A",), SeededEntropy(1))
    next(search)
    with pytest.raises(StopIteration) as end:
        search.send({Question("A", HOST): ["192.0.2.1"]})
    assert end.value.value == (Destination(UDP, HostPort("192.0.2.1", 5080)),)
