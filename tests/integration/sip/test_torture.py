"""The torture messages through the real ports: a switch that listens on UDP and TCP, and a trunk that sends them.

Ours, in tests/golden/sip, one for each section of RFC 4475 and more; and the RFC's own where somebody has them beside
the checkout (../shared/testdata/rfc4475, or the folder SOFTSWITCH_RFC4475 names), which are not ours to hand on.
Every message is followed by an OPTIONS of our own: what arrives before its answer is the answer, so that silence needs
no waiting.
"""

import asyncio
import csv
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
import uvloop

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SystemEntropy
from softswitch.sip.authentication.auth_client import answer_challenge
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import InviteReceived, SipOutput
from softswitch.sip.runtime import stream_connection, stream_transport
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.settings import Account, SipSettings, TrunkPeer

pytestmark = pytest.mark.network

TESTS = Path(__file__).parents[2]
GOLDEN = TESTS / "golden" / "sip"
RFC4475 = Path(os.environ.get("SOFTSWITCH_RFC4475") or TESTS.parents[1] / "shared" / "testdata" / "rfc4475")
HERE = "127.0.0.1"
TRUNK = "127.0.0.44"
WAIT_S = 5.0
PASSWORD = "correct horse"

INVITED = [100, 486]
"""The usual answer to an INVITE: it reaches the calls, who are busy here."""

RFC_ANSWERS: dict[str, list[int]] = {
    "wsinv": [481],
    "intmeth": [501],
    "esc01": INVITED,
    "escnull": [401],
    "esc02": [501],
    "lwsdisp": [200],
    "longreq": INVITED,
    "dblreq": [401],
    "semiuri": [200],
    "transports": [200],
    "mpart01": [405],
    "unreason": [],
    "noreason": [],
    "badinv01": [400],
    "clerr": [400],
    "ncl": [400],
    "scalar02": [400],
    "scalarlg": [],
    "quotbal": [400],
    "ltgtruri": [400],
    "lwsruri": [400],
    "lwsstart": [400],
    "trws": [400],
    "escruri": [400],
    "baddate": INVITED,
    "regbadct": [400],
    "badaspec": [400],
    "baddn": [400],
    "badvers": [505],
    "mismatch01": [400],
    "mismatch02": [501],
    "bigcode": [],
    "badbranch": [200],
    "insuf": [400],
    "unkscm": [416],
    "novelsc": [416],
    "unksm2": [400],
    "bext01": [420],
    "invut": [415],
    "regaut01": [401],
    "multi01": [400],
    "mcl01": [400],
    "bcast": [],
    "zeromf": [200],
    "cparam01": [401],
    "cparam02": [401],
    "regescrt": [401],
    "sdp01": [406],
    "inv2543": INVITED,
    "test": [],
}
"""The answer the manifest beside the RFC's messages prefers, for each of them."""


class Case(msgspec.Struct, frozen=True):
    name: str
    message: bytes
    answers: list[int]


