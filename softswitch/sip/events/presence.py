"""The event "presence" (RFC 3856): whether somebody can be reached, and in few words what he does; PIDF (RFC 3863).

Phones show `basic` as a colour and the note as text; what people do is told in the words of RFC 4480 as well, for
those that have a picture for each.
"""

from typing import ClassVar, Literal
from xml.etree.ElementTree import Element

import msgspec

from softswitch.sip.events.limits import NOTE_CHARACTERS_MAX
from softswitch.sip.events.xml import Unreadable, add, read, written, xml_text

PIDF = "urn:ietf:params:xml:ns:pidf"
DATA_MODEL = "urn:ietf:params:xml:ns:pidf:data-model"
RPID = "urn:ietf:params:xml:ns:pidf:rpid"

Activity = Literal["", "on-the-phone", "busy", "away"]


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody is: `is_open` that he can be called."""

    event: ClassVar[str] = "presence"
    content_type: ClassVar[str] = "application/pidf+xml"

    is_open: bool = False
    note: str = ""
    activity: Activity = ""

    def render(self, entity: str, version: int, watcher: str = "") -> bytes:
        root = Element(
            "presence", {"xmlns": PIDF, "xmlns:dm": DATA_MODEL, "xmlns:rpid": RPID, "entity": xml_text(entity)}
        )
        tuple_ = add(root, "tuple", id="t1")
        add(add(tuple_, "status"), "basic", "open" if self.is_open else "closed")
        add(tuple_, "contact", entity)
        if self.note:
            add(tuple_, "note", self.note)
            add(root, "note", self.note)
        if self.activity:
            person = add(root, "dm:person", id="p1")
            add(add(person, "rpid:activities"), f"rpid:{self.activity}")
        return written(root)


def read_presence(body: bytes) -> Presence:
    """What a published document says: open if any of its tuples is; the first note there is. Raises Unreadable."""
    root = read(body)
    if root.tag != f"{{{PIDF}}}presence":
        raise Unreadable("Not a Presence Document")
    basics = [(element.text or "").strip().lower() for element in root.iter(f"{{{PIDF}}}basic")]
    notes = [element.text for element in root.iter() if element.tag in _NOTES and element.text]
    note = " ".join(xml_text(notes[0]).split())[:NOTE_CHARACTERS_MAX].strip() if notes else ""
    activity: Activity = ""
    named = {child.tag.rpartition("}")[2] for element in root.iter(f"{{{RPID}}}activities") for child in element}
    for known in _ACTIVITIES:
        if known in named:
            activity = known
            break
    return Presence(is_open="open" in basics, note=note, activity=activity)


_NOTES = frozenset({f"{{{PIDF}}}note", f"{{{DATA_MODEL}}}note", f"{{{RPID}}}note"})
_ACTIVITIES: tuple[Activity, ...] = ("on-the-phone", "busy", "away")
