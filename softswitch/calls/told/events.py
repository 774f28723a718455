"""The switch's events: one numbered sequence of all that a CRM, a wallboard or a report wants to know.

| subject      | kinds                                                                                            |
|--------------|--------------------------------------------------------------------------------------------------|
| the ACD      | contact.*, reservation.*, agent.*, queue.*, switch.*: its own diary (acd/events.py), as it is      |
| a call       | began, ringing, answered, bridged, held, resumed, parted, parked, retrieved, transferred, tagged,  |
|              | supervised, ended (call_events.py)                                                                 |
| an agent     | screen.pop: he is reserved, and this is what is known of who calls                                 |
| a conference | joined, left                                                                                       |
| a recording  | started, ended                                                                                     |
| a phone      | registered, unregistered                                                                           |
| a trunk      | up, down                                                                                           |
| a call-back  | changed: promised, dialled, resting, over                                                          |
| voicemail    | left                                                                                               |
| the whole    | configuration.reloaded                                                                             |

What happened to a call is told by calls/runtime/telling.py, where it happens; nobody there knows who listens.

Fields are only ever added, and with a default: what is stored is read by later versions.
"""

from collections.abc import Sequence
from typing import TypeAlias, get_args

import msgspec

from softswitch.acd.events import AcdEvent
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.calls.told.call_events import CallHappened

NUMBER_MAX = 2**53 - 1
"""No event has a greater number: the greatest that programs in JavaScript can tell from the next."""


class PhoneRegistered(msgspec.Struct, frozen=True, tag="phone.registered", gc=False, omit_defaults=True):
    """An account can be reached at one more phone; a mere refresh is not told. `phones` has it now."""

    at: float
    username: str
    address: str = ""
    user_agent: str = ""
    agent_id: AgentId | None = None
    phones: int = 1


class PhoneUnregistered(msgspec.Struct, frozen=True, tag="phone.unregistered", gc=False, omit_defaults=True):
    """A phone of an account has left, or its registration has run out. `phones` are left."""

    at: float
    username: str
    agent_id: AgentId | None = None
    phones: int = 0


class TrunkUp(msgspec.Struct, frozen=True, tag="trunk.up", gc=False, omit_defaults=True):
    """A provider has registered us, or answers again (`subject`: "registration", "health")."""

    at: float
    trunk: str
    subject: str


class TrunkDown(msgspec.Struct, frozen=True, tag="trunk.down", gc=False, omit_defaults=True):
    """It does not: `state` and `reason` as `softswitch trunks` shows them."""

    at: float
    trunk: str
    subject: str
    state: str = ""
    reason: str = ""


class CallbackChanged(msgspec.Struct, frozen=True, tag="callback.changed", gc=False, omit_defaults=True):
    """A call-back was promised, or is in another state: "waiting", "dialling", "resting", "over"."""

    at: float
    callback_id: str
    queue_id: QueueId
    number: str
    state: str
    attempts: int = 0
    result: str = ""
    """Of one that is over: "served", "expired", "given up", "cancelled"."""
    last_failure: str = ""
    agent: str = ""
    call_id: CallId | None = None
    """The last call that was made for it."""


class VoicemailLeft(msgspec.Struct, frozen=True, tag="voicemail.left", gc=False, omit_defaults=True):
    """There is a new message in a box."""

    at: float
    message_id: str
    box: str
    calling_number: str = ""
    duration_s: float = 0.0
    is_urgent: bool = False
    call_id: CallId | None = None


class ConfigurationReloaded(msgspec.Struct, frozen=True, tag="configuration.reloaded", gc=False, omit_defaults=True):
    """Another configuration is in force; `changes` are their number."""

    at: float
    changes: int = 0


SwitchEvent: TypeAlias = (
    AcdEvent
    | CallHappened
    | PhoneRegistered
    | PhoneUnregistered
    | TrunkUp
    | TrunkDown
    | CallbackChanged
    | VoicemailLeft
    | ConfigurationReloaded
)


class Numbered(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An event in its place. Numbers only grow, over restarts too; they may leave some out.

    `at_wall` is the time of day (epoch seconds), `event.at` the switch's monotonic clock, for durations. `project` is
    whose it is; empty: nobody's in particular.
    """

    number: int
    at_wall: float
    event: SwitchEvent
    project: str = ""


def kind_of(event: SwitchEvent) -> str:
    """ "call.began"."""
    return str(type(event).__struct_config__.tag)


EVENT_OF_KIND: dict[str, type[SwitchEvent]] = {str(each.__struct_config__.tag): each for each in get_args(SwitchEvent)}
"""All there are."""


def events_of(kinds: Sequence[str]) -> frozenset[type[SwitchEvent]]:
    """Those that are meant by "call.ended", or by "call" for all of them; by nothing all. Raises `LocalError`."""
    if not kinds:
        return frozenset(EVENT_OF_KIND.values())
    meant: set[type[SwitchEvent]] = set()
    for kind in kinds:
        found = {each for name, each in EVENT_OF_KIND.items() if name == kind or name.startswith(f"{kind}.")}
        if not found:
            groups = ", ".join(sorted({name.partition(".")[0] for name in EVENT_OF_KIND}))
            raise LocalError(f'there is no kind of event "{kind}": name one, or a group of them ({groups})')
        meant |= found
    return frozenset(meant)
