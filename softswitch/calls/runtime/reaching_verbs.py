"""Whom the caller reaches: queues, people who are dialled, who rings or is parked elsewhere."""

from collections.abc import Sequence
from typing import NoReturn

from softswitch.calls.dial_terms import DialTerms
from softswitch.calls.kept.kept_flow import KeptFlow
from softswitch.calls.kept.kept_verbs import KeptDialling, KeptLine, KeptParking, KeptVisit
from softswitch.calls.outcomes import DialOutcome, ParkOutcome, ParkReason, QueueOutcome
from softswitch.calls.queue_wishes import QueueWishes
from softswitch.calls.ringing import Ring, RingStrategy
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.agent_line import keep_line_open
from softswitch.calls.runtime.belonging import own_queue, policy_in_queue
from softswitch.calls.runtime.dialling import Dialling, longest_ring_s, own_targets, ring_plan
from softswitch.calls.runtime.parking import Parking
from softswitch.calls.runtime.picking_up import pick_up, retrieve
from softswitch.calls.runtime.queueing import QueueVisit
from softswitch.calls.runtime.stream_verbs import StreamVerbs
from softswitch.calls.settings import QueueTreatment


class ReachingVerbs(StreamVerbs):
    """The part of `CallerVerbs` in which he talks to others, or waits for them."""

    def __init__(self, call: ActiveCall, kept: KeptFlow | None = None) -> None:
        """`kept`: of a flow that is resumed."""
        super().__init__(call, None if kept is None else kept.verb)
        self.served: QueueOutcome | None = None if kept is None else kept.served
        """The last queue whose agent has talked to him."""

    async def queue(self, queue_id: str, wishes: QueueWishes) -> QueueOutcome:
        """Wait for an agent and talk to him; returns when the agent has left or the waiting has ended otherwise."""
        self._call.unreached = None
        kept = self._resumption(KeptVisit)
        queue_id = own_queue(self._call, queue_id) if kept is None else kept.queue
        if kept is None:
            await self._answer_for("queue")
            treatment = self._call.around.settings().queues.get(queue_id, QueueTreatment())
            await self._tell_of_recording(policy_in_queue(self._call, wishes.record, treatment))
            self._call.mailbox.clear()
        visit = QueueVisit(self._call, queue_id, wishes, kept=kept, talk=self._talk)
        with self._in_progress(visit.keep):
            outcome = await visit.run()
        if outcome.is_answered:
            self.served = outcome
        self._call.digits_typed.clear()
        return outcome

    async def dial(
        self,
        targets: Sequence[str | Ring],
        *,
        strategy: RingStrategy,
        each_s: float | None,
        ring_s: float | None,
        record: bool | None,
        intercom: bool,
        terms: DialTerms,
    ) -> DialOutcome:
        """Ring extensions, groups or outside numbers and connect who answers; returns when the far side has left or
        did not come."""
        await self._step("dial")
        kept = self._resumption(KeptDialling)
        if kept is None:
            await self._tell_of_recording(self._call.recordings.policy_for(record))
            self._call.mailbox.clear()
        if kept is not None and kept.target:
            return await self._dial(Dialling.resumed(self._call, kept, record))
        settings = self._call.around.settings()
        targets = own_targets(settings, self._call.record.project, targets)
        plan = ring_plan(settings, targets, strategy, each_s)
        longest_s = longest_ring_s(settings, targets, plan) if ring_s is None else ring_s
        return await self._dial(
            Dialling(self._call, plan, record=record, ring_s=longest_s, is_intercom=intercom, terms=terms, kept=kept)
        )

    async def _dial(self, dialling: Dialling) -> DialOutcome:
        self._call.unreached = None
        with self._in_progress(dialling.keep):
            try:
                outcome = await dialling.run()
            finally:
                self._call.display = ""
        self._call.unreached = None if outcome.is_answered else outcome.reason
        self._call.digits_typed.clear()
        return outcome

    async def pick_up(self, extension: str) -> bool:
        """Answer what rings at the extension, or in the caller's pickup groups; returns only if there is nothing."""
        await self._step("pick_up")
        return await pick_up(self._call, extension)

    async def park(self, slot: str, *, timeout_s: float | None) -> ParkOutcome:
        """Put the caller into this slot, or any, until somebody retrieves him; returns after their talk, or in time."""
        await self._step("park")
        kept = self._resumption(KeptParking)
        if kept is None:
            self._call.mailbox.clear()
        settings = self._call.around.settings()
        slots = (slot,) if slot else settings.parking_slots
        stays_s = settings.parking_s if timeout_s is None else timeout_s
        parking = Parking(self._call, slots=slots, timeout_s=stays_s, kept=kept)
        with self._in_progress(parking.keep):
            outcome = await parking.run()
        if outcome.reason is ParkReason.TIMED_OUT:
            # Whoever is dialled next, mostly the one who has parked him, sees why.
            number, name = self._call.caller_identity
            self._call.display = f"parked {outcome.slot}: {name or number}"
        self._call.digits_typed.clear()
        return outcome

    async def retrieve(self, slot: str) -> bool:
        """Talk to who is parked there; returns only if nobody is."""
        await self._step("retrieve")
        return await retrieve(self._call, slot)

    async def agent_line(self) -> NoReturn:
        """Contacts come to the caller, an agent, on this line, until he hangs up."""
        kept = self._resumption(KeptLine)
        with self._in_progress(KeptLine):
            await keep_line_open(self._call, kept)
