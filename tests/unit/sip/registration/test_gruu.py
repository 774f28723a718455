"""Which URI leads to one phone, and which phone a URI means."""

import pytest

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.messages.message import Request
from softswitch.sip.outputs import Binding
from softswitch.sip.registration.gruu import instance_in_text, pub_gruu, wants_gruu
from softswitch.sip.registration.registrar import contact_values

INSTANCE = "<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"
GRUU = "sip:ann@pbx.example;gr=urn:uuid:00000000-0000-1000-8000-000A95A0E128"


def binding(instance: str) -> Binding:
    return Binding(
        aor="ann@pbx.example",
        contact_uri="sip:ann@192.0.2.1",
        flow=Flow(TransportKind.UDP, HostPort("198.51.100.1", 5060), HostPort("192.0.2.1", 5060)),
        expires_at=60.0,
        expires_at_wall=60.0,
        call_id="c",
        cseq=1,
        instance=instance,
    )


def test_a_phone_with_an_instance_id_is_told_what_leads_to_it_if_it_wants_to_know() -> None:
    value = f'<sip:ann@192.0.2.1>;expires=60;+sip.instance="{INSTANCE}"'
    assert contact_values([binding(INSTANCE)], 0.0) == (("contact", value),)
    assert contact_values([binding(INSTANCE)], 0.0, has_gruu=True) == (("contact", f'{value};pub-gruu="{GRUU}"'),)


@pytest.mark.parametrize(
    "instance", ["", "urn:uuid:1", "<uuid:1>", '<urn:uuid:1";gr=x>', "<urn:uuid:a b>", "<urn:" + "x" * 101 + ">"]
)
def test_what_cannot_stand_in_a_uri_gives_none(instance: str) -> None:
    assert pub_gruu(binding(instance)) == ""


@pytest.mark.parametrize(
    ("uri", "instance"),
    [
        (GRUU, INSTANCE),
        ("sip:ann@pbx.example", ""),
        ("sip:ann@pbx.example;gr", ""),
        ("tel:+4930;gr=x", ""),
        ("no uri", ""),
    ],
)
def test_what_a_uri_means(uri: str, instance: str) -> None:
    assert instance_in_text(uri) == instance


def test_who_wants_one() -> None:
    assert wants_gruu(Request("REGISTER", "sip:x", [("supported", "path, GRUU")]))
    assert not wants_gruu(Request("REGISTER", "sip:x", [("supported", "path")]))
    assert not wants_gruu(Request("REGISTER", "sip:x", []))
