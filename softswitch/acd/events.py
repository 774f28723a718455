"""What has happened, for logs, statistics and explanations: the router's diary.

Outputs say what is to be done now; events say what was, whether anybody listens or not, and everything in a report can
be computed from them alone. `at` is monotonic seconds; the service adds the time of day and the project (`Stamped`).

| subject     | its life in events                                                                                |
|-------------|---------------------------------------------------------------------------------------------------|
| contact     | queued, then step, waits (a decision that found nobody), announced, reprioritised, in any number; |
|             | at last connected and ended, or one of abandoned, overflowed, withdrawn. Moved is the end in one  |
|             | queue and the beginning in another. Refused was never queued                                      |
| reservation | made, ended (answered, or why not): one pair for every agent who was alerted. Before it, in a      |
|             | queue with a routing hook, hook: what the hook said of the decision                               |
| talk        | connected, held and resumed, transferred, ended, disposition; rated, once for each question       |
| agent       | login, logout, every change of state with how long the former lasted, wrap-up                     |
| queue       | configured, removed, opened, closed, rescue of its service level on and off                       |

So of each queue `offered = answered + abandoned + overflowed + withdrawn + waiting` (moved counts as overflowed), where
offered are queued and moved into it, and answered is connected.

Fields are only ever added, and with a default: what is stored is read by later versions. Words such as `reason` and
`by` come from people; all others are of a closed set. An empty `by` is the router, the phone or the caller himself.
"""

from typing import Literal, TypeAlias

import msgspec

from softswitch.acd.centre_events import (
    AgentChanged,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentRepaired,
    AgentStateChanged,
    ConfigurationChanged,
    QueueClosed,
    QueueConfigured,
    QueueOpened,
    QueueRemoved,
    RescueChanged,
    SwitchStarted,
    SwitchStopped,
)
from softswitch.acd.model import Channel, ContactState, OverflowReason
from softswitch.acd.outputs import RefusalReason
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

TransferKind: TypeAlias = Literal["blind", "attended"]
EndedBy: TypeAlias = Literal["caller", "agent", "switch"]
HookOutcome: TypeAlias = Literal["accepted", "chosen", "vetoed", "impossible", "late", "failed", "skipped", "settled"]
StepReason: TypeAlias = Literal["entered", "expired", "nobody_logged_in", "nobody_ready", "preferred_agent_over"]

# Contacts


class ContactQueued(msgspec.Struct, frozen=True, tag="contact.queued", gc=False, omit_defaults=True):
    """It waits. `position` is its place among those who wait in the queue, `waiting` their number, both with it."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    enqueued_at: float
    """Where its age begins: before `at` for a contact that has waited before."""
    boost_s: float = 0.0
    position: int = 1
    waiting: int = 1
    caller: str = ""
    """His number, or whatever else says who he is."""
    channel: Channel = Channel.VOICE
    project: str = ""
    """For whom it is, where that is not the queue's own project."""


class ContactRefused(msgspec.Struct, frozen=True, tag="contact.refused", gc=False, omit_defaults=True):
    """It never got into the queue."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    reason: RefusalReason


class StepBegan(msgspec.Struct, frozen=True, tag="contact.step", gc=False, omit_defaults=True):
    """A routing step, counted from 1, widens who may serve the contact; `able` agents may from now on."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    step: int
    why: StepReason = "expired"
    able: int = 0


class ContactWaits(msgspec.Struct, frozen=True, tag="contact.waits", gc=False, omit_defaults=True):
    """A decision that found nobody: of the `able` agents so many were in each of `doing.Condition`, in its order.

    `waited_s` is since `enqueued_at`; the key the contact is ordered by is that less its boost.
    """

    at: float
    contact_id: ContactId
    queue_id: QueueId
    step: int
    waited_s: float
    able: int
    counts: tuple[int, ...] = ()
    shunned: AgentId | None = None
    """Who has just failed it and was left out."""


