"""A SIP message as it is shown, stored and sent to those who look: secrets are masked in it already."""

import msgspec

from softswitch.base.address import Flow


class TracedMessage(msgspec.Struct, frozen=True, gc=False):
    """One message on the wire; `at` is in seconds since the epoch, `flow` what it came along or was sent along."""

    at: float
    is_sent: bool
    flow: Flow
    message: bytes
