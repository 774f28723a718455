"""Option tags (RFC 3261 section 19.2): what a message supports or requires."""

from typing import Literal

from softswitch.sip.messages.message import Message


def has_option(message: Message, header: Literal["supported", "require"], tag: str) -> bool:
    """Whether `tag` (in lower case) stands in the header. Costs next to nothing for a message without it."""
    text = message.get(header)
    if text is None or (tag not in text.lower() and not message.has_repetitions):
        return False
    return any(value.lower() == tag for value in message.get_all(header))


def allows(message: Message, method: str) -> bool:
    """Whether the sender of `message` says that it takes requests of this method (Allow, section 20.5)."""
    return message.get("allow") is not None and method in message.get_all("allow")
