"""What one message means, in the few words there is room for on a ladder."""

import re
from typing import Literal

import msgspec

from softswitch.base.traced_message import TracedMessage
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.legible import legible
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.parser import parse

StepKind = Literal["request", "provisional", "success", "failure", "malformed"]
_CAUSE = re.compile(r"Q\.850\s*;.*?cause\s*=\s*(\d{1,3})", re.IGNORECASE)
REASON_CHARACTERS_READ = 256
"""Of one Reason; the search would take a second for the longest a peer can send."""
_DIRECTION = re.compile(rb"^a=(sendonly|recvonly|inactive)\r?$", re.MULTILINE)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One message between the switch and a party; `is_sent` by the switch. `at` is in seconds since the epoch."""

    at: float
    party: str
    is_sent: bool
    kind: StepKind
    label: str
    """"INVITE", "486 Busy Here", "200 OK (BYE)"."""
    notes: tuple[str, ...] = ()
    """"sdp", "sdp sendonly", "credentials", "Q.850 17", and what else tells why."""
    sip_call_id: str = ""
    status: int = 0
    method: str = ""


def step_of(traced: TracedMessage, party: str) -> Step:
    """Any bytes give a step."""
    parsed = parse(traced.message)
    message = parsed.request if isinstance(parsed, Malformed) else parsed
    if not isinstance(message, Request | Response):
        first_line = traced.message.partition(b"\r\n")[0][:40].decode("utf-8", "surrogateescape")
        return Step(at=traced.at, party=party, is_sent=traced.is_sent, kind="malformed", label=legible(first_line))
    method = (message.get("cseq") or "").rpartition(" ")[2]
    if isinstance(message, Request):
        kind, label, status, method = "request", message.method, 0, message.method
        if method == "INVITE" and ";tag=" in (message.get("to") or ""):
            label = "re-INVITE"
    else:
        status = message.status
        kind = "provisional" if status < 200 else "success" if status < 300 else "failure"
        label = f"{status} {message.reason}" + ("" if method in ("INVITE", "") else f" ({method})")
    return Step(
        at=traced.at,
        party=party,
        is_sent=traced.is_sent,
        kind="malformed" if isinstance(parsed, Malformed) else kind,
        label=legible(label),
        notes=tuple(map(legible, _notes(message))),
        sip_call_id=legible(message.get("call-id") or ""),
        status=status,
        method=legible(method),
    )


def q850_cause(reason: str) -> int | None:
    """The cause of a Reason header (RFC 3326), if it is one of Q.850."""
    match = _CAUSE.search(reason[:REASON_CHARACTERS_READ])
    return None if match is None else int(match[1])


def _notes(message: Request | Response) -> list[str]:
    notes: list[str] = []
    if message.body and message.content_type == "application/sdp":
        direction = _DIRECTION.search(message.body)
        notes.append("sdp" if direction is None else f"sdp {direction[1].decode()}")
    if message.get("authorization") is not None or message.get("proxy-authorization") is not None:
        notes.append("credentials")
    for reason in message.get_all("reason"):
        cause = q850_cause(reason)
        notes.append(reason if cause is None else f"Q.850 {cause}")
    for name, shown in (("warning", ""), ("retry-after", "retry after "), ("refer-to", "to ")):
        value = message.get(name)
        if value is not None:
            notes.append(f"{shown}{value}")
    if isinstance(message, Response) and 300 <= message.status < 400:
        notes.append(f"to {message.get('contact') or 'nowhere'}")
    return notes
