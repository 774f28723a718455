"""What is told of a contact when somebody asks why it is where it is; explaining.py works it out.

Commands read this, and have no use for numpy, whose import takes a tenth of a second.
"""

from typing import Literal, TypeAlias

import msgspec

from softswitch.acd.model import Channel, ContactState
from softswitch.base.ids import AgentId, ContactId, QueueId

Verdict: TypeAlias = Literal[
    "alerted",
    "failed_it",
    "reserved",
    "on_contact",
    "on_direct_call",
    "on_outbound_call",
    "on_other_call",
    "wrap_up",
    "not_ready",
    "no_phone",
    "logged_out",
    "other_channel",
    "site_full",
    "later_step",
    "delayed",
    "kept",
    "lacks_skill",
    "not_listed",
]


class AgentVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Why an agent does not get the contact now, as a word and in words; `since_s` is how long his state has lasted."""

    agent_id: AgentId
    name: str
    verdict: Verdict
    why: str
    since_s: float


class NextThing(msgspec.Struct, frozen=True):
    """What happens to the contact by itself, and in how many seconds."""

    what: str
    in_s: float


class ContactExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """A contact as it is now. Durations in seconds.

    The order among all who wait is that of `counts_as_s`, the wait with its boosts, the longest first. `ahead_older` of
    those before it came earlier, `ahead_boosted` later, with more boost. `step` is the routing step it has come to, of
    `steps`. Of the agents of a step those of the site it `prefers` come first. `verdicts` counts everybody in the
    centre; `agents` names those who come nearest to serving it.
    """

    contact_id: ContactId
    queue_id: QueueId
    channel: Channel
    state: ContactState
    waited_s: float
    in_queue_s: float
    boost_s: float
    counts_as_s: float
    position: int | None
    waiting: int
    ahead_older: int
    ahead_boosted: int
    step: int
    steps: int
    requires: str
    prefers: str
    agent_id: AgentId | None
    next: list[NextThing]
    verdicts: dict[str, int]
    agents: list[AgentVerdict]