class ContactAnnounced(msgspec.Struct, frozen=True, tag="contact.announced", gc=False, omit_defaults=True):
    """It was told where it stands; with the wait that followed, the estimate's error."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    position: int
    waited_s: float
    estimated_wait_s: float | None = None


class ContactReprioritised(msgspec.Struct, frozen=True, tag="contact.reprioritised", gc=False, omit_defaults=True):
    """Its boost is another from now on."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    old_boost_s: float
    boost_s: float
    position: int = 0
    by: str = ""


class ContactAssigned(msgspec.Struct, frozen=True, tag="contact.assigned", gc=False, omit_defaults=True):
    """It is for this agent alone from now on, before all others that wait for him."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    by: str = ""


class ContactMoved(msgspec.Struct, frozen=True, tag="contact.moved", gc=False, omit_defaults=True):
    """It waits in another queue, as old as it was. `in_queue_s` it was in the first, at `position` there."""

    at: float
    contact_id: ContactId
    from_queue_id: QueueId
    queue_id: QueueId
    reason: str
    wait_s: float
    in_queue_s: float
    position: int = 0
    new_position: int = 1
    key: str = ""
    """The digit by which the caller chose that."""
    by: str = ""


class ContactAbandoned(msgspec.Struct, frozen=True, tag="contact.abandoned", gc=False, omit_defaults=True):
    """It hung up. `level_s` is the queue's service level threshold at that time, `short_s` before when it was hardly
    there (None: not known)."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    wait_s: float
    in_queue_s: float
    level_s: float
    position: int = 0
    short_s: float | None = None


class ContactOverflowed(msgspec.Struct, frozen=True, tag="contact.overflowed", gc=False, omit_defaults=True):
    """Its queue sent it away: to the flow named, or, with none, it was hung up."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    reason: OverflowReason
    wait_s: float
    in_queue_s: float
    position: int = 0
    flow: str = ""


class ContactWithdrawn(msgspec.Struct, frozen=True, tag="contact.withdrawn", gc=False, omit_defaults=True):
    """It was taken out, or left by its own choice of a digit (`key`)."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    wait_s: float
    in_queue_s: float
    position: int = 0
    reason: str = ""
    key: str = ""
    by: str = ""


# Reservations


class AgentReserved(msgspec.Struct, frozen=True, tag="reservation.made", gc=False, omit_defaults=True):
    """An agent is alerted for a contact.

    Two kinds of decision lead here. A contact chose among agents: `rule` is the strategy, or "preferred_agent" for one
    kept for him; `able` agents might serve it, among `free` the choice was (those of the earliest step and most of the
    preferred skills who were free), `idle_s` he had been idle, and `runner_up` the longest of the others. Or he became
    free and chose among contacts: `rule` is "oldest_contact", the oldest of the queues he serves first.
    """

    at: float
    reservation_id: ReservationId
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    rule: str
    step: int = 0
    waited_s: float = 0.0
    idle_s: float = 0.0
    able: int = 0
    free: int = 0
    runner_up: AgentId | None = None
    by: str = ""


class RoutingHookAnswered(msgspec.Struct, frozen=True, tag="reservation.hook", gc=False, omit_defaults=True):
    """The routing hook was asked about giving the contact to `agent_id`, and `took_s` later that was over.

    "accepted", "chosen" (`chosen` is alerted instead), "vetoed". The router's decision stands: "impossible" (`chosen`
    is not free or may not serve the contact), "late", "failed" (no sensible answer), "skipped" (not asked, because it
    failed too often). "settled": contact or agent was gone.
    """

    at: float
    reservation_id: ReservationId
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    outcome: HookOutcome
    took_s: float
    chosen: AgentId | None = None
    reason: str = ""


class ReservationEnded(msgspec.Struct, frozen=True, tag="reservation.ended", gc=False, omit_defaults=True):
    """His phone alerts no more. `cause`: "answered", or as in `outputs.EndCause`."""

    at: float
    reservation_id: ReservationId
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    cause: str
    ring_s: float


# Conversations


class ContactConnected(msgspec.Struct, frozen=True, tag="contact.connected", gc=False, omit_defaults=True):
    """The two talk. `wait_s` is since `enqueued_at`, `in_queue_s` since its entry into this queue, both with `ring_s`.

    `level_s` is the queue's service level threshold at that time.
    """

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    reservation_id: ReservationId
    wait_s: float
    in_queue_s: float
    ring_s: float
    level_s: float


