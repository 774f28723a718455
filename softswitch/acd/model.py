"""What the ACD is told about queues and agents, and the words in which it speaks of their states."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Literal, TypeAlias

import msgspec

from softswitch.base.ids import AgentId, QueueId, SiteId


class Channel(Enum):
    """By what way a contact came. `row` numbers the channels, for columns."""

    VOICE = "voice"
    CALLBACK = "callback"
    VOICEMAIL = "voicemail"
    CHAT = "chat"
    EMAIL = "email"
    TASK = "task"

    row: int
    has_listener: bool
    """Somebody is there while it waits: he is told things, loses patience, and is not kept where nobody works."""

    __hash__ = object.__hash__
    """As for the states below: Enum's own hash, of the name, takes a call in Python at every look into a table."""

    def __init__(self, name: str) -> None:
        self.row = len(type(self).__members__)
        self.has_listener = name in ("voice", "chat")


Skills: TypeAlias = dict[str, int]
"""Skill name to level, 1 (a little) to 10 (expert). In a requirement the level is the least that will do."""

LEVEL_MIN = 1
LEVEL_MAX = 10

ORDER_MIN = 1
ORDER_MAX = 99
"""The order in which an agent serves his queues; 1 is first."""


class ToQueue(msgspec.Struct, frozen=True, tag=True):
    """Overflow into another queue, keeping the age. The router does it by itself and says `ContactMoved`."""

    queue_id: QueueId


class ToFlow(msgspec.Struct, frozen=True, tag=True):
    """Overflow to a flow of the dialplan."""

    flow: str


class HangUp(msgspec.Struct, frozen=True, tag=True):
    """Overflow by ending the call."""


OverflowTarget: TypeAlias = ToQueue | ToFlow | HangUp

Obstacle: TypeAlias = Literal["full", "empty", "closed"]
"""Why a queue does not take a contact: there is no room, nobody is there for it, it is closed."""

OverflowReason: TypeAlias = Obstacle | Literal["max_wait", "predicted_wait", "exit_key", "supervisor"]
"""Why a contact does not stay in a queue: an obstacle, or it has waited too long, or would wait longer than the queue
lets anybody wait, its caller has pressed a key to leave, or a supervisor has moved it."""

EmptyFactor: TypeAlias = Literal["paused", "inuse", "ringing", "unavailable", "unknown", "wrapup", "invalid"]
"""What makes an agent not count as there for a queue, in Asterisk's words (`acd/presence.py` says in ours)."""

WhoWaitsAtClosing: TypeAlias = Literal["finish", "announce", "overflow"]
"""They are still served; they are told that it is closed and let go; they go where the queue's overflow leads."""

StrategyName: TypeAlias = Literal[
    "longest_idle",
    "least_occupied",
    "fewest_contacts",
    "most_skilled",
    "linear",
    "round_robin",
    "random",
    "weighted_random",
    "last_agent_first",
    "ring_all",
]

SkipIf: TypeAlias = Literal["nobody_logged_in", "nobody_ready"]
"""Of all who may serve the contact in that step: nobody is logged in; nobody is, or all who are have no phone or are
not ready (those in a call will be ready again)."""


