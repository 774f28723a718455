"""What the router says, in one ordered list.

Times are monotonic seconds; waits are seconds really waited, in which a boost does not count.
"""

from typing import Literal, TypeAlias

import msgspec

from softswitch.acd.model import AgentState, BusyKind, Channel, ContactState, OverflowReason, OverflowTarget, Skills
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

EndCause: TypeAlias = Literal[
    "no_answer",
    "declined",
    "unreachable",
    "hung_up",
    "no_media",
    "answered_elsewhere",
    "abandoned",
    "withdrawn",
    "logged_out",
    "removed",
    "restart",
]
WrapUpCause: TypeAlias = Literal["time", "ended", "disposed", "maximum", "logged_out"]
RefusalReason: TypeAlias = Literal["full", "closed", "empty", "unknown"]


class AgentReserved(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Alert this agent for this contact. Answer with `ReservationAccepted` or `ReservationFailed`."""

    reservation_id: ReservationId
    agent_id: AgentId
    contact_id: ContactId
    queue_id: QueueId


class RoutingAsked(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Ask the queue's routing hook whether this agent is to be alerted. Answer with `RoutingAnswered` in `deadline_s`.

    Until then the agent is reserved, and is alerted when the deadline has passed. `others` are free as well and might
    be taken instead, those who would come next first.
    """

    reservation_id: ReservationId
    agent_id: AgentId
    contact_id: ContactId
    queue_id: QueueId
    deadline_s: float
    others: tuple[AgentId, ...]
    channel: Channel
    step: int
    waited_s: float
    boost_s: float
    skills: Skills
    vetoes: int
    """How often the hook has vetoed an agent for this contact."""
    customer: str = ""
    caller: str = ""
    called: str = ""


class RoutingSettled(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Nobody waits for the answer any more: too late, or the contact or the agent is gone."""

    reservation_id: ReservationId
    contact_id: ContactId
    is_late: bool


class ReservationEnded(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Stop alerting this agent. The contact waits on in its old place unless the cause says that it is gone, or others
    are still alerted for it.

    Causes: the agent's (`no_answer`, `declined`, `unreachable`, `logged_out`; `hung_up` = he had answered, and was not
    connected yet; `removed` = not configured any more), the contact's (`abandoned`, `withdrawn`), the switch's
    (`no_media` = it could not ring him), or that another of the agents alerted was first (`answered_elsewhere`).
    """

    reservation_id: ReservationId
    agent_id: AgentId
    contact_id: ContactId
    cause: EndCause


class ContactConnected(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Join the two. Say `ContactFinished` when their conversation is over. `wait_s` is counted from `enqueued_at`."""

    contact_id: ContactId
    agent_id: AgentId
    queue_id: QueueId
    wait_s: float


class ContactMoved(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The contact waits in another queue from now on, as old as it was."""

    contact_id: ContactId
    from_queue_id: QueueId
    queue_id: QueueId
    wait_s: float


class ContactOverflowed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The contact waits no longer and is forgotten; send it to `target`, which is never a queue."""

    contact_id: ContactId
    queue_id: QueueId
    target: OverflowTarget
    wait_s: float
    reason: OverflowReason


class ContactTakenOut(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Somebody (`by`) took the contact out of its queue: it waits no longer and is forgotten."""

    contact_id: ContactId
    queue_id: QueueId
    wait_s: float
    by: str
    reason: str = ""


class ContactRefused(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The contact never got into the queue and is forgotten.

    `full`: no room; `closed`: the queue is closed, or being removed; `empty`: nobody is there for it. In each of these
    the queue's overflow says hang up; else the contact is moved or overflows. `unknown`: no such queue.
    """

    contact_id: ContactId
    queue_id: QueueId
    reason: RefusalReason


class ContactForgotten(msgspec.Struct, frozen=True, tag=True, gc=False):
    """After a restart: the router knows nothing of this survivor, who waits. Queue it again, as old as it is."""

    contact_id: ContactId


class AnnouncementDue(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Tell the contact where it stands: `position` from 1. What is None is not said. Or say the prompt `text`."""

    contact_id: ContactId
    queue_id: QueueId
    position: int | None
    estimated_wait_s: float | None
    text: str = ""


class AnnouncementCut(msgspec.Struct, frozen=True, tag=True, gc=False):
    """An agent was reserved for a contact that has been told something: stop the prompt if it still plays."""

    contact_id: ContactId


class ContactInterrupted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent has put it aside for `by_contact_id`, and keeps it."""

    contact_id: ContactId
    agent_id: AgentId
    by_contact_id: ContactId


class ContactContinued(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent has taken up again what he had put aside."""

    contact_id: ContactId
    agent_id: AgentId


class DispositionNoted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """An agent has said what came of a contact, which may be over; of several the last counts."""

    contact_id: ContactId
    agent_id: AgentId
    queue_id: QueueId
    code: str
    by: str = ""


class WrapUpBegan(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A contact is over for its agent, who wraps it up until `until` if nothing else happens."""

    contact_id: ContactId
    agent_id: AgentId
    queue_id: QueueId
    until: float


class WrapUpOver(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A contact is wrapped up; once for every contact that was. Causes: see `wrap_up`; "logged_out" he left."""

    contact_id: ContactId
    agent_id: AgentId
    queue_id: QueueId
    duration_s: float
    disposition: str
    is_disposition_missing: bool
    """One was required, and none was given."""
    cause: WrapUpCause


class ContactInQuestion(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Is it still there? Answer with `ContactConfirmed`, or it is lost (`watchdog`)."""

    contact_id: ContactId
    channel: Channel = Channel.VOICE


class AgentInQuestion(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Is he still in a call that is not the ACD's? Answer with `AgentBusy`, or he is free (`watchdog`)."""

    agent_id: AgentId


class ContactLost(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Nobody knew it any more: the router has taken it out. `state` is that it was in, `agent_id` whose it was."""

    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId | None
    state: ContactState


class AgentRepaired(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Nobody knew of a call of that kind: the router has freed him."""

    agent_id: AgentId
    kind: BusyKind


class AgentStateChanged(msgspec.Struct, frozen=True, tag=True, gc=False):
    """`reason` is set in NOT_READY, `busy_kind` in BUSY.

    `source` is what caused it, and `by` who, where it was somebody: as in `events.AgentStateChanged`.
    """

    agent_id: AgentId
    old: AgentState
    new: AgentState
    reason: str
    since: float
    busy_kind: BusyKind | None = None
    source: str = ""
    by: str = ""


class RescueChanged(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The rescue of a queue's service level begins or is over: the share 0-1 of those `judged` lately, None of none."""

    queue_id: QueueId
    is_on: bool
    service_level: float | None
    judged: int


AcdOutput: TypeAlias = (
    AgentReserved
    | RoutingAsked
    | RoutingSettled
    | ReservationEnded
    | ContactConnected
    | ContactMoved
    | ContactOverflowed
    | ContactTakenOut
    | ContactRefused
    | ContactForgotten
    | AnnouncementDue
    | AnnouncementCut
    | ContactInterrupted
    | ContactContinued
    | DispositionNoted
    | WrapUpBegan
    | WrapUpOver
    | ContactInQuestion
    | AgentInQuestion
    | ContactLost
    | AgentRepaired
    | AgentStateChanged
    | RescueChanged
)
