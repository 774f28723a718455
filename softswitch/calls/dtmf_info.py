"""Digits as INFO within a dialog: from phones in the two types that are in use, to phones in the one that all know."""

from softswitch.sip.outputs import InfoReceived

DIGITS = "0123456789*#ABCD"

_NUMBERED = {"10": "*", "11": "#"}
"""Some phones send the event's number (RFC 4733 section 3.2) in place of these two."""


def digit_of_info(event: InfoReceived) -> str | None:
    """The digit in an INFO of type application/dtmf-relay ("Signal=5") or application/dtmf ("5"), or None."""
    text = event.body.decode("ascii", "replace").strip()
    content_type = event.content_type.split(";")[0].strip().lower()
    if content_type == "application/dtmf-relay":
        fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        text = next((value.strip() for key, value in fields.items() if key.strip().lower() == "signal"), "")
    elif content_type != "application/dtmf":
        return None
    digit = _NUMBERED.get(text, text).upper()
    return digit if len(digit) == 1 and digit in DIGITS else None


def info_of_digit(digit: str, duration_ms: int) -> tuple[str, bytes]:
    """Content type and body of the INFO that says a key was pressed."""
    return "application/dtmf-relay", f"Signal={digit}\r\nDuration={duration_ms}\r\n".encode()
