"""UDPTL datagrams (ITU-T T.38 section 9.1) as far as one who passes them on must look: is it one, and which.

```
  0               2                 3 or 4
  | sequence (16) | primary length  | primary IFP packet | error recovery: earlier ones again, or parity |
```

A length below 128 is one byte; below 16,384 it is two, the first two bits 10 (X.691 section 10.9). IFP packets in
fragments, which that leaves possible, are sent by nobody.
"""

from softswitch.media.limits import UDPTL_BYTES_MAX

BYTES_MIN = 5
"""Sequence, length, one byte of IFP, and an error recovery without anything in it."""

_TWO_BYTES = 0x80
_FRAGMENT = 0xC0


def sequence_of(datagram: bytes) -> int | None:
    """Its sequence number, or None: this is no UDPTL."""
    if not BYTES_MIN <= len(datagram) <= UDPTL_BYTES_MAX:
        return None
    length, content = datagram[2], 3
    if length >= _FRAGMENT:
        return None
    if length >= _TWO_BYTES:
        length, content = (length & 0x3F) << 8 | datagram[3], 4
    if not length or content + length >= len(datagram):
        return None
    return datagram[0] << 8 | datagram[1]
