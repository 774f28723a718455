"""The event "message-summary" (RFC 3842): how many messages wait for somebody. It lights the envelope of phones."""

from typing import ClassVar

import msgspec


class MessageSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Voice messages of one mailbox. Urgent ones are counted among the others as well."""

    event: ClassVar[str] = "message-summary"
    content_type: ClassVar[str] = "application/simple-message-summary"

    new: int = 0
    old: int = 0
    urgent_new: int = 0
    urgent_old: int = 0

    def render(self, entity: str, version: int, watcher: str = "") -> bytes:
        """Section 5: lines like headers; the account is whom the phone calls to hear them."""
        lines = [
            f"Messages-Waiting: {'yes' if self.new else 'no'}",
            f"Message-Account: {entity}",
            f"Voice-Message: {self.new}/{self.old} ({self.urgent_new}/{self.urgent_old})",
        ]
        return ("\r\n".join(lines) + "\r\n").encode()
