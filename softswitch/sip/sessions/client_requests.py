"""Requests made from other requests: the ACK of a 2xx, CANCEL, and the second try after a challenge."""

from softswitch.base.address import Flow
from softswitch.sip.core import SipCore
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.outputs import Transmit
from softswitch.sip.sessions.dialog import Dialog


class Acknowledgement:
    """The ACK of a 2xx (section 13.2.2.4): the dialog's route, the INVITE's number and, if any, its credentials.

    Sent when made, and again for every repetition of the 2xx, along whatever flow the dialog goes then.
    """

    __slots__ = ("_core", "_dialog", "_packet")

    def __init__(self, core: SipCore, dialog: Dialog, invite: Request) -> None:
        self._core = core
        self._dialog = dialog
        self._packet = _make_ack(core, dialog, invite).serialize()
        self.send()

    def send(self) -> None:
        if not self._dialog.flow.is_lost:
            self._core.outputs.append(Transmit(self._dialog.flow, self._packet))


def _make_ack(core: SipCore, dialog: Dialog, invite: Request) -> Request:
    ack = dialog.make_request("ACK", core.make_via(dialog.flow), cseq=invite.cseq.number)
    for name in ("authorization", "proxy-authorization"):
        value = invite.get(name)
        if value is not None:
            ack.headers.append((name, value))
    return ack


def make_cancel(invite: Request) -> Request:
    """Section 9.1: the same Request-URI, Via, Route, Call-ID, From, To and number."""
    cancel = Request("CANCEL", invite.uri_text)
    kept = ("via", "max-forwards", "route", "from", "to", "call-id")
    cancel.headers = [header for header in invite.headers if header[0] in kept]
    cancel.headers.append(("cseq", f"{invite.cseq.number} CANCEL"))
    return cancel


def repeat_request(core: SipCore, request: Request, flow: Flow, cseq: int) -> Request:
    """The same request under a new branch and number, for its second try (section 22.2)."""
    again = Request(request.method, request.uri_text, (), request.body)
    again.headers = list(request.headers)
    again.set("via", core.make_via(flow))
    again.set("cseq", f"{cseq} {request.method}")
    return again


def keep_identity(invite: Request) -> Request:
    """What of an answered INVITE may still be needed, for further answers: it waits for them for half a minute."""
    kept = Request(invite.method, invite.uri_text)
    needed = ("from", "to", "call-id", "cseq", "authorization", "proxy-authorization")
    kept.headers = [header for header in invite.headers if header[0] in needed]
    return kept


def read_retry_after(response: Response) -> int | None:
    """Seconds, or None (section 20.33: a comment and parameters may follow the number)."""
    text = (response.get("retry-after") or "").partition(";")[0].partition("(")[0].strip(" \t")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
