"""The event "dialog" (RFC 4235): which calls somebody has. It lights the busy lamps of phones.

Every document is complete (`state="full"`) and numbered by its subscription. Phones turn a lamp off when they read of a
dialog that is terminated, some when there is none any more: so calls that have just ended are named once more, and one
who has no calls has one that ended long ago.
"""

from typing import ClassVar, Literal
from xml.etree.ElementTree import Element

import msgspec

from softswitch.sip.events.xml import add, written

DialogState = Literal["trying", "early", "confirmed", "terminated"]
Direction = Literal["initiator", "recipient"]


class Pickup(msgspec.Struct, frozen=True, kw_only=True):
    """What an INVITE with Replaces (RFC 3891) must name to answer for a phone that rings, tags as that phone has them,
    and which watchers are told: those who may."""

    call_id: str
    local_tag: str
    remote_tag: str
    watchers: frozenset[str]


class WatchedDialog(msgspec.Struct, frozen=True, kw_only=True):
    """One call of somebody's. `direction` says who began it: `initiator`, he did.

    `remote_uri` is "" where watchers are not to know whom he talks to. `pickup`: somebody may answer it for him.
    """

    id: str
    state: DialogState
    direction: Direction
    remote_uri: str = ""
    remote_display: str = ""
    pickup: Pickup | None = None


class DialogInfo(msgspec.Struct, frozen=True):
    """All calls of somebody, and those that ended since the last one."""

    event: ClassVar[str] = "dialog"
    content_type: ClassVar[str] = "application/dialog-info+xml"

    dialogs: tuple[WatchedDialog, ...] = ()

    def render(self, entity: str, version: int, watcher: str = "") -> bytes:
        attributes = {"version": str(version), "state": "full", "entity": entity}
        root = Element("dialog-info", {"xmlns": "urn:ietf:params:xml:ns:dialog-info", **attributes})
        for dialog in self.dialogs:
            element = add(root, "dialog", id=dialog.id, **_named(dialog.pickup, watcher), direction=dialog.direction)
            add(element, "state", dialog.state)
            if dialog.remote_uri:
                remote = add(element, "remote")
                named = {"display": dialog.remote_display} if dialog.remote_display else {}
                add(remote, "identity", dialog.remote_uri, **named)
                add(remote, "target", uri=dialog.remote_uri)
        if not self.dialogs:
            add(add(root, "dialog", id="none"), "state", "terminated")
        return written(root)


def _named(pickup: Pickup | None, watcher: str) -> dict[str, str]:
    if pickup is None or watcher not in pickup.watchers:
        return {}
    return {"call-id": pickup.call_id, "local-tag": pickup.local_tag, "remote-tag": pickup.remote_tag}
