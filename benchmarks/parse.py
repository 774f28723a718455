"""What one INVITE costs the message layer. Run: python benchmarks/parse.py [--json]

The budget of "split and route" is 25 µs on a 2.8 GHz core: start line, headers, Via branch, Call-ID, CSeq, tags of From
and To, Contact. The figure is the least of many short rounds, so that a busy machine does not blur it.
"""

import json
import sys
from collections.abc import Callable
from time import process_time

from processes import where_and_when

from softswitch.base.address import HostPort
from softswitch.sip.description.offer_answer import MediaCapabilities, answer_offer
from softswitch.sip.messages.header_values import Via
from softswitch.sip.messages.message import Request, make_response
from softswitch.sip.messages.parser import parse
from softswitch.sip.messages.validate import validate

SDP = (
    b"v=0\r\no=alice 3794461041 3794461041 IN IP4 192.0.2.17\r\ns=phone\r\nc=IN IP4 192.0.2.17\r\nt=0 0\r\n"
    b"m=audio 49170 RTP/AVP 8 0 9 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)
INVITE = (
    b"INVITE sip:0800555010@pbx.example.com;user=phone SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.17:5060;rport;branch=z9hG4bKPj4f1a0c7e92d84b5bb0\r\n"
    b"Max-Forwards: 70\r\n"
    b"Route: <sip:edge.pbx.example.com;transport=udp;lr>\r\n"
    b'From: "Alice Example" <sip:alice@pbx.example.com>;tag=8f2b7c9a51d04e6f\r\n'
    b"To: <sip:0800555010@pbx.example.com;user=phone>\r\n"
    b"Contact: <sip:alice@192.0.2.17:5060;ob>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-0004f2abcdef>\"\r\n"
    b"Call-ID: 1c7e0d4fa3b24c6d9e55-192.0.2.17\r\n"
    b"CSeq: 24711 INVITE\r\n"
    b"Allow: PRACK, INVITE, ACK, BYE, CANCEL, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, OPTIONS\r\n"
    b"Supported: replaces, 100rel, timer, norefersub\r\n"
    b"Session-Expires: 1800\r\nMin-SE: 90\r\n"
    b'P-Preferred-Identity: "Alice Example" <sip:+493055500@pbx.example.com>\r\n'
    b"User-Agent: Example Phone 4.2.1\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: " + str(len(SDP)).encode() + b"\r\n\r\n" + SDP
)  # fmt: skip


def read_invite() -> Request:
    message = parse(INVITE)
    assert isinstance(message, Request)
    return message


def split_and_route() -> tuple[object, ...]:
    request = read_invite()
    return (
        request.top_via.branch,
        request.call_id,
        request.cseq,
        request.from_.tag,
        request.to.tag,
        request.contacts[0].uri_text,
    )


def split_and_validate() -> None:
    assert validate(read_invite()) is None


def cost_us(step: Callable[[], object], rounds: int = 200, repeats: int = 50) -> float:
    """Microseconds per call, the least of `rounds`."""
    best = float("inf")
    for _ in range(rounds):
        started_at = process_time()
        for _ in range(repeats):
            step()
        best = min(best, process_time() - started_at)
    return best / repeats * 1e6


def main() -> None:
    request = read_invite()
    response = make_response(request, 200, to_tag="42")
    via = str(request.top_via)
    steps: dict[str, Callable[[], object]] = {
        "split": read_invite,
        "split and route": split_and_route,
        "split and validate all": split_and_validate,
        "Via alone": lambda: Via.parse(via),
        "make_response": lambda: make_response(request, 180, to_tag="42"),
        "serialize request": request.serialize,
        "serialize response": response.serialize,
        "answer the offer": lambda: answer_offer(
            SDP, MediaCapabilities(), HostPort("192.0.2.1", 4000), session_id=1, version=1
        ),
    }
    print(f"INVITE of {len(INVITE)} bytes")
    costs = {name: round(cost_us(step), 2) for name, step in steps.items()}
    for name, cost in costs.items():
        print(f"{name:24} {cost:6.1f} µs")
    if "--json" in sys.argv:
        print(json.dumps({"parse_us": costs["split and route"], "steps": costs, **where_and_when()}))


if __name__ == "__main__":
    main()
