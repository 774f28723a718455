"""A station that says exactly what a test tells it to: for peers no well-behaved stack would be."""

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import SipOutput, Transmit


class RawStation:
    """Sends text as SIP (line ends become CRLF, `Content-Length` is added) and keeps what it gets."""

    def __init__(self, local: HostPort, kind: TransportKind = TransportKind.UDP) -> None:
        self.local = local
        self.received: list[Request | Response] = []
        self._kind = kind
        self._outbox: list[SipOutput] = []

    def send(self, remote: HostPort, text: str, body: str = "") -> None:
        """Send a message whose headers are `text`, lines separated by newlines."""
        payload = body.encode()
        head = "\r\n".join(line.strip() for line in text.strip().splitlines())
        self.send_bytes(remote, f"{head}\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload)

    def send_bytes(self, remote: HostPort, message: bytes) -> None:
        self._outbox.append(Transmit(Flow(self._kind, self.local, remote), message))

    def requests(self, method: str) -> list[Request]:
        return [each for each in self.received if isinstance(each, Request) and each.method == method]

    def responses(self, method: str) -> list[Response]:
        """To our requests of a method."""
        return [each for each in self.received if isinstance(each, Response) and each.cseq.method == method]

    def answer(self, request: Request, status: int, tag: str, *extra: str, body: str = "") -> None:
        """Answer a request that came to us, with a To tag; `extra` are further header lines."""
        copied = [
            f"{name}: {value}"
            for name, value in request.headers
            if name in ("via", "from", "call-id", "cseq", "record-route")
        ]
        to = request.require("to")
        lines = [
            f"SIP/2.0 {status} Whatever",
            *copied,
            f"to: {to}" if "tag=" in to else f"to: {to};tag={tag}",
            *extra,
        ]
        via = request.top_via
        self.send(HostPort(via.host, via.port or 5060), "\n".join(lines), body)

    # Station

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        message = parse(data)
        assert not isinstance(message, Malformed), message.reason
        self.received.append(message)

    def receive_message(self, data: bytes, flow: Flow, now: float) -> None:
        self.receive_datagram(data, flow, now)

    def flow_closed(self, flow: Flow, now: float) -> None:
        """Nothing to do."""

    def flow_failed(self, flow: Flow, now: float) -> None:
        """Nothing to do."""

    def next_timeout(self) -> float | None:
        return None

    def handle_timeout(self, now: float) -> None:
        """There are no timers."""

    def take_outputs(self) -> list[SipOutput]:
        outputs = self._outbox
        self._outbox = []
        return outputs
