"""Methods and their properties."""

KNOWN_METHODS = frozenset(
    {
        "ACK",
        "BYE",
        "CANCEL",
        "INFO",
        "INVITE",
        "MESSAGE",
        "NOTIFY",
        "OPTIONS",
        "PRACK",
        "PUBLISH",
        "REFER",
        "REGISTER",
        "SUBSCRIBE",
        "UPDATE",
    }
)

DIALOG_CREATING = frozenset({"INVITE", "REFER", "SUBSCRIBE"})
"""A 2xx to these makes a dialog; NOTIFY as well when it outruns the answer (RFC 6665)."""

TARGET_REFRESH = frozenset({"INVITE", "NOTIFY", "REFER", "SUBSCRIBE", "UPDATE"})
"""Inside a dialog, the Contact of these replaces the remote target."""


def known_method(method: str) -> str:
    """The method in the standard's spelling. Methods are case-sensitive, but a known one is read in any case."""
    if method in KNOWN_METHODS:
        return method
    upper = method.upper()
    return upper if upper in KNOWN_METHODS else method
