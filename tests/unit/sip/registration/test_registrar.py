"""The registrar against RFC 3261 section 10.3: what each REGISTER leaves behind, and when it goes again."""

import pytest

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.messages.message import Request
from softswitch.sip.outputs import Binding
from softswitch.sip.registration.registrar import NotRegistered, Registered, Registrar, contact_values, phones
from softswitch.sip.settings import RegistrationPolicy

AOR = "alice@example.com"
HOME = Flow(TransportKind.UDP, HostPort("198.51.100.1", 5060), HostPort("192.0.2.1", 5060))
STREAM = Flow(TransportKind.TCP, HostPort("198.51.100.1", 5060), HostPort("192.0.2.1", 50_001), 7)
NOW = 1000.0


@pytest.fixture
def registrar() -> Registrar:
    policy = RegistrationPolicy(expires_min_s=60, expires_default_s=600, expires_max_s=3600, contacts_max=3)
    return Registrar(policy, bindings_max=5, wall_offset=1_000_000.0)


def register(
    *contacts: str, call_id: str = "a", cseq: int = 1, expires: str = "", more: tuple[tuple[str, str], ...] = ()
) -> Request:
    named = [("contact", contact) for contact in contacts]
    if expires:
        named.append(("expires", expires))
    return Request(
        "REGISTER",
        "sip:example.com",
        [("call-id", call_id), ("cseq", f"{cseq} REGISTER"), *named, *more],
    )


def uris(result: Registered | NotRegistered) -> list[str]:
    assert isinstance(result, Registered), result
    return [binding.contact_uri for binding in result.bindings]


def status(result: Registered | NotRegistered) -> int:
    assert isinstance(result, NotRegistered), result
    return result.status


def test_expiry_comes_from_the_contact_then_the_header_then_the_policy(registrar: Registrar) -> None:
    request = register("<sip:a@192.0.2.1>;expires=90", "<sip:b@192.0.2.1>", expires="120")
    result = registrar.register(AOR, request, HOME, NOW)
    assert isinstance(result, Registered)
    assert {each.contact_uri: each.expires_at - NOW for each in result.bindings} == {
        "sip:a@192.0.2.1": 90,
        "sip:b@192.0.2.1": 120,
    }
    registrar.register(AOR, register("<sip:c@192.0.2.1>", call_id="b"), HOME, NOW)
    assert registrar.bindings(AOR)[0].expires_at == NOW + 600
    assert registrar.bindings(AOR)[0].expires_at_wall == NOW + 600 + 1_000_000


@pytest.mark.parametrize(("asked", "given"), [("99999", 3600), ("60", 60), ("nonsense", 600)])
def test_expiry_is_kept_within_bounds(registrar: Registrar, asked: str, given: int) -> None:
    registrar.register(AOR, register(f"<sip:a@192.0.2.1>;expires={asked}"), HOME, NOW)
    assert registrar.bindings(AOR)[0].expires_at == NOW + given


def test_a_brief_expiry_is_refused_and_nothing_changes(registrar: Registrar) -> None:
    result = registrar.register(AOR, register("<sip:a@192.0.2.1>", "<sip:b@192.0.2.1>;expires=59"), HOME, NOW)
    assert result == NotRegistered(423, None, (("min-expires", "60"),))
    assert registrar.bindings(AOR) == []


def test_bindings_are_told_with_what_is_left_of_them(registrar: Registrar) -> None:
    request = register('<sip:a@192.0.2.1>;q=0.5;+sip.instance="<urn:uuid:1>"', "<sip:b@192.0.2.1>;q=1.0")
    registrar.register(AOR, request, HOME, NOW)
    result = registrar.register(AOR, register(), HOME, NOW + 100)
    assert isinstance(result, Registered)
    assert not result.is_changed
    assert contact_values(result.bindings, NOW + 100) == (
        ("contact", "<sip:b@192.0.2.1>;expires=500"),
        ("contact", '<sip:a@192.0.2.1>;expires=500;q=0.5;+sip.instance="<urn:uuid:1>"'),
    )


def test_an_equal_uri_replaces_however_it_is_written(registrar: Registrar) -> None:
    registrar.register(AOR, register("<sip:a@PHONE.example:5060;transport=UDP>"), HOME, NOW)
    result = registrar.register(AOR, register("<sip:%61@phone.example:5060;transport=udp>", cseq=2), HOME, NOW)
    assert uris(result) == ["sip:%61@phone.example:5060;transport=udp"]


def test_an_instance_is_one_phone_under_any_contact(registrar: Registrar) -> None:
    registrar.register(AOR, register('<sip:a@192.0.2.1>;+sip.instance="<urn:uuid:1>"'), HOME, NOW)
    request = register('<sip:x@10.0.0.1:9>;+sip.instance="<urn:uuid:1>"', call_id="reborn")
    assert uris(registrar.register(AOR, request, HOME, NOW)) == ["sip:x@10.0.0.1:9"]


