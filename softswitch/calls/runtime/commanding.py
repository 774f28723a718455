"""What a program, or an operator, does to a call in progress: answer, hold, play, send digits, note, park.

| order   | while                                      | what is done                                                  |
|---------|--------------------------------------------|---------------------------------------------------------------|
| answer  | a phone of ours rings that announces that  | it is asked to pick up, as if its handset had been lifted     |
|         | it can be asked (Allow-Events: talk)       |                                                               |
| hold    | two talk                                   | the one who is put on hold hears music, the other nothing, as |
|         |                                            | if the other's phone had done it                              |
| play    | two talk, and neither is on hold           | one of them, or both, hear it in place of the other, or beside|
|         |                                            | him; then each other again                                    |
|         | he waits in a queue, and no agent is rung  | he hears it in place of the music, as an announcement         |
|         | he is in a conference                      | he hears it beside the others                                 |
| digits  | two talk                                   | one of them gets them as his phone understands them           |
| park    | two talk                                   | the caller waits in a slot with music; who talked to him is   |
|         |                                            | hung up, and rung if nobody fetches the caller in time        |
| note    | always                                     | tags go into the record, variables to the flows               |

Each raises `LocalError`, in words for people, where it is not possible.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

from softswitch.base.errors import LocalError, SoftswitchError
from softswitch.base.ids import AgentId, LegId
from softswitch.base.log import get_logger
from softswitch.calls.call_state import CallState
from softswitch.calls.dtmf_info import info_of_digit
from softswitch.calls.kept.kept_flow import KeptFlow
from softswitch.calls.kept.kept_verbs import KeptDialling, KeptParking, KeptVerb
from softswitch.calls.leg import LegState
from softswitch.calls.limits import (
    DIGITS_SENT_MAX,
    VARIABLE_TOLD_CHARACTERS_MAX,
    VARIABLES_TOLD_MAX,
    WORDS_PLAYED_MAX,
)
from softswitch.calls.outcomes import CallEnded, ParkReason
from softswitch.calls.ringing import RingPlan
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.belonging import sounds_of
from softswitch.calls.runtime.conversation import DIGIT_MS, Conversation
from softswitch.calls.runtime.dialling import Dialling
from softswitch.calls.runtime.listening import Listening
from softswitch.calls.runtime.parking import Parking
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.taking_over import transfer_away
from softswitch.calls.runtime.telling import call_tagged
from softswitch.prompts.spoken import Said

log = get_logger("calls")

Side = Literal["caller", "called"]
PARK_FLOW = "park"
"""Stands in the records of callers who were parked by command."""
_WITH_ITS_FLOW = "its flow speaks with the caller, or is about to"
_BUSY_WITH = {
    CallState.ALERTING: "whoever it is for is being rung",
    CallState.PARKED: "the caller is parked, with music",
    CallState.SUPERVISING: "the caller listens to another call",
    CallState.ENDED: "it is over",
}
"""Why nothing is played then."""
_DIGITS = re.compile(r"[0-9*#A-D]+")


def answer(call: ActiveCall, phone: str, by: str) -> None:
    """Ask the phone that rings to pick up: of `phone`, an account, its number or its agent; else the only one."""
    ringing: dict[str, list[LegId]] = {}
    for party in call.parties:
        if party.extension is not None and party.leg.state is LegState.RINGING:
            ringing.setdefault(party.extension.username, []).append(party.leg.leg_id)
    names = ", ".join(sorted(ringing))
    if not ringing:
        raise LocalError("no phone of ours rings in this call now: there is nothing to pick up")
    if not phone and len(ringing) > 1:
        raise LocalError(f"several phones ring: say which is to pick up, of {names}")
    settings = call.around.settings()
    known = settings.extension_for(phone or names) or settings.extension_of_agent(AgentId(phone))
    username = phone if known is None else known.username
    if username not in ringing:
        raise LocalError(f'"{phone}" does not ring in this call: {names} does')
    if not any(call.around.sip.ask_to_talk(leg_id) for leg_id in ringing[username]):
        raise LocalError(
            f"the phone of {username} does not announce that it can be asked to pick up (Allow-Events: talk): "
            "on many that is to be switched on in the phone"
        )
    log.info("asked to pick up", call_id=call.call_id, phone=username, by=by)


def set_hold(call: ActiveCall, side: Side, is_held: bool, by: str) -> None:
    """Put one of the two on hold, or talk again. Once more is fine."""
    conversation = _conversation_of(call)
    holder = conversation.far if side == "caller" else conversation.near
    conversation.hold_for(holder, is_held, by)
    call.changed()  # also if the two are on hold for other reasons


async def play(call: ActiveCall, sides: Sequence[Side], said: Sequence[Said], *, is_over: bool) -> None:
    """Let them hear these prompts and texts, in the call's language."""
    _ears(call, sides, is_over=is_over)
    files = await call.around.speech.files(sounds_of(call), said, call.language)
    ears = _ears(call, sides, is_over=is_over)  # speaking takes its time
    if not files:
        raise LocalError("there is nothing to be heard: see `softswitch status` for prompts that are missing")
    for say in ears:
        say(files)


