"""What a message must have before the rest of the stack relies on it (RFC 3261 sections 8.1.1, 16.3; RFC 4475).

After `validate` returned None, the typed views of `message.py` do not raise, nor do the URIs in them. The one exception
is `vias`, because only the topmost Via is ours to judge.
"""

from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.header_names import SINGLE, printed_name
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.methods import KNOWN_METHODS
from softswitch.sip.messages.parser import verdict
from softswitch.sip.messages.uri import SipUri


def validate(message: Request | Response) -> Malformed | None:
    """The first fault of a message, or None. A faulty response has no status hint: it is dropped.

    Not demanded, because phones older than RFC 3261 leave them out: Max-Forwards, From's tag, Via's branch.
    """
    try:
        _check_headers(message)
        if isinstance(message, Request):
            _check_request(message)
    except Malformed as fault:
        return verdict(fault, message)
    return None


def _check_headers(message: Request | Response) -> None:
    if message.has_repetitions:
        names = [name for name, _ in message.headers]
        for name in names:
            if name in SINGLE and names.count(name) > 1:
                raise Malformed(400, f"Multiple {printed_name(name)} Headers")
    _ = message.top_via, message.from_.uri, message.to.uri, message.call_id, message.cseq, message.max_forwards
    for contact in message.contacts:
        _ = contact.uri
    for route in message.record_routes:
        _ = route.uri


def _check_request(request: Request) -> None:
    uri = request.uri
    if isinstance(uri, SipUri) and uri.headers:
        raise Malformed(400, "Headers in Request-URI")
    if request.cseq.method != request.method:
        raise Malformed(400 if request.method in KNOWN_METHODS else 501, "CSeq Method Does Not Match Request")
    for route in request.routes:
        _ = route.uri
