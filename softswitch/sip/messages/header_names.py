"""Header names: canonical, compact and printed forms, and which headers are lists or may come only once.

Inside the switch a header's name is always the long one in lower case ("call-id").
"""

import re

from softswitch.sip.messages.grammar import TOKEN_CHARACTERS, Malformed

COMPACT = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}
"""Compact forms (RFC 3261 section 7.3.3 and the documents that added more)."""

LONG_NAMES = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Alert-Info",
    "Allow",
    "Authentication-Info",
    "Authorization",
    "CSeq",
    "Call-Info",
    "Content-Disposition",
    "Content-Language",
    "Date",
    "Diversion",
    "Error-Info",
    "Expires",
    "History-Info",
    "In-Reply-To",
    "MIME-Version",
    "Max-Forwards",
    "Min-Expires",
    "Min-SE",
    "Organization",
    "P-Access-Network-Info",
    "P-Asserted-Identity",
    "P-Called-Party-ID",
    "P-Charging-Vector",
    "P-Early-Media",
    "P-Preferred-Identity",
    "Path",
    "Priority",
    "Privacy",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Require",
    "RAck",
    "RSeq",
    "Reason",
    "Record-Route",
    "Remote-Party-ID",
    "Replaces",
    "Reply-To",
    "Require",
    "Retry-After",
    "Route",
    "SIP-ETag",
    "SIP-If-Match",
    "Server",
    "Service-Route",
    "Session-ID",
    "Subscription-State",
    "Timestamp",
    "Unsupported",
    "User-Agent",
    "WWW-Authenticate",
    "Warning",
    *COMPACT.values(),
)


class Spellings(dict[str, str]):
    """Canonical name to the spelling on the wire: the standard's, or every word capitalised for a name unknown here."""

    def __missing__(self, name: str) -> str:
        return "-".join(word.capitalize() for word in name.split("-"))


PRINTED = Spellings({name.lower(): name for name in LONG_NAMES})

CANONICAL = (
    {compact: name.lower() for compact, name in COMPACT.items()}
    | {compact.upper(): name.lower() for compact, name in COMPACT.items()}
    | {name: name.lower() for name in LONG_NAMES}
    | {name.lower(): name.lower() for name in LONG_NAMES}
)
"""Every spelling that is met often, so that a header costs one look-up."""

LISTS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "alert-info",
        "allow",
        "allow-events",
        "call-info",
        "contact",
        "content-encoding",
        "content-language",
        "diversion",
        "error-info",
        "history-info",
        "in-reply-to",
        "p-asserted-identity",
        "p-preferred-identity",
        "path",
        "proxy-require",
        "reason",
        "record-route",
        "require",
        "route",
        "service-route",
        "supported",
        "unsupported",
        "via",
        "warning",
    }
)
"""Headers whose value is a comma-separated list. Authorization and its kin hold commas too but are never lists."""

SINGLE = frozenset(
    {
        "call-id",
        "content-length",
        "content-type",
        "cseq",
        "event",
        "expires",
        "from",
        "max-forwards",
        "min-expires",
        "min-se",
        "rack",
        "refer-to",
        "referred-by",
        "replaces",
        "rseq",
        "session-expires",
        "subscription-state",
        "to",
    }
)
"""Headers that may come only once: if they came twice, we and a proxy before us could each obey another one."""

NAME = re.compile(rf"([{TOKEN_CHARACTERS}]++)[ \t]*+")


def canonical_name(raw: str) -> str:
    """The canonical form of a name as received. White space may stand before the colon, nothing else may.

    Raises Malformed for anything but a token.
    """
    match = NAME.fullmatch(raw)
    if match is None:
        raise Malformed(400, "Malformed Header Name")
    name = match[1].lower()
    return CANONICAL.get(name, name)


def printed_name(name: str) -> str:
    """The form written on the wire."""
    return PRINTED[name]