class RoutingStep(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a waiting contact is given to, and for how long only to those.

    An agent serves the step when he has `skills` at these levels and meets `requirement`. Steps widen: those of the
    steps before stay, and come first. Of those of one step, who has more of the `preferred` skills comes first.
    `for_s` is how long the step lasts: 0 opens the next one at once, None is for the last. With `skip_if` it lasts no
    longer than somebody is there. `strategy` None is the queue's.
    """

    skills: Skills = {}
    requirement: str = ""
    preferred: Skills = {}
    strategy: StrategyName | None = None
    for_s: float | None = None
    skip_if: SkipIf | None = None


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent serves one of his queues: those of the lowest `order` first; only who has waited `delay_s`.

    With the strategy `weighted_random` he is chosen `weight` times as often as somebody whose weight is 1.
    """

    order: int = 1
    delay_s: float = 0.0
    weight: int = 1


NoAnswerState: TypeAlias = Literal["not_ready", "logged_out", "ready"]
"""What becomes of an agent who does not answer; with "ready" only the contact goes on."""


class Announcements(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who waits is told: the first time after `first_after_s`, then every `every_s` (0 = once).

    And `texts`, names of prompts, one every `texts_every_s` in turn.
    """

    first_after_s: float = 20.0
    every_s: float = 45.0
    position: bool = True
    estimated_wait: bool = True
    texts: tuple[str, ...] = ()
    texts_every_s: float = 60.0


class Rescue(msgspec.Struct, frozen=True, kw_only=True):
    """What is done when a queue's service level over the last `window_s` falls below `below` (shares, 0-1).

    Until it is at `until` again, and for `hold_s` at least, `agents`, who do not serve the queue otherwise, join it,
    and its contacts count as `older_s` older. Nothing happens before `judged_min` contacts were judged in the window.
    """

    below: float
    until: float
    window_s: float = 900.0
    hold_s: float = 120.0
    judged_min: int = 5
    agents: tuple[AgentId, ...] = ()
    older_s: float = 0.0


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A queue as configured. Durations in seconds.

    `skills` are required at least at the level given, and so is what `requirement` says (acd/requirements.py).
    `steps` narrow that further for some time; without any there is one step that lasts. Of agents who serve the same
    step, who has more of the `preferred` skills comes first. `agents`, when not None, lists the only agents who serve
    it.
    `max_wait_s` None means nobody is ever sent away for having waited. `max_length` counts who waits and whose agent's
    phone is alerting. `overflows` are the ways out by reason, `overflow` is that of all others.

    With `join_empty` a contact is not taken while nobody counts as there, with `leave_when_empty` those who wait
    overflow when nobody did for `leave_when_empty_after_s`; who is logged out or excluded by one of these factors does
    not count, and without a factor nobody is ever counted. Who would wait longer than `max_predicted_wait_s` overflows
    on arrival.
    Who hangs up before `short_abandon_s` was hardly there, and is counted apart.
    `project` is for whom the queue works. With `hook_deadline_s` an external service is asked about every decision,
    and has so long to answer (`acd/routing_hook.py`).

    For `last_agent_s` a contact is for the agent alone whom its customer talked to last, if he serves the queue.
    Who calls again within `keep_place_s` of having been cut off while he waited has his place back; who calls again
    within `repeat_within_s` of any call counts as `repeat_boost_s` older.

    An agent who has not taken `no_answer_limit` reservations in a row goes into `no_answer_state`; being not ready has
    the reason `no_answer_reason`, or what he did. Those he declined count unless `declines_count` is False. An agent
    who is unreachable is made not ready in any case.

    After a contact he has `wrap_up_s`, extended `wrap_up_max_s` at most. `dispositions` are what he can say came of it;
    if `is_disposition_required`, his wrap-up lasts until he has, `wrap_up_max_s` at most.
    """

    queue_id: QueueId
    name: str = ""
    skills: Skills = {}
    requirement: str = ""
    preferred: Skills = {}
    steps: tuple[RoutingStep, ...] = ()
    agents: tuple[AgentId, ...] | None = None
    strategy: StrategyName = "longest_idle"
    ring_timeout_s: float = 15.0
    wrap_up_s: float = 10.0
    max_wait_s: float | None = 600.0
    max_length: int = 100
    max_predicted_wait_s: float | None = None
    overflow: OverflowTarget = HangUp()
    overflows: dict[OverflowReason, OverflowTarget] = {}
    join_empty: tuple[EmptyFactor, ...] = ()
    leave_when_empty: tuple[EmptyFactor, ...] = ()
    leave_when_empty_after_s: float = 0.0
    service_level_s: float = 20.0
    short_abandon_s: float = 5.0
    project: str = ""
    no_answer_limit: int = 1
    no_answer_state: NoAnswerState = "not_ready"
    no_answer_reason: str = ""
    declines_count: bool = True
    wrap_up_max_s: float = 300.0
    dispositions: tuple[str, ...] = ()
    is_disposition_required: bool = False
    announcements: Announcements | None = None
    last_agent_s: float = 0.0
    keep_place_s: float = 0.0
    repeat_within_s: float = 0.0
    repeat_boost_s: float = 0.0
    rescue: Rescue | None = None
    hook_deadline_s: float | None = None

    @property
    def remembers_customers(self) -> bool:
        """Whether who has called before makes a difference here."""
        strategies = (self.strategy, *(step.strategy for step in self.steps))
        return bool(self.keep_place_s or self.repeat_boost_s or self.last_agent_s or "last_agent_first" in strategies)

    def way_out(self, reason: OverflowReason) -> OverflowTarget:
        """Where a contact goes that the queue does not keep."""
        return self.overflows.get(reason, self.overflow)


CAPACITY: Mapping[Channel, int] = MappingProxyType(
    {Channel.VOICE: 1, Channel.VOICEMAIL: 1, Channel.CHAT: 4, Channel.EMAIL: 1, Channel.TASK: 1}
)
"""Of an agent of whom nothing else is said."""

INTERRUPTED_BY: Mapping[Channel, tuple[Channel, ...]] = MappingProxyType(
    {
        Channel.VOICEMAIL: (Channel.VOICE, Channel.CALLBACK),
        Channel.EMAIL: (Channel.VOICE, Channel.CALLBACK, Channel.CHAT),
        Channel.TASK: (Channel.VOICE, Channel.CALLBACK, Channel.CHAT),
    }
)
"""What can wait gives way to who cannot."""


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as configured. `queues`, when not None, lists the only queues he serves; `profile` says how.

    `capacity` says how many contacts of a channel he may have at once (`channels`); those it does not name he does not
    get. Call-backs take the slot of voice. `site` is where he sits.
    """

    agent_id: AgentId
    name: str = ""
    skills: Skills = {}
    queues: tuple[QueueId, ...] | None = None
    profile: dict[QueueId, Serving] = {}
    capacity: dict[Channel, int] = msgspec.field(default_factory=lambda: dict(CAPACITY))
    site: SiteId | None = None

    @property
    def site_skill(self) -> Skills:
        """Where he sits, as requirements ask for it."""
        return {} if self.site is None else {SITE_SKILL + self.site: LEVEL_MAX}


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where agents sit. They are alerted for, or talk in, `max_calls` calls of the ACD at once; None: in any number."""

    site_id: SiteId
    name: str = ""
    max_calls: int | None = None


SITE_SKILL = "site:"
"""Before the id of a site: what its agents have at the highest level, so that requirements can name it."""


class LiveSkills(msgspec.Struct, frozen=True):
    """What a supervisor gave an agent in place of the skills configured, for as long as these stay what they are."""

    skills: Skills
    instead_of: Skills


class RoutingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Choices that hold for the whole centre.

    An agent's idle time starts anew after calls of his own and after calls to his extension, unless
    `outbound_calls_restart_idle` or `direct_calls_restart_idle` is False; not after a break, unless
    `breaks_restart_idle`.
    `not_ready_reasons`, if there are any, are the only ones an agent can be not ready for.
    `interrupted_by` says for each channel of which channels a contact may interrupt it (`channels`).
    `watchdog_s` is how often the router asks whether what hangs on legs is still there (`watchdog`); None: never.
    `sites` are where agents sit.
    `retry_after_s`: an agent who failed a contact and is still ready may be given it again after this long, even if
    nobody else was tried meanwhile.
    """

    direct_calls_restart_idle: bool = True
    outbound_calls_restart_idle: bool = True
    breaks_restart_idle: bool = False
    not_ready_reasons: tuple[str, ...] = ()
    interrupted_by: dict[Channel, tuple[Channel, ...]] = msgspec.field(default_factory=lambda: dict(INTERRUPTED_BY))
    watchdog_s: float | None = None
    sites: tuple[Site, ...] = ()
    retry_after_s: float = 30.0


class AgentState(Enum):
    """What an agent is doing. TAPI and CSTA terms; see `agent_fsm` for when each holds."""

    LOGGED_OUT = "logged_out"
    NOT_READY = "not_ready"
    READY = "ready"
    RESERVED = "reserved"
    BUSY = "busy"
    WRAP_UP = "wrap_up"

    __hash__ = object.__hash__


class BusyKind(Enum):
    """Whose call a busy agent is in: the ACD's, or one it did not make (TAPI's BUSYINCOMING, -OUTBOUND, -OTHER)."""

    ACD = "acd"
    DIRECT_IN = "direct_in"
    OUTBOUND = "outbound"
    OTHER = "other"

    __hash__ = object.__hash__


class ContactState(Enum):
    """Where a contact known to the router is."""

    WAITING = "waiting"
    ALERTING = "alerting"
    CONNECTED = "connected"

    __hash__ = object.__hash__


NO_ANSWER = "no answer"
DECLINED = "declined"
UNREACHABLE = "unreachable"
"""Reasons with which the router itself makes an agent not ready. From `UNREACHABLE` the phone's return frees him."""