def stop_playing(call: ActiveCall, sides: Sequence[Side]) -> None:
    """They hear each other again, or what they did before."""
    alone = _alone(call)
    if alone is not None:
        alone.cut()
        return
    conversation = _conversation_to_play_in(call)
    for side in sides:
        party = _party(conversation, side)
        if party.stream is not None:
            party.stream.stop_play()


def _ears(call: ActiveCall, sides: Sequence[Side], *, is_over: bool) -> list[Callable[[list[str]], object]]:
    """What plays it to each of them. Raises `LocalError`."""
    alone = _alone(call)
    if alone is not None:
        if "caller" not in sides:
            raise LocalError("nobody but the caller is there to hear it: say that it is for him")
        if is_over and call.seat is None:
            raise LocalError("nothing is played beside the music of a queue: play it in place of that")
        return [alone.say]
    conversation = _conversation_to_play_in(call)
    streams = [party.stream for side in sides if (party := _party(conversation, side)).stream is not None]
    return [partial(stream.play, is_over=is_over) for stream in streams]


def _alone(call: ActiveCall) -> Listening | None:
    """Where the caller hears something without talking to one other. Raises `LocalError` where he must not be told."""
    if call.conversation is not None or call.mailbox.is_closed:
        return None
    found = call.seat or call.waits_in
    if found is None:
        raise LocalError(
            f"nobody talks in this call, and {_BUSY_WITH.get(call.state, _WITH_ITS_FLOW)}: what can be played to are "
            "conversations, callers in queues and people in conferences"
        )
    return found


def send_digits(call: ActiveCall, side: Side, digits: str) -> None:
    """As if the other had pressed these keys."""
    if not _DIGITS.fullmatch(digits) or len(digits) > DIGITS_SENT_MAX:
        raise LocalError(f"digits are 0 to 9, *, # and A to D, at most {DIGITS_SENT_MAX} at once")
    party = _party(_conversation_of(call), side)
    if party.digit_mode == "info":
        for digit in digits:
            call.around.sip.send_info(party.leg.leg_id, *info_of_digit(digit, DIGIT_MS))
    elif party.stream is not None:
        party.stream.send_digits(digits, duration_ms=DIGIT_MS)


def note(call: ActiveCall, tags: Mapping[str, str], variables: Mapping[str, str], by: str) -> None:
    """An empty value takes one away."""
    for given, kept in ((tags, call.record.tags), (variables, call.variables)):
        if any(not name or len(name) > VARIABLE_TOLD_CHARACTERS_MAX for name in given):
            raise LocalError(f"a name has 1 to {VARIABLE_TOLD_CHARACTERS_MAX} characters")
        if any(len(value) > VARIABLE_TOLD_CHARACTERS_MAX for value in given.values()):
            raise LocalError(f"a value has at most {VARIABLE_TOLD_CHARACTERS_MAX} characters")
        if len({*kept, *(name for name, value in given.items() if value)}) > VARIABLES_TOLD_MAX:
            raise LocalError(f"a call has at most {VARIABLES_TOLD_MAX} tags and as many variables")
    for given, kept in ((tags, call.record.tags), (variables, call.variables)):
        for name, value in given.items():
            if value:
                kept[name] = value
            else:
                kept.pop(name, None)
    call.changed()
    call_tagged(call, tags, variables, by)


