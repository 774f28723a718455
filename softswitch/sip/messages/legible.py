"""Texts of peers made fit for records, screens and other programs.

Inside the SIP domain text keeps the very octets it came with, as surrogates where they are no UTF-8 (grammar.py). Such
text cannot be encoded: not for the disk, not for the control socket, not for a log in JSON. So whatever leaves the
domain in an output goes through here.
"""

import re

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
FOREIGN = re.compile(r"[\ud800-\udfff]")


def legible(text: str) -> str:
    """Octets that are no UTF-8 are read as Latin-1, which old phones mean by them; control characters are left out."""
    if text.isascii() and text.isprintable():
        return text
    if FOREIGN.search(text):
        text = text.encode("utf-8", "surrogateescape").decode("latin-1")
    return CONTROLS.sub("", text)


def legible_uri(text: str) -> str:
    """A URI as it came, but for octets that are no UTF-8: they are escaped, as RFC 3261 section 25.1 demands."""
    if text.isascii():
        return text
    return FOREIGN.sub(lambda octet: f"%{ord(octet[0]) - 0xDC00:02X}", text)