@pytest.mark.parametrize("cseq", [5, 4])
def test_the_sequence_must_grow_within_a_call_id(registrar: Registrar, cseq: int) -> None:
    registrar.register(AOR, register("<sip:a@192.0.2.1>", cseq=5), HOME, NOW)
    assert status(registrar.register(AOR, register("<sip:a@192.0.2.1>;expires=0", cseq=cseq), HOME, NOW)) == 500
    assert status(registrar.register(AOR, register("*", cseq=cseq, expires="0"), HOME, NOW)) == 500
    assert len(registrar.bindings(AOR)) == 1
    assert uris(registrar.register(AOR, register("<sip:a@192.0.2.1>", call_id="new", cseq=1), HOME, NOW))


def test_zero_removes_one_and_star_removes_all(registrar: Registrar) -> None:
    registrar.register(AOR, register("<sip:a@192.0.2.1>", "<sip:b@192.0.2.1>"), HOME, NOW)
    result = registrar.register(AOR, register("<sip:a@192.0.2.1>;expires=0", cseq=2), HOME, NOW)
    assert uris(result) == ["sip:b@192.0.2.1"]
    assert status(registrar.register(AOR, register("*", cseq=3), HOME, NOW)) == 400
    assert registrar.register(AOR, register("*", cseq=4, expires="0"), HOME, NOW) == Registered([], True)
    assert (registrar.count, registrar.next_timeout(), registrar.knows(HOME)) == (0, None, False)
    assert uris(registrar.register(AOR, register("<sip:a@192.0.2.1>;expires=0", cseq=5), HOME, NOW)) == []


def test_a_full_address_loses_what_would_expire_first(registrar: Registrar) -> None:
    for number, expires in enumerate((300, 100, 200, 400)):
        registrar.register(AOR, register(f"<sip:{number}@192.0.2.1>;expires={expires}", cseq=number), HOME, NOW)
    assert sorted(each.contact_uri for each in registrar.bindings(AOR)) == [
        "sip:0@192.0.2.1",
        "sip:2@192.0.2.1",
        "sip:3@192.0.2.1",
    ]
    too_many = [f"<sip:{number}@192.0.2.9>" for number in range(4)]
    assert status(registrar.register(AOR, register(*too_many, cseq=9), HOME, NOW)) == 403


def test_a_full_registrar_refuses_new_bindings_only(registrar: Registrar) -> None:
    for number in range(5):
        registrar.register(f"{number}@example.com", register("<sip:a@192.0.2.1>"), HOME, NOW)
    assert status(registrar.register(AOR, register("<sip:a@192.0.2.1>"), HOME, NOW)) == 503
    assert uris(registrar.register("0@example.com", register("<sip:a@192.0.2.1>", cseq=2), HOME, NOW))


def test_expired_bindings_go(registrar: Registrar) -> None:
    registrar.register(AOR, register("<sip:a@192.0.2.1>;expires=100", "<sip:b@192.0.2.1>;expires=200"), HOME, NOW)
    assert registrar.next_timeout() == NOW + 100
    assert registrar.handle_timeout(NOW + 99) == []
    assert registrar.handle_timeout(NOW + 100) == [AOR]
    assert [each.contact_uri for each in registrar.bindings(AOR)] == ["sip:b@192.0.2.1"]
    assert registrar.handle_timeout(NOW + 200) == [AOR]
    assert registrar.all_bindings() == []


def test_the_bindings_of_a_closed_connection_go(registrar: Registrar) -> None:
    registrar.register(AOR, register("<sip:a@192.0.2.1;transport=tcp>"), STREAM, NOW)
    registrar.register(AOR, register("<sip:b@192.0.2.1>", call_id="b"), HOME, NOW)
    assert registrar.knows(STREAM)
    assert registrar.flow_closed(STREAM) == [AOR]
    assert registrar.flow_closed(STREAM) == []
    assert [each.contact_uri for each in registrar.bindings(AOR)] == ["sip:b@192.0.2.1"]


OUTBOUND = (("supported", "path, outbound"),)


def outbound(user: str, reg_id: str, *, call_id: str, cseq: int = 1, more: tuple[tuple[str, str], ...] = ()) -> Request:
    contact = f'<sip:{user}@10.0.0.1>;+sip.instance="<urn:uuid:1>";reg-id={reg_id}'
    return register(contact, call_id=call_id, cseq=cseq, more=more or OUTBOUND)


