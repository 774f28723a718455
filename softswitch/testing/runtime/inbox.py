"""What a mail server has taken, for tests: the handler that aiosmtpd's servers call."""

import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class Inbox:
    """`taken` and the `recipients` of each; `refuses` is what the server says to whom in place of taking it."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refuses: dict[str, str] = {}
        self.has_come = threading.Event()
        """Set with the first: the server runs in a thread of its own."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        self.has_come.set()
        return "250 OK"
