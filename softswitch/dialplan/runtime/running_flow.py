"""One flow of one call while it runs: its verbs, the journal of them, and what is kept of both."""

from softswitch.base.log import get_logger
from softswitch.calls.kept.kept_flow import FlowStage, KeptFlow
from softswitch.calls.kept.verb_journal import VerbJournal
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.caller_verbs import CallerVerbs
from softswitch.calls.runtime.journaled.verbs import JournaledVerbs

log = get_logger("dialplan")


class RunningFlow:
    """New, or done again from what was kept of it."""

    __slots__ = ("_call_id", "_is_told", "_journal", "name", "real", "stage", "verbs")

    def __init__(self, active: ActiveCall, name: str, stage: FlowStage = "main", kept: KeptFlow | None = None) -> None:
        self.name = name
        self._call_id = active.call_id
        self._is_told = kept is not None and kept.journal.is_too_long
        """That it could not be resumed."""
        self.stage: FlowStage = stage
        self.real = CallerVerbs(active, kept)
        """The verbs themselves, of which nothing is noted."""
        self._journal = VerbJournal(None if kept is None else kept.journal)
        self.verbs = JournaledVerbs(self.real, self._journal, active.changed, lambda: active.recordings.is_masked)
        """Those of the flow."""
        active.keep_flow = self.keep

    def keep(self) -> KeptFlow:
        if self._journal.is_too_long and not self._is_told:
            self._is_told = True
            log.warning(
                "flow not resumable", call_id=self._call_id, flow=self.name, reason="it has done too much to be noted"
            )
        return KeptFlow(
            name=self.name,
            stage=self.stage,
            journal=self._journal.keep(),
            verb=self.real.keep(),
            served=self.real.served,
        )

    @property
    def departure(self) -> str:
        """Where the flow, done again, has not gone the way that is noted; "" if it has."""
        unreached = self._journal.unreached
        return self.verbs.left or (f'it is over where it had used the verb "{unreached}"' if unreached else "")

    @property
    def is_too_long(self) -> bool:
        """It cannot be resumed: more has happened in it than is noted."""
        return self._journal.is_too_long