def park(call: ActiveCall, slot: str, timeout_s: float | None, by: str) -> ActiveCall:
    """The caller waits in the slot, or in the first that is free; returns the call he is in from now on."""
    settings, parking = call.around.settings(), call.around.parking
    conversation = _conversation_of(call)
    if not settings.parking_slots:
        raise LocalError("there are no parking slots: see [parking] in softswitch.toml")
    if slot and slot not in settings.parking_slots:
        raise LocalError(f'there is no parking slot "{slot}": they are {", ".join(settings.parking_slots[:20])}')
    slots = (slot,) if slot else settings.parking_slots
    if all(parking.at(each) is not None for each in slots):
        raise LocalError(f"parking slot {slot} is taken" if slot else "every parking slot is taken")
    if call.max_forwards <= 1:
        raise LocalError("the call was transferred too often")
    far = conversation.far
    parked_by = "" if far.extension is None else far.extension.username
    stays_s = settings.parking_s if timeout_s is None else timeout_s

    def begin(follow_up: ActiveCall) -> None:
        follow_up.parked_by = parked_by
        follow_up.exchange.spawn(_stay(follow_up, slots, stays_s))

    follow_up = transfer_away(
        call,
        call.caller,
        slot or PARK_FLOW,
        by=by or "operator",
        ended_by="switch",
        permissions=call.permissions,
        begin=begin,
    )
    call.part(far)
    return follow_up


async def _stay(call: ActiveCall, slots: Sequence[str], stays_s: float, kept: KeptVerb | None = None) -> None:
    """Until somebody fetches him; if nobody does, whoever talked to him is rung. `kept` is of the switch before."""
    call.record.flow = PARK_FLOW
    try:
        if not isinstance(kept, KeptDialling):
            parking = Parking(
                call, slots=slots, timeout_s=stays_s, kept=kept if isinstance(kept, KeptParking) else None
            )
            _keep(call, parking.keep)
            outcome = await parking.run()
            if outcome.reason is ParkReason.RETRIEVED or not call.parked_by:
                return
            ring_s = call.around.settings().ring_s
            dialling = Dialling(call, RingPlan([call.parked_by]), record=None, ring_s=ring_s)
        else:
            dialling = Dialling.resumed(call, kept)
        _keep(call, dialling.keep)
        await dialling.run()
    except CallEnded:
        pass
    except SoftswitchError as error:
        call.record.fault = str(error)
        log.error("not parked", call_id=call.call_id, fault=str(error))
    finally:
        call.flow_over()


async def stay_on(call: ActiveCall, kept: KeptFlow) -> None:
    """He was parked by command in the switch before."""
    await _stay(call, (), 0.0, kept.verb)


def _keep(call: ActiveCall, verb: Callable[[], KeptVerb]) -> None:
    call.keep_flow = lambda: KeptFlow(name=PARK_FLOW, stage="parked", verb=verb())


def _conversation_of(call: ActiveCall) -> Conversation:
    if call.conversation is None or call.mailbox.is_closed:
        raise LocalError("nobody talks in this call now: this is for a conversation of two")
    return call.conversation


def _conversation_to_play_in(call: ActiveCall) -> Conversation:
    conversation = _conversation_of(call)
    if conversation.is_on_hold:
        raise LocalError("one of the two is on hold and hears music: let them talk again first")
    return conversation


def _party(conversation: Conversation, side: Side) -> Party:
    return conversation.near if side == "caller" else conversation.far


def sides_of(to: Literal["caller", "called", "both"]) -> tuple[Side, ...]:
    return ("caller", "called") if to == "both" else (to,)


def words(sounds: Sequence[str], text: str) -> list[Said]:
    """What is to be played: prompts by name, then a text. Raises `LocalError`."""
    from softswitch.prompts.spoken import Text

    if not sounds and not text:
        raise LocalError("nothing to play: name prompts, or give a text")
    if len(sounds) > WORDS_PLAYED_MAX or len(text) > VARIABLE_TOLD_CHARACTERS_MAX:
        raise LocalError(
            f"at most {WORDS_PLAYED_MAX} prompts and {VARIABLE_TOLD_CHARACTERS_MAX} characters are played at once"
        )
    return [*sounds, *([Text(text)] if text else [])]
