"""Messages without what must not be read by others: digests of passwords, SRTP keys, digits a caller types.

What is hidden becomes as many asterisks, so that Content-Length stays true and every reader of SIP still takes the
message. Everything that leaves the process or goes to the disk comes through here.
"""

import re
from collections.abc import Callable

_CREDENTIALS = re.compile(
    rb"^((?:proxy-)?authorization|authentication-info)[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)
_PROOF = re.compile(rb'\b((?:response|rspauth)[ \t\r\n]*=[ \t\r\n]*"?)([^",\s]*)', re.IGNORECASE)
_DIGEST = re.compile(rb"digest[ \t\r\n]", re.IGNORECASE)
_SCHEME = re.compile(rb"([^:]*:[ \t\r\n]*+(?:[^ \t\r\n]++[ \t\r\n]++)?)(.*)", re.DOTALL)
_URI_PASSWORD = re.compile(rb'(\bsips?:[^\s:@<>"]++:)([^\s:@<>"]++)(?=@)', re.IGNORECASE)
_LOWER_URI_PASSWORD = re.compile(rb'sips?:[^\s:@<>"]++:[^\s:@<>"]++@')
_SDP_KEY = re.compile(rb"(\binline:)([^|\s]+)", re.IGNORECASE)
_SDP_PASSWORD = re.compile(rb"^(a=ice-pwd:|a=key-mgmt:|k=)([^\r\n]+)", re.IGNORECASE | re.MULTILINE)
_RELAYED_DIGIT = re.compile(rb"^([ \t]*signal[ \t]*=[ \t]*)([^\r\n]+)", re.IGNORECASE | re.MULTILINE)
_DIGITS_ALONE = re.compile(rb"\n(?:content-type|c)[ \t]*:[ \t]*application/dtmf[ \t]*[;\r]", re.IGNORECASE)

_TRACES_IN_BODIES = (b"inline:", b"a=ice-pwd:", b"a=key-mgmt:", b"\nk=", b"signal", b"application/dtmf")
"""What most messages have nothing of."""


def masked(message: bytes) -> bytes:
    """The same message, equally long, without its secrets."""
    lower = message.lower()
    if _LOWER_URI_PASSWORD.search(lower):
        message = _URI_PASSWORD.sub(_starred, message)
    has_credentials = b"authorization" in lower or b"authentication-info" in lower
    if not has_credentials and not any(trace in lower for trace in _TRACES_IN_BODIES):
        return message
    head, separator, body = message.partition(b"\r\n\r\n")
    if has_credentials:
        head = _CREDENTIALS.sub(_without_proof, head)
    if _DIGITS_ALONE.search(head + b"\r"):
        body = b"*" * len(body)
    for secret in (_SDP_KEY, _SDP_PASSWORD, _RELAYED_DIGIT):
        body = secret.sub(_starred, body)
    return head + separator + body


def _starred(match: re.Match[bytes]) -> bytes:
    return match[1] + b"*" * len(match[2])


def _without_proof(match: re.Match[bytes]) -> bytes:
    header = match[0]
    is_digest = _DIGEST.search(header) is not None or match[1].lower() == b"authentication-info"
    hide: Callable[[bytes], bytes] = _proof_starred if is_digest else _scheme_alone
    return hide(header)


def _proof_starred(header: bytes) -> bytes:
    return _PROOF.sub(_starred, header)


def _scheme_alone(header: bytes) -> bytes:
    """Basic, or whatever else proves itself by all that it says."""
    return _SCHEME.sub(lambda match: match[1] + re.sub(rb"[^\r\n]", b"*", match[2]), header, count=1)
