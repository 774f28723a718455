"""The call detail record while the call lasts: facts are noted as they happen and folded into a `Cdr` at its end.

Times of day (`*_at`) are epoch seconds, durations seconds. A call that passed several queues names the last one; its
wait is the sum over all of them.
"""

from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.store.schema import ActiveCall, Cdr


class CallRecord:
    """Facts about one call. Whoever learns one writes it here."""

    __slots__ = (
        "agent",
        "answered_at",
        "call_id",
        "called_number",
        "calling_name",
        "calling_number",
        "end_reason",
        "ended_by",
        "fault",
        "flow",
        "hold_s",
        "queue",
        "queue_wait_s",
        "recordings",
        "ring_s",
        "scores",
        "sip_status",
        "started_at",
        "tags",
        "talk_s",
    )

    def __init__(
        self, call_id: CallId, *, calling_number: str, calling_name: str, called_number: str, started_at: float
    ) -> None:
        self.call_id = call_id
        self.calling_number = calling_number
        self.calling_name = calling_name
        self.called_number = called_number
        self.started_at = started_at
        self.answered_at: float | None = None
        self.flow = ""
        self.queue = ""
        self.agent = ""
        self.queue_wait_s = 0.0
        self.ring_s = 0.0
        self.talk_s = 0.0
        self.hold_s = 0.0
        self.end_reason = ""
        self.ended_by = ""
        self.sip_status = 0
        self.recordings: list[str] = []
        self.scores: dict[str, int] = {}
        self.tags: dict[str, str] = {}
        self.fault = ""

    def ended(self, by: str, reason: str, status: int = 0) -> None:
        """Note who ended the call and why; the first to say so is right."""
        if not self.end_reason:
            self.ended_by = by
            self.end_reason = reason
            self.sip_status = status

    def as_active(self) -> ActiveCall:
        return ActiveCall(
            call_id=self.call_id,
            started_at=self.started_at,
            calling_number=self.calling_number,
            called_number=self.called_number,
        )

    def as_cdr(self, ended_at: float) -> Cdr:
        return Cdr(
            call_id=self.call_id,
            started_at=self.started_at,
            answered_at=self.answered_at,
            ended_at=ended_at,
            calling_number=self.calling_number,
            calling_name=self.calling_name,
            called_number=self.called_number,
            flow=self.flow,
            queue=QueueId(self.queue) if self.queue else None,
            agent=AgentId(self.agent) if self.agent else None,
            queue_wait_s=self.queue_wait_s,
            ring_s=self.ring_s,
            talk_s=self.talk_s,
            hold_s=self.hold_s,
            end_reason=self.end_reason or "normal",
            ended_by=self.ended_by,
            sip_status=self.sip_status,
            recordings=tuple(self.recordings),
            scores=self.scores,
            tags=self.tags,
            fault=self.fault,
        )
