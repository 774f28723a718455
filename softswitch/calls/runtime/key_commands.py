"""What the switch does at the keys of somebody who talks (calls/call_keys.py): recording, transfers, consultations."""

import asyncio
from typing import TYPE_CHECKING

from softswitch.base.errors import LocalError
from softswitch.base.log import get_logger
from softswitch.calls.call_keys import (
    BackWished,
    CallKeys,
    ConferenceWished,
    ConnectionWished,
    ConsultationWished,
    NumberDropped,
    NumberWanted,
    PassOn,
    RecordingWished,
    SwapWished,
    TransferWished,
    Wish,
)
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.sounds import or_silence

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall
    from softswitch.calls.runtime.key_consultation import Consultation

log = get_logger("calls")


def press(call: "ActiveCall", party: Party, digit: str) -> None:
    """A key of somebody who may command by keys, and who talks."""
    if party.call_keys is None:
        party.call_keys = CallKeys()
    keys = party.call_keys
    keys.press(digit, call.around.clock.now())
    _carry_out(call, party, keys)


def _carry_out(call: "ActiveCall", party: Party, keys: CallKeys) -> None:
    for wish in keys.take_wishes():
        try:
            _do(call, party, wish)
        except LocalError as error:
            log.info("key command not possible", call_id=call.call_id, by=party.leg.party, reason=str(error))
            _beep(call, party, "busy")
    due_at = keys.next_timeout()
    if due_at is not None:
        asyncio.get_running_loop().call_later(due_at - call.around.clock.now(), _time_passes, call, party, keys)


def _time_passes(call: "ActiveCall", party: Party, keys: CallKeys) -> None:
    now, due_at = call.around.clock.now(), keys.next_timeout()
    if due_at is None or now < due_at or not _talks(call, party):
        return
    keys.handle_timeout(now)
    _carry_out(call, party, keys)


def _do(call: "ActiveCall", party: Party, wish: Wish) -> None:
    conversation = call.conversation
    if conversation is None or not _talks(call, party):
        return
    match wish:
        case PassOn(digits):
            own = _own_consultation(call, party)
            for digit in digits:
                if own is None:
                    conversation.pass_digit(party, digit)
                else:
                    own.pass_digit(digit)
        case NumberWanted():
            if wish.is_consultation:
                _consult(call, party)
            _beep(call, party, "beep")
        case RecordingWished():
            _record(call, party)
        case TransferWished(target):
            # Imported here: transfers need calls, and every call hears keys.
            from softswitch.calls.runtime.transferring import transfer_by_key

            transfer_by_key(call, party, target)
        case _:
            _command_consultation(call, party, wish)


def _consult(call: "ActiveCall", party: Party) -> None:
    # Imported here, as above.
    from softswitch.calls.runtime.key_consultation import Consultation

    Consultation(call, party).begin()


def _command_consultation(
    call: "ActiveCall",
    party: Party,
    wish: NumberDropped | ConsultationWished | BackWished | ConnectionWished | ConferenceWished | SwapWished,
) -> None:
    consultation = _own_consultation(call, party)
    if consultation is None:
        return
    match wish:
        case ConsultationWished(target):
            consultation.dial(target)
        case BackWished() | NumberDropped():
            consultation.back()
        case ConnectionWished():
            consultation.connect()
        case ConferenceWished():
            consultation.confer()
        case SwapWished():
            consultation.swap()


def _own_consultation(call: "ActiveCall", party: Party) -> "Consultation | None":
    consultation = call.consultation
    return consultation if consultation is not None and consultation.party is party else None


def _record(call: "ActiveCall", party: Party) -> None:
    recordings = call.recordings
    if recordings.is_on_demand:
        recordings.stop()
    elif recordings.is_compulsory or not recordings.start():
        raise LocalError("whether this conversation is recorded is not his to say")
    log.info("recording by key", call_id=call.call_id, by=party.leg.party, is_on=recordings.is_on_demand)
    _beep(call, party, "beep")


def _beep(call: "ActiveCall", party: Party, tone: str) -> None:
    sounds = or_silence(lambda: [call.around.sounds.tone(tone)])
    if sounds and party.stream is not None:
        party.stream.play(sounds)


def _talks(call: "ActiveCall", party: Party) -> bool:
    conversation = call.conversation
    return conversation is not None and party in (conversation.near, conversation.far) and party.is_answered
