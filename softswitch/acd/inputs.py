"""What the router is told: facts, in the past tense.

`by` says who did it, in words for people: an agent's id, an operator. What is said of phones and calls, they did.
Facts about contacts, agents or reservations the router does not know (any more) are ignored and counted: they are
races, such as an agent's answer that crosses the caller's hanging up. Facts may be repeated; a repetition changes
nothing.
"""

from typing import Literal, TypeAlias

import msgspec

from softswitch.acd.events import EndedBy, TransferKind
from softswitch.acd.model import Agent, BusyKind, Channel, Queue, RoutingPolicy, Skills, WhoWaitsAtClosing
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

FailureCause: TypeAlias = Literal["no_answer", "declined", "unreachable", "hung_up", "no_media"]
HookVerdict: TypeAlias = Literal["accept", "choose", "veto", "failed", "skipped"]


class ContactQueued(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A contact waits from now on. The answer is `ContactRefused`, or in time one of the other outputs.

    `boost_s` makes it count as that much older (negative: younger). `skills`, and what the expression `requirement`
    says, are required beyond what the queue requires; where both name a skill the higher level holds. `enqueued_at`
    (monotonic seconds, not after now) is for a contact that has waited before. For the first `preferred_for_s` it is
    for the `preferred_agent` alone if he is logged in, whatever his skills; the queue's steps begin afterwards, or as
    soon as he logs out or fails it. Of the agents of one step those of the `site` come first. `customer` is who is
    behind it, a caller's number say: who was cut off, or calls again soon, may have his place back or come earlier
    (`acd/customers.py`); empty: nobody knows. Raises LocalError for a contact already known, a level outside 1-10, too
    many skills, an expression that cannot be read, or a number that is not finite.
    """

    contact_id: ContactId
    queue_id: QueueId
    boost_s: float = 0.0
    skills: Skills = {}
    enqueued_at: float | None = None
    channel: Channel = Channel.VOICE
    caller: str = ""
    """His number, for the record."""
    requirement: str = ""
    preferred_agent: AgentId | None = None
    preferred_for_s: float = 0.0
    customer: str = ""
    called: str = ""
    """The number he dialled, for the record."""
    site: str = ""
    project: str = ""
    """For whom it is, where that is not the queue's own project."""


class ContactAbandoned(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The contact hung up. While connected it means the same as `ContactFinished`."""

    contact_id: ContactId


class ContactReplied(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent has sent his first reply in a chat: he may be given another one."""

    contact_id: ContactId


class ContactConfirmed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The answer to `ContactInQuestion`: it is still there."""

    contact_id: ContactId


class ContactWithdrawn(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The contact was taken out: by a supervisor (`by`), by its own choice of a menu, by its flow.

    Where somebody else has done it, `ContactTakenOut` says so to whoever attends to the contact.
    """

    contact_id: ContactId
    reason: str = ""
    by: str = ""


class ContactExited(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The contact pressed a key to leave its queue: for another one, as old as it is, or for good.

    Where the other queue does not take it, or while it alerts an agent, it stays where it is. While connected it means
    nothing.
    """

    contact_id: ContactId
    key: str
    queue_id: QueueId | None = None


class ContactPrioritised(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A supervisor gives a contact that does not talk yet another boost, in place of the one it has.

    Raises LocalError for a number that is not finite and for a contact that talks already.
    """

    contact_id: ContactId
    boost_s: float
    by: str = ""


class ContactRequeued(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A supervisor moves a waiting contact into another queue, as old as it is.

    Raises LocalError where that queue does not take it, and for a contact that does not wait.
    """

    contact_id: ContactId
    queue_id: QueueId
    by: str = ""


class ContactAssigned(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A supervisor gives a waiting contact to an agent, whatever his skills: it is the next he gets, and waits for him
    alone until he has failed it or logs out.

    Raises LocalError for an agent who is not logged in, and for a contact that does not wait.
    """

    contact_id: ContactId
    agent_id: AgentId
    by: str = ""


class ContactFinished(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The conversation with the agent is over; his wrap-up begins. The contact is forgotten."""

    contact_id: ContactId
    ended_by: EndedBy = "switch"


class ContactHeld(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One of the two who talk put the other on hold."""

    contact_id: ContactId


class ContactResumed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Neither of the two who talk is on hold any more."""

    contact_id: ContactId


class ContactConsulted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One of the two who talk asks somebody else, at this number, while the other waits."""

    contact_id: ContactId
    target: str


class ContactTransferred(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent gives the contact to somebody else (a number, or whose phone it is). Say `ContactFinished` as well."""

    contact_id: ContactId
    kind: TransferKind
    target: str
    by: str = ""


class ContactRated(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The caller has answered a question of a survey about his conversation, which is over: the contact need not be
    known any more, so queue and agent are said as well. `question` "": the survey is one question.
    """

    contact_id: ContactId
    queue_id: QueueId
    agent_id: AgentId
    survey: str
    question: str
    score: int


class AgentLoggedIn(msgspec.Struct, frozen=True, tag=True, gc=False):
    """He works from now on: ready, unless a pause was set or he is in a call."""

    agent_id: AgentId
    by: str = ""


class AgentLoggedOut(msgspec.Struct, frozen=True, tag=True, gc=False):
    """He leaves: at once, or after what he has in hand. An alerting reservation and wrap-up end."""

    agent_id: AgentId
    by: str = ""


class AgentPaused(msgspec.Struct, frozen=True, tag=True, gc=False):
    """He wants no contacts. During a reservation, a contact or wrap-up it takes effect afterwards.

    Raises LocalError for a reason that is not among those of the policy, if it has any.
    """

    agent_id: AgentId
    reason: str = ""
    by: str = ""


class AgentResumed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """He wants contacts again, whatever had made him not ready, or was about to."""

    agent_id: AgentId
    by: str = ""


class AgentReachable(msgspec.Struct, frozen=True, tag=True, gc=False):
    """His phone is registered. Say it at every registration, refreshes too: it frees who was found unreachable."""

    agent_id: AgentId


class AgentUnreachable(msgspec.Struct, frozen=True, tag=True, gc=False):
    """His phone is not registered any more. An alerting reservation ends; a conversation goes on."""

    agent_id: AgentId


class AgentBusy(msgspec.Struct, frozen=True, tag=True, gc=False):
    """His phone is in some call that is not the ACD's. A level, not a count: said again it replaces the kind."""

    agent_id: AgentId
    kind: BusyKind


class AgentFree(msgspec.Struct, frozen=True, tag=True, gc=False):
    """His phone is in no call but, perhaps, the ACD's."""

    agent_id: AgentId


class ReservationAccepted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent answered: conversation. Not followed by `ContactConnected` means the reservation had ended before."""

    reservation_id: ReservationId


class ReservationAnswered(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent answered, and is told of the contact before the two hear each other. The wait ends here, others who are
    alerted need not be any more. `ReservationAccepted` follows when he was told, `ReservationFailed` if he hangs up.
    """

    reservation_id: ReservationId


class ReservationFailed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent did not take the call. The ring timeout need not be said: it is the router's own.

    "hung_up": he had answered, and hung up before he heard the contact. "no_media": the switch could not ring him, no
    fault of his.
    """

    reservation_id: ReservationId
    cause: FailureCause


class AgentSkillsSet(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A supervisor changes what an agent is able to do: he has these skills and no others, until the configuration of
    his skills changes. None: as configured. Raises LocalError for a level outside 1-10 and too many skills.
    """

    agent_id: AgentId
    skills: Skills | None
    by: str = ""


class WrapUpEnded(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent is done with his notes before the time. Raises LocalError while a required disposition is missing."""

    agent_id: AgentId
    by: str = ""


class WrapUpExtended(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent needs longer for his notes, within the `wrap_up_max_s` of the queue."""

    agent_id: AgentId
    by_s: float
    by: str = ""


class DispositionSet(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent says what came of the contact he has, or wraps up. Said again, the last counts.

    `contact_id` need not be given if there is one only. Raises LocalError if it is none of his, or the code none of the
    queue's.
    """

    agent_id: AgentId
    code: str
    contact_id: ContactId | None = None
    by: str = ""


class QueueClosed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The queue takes nobody from now on. `reason` is for people: "hours", "fire alarm".

    Who alerts an agent just now may still be answered. Said again it replaces what was said. Whoever says it knows the
    calendar; the router knows none, and every queue is open until it is told otherwise.
    """

    queue_id: QueueId
    reason: str = ""
    waiting: WhoWaitsAtClosing = "finish"
    by: str = ""
    """Who wanted it; empty: the calendar."""


class QueueOpened(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The queue takes contacts again."""

    queue_id: QueueId
    by: str = ""


class ConfigurationSet(msgspec.Struct, frozen=True, tag=True):
    """The configuration from now on, whole. Who waits keeps his place, who talks goes on talking.

    A queue that is gone takes nobody new and lives until its last contact has left; an agent who is gone finishes what
    he is in. Raises LocalError for an id given twice.
    """

    queues: list[Queue]
    agents: list[Agent]
    policy: RoutingPolicy = RoutingPolicy()


class RoutingAnswered(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What became of a `RoutingAsked`. Each of them ends the question; afterwards they are ignored.

    "accept": the agent is right. "choose": `agent_id` is to be taken instead. "veto": not this agent for this contact.
    "failed": no sensible answer came. "skipped": nobody was asked. `reason` is for the record.
    """

    reservation_id: ReservationId
    verdict: HookVerdict
    agent_id: AgentId | None = None
    reason: str = ""


class Survivor(msgspec.Struct, frozen=True, gc=False):
    """A contact on the phone whose call outlived the switch: it waits, or talks with `agent_id`.

    With `queue_id` one who talks is known again even to a router that has forgotten him; he has waited since
    `enqueued_at`.
    """

    contact_id: ContactId
    agent_id: AgentId | None = None
    queue_id: QueueId | None = None
    enqueued_at: float | None = None
    channel: Channel = Channel.VOICE


class SwitchRestarted(msgspec.Struct, frozen=True, tag=True):
    """The switch runs again. Of the calls there were these `survivors` go on, all others are gone with the former one.

    `in_calls` are agents whose phones are in calls that go on and are not the ACD's. See `restart`.
    """

    survivors: tuple[Survivor, ...] = ()
    in_calls: dict[AgentId, BusyKind] = {}


AcdInput: TypeAlias = (
    ContactQueued
    | ContactAbandoned
    | ContactReplied
    | ContactConfirmed
    | ContactWithdrawn
    | ContactExited
    | ContactPrioritised
    | ContactRequeued
    | ContactAssigned
    | ContactFinished
    | ContactHeld
    | ContactResumed
    | ContactConsulted
    | ContactTransferred
    | ContactRated
    | AgentLoggedIn
    | AgentLoggedOut
    | AgentPaused
    | AgentResumed
    | AgentReachable
    | AgentUnreachable
    | AgentBusy
    | AgentFree
    | ReservationAnswered
    | ReservationAccepted
    | ReservationFailed
    | AgentSkillsSet
    | RoutingAnswered
    | WrapUpEnded
    | WrapUpExtended
    | DispositionSet
    | QueueClosed
    | QueueOpened
    | ConfigurationSet
    | SwitchRestarted
)
