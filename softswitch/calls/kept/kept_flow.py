"""The flow of a call as it is kept: which one, what it has asked and got, and how far its present verb is.

A verb that is carried out again after a restart begins where it was, if it says where that is: each such verb has a
`Kept…` here. One that has none begins again (a menu is heard once more). Times are monotonic seconds, which two
processes of one boot share.
"""

from typing import Literal, TypeAlias

import msgspec

from softswitch.calls.kept.verb_journal import KeptJournal
from softswitch.calls.outcomes import QueueOutcome

FlowStage: TypeAlias = Literal["main", "fax", "recall"]
"""The flow of the number called, that for fax machines, or what is done for a caller whose transfer has failed."""


class KeptPause(msgspec.Struct, frozen=True, kw_only=True, tag="pause"):
    """Of `pause`."""

    ends_at: float


KeptVerb: TypeAlias = KeptPause
"""How far the verb in progress is."""


class KeptFlow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a flow that runs."""

    name: str
    stage: FlowStage = "main"
    journal: KeptJournal = KeptJournal()
    verb: KeptVerb | None = None
    served: QueueOutcome | None = None
    """The last queue whose agent has talked to the caller, for whoever is asked what he thinks of it."""