def golden_cases() -> list[Case]:
    with (GOLDEN / "verdicts.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    cases: list[Case] = []
    for row in rows:
        (path,) = GOLDEN.glob(f"*/{row['file']}.sip")
        status = int(row["status"] or 0)
        cases.append(Case(row["file"], path.read_bytes(), INVITED if status == 100 else [status] if status else []))
    return cases


def rfc_cases() -> list[Case]:
    return [
        Case(path.stem, path.read_bytes(), RFC_ANSWERS[path.stem])
        for path in sorted(RFC4475.glob("*.dat"))
        if path.is_file()
    ]


CASES = golden_cases() + rfc_cases()

UDP_ONLY = {"octets_after_the_body", "dblreq", "no_empty_line", "baddn", "test"}
"""On a stream these are not one message: what follows the body begins the next, and headers without end go on."""

FRAMING_LOST = {
    *("content_length_negative", "ncl"),
    *("content_length_twice", "content_length_twice_equal", "mcl01"),
    *("content_length_with_plus", "content_length_in_other_digits"),
    *("no_content_length", "leading_empty_lines", "rfc2543_invite", "inv2543"),
    "http_request",
}
"""Nobody knows where these end: on a stream 400, if it can be told what they are, and the connection is closed."""

NEVER_ENDS = {"content_length_too_large", "clerr"}
"""These wait for octets that do not come: on a stream 400 and a closed connection when time is up."""


class Switch:
    """A running endpoint that believes the trunk, and is busy."""

    def __init__(self) -> None:
        clock = SystemClock()
        users = ("lea", "watson", "user")
        settings = SipSettings(
            domain="example.com",
            aliases=frozenset({"pbx.example"}),
            accounts={name: Account(username=name, password=PASSWORD) for name in users},
            trunks=(TrunkPeer(name="provider", addresses=(TRUNK,)),),
        )
        self.endpoint = SipEndpoint(settings, entropy=SystemEntropy(), wall_offset=clock.wall() - clock.now())
        self._clock = clock
        self.driver = SipDriver(self.endpoint, clock=clock, on_event=self._note, loop=asyncio.get_running_loop())

    async def start(self, kind: TransportKind) -> HostPort:
        await self.driver.start([(kind, HostPort(HERE, 0))])
        return self.driver.listening[0][1]

    def _note(self, fact: SipOutput) -> None:
        if isinstance(fact, InviteReceived):
            self.endpoint.reject(fact.leg_id, 486, now=self._clock.now())


def marker(kind: TransportKind) -> bytes:
    return (
        f"OPTIONS sip:{HERE} SIP/2.0\r\nVia: SIP/2.0/{kind.value} {TRUNK};branch=z9hG4bKmarker\r\nMax-Forwards: 70\r\n"
        f"From: <sip:m@{TRUNK}>;tag=m\r\nTo: <sip:{HERE}>\r\nCall-ID: marker\r\nCSeq: 1 OPTIONS\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def read_response(data: bytes) -> Response:
    response = parse(data)
    assert isinstance(response, Response), data
    return response


class Trunk:
    """The sender's UDP socket."""

    def __init__(self, switch: HostPort) -> None:
        self._switch = switch
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((TRUNK, 0))

    async def ask(self, message: bytes) -> list[Response]:
        """Everything the message is answered with."""
        self._socket.sendto(message, self._switch)
        self._socket.sendto(marker(TransportKind.UDP), self._switch)
        responses: list[Response] = []
        async with asyncio.timeout(WAIT_S):
            while True:
                data = await asyncio.get_running_loop().sock_recv(self._socket, 65_535)
                response = read_response(data)
                if response.get("call-id") == "marker":
                    return responses
                responses.append(response)

    def close(self) -> None:
        self._socket.close()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scenario()

    uvloop.run(main())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_over_udp(case: Case) -> None:
    async def scenario() -> None:
        switch = Switch()
        trunk = Trunk(await switch.start(TransportKind.UDP))
        try:
            responses = await trunk.ask(case.message)
            assert [response.status for response in responses] == case.answers
            for response in responses:
                check_headers(response)
        finally:
            trunk.close()
            await switch.driver.stop()

    run(scenario)


def check_headers(response: Response) -> None:
    """What RFC 3261 wants beside the status."""
    demanded = {405: "allow", 415: "accept", 420: "unsupported", 401: "www-authenticate"}
    if response.status in demanded:
        assert response.get_all(demanded[response.status])


@pytest.mark.parametrize("case", [case for case in CASES if case.name not in UDP_ONLY], ids=lambda case: case.name)
def test_over_tcp(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    if case.name in NEVER_ENDS:
        monkeypatch.setattr(stream_connection, "MESSAGE_TIMEOUT_S", 0.02)
        monkeypatch.setattr(stream_transport, "SWEEP_EVERY_S", 0.01)

    async def scenario() -> None:
        switch = Switch()
        address = await switch.start(TransportKind.TCP)
        reader, writer = await asyncio.open_connection(*address, local_addr=(TRUNK, 0))
        try:
            writer.write(case.message)
            writer.write(marker(TransportKind.TCP))
            responses = await read_until_marker(reader)
            is_closed = case.name in FRAMING_LOST | NEVER_ENDS
            expected = case.answers
            if is_closed:
                # Whatever else it would be answered with: where it ends is not known.
                expected = [400] if case.answers else []
            assert [response.status for response in responses if response.get("call-id") != "marker"] == expected
            assert reader.at_eof() == is_closed
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            await switch.driver.stop()

    run(scenario)


async def read_until_marker(reader: asyncio.StreamReader) -> list[Response]:
    """Responses up to the one for the marker, or to the end of the connection."""
    responses: list[Response] = []
    async with asyncio.timeout(WAIT_S):
        while not responses or responses[-1].get("call-id") != "marker":
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).lstrip(b"\r\n")
            except asyncio.IncompleteReadError as error:
                return [*responses, *([read_response(error.partial)] if error.partial else [])]
            if not head:
                continue
            response = read_response(head)
            responses.append(response)
            assert response.get("content-length") == "0"
    return responses


REGISTERED = {
    "contact_parameter": "<sip:lea@198.51.100.7>;novel",
    "uri_parameter": "<sip:lea@198.51.100.7;novel>",
    "escaped_header_in_contact": "<sip:lea@198.51.100.7?Route=%3Csip:edge.example%3E>",
    "cparam01": "<sip:+19725552222@gw1.example.net>;unknownparam",
    "cparam02": "<sip:+19725552222@gw1.example.net;unknownparam>",
    "regescrt": "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>",
}
"""What the answer to a registration must say of the Contact: the parameters stay on their side of the bracket."""


@pytest.mark.parametrize("case", [case for case in CASES if case.name in REGISTERED], ids=lambda case: case.name)
def test_a_strange_contact_comes_back_as_it_was(case: Case) -> None:
    async def scenario() -> None:
        switch = Switch()
        trunk = Trunk(await switch.start(TransportKind.UDP))
        try:
            (challenged,) = await trunk.ask(case.message)
            (answered,) = await trunk.ask(authorized(case.message, challenged))
            assert answered.status == 200
            (contact,) = answered.get_all("contact")
            assert contact.replace(";expires=3600", "") == REGISTERED[case.name]
        finally:
            trunk.close()
            await switch.driver.stop()

    run(scenario)


def authorized(message: bytes, challenged: Response) -> bytes:
    """The same request again, with the password of the user it is for."""
    request = parse(message)
    assert isinstance(request, Request)
    request.set("cseq", f"{request.cseq.number + 1} REGISTER")
    value = answer_challenge(
        challenged.get_all("www-authenticate"),
        request.to.user or "",
        PASSWORD,
        "REGISTER",
        request.uri_text,
        SystemEntropy(),
        {},
    )
    assert value is not None
    request.set("authorization", value)
    return request.serialize()


def test_the_messages_of_the_rfc_are_all_there_or_none() -> None:
    assert {case.name for case in rfc_cases()} in (set(RFC_ANSWERS), set())