class ContactHeld(msgspec.Struct, frozen=True, tag="contact.held", gc=False, omit_defaults=True):
    """One of the two put the other on hold."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId


class ContactResumed(msgspec.Struct, frozen=True, tag="contact.resumed", gc=False, omit_defaults=True):
    """They talk again."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    held_s: float


class ContactConsulted(msgspec.Struct, frozen=True, tag="contact.consulted", gc=False, omit_defaults=True):
    """The agent, or the caller, asks somebody else by key while the other is on hold."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    target: str


class ContactTransferred(msgspec.Struct, frozen=True, tag="contact.transferred", gc=False, omit_defaults=True):
    """The agent gives it to somebody else; the end of his part follows."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    kind: TransferKind
    target: str
    by: str = ""


class ContactEnded(msgspec.Struct, frozen=True, tag="contact.ended", gc=False, omit_defaults=True):
    """The conversation with the agent is over. `talk_s` is without `hold_s`."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    wait_s: float
    talk_s: float
    hold_s: float = 0.0
    ended_by: EndedBy = "switch"
    is_transferred: bool = False


class ContactInterrupted(msgspec.Struct, frozen=True, tag="contact.interrupted", gc=False, omit_defaults=True):
    """Work that can wait rests, because its agent got what cannot."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId


class ContactContinued(msgspec.Struct, frozen=True, tag="contact.continued", gc=False, omit_defaults=True):
    """Work that rested goes on."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    rested_s: float = 0.0


class ContactLost(msgspec.Struct, frozen=True, tag="contact.lost", gc=False, omit_defaults=True):
    """Nobody knew it any more, and nobody had said so: the watchdog has found it out. How it ends follows."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId | None
    state: ContactState


class WrapUpEnded(msgspec.Struct, frozen=True, tag="agent.wrap_up", gc=False, omit_defaults=True):
    """The agent's notes about a contact took him `lasted_s`. Once for every contact that was wrapped up."""

    at: float
    agent_id: AgentId
    contact_id: ContactId
    queue_id: QueueId
    lasted_s: float
    disposition: str = ""
    is_disposition_missing: bool = False
    """He had to say what came of it, and did not."""


class DispositionSet(msgspec.Struct, frozen=True, tag="contact.disposition", gc=False, omit_defaults=True):
    """What became of the matter, in a word of the centre's list."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    disposition: str
    note: str = ""
    by: str = ""


class ContactRated(msgspec.Struct, frozen=True, tag="contact.rated", gc=False, omit_defaults=True):
    """The caller answered a question of a survey. Yes is 1 and no is 0; other scales begin with 1."""

    at: float
    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    survey: str
    question: str = ""
    score: int = 0


AcdEvent: TypeAlias = (
    ContactQueued
    | ContactRefused
    | StepBegan
    | ContactWaits
    | ContactAnnounced
    | ContactReprioritised
    | ContactAssigned
    | ContactMoved
    | ContactAbandoned
    | ContactOverflowed
    | ContactWithdrawn
    | AgentReserved
    | RoutingHookAnswered
    | ReservationEnded
    | ContactConnected
    | ContactHeld
    | ContactResumed
    | ContactConsulted
    | ContactTransferred
    | ContactEnded
    | ContactInterrupted
    | ContactContinued
    | ContactLost
    | WrapUpEnded
    | DispositionSet
    | ContactRated
    | AgentLoggedIn
    | AgentLoggedOut
    | AgentStateChanged
    | AgentRepaired
    | AgentChanged
    | QueueConfigured
    | QueueRemoved
    | QueueOpened
    | QueueClosed
    | RescueChanged
    | ConfigurationChanged
    | SwitchStarted
    | SwitchStopped
)


class Stamped(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An event with what the router does not know: the time of day (epoch seconds) and whose queue it was."""

    at_wall: float
    event: AcdEvent
    project: str = ""
