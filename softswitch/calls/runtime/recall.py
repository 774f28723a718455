"""What becomes of a caller whose transfer has failed: he is with the transferor again, and never lost silently.

| the transferor's leg                     | the caller                                                          |
|------------------------------------------|---------------------------------------------------------------------|
| is still there (it waited for the outcome)| talks to him again                                                 |
| has hung up, and his phones are ours     | rings there again, "recall: " and the number before his name        |
| has hung up, and answers no more         | hears that nobody can be reached, and is hung up                    |
"""

from softswitch.base.errors import SoftswitchError
from softswitch.base.log import get_logger
from softswitch.calls.outcomes import DialReason
from softswitch.calls.ringing import RingPlan
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.caller_verbs import CallerVerbs
from softswitch.calls.runtime.conversing import converse, part_conversation
from softswitch.calls.runtime.dialling import Dialling
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.taking_over import bring_beside
from softswitch.calls.settings import Extension
from softswitch.sip.outputs import LegEnded

log = get_logger("calls")

SORRY = "connect/unavailable"


async def take_back(call: ActiveCall) -> None:
    """The caller's transfer is under way still, and its flow has nobody for him. Raises `CallEnded`."""
    transfer = call.transfer
    if transfer is None:
        return
    reason = call.unreached
    transferor, extension = transfer.transferor, transfer.extension
    transfer.failed(call, reason)
    log.info("transfer failed", call_id=call.call_id, to=call.record.called_number, reason=reason and reason.value)
    if transferor is not None and transferor.is_answered:
        await bring_beside(transferor, call)
    if transferor is not None and transferor.is_answered:
        await _talk_again(call, transferor)
    elif extension is None or not await _ring_again(call, extension):
        await _apologise(call)


async def _talk_again(call: ActiveCall, transferor: Party) -> None:
    call.mailbox.clear()
    policy = call.recordings.policy_for(None)
    conversation = converse(call, transferor, "default", policy)
    try:
        while True:
            event = await call.mailbox.next()
            if isinstance(event, LegEnded) and event.leg_id == conversation.far.leg.leg_id:
                return
    finally:
        part_conversation(call, conversation)
        call.end_wait()


async def _ring_again(call: ActiveCall, extension: Extension) -> bool:
    """Whether he has answered; then their talk is over."""
    plan = RingPlan([extension.username])
    call.display = f"recall: {call.record.calling_name or call.record.calling_number}"
    try:
        outcome = await Dialling(call, plan, record=None, ring_s=call.around.settings().ring_s).run()
    finally:
        call.display = ""
    return outcome.reason is DialReason.ANSWERED


async def _apologise(call: ActiveCall) -> None:
    verbs = CallerVerbs(call)
    try:
        await verbs.play([verbs.sounds.resolve(SORRY, verbs.language)])
    except SoftswitchError as error:
        log.info("apology not played", call_id=call.call_id, reason=str(error))
