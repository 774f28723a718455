"""Where a 3xx says to try instead (RFC 3261 section 8.1.3.4)."""

from softswitch.sip.messages.legible import legible_uri
from softswitch.sip.messages.message import Response

REDIRECT_TARGETS_MAX = 5
"""Contacts of one 3xx that are read: a phone names one, a redirect server a few routes."""


def redirect_targets(response: Response) -> tuple[str, ...]:
    """The URIs of its Contacts, those it likes best (q) first, equals in its own order. Nothing is sent there."""
    if not 300 <= response.status <= 399:
        return ()
    contacts = sorted(response.contacts, key=lambda contact: -_quality(contact.params.get("q")))
    return tuple(legible_uri(contact.uri_text) for contact in contacts[:REDIRECT_TARGETS_MAX])


def _quality(text: str | None) -> float:
    """0 to 1; 1 if it does not say, or not so that it can be read."""
    try:
        return min(max(float(text or 1.0), 0.0), 1.0)
    except ValueError:
        return 1.0
