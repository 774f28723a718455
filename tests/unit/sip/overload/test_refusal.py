"""The cheap 503: a good answer to a new INVITE of any spelling, and nothing to all others."""

from pathlib import Path

import pytest

from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.parser import parse
from softswitch.sip.overload.refusal import is_ack_of_refusal, refuse, top_via

GOLDEN = Path(__file__).parents[3] / "golden" / "sip"
INVITE = (
    b"INVITE sip:100@pbx SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5062;rport;branch=z9hG4bKa\r\n"
    b"v: SIP/2.0/TCP edge;branch=z9hG4bKb\r\nf: <sip:a@b>;tag=1\r\nTo: <sip:100@pbx>\r\ni: call\r\n"
    b"CSeq: 7 INVITE\r\nContact: <sip:a@192.0.2.1>\r\nContent-Length: 0\r\n\r\n"
)


def test_a_new_invite_is_refused() -> None:
    answer = parse(refuse(INVITE, 5) or b"")
    assert isinstance(answer, Response)
    assert (answer.status, answer.get("retry-after"), answer.to.tag) == (503, "5", "overload")
    assert [via.branch for via in answer.vias] == ["z9hG4bKa", "z9hG4bKb"]
    assert (answer.call_id, answer.cseq, answer.from_.tag) == ("call", (7, "INVITE"), "1")


@pytest.mark.parametrize(
    "changed",
    [
        INVITE.replace(b"To: <sip:100@pbx>", b"To: <sip:100@pbx>;tag=ours"),
        INVITE.replace(b"i: call\r\n", b""),
        INVITE.replace(b"i: call\r\n", b"i: call\r\nCall-ID: other\r\n"),
        INVITE[:-4],
        INVITE.replace(b"<sip:100@pbx>\r\n", b"<sip:100@pbx>\0\r\n"),
    ],
)
def test_others_are_left_to_those_who_read(changed: bytes) -> None:
    assert refuse(changed, 5) is None


def test_whatever_is_refused_is_refused_with_a_good_answer() -> None:
    """Of our golden messages; a parser that reads ours reads the answer."""
    for path in sorted(GOLDEN.glob("*/*.sip")):
        data = path.read_bytes()
        answer = refuse(data, 5) if data.startswith(b"INVITE ") else None
        if answer is None:
            continue
        request, response = parse(data), parse(answer)
        assert isinstance(response, Response), path.name
        original = request.request if isinstance(request, Malformed) else request
        assert isinstance(original, Request)
        vias = [value for name, value in original.headers if name == "via"]
        assert [value for name, value in response.headers if name == "via"] == vias, path.name


def test_its_ack_is_known_and_no_other() -> None:
    ack = b"ACK sip:100@pbx SIP/2.0\r\nVia: x\r\nTo: <sip:100@pbx>;tag=%s\r\nCSeq: 7 ACK\r\n\r\n"
    assert is_ack_of_refusal(ack % b"overload")
    assert not is_ack_of_refusal(ack % b"ours")
    assert not is_ack_of_refusal(INVITE)


def test_the_topmost_via() -> None:
    assert top_via(INVITE) == ("z9hG4bKa", "192.0.2.1", "5062")
    assert top_via(INVITE.replace(b":5062", b"")) == ("z9hG4bKa", "192.0.2.1", "None")
    assert top_via(b"INVITE x SIP/2.0\r\nVia: odd\r\n\r\n") is None
