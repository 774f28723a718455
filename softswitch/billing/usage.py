"""What a call has used: so many milliseconds of a trunk, of an agent, of a menu ...

| item         | what                                                                                              |
|--------------|---------------------------------------------------------------------------------------------------|
| inbound      | each leg that came from a trunk, while it was connected; its number is the one of ours it called  |
| outbound     | each leg that was called through a trunk, while it was connected; its number is the one called    |
| platform     | the call, from the answer to the end                                                              |
| agent        | agents talking: with contacts of queues, holds included, or in calls they made                    |
| wrap_up      | what agents took afterwards                                                                       |
| queue        | waiting in queues                                                                                 |
| ivr          | the rest of an answered call: menus, announcements, ringing of colleagues                         |
| recording    | recorded, each file for itself                                                                    |
| conference   | the caller in a conference                                                                        |

A leg that goes on in another call is used there as well, for as long as it is there, and `is_continued`.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from softswitch.billing.tariff import Direction, TimedItem
from softswitch.sip.trunks.numbers import Habits, normalised

TRUNK = "trunk:"


class BilledLeg(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What of `store.schema.SipLeg` is needed."""

    role: Literal["caller", "called"]
    party: str
    number: str = ""
    dialled: str = ""
    agent: str = ""
    answered_at: float | None = None
    ended_at: float = 0.0
    came_from: str = ""


class BilledStay(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What of `store.schema.ContactStay` is needed."""

    talk_s: float = 0.0
    consult_s: float = 0.0
    agent: str = ""


class BilledCall(msgspec.Struct, frozen=True, kw_only=True):
    """What of `store.schema.Cdr` is needed: a bill reads a month of records, and decodes no more of them than this."""

    call_id: str
    started_at: float
    answered_at: float | None = None
    ended_at: float
    calling_number: str
    called_number: str
    project: str = ""
    trunk: str = ""
    queue_wait_s: float = 0.0
    talk_s: float = 0.0
    consult_s: float = 0.0
    wrap_up_s: float = 0.0
    conference_s: float = 0.0
    recorded_s: float = 0.0
    sip_legs: tuple[BilledLeg, ...] = ()
    stays: tuple[BilledStay, ...] = ()


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    item: TimedItem
    used_ms: int
    number: str = ""
    """As digits of E.164, as far as that is known."""
    trunk: str = ""
    direction: Direction = ""
    is_continued: bool = False


def direction_of(call: BilledCall) -> Direction:
    """ "inbound" from a trunk; "outbound" if somebody outside answered; else "internal"."""
    if call.trunk:
        return "inbound"
    return "outbound" if any(_is_outbound(leg) for leg in call.sip_legs) else "internal"


def usages(call: BilledCall, habits: Habits) -> Iterator[Usage]:
    """In the order of the table; what was not used at all is left out."""
    direction = direction_of(call)
    is_continued = bool(call.sip_legs) and bool(call.sip_legs[0].came_from)
    for leg in call.sip_legs:
        yield from _of_leg(call, leg, direction, habits)
    for item, seconds in _of_call(call):
        used_ms = milliseconds(seconds)
        if used_ms > 0:
            yield Usage(item=item, used_ms=used_ms, direction=direction, is_continued=is_continued)


def milliseconds(seconds: float) -> int:
    """A clock that was set back, or a fault of ours, never makes a debt of the centre's."""
    return max(0, round(seconds * 1000))


def _of_leg(call: BilledCall, leg: BilledLeg, direction: Direction, habits: Habits) -> Iterator[Usage]:
    if leg.answered_at is None or not leg.party.startswith(TRUNK):
        return
    used_ms = milliseconds(leg.ended_at - leg.answered_at)
    if used_ms <= 0:
        return
    item: TimedItem = "inbound" if leg.role == "caller" else "outbound"
    number = (leg.dialled or call.called_number) if leg.role == "caller" else leg.number
    yield Usage(
        item=item,
        used_ms=used_ms,
        number=normalised(number, habits).removeprefix("+"),
        trunk=leg.party.removeprefix(TRUNK),
        direction=direction,
        is_continued=bool(leg.came_from),
    )


def _of_call(call: BilledCall) -> Iterator[tuple[TimedItem, float]]:
    connected_s = 0.0 if call.answered_at is None else call.ended_at - call.answered_at
    yield "platform", connected_s
    yield "agent", _agents_s(call)
    yield "wrap_up", call.wrap_up_s
    yield "queue", call.queue_wait_s
    yield "ivr", max(0.0, connected_s - call.queue_wait_s - call.talk_s - call.consult_s)
    yield "recording", call.recorded_s
    yield "conference", call.conference_s


def _agents_s(call: BilledCall) -> float:
    if any(stay.agent for stay in call.stays):
        return sum(stay.talk_s + stay.consult_s for stay in call.stays)
    is_of_agent = any(leg.agent for leg in call.sip_legs if leg.answered_at is not None)
    return max(0.0, call.talk_s - call.conference_s) if is_of_agent else 0.0


def _is_outbound(leg: BilledLeg) -> bool:
    return leg.role == "called" and leg.answered_at is not None and leg.party.startswith(TRUNK)
