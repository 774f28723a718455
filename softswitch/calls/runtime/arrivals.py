"""Which of the calls that come in may begin, who calls, and what those bring along that were ours before.

| a call                                                      | otherwise                                        |
|-------------------------------------------------------------|--------------------------------------------------|
| finds room in the switch and its media workers              | 503 with Retry-After                             |
| does not come back again and again (returning.py)           | 482                                              |
| has hops left, if it was one of ours before                 | 483                                              |
| finds room on the trunk it comes through                    | 503 with Retry-After, and why in a Warning       |
"""

from typing import NamedTuple

from softswitch.base.ids import CallId
from softswitch.base.log import get_logger
from softswitch.calls.digit_mode import capabilities_for
from softswitch.calls.leg import Leg
from softswitch.calls.record import CallRecord
from softswitch.calls.returning import Outgoing, is_loop
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.settings import CallSettings
from softswitch.sip.description.sdes import Sdes
from softswitch.sip.outputs import InviteReceived
from softswitch.sip.trunks.identity import read_diversions
from softswitch.sip.trunks.numbers import normalised

log = get_logger("calls")


class Arrival(NamedTuple):
    """`came_by` are the numbers, normalised, a call has come to us by, this one the last; `max_forwards` is what legs
    made for it may use."""

    came_by: tuple[str, ...]
    max_forwards: int


def let_in(event: InviteReceived, around: Surroundings, calls: int) -> Arrival | None:
    """None if it was refused. `calls` are in progress. A call through a trunk is counted there from now on."""
    settings = around.settings()
    reason = "limits.calls reached" if calls >= settings.calls_max else around.media.fullness
    if reason:
        log.warning("call refused", reason=reason, calls=calls)
        around.sip.reject(event.leg_id, 503, headers=[("retry-after", str(settings.retry_after_s))])
        return None
    number = normalised(event.called_number, settings.habits)
    before = _before(event, number, around, settings)
    if before is not None and not _may_return(event, number, before, around):
        return None
    if event.source.kind == "trunk" and not _has_room(event, around, settings):
        return None
    if before is None:
        return Arrival((number,), event.max_forwards)
    return Arrival((*before.came_by, number), min(event.max_forwards, before.max_forwards - 1))


def who_calls(event: InviteReceived, around: Surroundings, settings: CallSettings) -> tuple[Party, CallRecord]:
    """The caller, as his account or trunk is configured, and the record of his call."""
    record = CallRecord(
        CallId(around.entropy.token(96)),
        calling_number=event.calling_number,
        calling_name=event.calling_name,
        called_number=event.called_number,
        started_at=around.clock.wall(),
    )
    record.trunk = event.source.name if event.source.kind == "trunk" else ""
    extension = settings.extensions.get(event.source.name) if event.source.kind == "account" else None
    is_trunk = event.source.kind == "trunk"
    takes_t38 = not is_trunk or event.source.name not in settings.trunks_without_t38
    srtp = settings.srtp_of_trunks.get(event.source.name, "off") if is_trunk else "off"
    dtmf = settings.dtmf_of_trunks.get(event.source.name, "auto") if is_trunk else "auto"
    codecs = settings.codecs_of_trunks.get(event.source.name, ()) if is_trunk else ()
    if extension is not None:
        srtp, dtmf, codecs, takes_t38 = extension.srtp, extension.dtmf, extension.codecs, extension.t38
    leg = Leg(
        event.leg_id,
        f"{event.source.kind}:{event.source.name}",
        capabilities=capabilities_for(dtmf, settings.capabilities_for(codecs)),
        session_id=around.entropy.integer(32),
        sdes=Sdes(srtp, around.entropy),
    )
    caller = Party(leg, extension, digit_mode=dtmf, signalling=event.flow.remote, takes_t38=takes_t38)
    caller.sip_call_id = event.sip_call_id
    caller.dialled = event.called_number if is_trunk else ""
    return caller, record


def _before(event: InviteReceived, number: str, around: Surroundings, settings: CallSettings) -> Outgoing | None:
    """What it was before, if it is a call of ours that comes back."""
    returning = around.returning
    if not returning.count:
        return None
    if event.source.kind == "account":
        return returning.from_phone(event.source.name)
    habits = settings.habits
    caller = "" if event.is_caller_hidden else normalised(event.calling_number, habits)
    diverted_by = [normalised(each.number, habits) for each in read_diversions(event.headers)]
    return returning.from_trunk(number, caller, diverted_by)


def _may_return(event: InviteReceived, number: str, before: Outgoing, around: Surroundings) -> bool:
    """Refuse what goes round and round (RFC 3261 section 16.3)."""
    if is_loop(before, number):
        status, reason = 482, "it comes back again and again"
    elif before.max_forwards <= 0:
        status, reason = 483, "Max-Forwards is used up"
    else:
        return True
    log.warning("call refused", reason=reason, called=number, calling=event.calling_number, by=event.source.name)
    around.sip.reject(event.leg_id, status)
    return False


def _has_room(event: InviteReceived, around: Surroundings, settings: CallSettings) -> bool:
    """Count a call from a trunk, unless it is one too many."""
    trunks, name = around.sip.trunks, event.source.name
    reason = trunks.take(name, "in", around.clock.now())
    if not reason:
        trunks.bind(event.leg_id, name, "in")
        return True
    log.warning("call refused", reason=reason, trunk=name)
    headers = [("retry-after", str(settings.retry_after_s)), ("warning", f'399 {settings.domain} "{reason}"')]
    around.sip.reject(event.leg_id, 503, headers=headers)
    return False
