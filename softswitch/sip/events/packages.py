"""The event packages there are. Each is a state of some resource that can be written as a body.

The state with nothing in it is what watchers are told of a resource of which nobody has said anything.
"""

from typing import ClassVar, Protocol

from softswitch.sip.events.dialog_info import DialogInfo
from softswitch.sip.events.message_summary import MessageSummary
from softswitch.sip.events.presence import Presence
from softswitch.sip.events.reg_event import Registration


class EventState(Protocol):
    """How a resource is, in one respect."""

    event: ClassVar[str]
    """The package's name, the value of the header Event."""
    content_type: ClassVar[str]

    def render(self, entity: str, version: int, watcher: str = "") -> bytes:
        """The body of a NOTIFY to the account `watcher` about `entity`, the URI he asked for; `version` counts them,
        from 0."""
        ...


NOTHING_KNOWN: dict[str, EventState] = {
    state.event: state for state in (DialogInfo(), MessageSummary(), Presence(), Registration())
}
PRIVATE = frozenset({MessageSummary.event, Registration.event})
"""Of these nobody learns but the one they are about, and who is named to him."""
ALLOW_EVENTS = ", ".join([*sorted(NOTHING_KNOWN), "refer"])
