"""Scanners are known by name and by shape; phones are not taken for one."""

from pathlib import Path

import pytest

from softswitch.sip.messages.message import Request
from softswitch.sip.messages.parser import parse
from softswitch.sip.security.fingerprints import fingerprint
from softswitch.sip.settings import GuardSettings

SCANNERS = GuardSettings().scanners
GOLDEN = Path(__file__).parents[3] / "golden" / "sip"


def request(**headers: str) -> Request:
    base = {
        "via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-3f9a;rport",
        "from": '"Anna" <sip:anna@pbx.example>;tag=8a7f',
        "to": "<sip:101@pbx.example>",
        "call-id": "f81d4fae-7dec@192.0.2.1",
        "contact": "<sip:anna@192.0.2.1>",
        "user-agent": "Yealink SIP-T46U 108.86",
    }
    base |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("REGISTER", "sip:pbx.example", base.items())


def test_phones_are_no_scanners() -> None:
    assert fingerprint(request(), SCANNERS) == ""
    assert fingerprint(request(call_id="1837465018364750"), SCANNERS) == "", "some phones count"
    assert fingerprint(request(via="SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-524287;rport"), SCANNERS) == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"user_agent": "Friendly-Scanner 1.0"},
        {"user_agent": "sipcli/v1.8"},
        {"from": '"sipvicious"<sip:100@203.0.113.1>;tag=1'},
        {"from": '"100"<sip:100@1.1.1.1>;tag=1', "user_agent": "Asterisk PBX"},
        {"contact": "sip:123@1.1.1.1", "user_agent": "Asterisk PBX"},
        {"call_id": "937465018364750193847561", "via": "SIP/2.0/UDP 127.0.1.1:5061;branch=z9hG4bK-2718281828;rport"},
        {
            "call_id": "2718281828",
            "via": "SIP/2.0/UDP 127.0.1.1:5061;branch=z9hG4bK-314159265;rport",
            "from": '"90"<sip:90@h>;tag=39300133323736',
        },
        {"call_id": "937465018364750193847561", "from": '"1"<sip:1@h>;tag=3130302e3101333237363834'},
    ],
)
def test_scanners_give_themselves_away(headers: dict[str, str]) -> None:
    assert fingerprint(request(**headers), SCANNERS)


def test_no_golden_message_is_taken_for_a_scanner() -> None:
    for path in GOLDEN.glob("valid/*.sip"):
        message = parse(path.read_bytes())
        if isinstance(message, Request):
            assert fingerprint(message, SCANNERS) == "", path.name
