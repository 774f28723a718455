"""What a REFER asks for (RFC 3515 section 2.1): whom to call, and whose place the new call is to take (RFC 3891).

The headers after the question mark of a Refer-To are read for Replaces, the one that has a meaning of its own here;
whatever else a phone writes there is not obeyed. Faults are told with statuses that end nothing but the REFER: 404, 416
and 481 within a dialog would end the call as well (RFC 5057 section 5.1).
"""

import re
from typing import NamedTuple

from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.header_values import NameAddr
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.messages.uri import AbsoluteUri, SipUri, unescape

NOT_IN_HEADER = re.compile(r"[^A-Za-z0-9\-_.!~*'()]")
"""What a header's value within a URI may not hold (RFC 3261 section 25.1, hvalue), and a little more."""


class ReferTo(NamedTuple):
    """`user` is whom to call: a number or a name, without parameters; `uri` is all of it, without its headers."""

    user: str
    uri: str
    replaces: Replaces | None

    @classmethod
    def of(cls, refer: Request) -> "ReferTo":
        """Raises Malformed with the status that fits."""
        values = refer.get_all("refer-to")
        if len(values) != 1:
            raise Malformed(400, "Not One Refer-To")
        address = NameAddr.parse(values[0])
        uri = address.uri
        if isinstance(uri, AbsoluteUri):
            raise Malformed(403, "Refer-To Is No SIP URI")
        method = uri.params.get("method") or address.params.get("method") or "INVITE"
        if method.upper() != "INVITE":
            raise Malformed(403, "Refer-To Asks For No Call")
        user = (uri.user or "").partition(";")[0]
        if not isinstance(uri, SipUri):
            return cls(user, str(uri), None)
        params = {name: value for name, value in uri.params.items() if name != "method"}
        replaces = _header(uri.headers, "replaces")
        plain = str(uri.replace(params=params, headers=""))
        return cls(user, plain, None if replaces is None else Replaces.parse(replaces))


def with_replaces(uri: str, replaces: Replaces) -> str:
    """`uri`, which has no headers, with a Replaces: for a Refer-To of ours."""
    value = NOT_IN_HEADER.sub(lambda match: "".join(f"%{octet:02X}" for octet in _octets(match[0])), str(replaces))
    return f"{uri}?Replaces={value}"


def _octets(text: str) -> bytes:
    """As they came: Call-ID and tags are the peer's, and may be no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def _header(headers: str, wanted: str) -> str | None:
    """The value of a header within a URI; None if it is not there."""
    for header in headers.split("&") if headers else ():
        name, _, value = header.partition("=")
        if unescape(name).lower() == wanted:
            return unescape(value)
    return None
