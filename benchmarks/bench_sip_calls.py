"""What one whole back-to-back call costs the SIP endpoint, without sockets. Run: python benchmarks/bench_sip_calls.py

A call is INVITE 100 180 200 ACK BYE 200 on two legs: seven messages in, seven out, from a trunk to a trunk. The other
parties are scripted from templates and do not count; timers run as at 500 calls a second, so that some 16,000 settled
transactions are always waiting for their end. `--json` prints one object as the last line; `--profile` runs one long
round for a profiler to look at.
"""

import argparse
import json
import platform
from collections.abc import Callable, Sequence
from statistics import median
from time import process_time

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SystemEntropy
from softswitch.base.ids import LegId
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegEnded, LegProgress, SipOutput, Transmit
from softswitch.sip.settings import GuardSettings, SipSettings, Target, TrunkPeer

HERE = HostPort("192.0.2.1", 5060)
CALLER = Flow(TransportKind.UDP, HERE, HostPort("192.0.2.17", 5060))
CALLEE = Flow(TransportKind.UDP, HERE, HostPort("192.0.2.18", 5060))
CALLS_PER_S = 500.0

SDP = (
    "v=0\r\no=alice 3794461041 3794461041 IN IP4 192.0.2.17\r\ns=phone\r\nc=IN IP4 192.0.2.17\r\nt=0 0\r\n"
    "m=audio 49170 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)
INVITE = (
    "INVITE sip:100@192.0.2.1 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.17:5060;rport;branch=z9hG4bKPj4f1a0c7e92d8{n}\r\n"
    "Max-Forwards: 70\r\n"
    'From: "Alice Example" <sip:alice@pbx.example.com>;tag=8f2b{n}\r\n'
    "To: <sip:100@pbx.example.com;user=phone>\r\n"
    "Contact: <sip:alice@192.0.2.17:5060;ob>\r\n"
    "Call-ID: 1c7e0d4fa3b24c6d9e55-{n}\r\n"
    "CSeq: 24711 INVITE\r\n"
    "Allow: PRACK, INVITE, ACK, BYE, CANCEL, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, OPTIONS\r\n"
    "Supported: replaces, 100rel, timer, norefersub\r\n"
    "User-Agent: Example Phone 4.2.1\r\n"
    "Content-Type: application/sdp\r\n"
    f"Content-Length: {len(SDP)}\r\n\r\n{SDP}"
)
FOLLOW_UP = (
    "{method} sip:192.0.2.1:5060 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.17:5060;rport;branch=z9hG4bKPj{method}{n}\r\n"
    "Max-Forwards: 70\r\n"
    'From: "Alice Example" <sip:alice@pbx.example.com>;tag=8f2b{n}\r\n'
    "To: <sip:100@pbx.example.com;user=phone>;tag={tag}\r\n"
    "Call-ID: 1c7e0d4fa3b24c6d9e55-{n}\r\n"
    "CSeq: {cseq} {method}\r\n"
    "User-Agent: Example Phone 4.2.1\r\n"
    "Content-Length: 0\r\n\r\n"
)


class Bench:
    """Two scripted parties around one endpoint; `spent_s` is the time inside the endpoint."""

    def __init__(self) -> None:
        trunks = (TrunkPeer(name="trunk", addresses=("192.0.2.16/28",)),)
        settings = SipSettings(domain="pbx.example.com", trunks=trunks, guard=GuardSettings())
        self.endpoint = SipEndpoint(settings, entropy=SystemEntropy())
        self.endpoint.add_listener(TransportKind.UDP, HERE)
        self.now = 1000.0
        self.spent_s = 0.0
        self.messages = 0
        self.calls = 0

    def call(self) -> None:
        """One call from beginning to end."""
        self.calls += 1
        self.now += 1.0 / CALLS_PER_S
        number = f"{self.calls:08d}"
        outputs = self._receive(INVITE.replace("{n}", number).encode(), CALLER)
        inbound = _leg(outputs, InviteReceived)
        target = Target(uri="sip:bob@192.0.2.18:5060", flow=CALLEE)
        outputs = self._command(
            lambda: self.endpoint.invite(
                target, from_uri="sip:alice@pbx.example.com", from_display="Alice", sdp=SDP.encode(), now=self.now
            )
        )
        invite = _message_to(outputs, CALLEE)
        self._receive(_respond(invite, "100 Trying", ""), CALLEE)
        outputs = self._receive(_respond(invite, "180 Ringing", f";tag=b{number}"), CALLEE)
        outbound = _leg(outputs, LegProgress)
        self._command(lambda: self.endpoint.progress(inbound, 180, None, self.now))
        outputs = self._receive(_respond(invite, "200 OK", f";tag=b{number}", SDP), CALLEE)
        _leg(outputs, LegAnswered)
        outputs = self._command(lambda: self.endpoint.accept(inbound, SDP.encode(), self.now))
        tag = _to_tag(_message_to(outputs, CALLER))
        self._receive(_follow_up("ACK", number, 24711, tag), CALLER)
        outputs = self._receive(_follow_up("BYE", number, 24712, tag), CALLER)
        _leg(outputs, LegEnded)
        outputs = self._command(lambda: self.endpoint.hang_up(outbound, self.now))
        self._receive(_respond(_message_to(outputs, CALLEE), "200 OK", ""), CALLEE)

    def _receive(self, message: bytes, flow: Flow) -> list[SipOutput]:
        self.messages += 1
        return self._command(lambda: self.endpoint.receive_datagram(message, flow, self.now))

    def _command(self, command: Callable[[], object]) -> list[SipOutput]:
        """One input as a driver does it: the input, the outputs, the next deadline."""
        started_at = process_time()
        command()
        outputs = self.endpoint.take_outputs()
        at = self.endpoint.next_timeout()
        if at is not None and at <= self.now:
            self.endpoint.handle_timeout(self.now)
        self.spent_s += process_time() - started_at
        self.messages += sum(isinstance(output, Transmit) for output in outputs)
        return outputs


def _leg(outputs: Sequence[SipOutput], kind: type[InviteReceived | LegProgress | LegAnswered | LegEnded]) -> LegId:
    return next(output.leg_id for output in outputs if isinstance(output, kind))


def _message_to(outputs: Sequence[SipOutput], flow: Flow) -> bytes:
    return next(output.message for output in outputs if isinstance(output, Transmit) and output.flow == flow)


def _respond(request: bytes, status: str, to_tag: str, body: str = "") -> bytes:
    lines = request.decode().split("\r\n")
    kept = [line for line in lines if line.startswith(("Via:", "From:", "Call-ID:", "CSeq:"))]
    to = next(line for line in lines if line.startswith("To:"))
    head = [f"SIP/2.0 {status}", *kept, to + to_tag, "Contact: <sip:bob@192.0.2.18:5060>"]
    if body:
        head.append("Content-Type: application/sdp")
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", body]).encode()


def _follow_up(method: str, number: str, cseq: int, tag: str) -> bytes:
    return FOLLOW_UP.format(method=method, n=number, cseq=cseq, tag=tag).encode()


def _to_tag(response: bytes) -> str:
    return response.partition(b"\r\nTo: ")[2].partition(b"\r\n")[0].partition(b";tag=")[2].decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--calls", type=int, default=500, help="calls per round")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    bench = Bench()
    rounds: list[float] = []
    for _ in range(options.rounds * (10 if options.profile else 1)):
        spent_before = bench.spent_s
        for _ in range(options.calls):
            bench.call()
        rounds.append((bench.spent_s - spent_before) / options.calls * 1000.0)
    settled = rounds[len(rounds) // 2 :]
    result = {
        "calls": bench.calls,
        "messages_per_call": bench.messages / bench.calls,
        "ms_per_call_median": round(median(settled), 3),
        "ms_per_call_least": round(min(settled), 3),
        "us_per_message": round(median(settled) * 1000.0 / (bench.messages / bench.calls), 1),
        "transactions_held": bench.endpoint.statistics().transactions,
        "python": platform.python_version(),
    }
    print(f"{'what':<22} value")
    for name, value in result.items():
        print(f"{name:<22} {value}")
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
