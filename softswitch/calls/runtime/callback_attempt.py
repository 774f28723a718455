"""One attempt to keep a promised call-back: a call that begins with nobody, and ends with two who have talked, or not.

```
 agent first      AgentReserved ──► his phone rings ──► he is the caller ──► the customer is dialled ──► they talk
 customer first   it is his turn ──► the customer is dialled ──► he is the caller ──► his queue, in his old place
```

The call is the contact: what the router says of it comes to the call's mailbox. `report` is told once what became of
the attempt (callback_book.py). An agent who hangs up while it rings at the customer's has had it as an attempt: he
wants it to be tried later.

If the switch dies meanwhile, the next one goes on with whoever was connected:

| the switch died while ...               | the next one                                            |
|-----------------------------------------|---------------------------------------------------------|
| the first of the two was rung           | tries it again: it counts as no attempt                 |
| the agent heard the customer's phone    | rings that once more for him                            |
| the customer was greeted                | greets him again                                        |
| he waited for an agent                  | lets him wait on, in his place                          |
| they talked                             | lets them                                               |
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from softswitch.acd.inputs import ContactFinished, ContactWithdrawn
from softswitch.acd.outputs import AgentReserved
from softswitch.base.errors import SoftswitchError
from softswitch.base.ids import ContactId
from softswitch.base.log import get_logger
from softswitch.calls.callback_book import AttemptResult, CallbackTerms
from softswitch.calls.kept.kept_flow import KeptFlow
from softswitch.calls.kept.kept_verbs import KeptQueueSounds, KeptVisit
from softswitch.calls.outcomes import CallEnded, DialReason, QueueReason
from softswitch.calls.queue_wishes import QueueStay, QueueWishes
from softswitch.calls.ringing import RingPlan
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.adopting import talk_on
from softswitch.calls.runtime.belonging import policy_in_queue
from softswitch.calls.runtime.caller_verbs import CallerVerbs
from softswitch.calls.runtime.dialling import Dialling
from softswitch.calls.runtime.first_party import reach, reach_agent
from softswitch.calls.runtime.queueing import QueueVisit
from softswitch.calls.runtime.sounds import or_silence
from softswitch.calls.settings import QueueTreatment, RecordingPolicy
from softswitch.store.schema import StoredCallback

log = get_logger("calls")

Report = Callable[[AttemptResult, str, str], None]
"""What became of it, why it came to nothing, and which agent had it."""

Outcome: TypeAlias = tuple[AttemptResult, str]
"""The first two of these."""

FLOW = "callback"
"""Stands in the records of these calls."""
GREETING = "callback/greeting"
CONFIRM_S = 6.0
"""How long a customer may take to press a key; an answering machine does not."""
CONFIRM_TRIES = 2


class CallbackAttempt:
    """Run one of the two; whatever happens, the call is over, the router knows, and `report` was called."""

    def __init__(self, call: ActiveCall, callback: StoredCallback, terms: CallbackTerms, report: Report) -> None:
        self._call = call
        self._around = call.around
        self._callback = callback
        self._terms = terms
        self._report = report
        self._contact = ContactId(call.call_id)
        self._agent = ""
        self._is_connected = False
        """The router has connected the agent and the contact."""
        self._visit: QueueVisit | None = None
        """The customer's, who was called first."""
        call.keep_flow = self._keep
        call.record.flow = FLOW
        call.record.queue = callback.queue_id
        call.language = callback.language or call.language
        if terms.through:
            call.permissions = call.around.settings().extensions.get(terms.through)

    # Agent first

    async def agent_first(self, reservation: AgentReserved) -> None:
        await self._run(self._with_agent(self._call_both(reservation)))

    async def _call_both(self, reservation: AgentReserved) -> Outcome:
        return await self._dial_customer() if await self._reach_agent(reservation) else ("not_tried", "")

    async def _with_agent(self, attempt: Awaitable[Outcome]) -> Outcome:
        try:
            return await attempt
        finally:
            self._leave_agent()

    async def _reach_agent(self, reservation: AgentReserved) -> bool:
        """Whether he answered and the router has connected him."""
        connected = await reach_agent(
            self._call, reservation, f"call-back: {self._callback.name or self._callback.number}"
        )
        if connected is None:
            return False
        self._agent = connected.agent_id
        self._is_connected = True
        call, agent = self._call, self._call.caller.extension
        if agent is not None:
            call.record.calling_number = agent.number or agent.username
            call.record.calling_name = agent.name
        if call.permissions is None:
            call.permissions = agent
        return True

    async def _dial_customer(self) -> Outcome:
        plan = RingPlan([self._callback.number])
        dialling = Dialling(self._call, plan, record=self._is_recorded(), ring_s=self._terms.ring_s)
        outcome = await dialling.run()
        if outcome.reason is DialReason.ANSWERED:
            return "served", ""
        return "not_reached", outcome.reason.value

    def _is_recorded(self) -> bool | None:
        treatment = self._around.settings().queues.get(self._callback.queue_id, QueueTreatment())
        is_always = policy_in_queue(self._call, None, treatment) is RecordingPolicy.ALWAYS
        return True if is_always else None

    def _leave_agent(self) -> None:
        if self._is_connected:
            self._around.acd.apply(ContactFinished(self._contact))
        else:
            self._around.acd.apply(ContactWithdrawn(self._contact, "call-back not begun"))

    # Customer first

    async def customer_first(self, queued_at: float) -> None:
        """`queued_at`: since when he has waited, in monotonic seconds."""
        await self._run(self._call_customer(queued_at), "not_reached")

    async def _call_customer(self, queued_at: float) -> Outcome:
        reason = await self._reach_customer()
        return ("not_reached", reason) if reason else await self._serve_customer(queued_at)

    async def _serve_customer(self, queued_at: float) -> Outcome:
        reason = await self._greet()
        return ("not_reached", reason) if reason else await self._queue(queued_at)

    async def _reach_customer(self) -> str:
        """Why he could not be reached; "" if he was, and is the caller."""
        reason = await reach(self._call, self._callback.number, self._terms.ring_s)
        return "" if reason is None else reason.value

    async def _greet(self) -> str:
        """Let him show that he is no answering machine; "" if he did."""
        verbs = CallerVerbs(self._call)
        words = or_silence(lambda: [verbs.sounds.resolve(GREETING, verbs.language)])
        for _ in range(CONFIRM_TRIES):
            if await verbs.play(words, stop_digits="1") == "1":
                return ""
            typed = await verbs.digits(maximum=1, first_s=CONFIRM_S, between_s=CONFIRM_S, end_digits="")
            if typed.digits == "1":
                return ""
        return "not confirmed"

    async def _queue(self, queued_at: float) -> Outcome:
        callback = self._callback
        wishes = QueueWishes(boost_s=callback.boost_s, skills=callback.skills, requirement=callback.requirement)
        return await self._wait(QueueVisit(self._call, callback.queue_id, wishes, queued_at=queued_at))

    async def _wait(self, visit: QueueVisit) -> Outcome:
        self._visit = visit
        outcome = await visit.run()
        if outcome.reason is QueueReason.ANSWERED:
            return "served", ""
        return "not_reached", outcome.reason.value

    # After the switch before

    async def go_on(self, queued_at: float, kept: KeptVisit | None) -> None:
        """With whoever was connected; `kept` is of the customer's stay in the queue, if he was called first."""
        call = self._call
        self._agent = call.record.agent
        if not call.keeps_agent:
            stay = call.queue_stay
            attempt = self._serve_customer(queued_at) if stay is None else self._wait_on(stay, kept)
            await self._run(attempt, "not_reached")
        elif call.conversation is None:
            self._is_connected = True
            await self._run(self._with_agent(self._dial_customer()))
        else:
            await self._run(self._talk_on())

    async def _talk_on(self) -> Outcome:
        await talk_on(self._call)
        return "served", ""

    async def _wait_on(self, stay: QueueStay, kept: KeptVisit | None) -> Outcome:
        """What the agent does with him is told to the router, as before."""
        call = self._call
        kept = kept or KeptVisit(
            queue=call.record.queue,
            queued_at=stay.queued_at,
            wishes=stay.wishes,
            sounds=KeptQueueSounds(music=""),
            is_talking=call.conversation is not None,
            is_known=call.record.stays.current is not None,
        )
        return await self._wait(QueueVisit(call, kept.queue, kept.wishes, kept=kept, talk=call.conversation))

    def _keep(self) -> KeptFlow:
        return KeptFlow(name=FLOW, stage="callback", verb=None if self._visit is None else self._visit.keep())

    # Both

    async def _run(self, attempt: Awaitable[Outcome], result: AttemptResult = "not_tried") -> None:
        """Whatever happens, the call is over afterwards, and `report` was called: with this `result` if we fail."""
        reason = ""
        try:
            result, reason = await attempt
        except CallEnded:
            result, reason = self._ended_early()
        except SoftswitchError as error:
            result = "not_tried"
            self._call.record.fault = reason = str(error)
        finally:
            self._call.flow_over()
            self._report(result, reason, self._agent or self._call.record.agent)

    def _ended_early(self) -> tuple[AttemptResult, str]:
        """Whoever was the caller has hung up, or somebody has ended the call."""
        if self._call.record.talk_s > 0:
            return "served", ""
        if self._call.record.answered_at is None:
            return "not_tried", "ended from outside"
        return "not_reached", "hung up before they talked"
