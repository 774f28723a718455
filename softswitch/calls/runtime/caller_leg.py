"""The caller's own leg: a stream for it, and taking leave of it."""

from typing import TYPE_CHECKING

from softswitch.calls.call_state import CallState
from softswitch.calls.certain_address import certain_address
from softswitch.calls.leg import LegState
from softswitch.calls.outcomes import CallEnded
from softswitch.calls.record import EndReason
from softswitch.sip.description.image import Image
from softswitch.sip.description.offer_answer import OfferRefused
from softswitch.sip.messages.reason import NORMAL_CLEARING, reason_value
from softswitch.sip.outputs import LegEnded

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall


_WAITS = (CallState.WAITING, CallState.ALERTING, CallState.PARKED)
"""A caller who hangs up then has given up."""


async def open_stream(call: "ActiveCall", offer: bytes) -> bytes:
    """Give the caller a stream; what he is to be answered, or, where he has offered nothing, our own offer.

    Refuses a caller we cannot talk to (488), and raises `CallEnded` then.
    """
    settings, around = call.around.settings(), call.around
    leg, signalling = call.caller.leg, call.caller.signalling
    stream = await around.media.open_stream(
        call.call_id,
        near=call.near,
        learn_from=settings.learn_from(signalling),
        certain_remote=None if signalling is None else certain_address(leg, offer, signalling, settings),
    )
    if call.mailbox.is_closed:
        stream.drop()
    await call.mailbox.check()
    call.caller.attach(stream, around.settings().media_ip)
    call.record.measurements.opened(stream.stream_id, "caller", call.caller.leg.party, call.caller.leg.leg_id)
    answer = leg.answer(offer) if offer else leg.offer()
    if isinstance(answer, OfferRefused) and call.caller.takes_t38 and isinstance(leg.read_image_offer(offer), Image):
        call.caller.image_offer = offer  # he is answered when somebody who is dialled for him takes it
        return b""
    if isinstance(answer, OfferRefused):
        call.refuse(answer.status, answer.reason, warning=answer.warning)
        raise CallEnded(f"the caller and we have no sound in common: {answer.reason}")
    return answer


def part_from_caller(call: "ActiveCall", status: int, phrase: str | None, warning: str) -> None:
    """Hang up, or, as long as he was not answered, refuse him with `status`; the cause is told him either way."""
    leg, cause = call.caller.leg, call.record.far_cause
    if not leg.leg_id:
        leg.state = LegState.ENDED  # nobody had come yet
        return
    if call.caller.stands_for is not None:
        call.exchange.stand_in_left(call.caller, "local")
        return
    if call.caller.is_answered:
        reason = None if cause in (0, NORMAL_CLEARING) else reason_value(cause)
        call.around.sip.hang_up(leg.leg_id, reason=reason)
        return
    settings = call.around.settings()
    headers = [("retry-after", str(settings.retry_after_s))] if status == 503 else []
    if warning:
        headers.append(("warning", f'399 {settings.domain} "{warning}"'))
    if cause:
        headers.append(("reason", reason_value(cause)))
    call.around.sip.reject(leg.leg_id, status, phrase, headers=headers)


def note_departure(call: "ActiveCall", event: LegEnded) -> None:
    """He has hung up, or his leg is lost."""
    call.caller.leg.state = LegState.ENDED
    record = call.record
    record.sip_status, record.cause = event.status, event.cause
    if event.by != "remote":
        record.ended("switch", EndReason.FAILED)
        return
    if call.is_taken_away:
        record.sent_away(call.sent_away_to, "flow")
    is_waiting = record.answered_at is None or call.state in _WAITS
    record.ended("caller", EndReason.ABANDONED if is_waiting else EndReason.COMPLETED)
