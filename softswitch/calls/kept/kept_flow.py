"""The flow of a call as it is kept: which one, what it has asked and got, and how far its present verb is."""

from typing import Literal, TypeAlias

import msgspec

from softswitch.calls.kept.kept_verbs import KeptVerb
from softswitch.calls.kept.verb_journal import KeptJournal
from softswitch.calls.outcomes import QueueOutcome

FlowStage: TypeAlias = Literal["main", "fax", "recall", "parked", "callback", "supervise", "originate"]
"""The flow of the number called, that for fax machines, or what is done without one: for a caller whose transfer has
failed, for one who was parked by command, for a call-back, for a supervisor who was called, and for whoever a program
connects with a number that has no flow, or is called since somebody else is free."""


class KeptFlow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a flow that runs."""

    name: str
    stage: FlowStage = "main"
    journal: KeptJournal = KeptJournal()
    verb: KeptVerb | None = None
    served: QueueOutcome | None = None
    """The last queue whose agent has talked to the caller, for whoever is asked what he thinks of it."""
