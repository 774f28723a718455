"""The server's side of SIP over WebSocket, fed by the client's side of the same library; no sockets."""

import pytest
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri

from softswitch.sip.limits import MESSAGE_BYTES_MAX
from softswitch.sip.runtime.limits import HANDSHAKE_BYTES_MAX
from softswitch.sip.runtime.web_socket import WebSocketFramer

REGISTER = b"REGISTER sip:pbx.example SIP/2.0\r\nCall-ID: 1\r\n\r\n"


class Browser:
    """What opens a WebSocket to us."""

    def __init__(self, framer: WebSocketFramer, *, subprotocol: str = "sip", origin: str = "") -> None:
        self._framer = framer
        self.protocol = ClientProtocol(
            parse_uri("ws://pbx.example/"),
            origin=Origin(origin) if origin else None,
            subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
        )
        self.events: list[object] = []
        self.protocol.send_request(self.protocol.connect())
        self.exchange()

    def exchange(self) -> list[bytes]:
        """Everything there is to be sent, both ways; returns the messages the server got."""
        messages: list[bytes] = []
        for _ in range(3):
            messages += self._framer.receive(b"".join(self.protocol.data_to_send()))
            if octets := self._framer.take_output():
                self.protocol.receive_data(octets)
            self.events += self.protocol.events_received()
        return messages

    @property
    def status(self) -> int:
        assert isinstance(self.events[0], Response)
        return self.events[0].status_code

    def frames(self) -> list[Frame]:
        return [event for event in self.events if isinstance(event, Frame)]


@pytest.fixture
def framer() -> WebSocketFramer:
    return WebSocketFramer(())


def test_one_message_is_one_sip_message_text_or_binary_or_in_pieces(framer: WebSocketFramer) -> None:
    browser = Browser(framer)
    assert (browser.status, framer.is_open) == (101, True)
    browser.protocol.send_text(REGISTER)
    browser.protocol.send_binary(b"\xff")
    browser.protocol.send_text(REGISTER[:9], fin=False)
    browser.protocol.send_continuation(REGISTER[9:], fin=True)
    assert browser.exchange() == [REGISTER, b"\xff", REGISTER]
    assert framer.pending_bytes == 0


def test_what_we_say_is_text_unless_it_is_no_utf8(framer: WebSocketFramer) -> None:
    browser = Browser(framer)
    for message in (b"SIP/2.0 200 OK", "SIP/2.0 200 Принято".encode(), b"SIP/2.0 200 Gr\xfc\xdfe"):
        framer.send(message)
    browser.exchange()
    assert [frame.opcode for frame in browser.frames()] == [Opcode.TEXT, Opcode.TEXT, Opcode.BINARY]


@pytest.mark.parametrize("subprotocol", ["", "chat"])
def test_without_the_subprotocol_sip_nobody_gets_in(framer: WebSocketFramer, subprotocol: str) -> None:
    browser = Browser(framer, subprotocol=subprotocol)
    assert (browser.status, framer.is_open, framer.is_over) == (400, False, True)
    assert isinstance(browser.protocol.handshake_exc, InvalidHandshake)


@pytest.mark.parametrize(
    ("origin", "status"), [("https://phone.example", 101), ("https://evil.example", 403), ("", 101)]
)
def test_browsers_come_from_pages_we_know(origin: str, status: int) -> None:
    assert Browser(WebSocketFramer(["https://phone.example"]), origin=origin).status == status


def test_pings_are_answered_and_ours_wait_for_an_answer(framer: WebSocketFramer) -> None:
    browser = Browser(framer)
    browser.protocol.send_ping(b"there?")
    browser.exchange()
    assert [(frame.opcode, frame.data) for frame in browser.frames()] == [(Opcode.PONG, b"there?")]
    framer.ping()
    assert framer.is_pong_due
    browser.exchange()
    assert not framer.is_pong_due


def test_a_message_too_large_ends_the_connection(framer: WebSocketFramer) -> None:
    browser = Browser(framer)
    browser.protocol.send_binary(bytes(MESSAGE_BYTES_MAX + 1))
    assert browser.exchange() == []
    assert framer.is_over
    farewell = browser.frames()[-1]
    assert (farewell.opcode, bytes(farewell.data)[:2]) == (Opcode.CLOSE, (1009).to_bytes(2, "big"))


def test_a_handshake_too_large_is_a_fault(framer: WebSocketFramer) -> None:
    framer.receive(b"GET / HTTP/1.1\r\n")
    for number in range(HANDSHAKE_BYTES_MAX // 1000 + 1):
        framer.receive(f"X-{number}: {'x' * 1000}\r\n".encode())
    assert framer.fault is not None


@pytest.mark.parametrize(
    "octets", [b"OPTIONS sip:x SIP/2.0\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.0\r\n\r\n"]
)
def test_what_is_no_handshake_is_the_end(framer: WebSocketFramer, octets: bytes) -> None:
    assert framer.receive(octets + b"\r\n\r\n") == []
    assert framer.is_over
    assert framer.receive(octets) == []


def test_what_follows_the_handshake_at_once_is_not_lost(framer: WebSocketFramer) -> None:
    browser = ClientProtocol(parse_uri("ws://pbx.example/"), subprotocols=[Subprotocol("sip")])
    browser.send_request(browser.connect())
    head = b"".join(browser.data_to_send())
    for at in range(len(head)):
        assert framer.receive(head[at : at + 1] if at < len(head) - 1 else head[at:] + b"\x89\x80abcd") == []
    octets = framer.take_output()
    assert octets.startswith(b"HTTP/1.1 101 ")
    assert octets.endswith(b"\x8a\x00")


def test_a_farewell_is_answered(framer: WebSocketFramer) -> None:
    browser = Browser(framer)
    browser.protocol.send_close(1000)
    browser.exchange()
    assert framer.is_over
    framer.send(REGISTER)
    assert framer.take_output() == b""


def test_empty_pieces_take_no_room(framer: WebSocketFramer) -> None:
    browser = Browser(framer)
    browser.protocol.send_text(b"x", fin=False)
    for _ in range(100):
        browser.protocol.send_continuation(b"", fin=False)
    browser.exchange()
    assert framer.pending_bytes == 1


def test_headers_of_the_refusal_name_the_reason(framer: WebSocketFramer) -> None:
    browser = Browser(framer, subprotocol="")
    response = browser.events[0]
    assert isinstance(response, Response)
    assert isinstance(response.headers, Headers)
    assert b"subprotocol" in (response.body or b"")