def test_flows_of_one_phone_are_bindings_of_their_own_with_one_uri(registrar: Registrar) -> None:
    result = registrar.register(AOR, outbound("a", "1", call_id="one"), HOME, NOW)
    assert isinstance(result, Registered)
    assert result.is_outbound
    registrar.register(AOR, outbound("a", "2", call_id="two"), STREAM, NOW + 1)
    registrar.register(AOR, register("<sip:desk@192.0.2.7>", call_id="desk"), HOME, NOW)
    newest, *others = phones(registrar.bindings(AOR))[0]
    assert (newest.flow, newest.reg_id, [other.reg_id for other in others]) == (STREAM, 2, [1])
    assert [len(flows) for flows in phones(registrar.bindings(AOR))] == [2, 1]
    assert contact_values([newest], NOW + 1) == (
        ("contact", '<sip:a@10.0.0.1>;expires=600;+sip.instance="<urn:uuid:1>";reg-id=2'),
    )
    registrar.flow_closed(STREAM)
    assert [[each.reg_id for each in flows] for flows in phones(registrar.bindings(AOR))] == [[1], [0]]


def test_a_flow_replaces_the_one_of_its_number_whatever_its_uri(registrar: Registrar) -> None:
    registrar.register(AOR, outbound("a", "1", call_id="one"), HOME, NOW)
    registrar.register(AOR, outbound("b", "1", call_id="reborn"), STREAM, NOW)
    assert [(each.contact_uri, each.flow) for each in registrar.bindings(AOR)] == [("sip:b@10.0.0.1", STREAM)]
    assert (registrar.count, registrar.knows(HOME)) == (1, False)
    assert registrar.unregister(AOR, "sip:b@10.0.0.1")


@pytest.mark.parametrize("reg_id", ["0", "-1", "x", "99999999999", "1"])
def test_a_number_that_is_none_or_not_meant_is_ignored(registrar: Registrar, reg_id: str) -> None:
    headers = (("supported", "path"),) if reg_id == "1" else OUTBOUND
    result = registrar.register(AOR, outbound("a", reg_id, call_id="one", more=headers), HOME, NOW)
    assert isinstance(result, Registered)
    assert not result.is_outbound
    assert [each.key for each in registrar.bindings(AOR)] == ["sip:a@10.0.0.1"]


@pytest.mark.parametrize(("path", "is_kept"), [("<sip:edge;lr>", False), ("<sip:edge;lr;ob>", True)])
def test_a_flow_ends_at_a_proxy_unless_it_says_otherwise(registrar: Registrar, path: str, is_kept: bool) -> None:
    vias = ("via", "SIP/2.0/UDP edge;branch=z9hG4bK1, SIP/2.0/UDP phone;branch=z9hG4bK2")
    request = outbound("a", "1", call_id="one", more=(*OUTBOUND, vias, ("path", path)))
    result = registrar.register(AOR, request, HOME, NOW)
    assert result == NotRegistered(439) if not is_kept else isinstance(result, Registered)


def test_unregister_takes_one_or_all(registrar: Registrar) -> None:
    registrar.register(AOR, register("<sip:a@192.0.2.1>", "<sip:b@192.0.2.1>"), HOME, NOW)
    assert registrar.unregister(AOR, "sip:a@192.0.2.1")
    assert not registrar.unregister(AOR, "sip:a@192.0.2.1")
    assert registrar.unregister(AOR, None)
    assert registrar.bindings(AOR) == []


def test_path_and_user_agent_are_kept(registrar: Registrar) -> None:
    headers = (("path", "<sip:edge1;lr>, <sip:edge2;lr>"), ("user-agent", "Phone 1"))
    registrar.register(AOR, register("<sip:a@192.0.2.1>", more=headers), HOME, NOW)
    (binding,) = registrar.bindings(AOR)
    assert (binding.path, binding.user_agent) == (("<sip:edge1;lr>", "<sip:edge2;lr>"), "Phone 1")


def test_a_restart_gives_back_what_still_lives(registrar: Registrar) -> None:
    registrar.register(AOR, register("<sip:a@192.0.2.1>;expires=100", "<sip:b@192.0.2.1>;expires=200"), HOME, NOW)
    saved: list[Binding] = registrar.all_bindings()
    reborn = Registrar(registrar.policy, bindings_max=5, wall_offset=2_000_000.0)
    wall = NOW + 1_000_000 + 150
    assert reborn.restore(saved, now=5.0, wall=wall) == [AOR]
    (binding,) = reborn.bindings(AOR)
    assert (binding.contact_uri, binding.expires_at) == ("sip:b@192.0.2.1", 55.0)


def test_parameters_that_mean_nothing_come_back(registrar: Registrar) -> None:
    request = register('<sip:a@192.0.2.1>;novel;expires=300;+sip.rendering="no"', f"<sip:b@192.0.2.1>;x={'y' * 600}")
    result = registrar.register(AOR, request, HOME, NOW)
    assert isinstance(result, Registered)
    assert contact_values(result.bindings, NOW) == (
        ("contact", "<sip:b@192.0.2.1>;expires=600"),
        ("contact", '<sip:a@192.0.2.1>;expires=300;novel;+sip.rendering="no"'),
    )
