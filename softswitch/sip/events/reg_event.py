"""The event "reg" (RFC 3680): which phones are registered under somebody's address."""

from hashlib import blake2b
from typing import ClassVar
from xml.etree.ElementTree import Element

import msgspec

from softswitch.sip.events.xml import add, written


class RegisteredContact(msgspec.Struct, frozen=True, kw_only=True):
    """One binding. `key` tells it from the others and never changes."""

    key: str
    uri: str
    q: float = 1.0


class Registration(msgspec.Struct, frozen=True):
    """All bindings of one address-of-record."""

    event: ClassVar[str] = "reg"
    content_type: ClassVar[str] = "application/reginfo+xml"

    contacts: tuple[RegisteredContact, ...] = ()

    def render(self, entity: str, version: int, watcher: str = "") -> bytes:
        root = Element("reginfo", {"xmlns": "urn:ietf:params:xml:ns:reginfo", "version": str(version), "state": "full"})
        state = "active" if self.contacts else "init"
        registration = add(root, "registration", aor=entity, id="r1", state=state)
        for contact in self.contacts:
            attributes = {"id": _id(contact.key), "state": "active", "event": "registered"}
            if contact.q != 1.0:
                attributes["q"] = f"{contact.q:.3g}"
            add(add(registration, "contact", **attributes), "uri", contact.uri)
        return written(root)


def _id(key: str) -> str:
    """An XML name of fixed length."""
    return "c" + blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
