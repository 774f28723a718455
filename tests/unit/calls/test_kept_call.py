"""Nothing that a call knows is forgotten when it is kept, unless somebody has said why it may be."""

from softswitch.calls.kept.kept_call import KeptCall, KeptConversation, KeptParty, KeptRecordings
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.call_recordings import CallRecordings
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.party import Party

NOT_KEPT_OF_CALLS = {
    "__weakref__": "Python's",
    "around": "of the process",
    "exchange": "of the process",
    "mailbox": "what waits there is told again, or its verb is carried out again",
    "_legs": "of the process",
    "_on_closed": "of the process",
    "_is_flow_over": "a call whose flow is over is about to end",
    "call_id": "in the record",
    "_others": "as `others`",
    "_identity": "as `identity`",
    "_answering": "as `answering`",
    "_began_at": "as `began_at`",
    "supervisions": "as `supervisors`",
    "streams": "as `listening`; a program that talks is for its verb",
    "consultation": "the question is hung up, the two talk again",
    "is_taken_away": "known within a moment, or never",
    "keep_flow": "what it says is kept as `flow`",
    "awaits_party": "set by the verb that is carried out again",
    "waits_in": "set by the verb that is carried out again",
    "seat": "taken by the verb that is carried out again",
    "near": "only before the stream is open",
}


def names_of(slots: tuple[str, ...]) -> set[str]:
    return set(slots)


def test_every_slot_of_a_call_is_kept_or_excused() -> None:
    kept = set(KeptCall.__struct_fields__)
    missing = names_of(ActiveCall.__slots__) - kept - NOT_KEPT_OF_CALLS.keys()
    assert not missing, f"add these to KeptCall, or say here why they may be forgotten: {sorted(missing)}"


def test_every_slot_of_a_party_is_kept_or_excused() -> None:
    excused = {
        "call_id": "of the call that adopts him",
        "call_keys": "keys half pressed",
        "key_presses": "keys pressed within the last second",
        "leg": "as `description` and `sip`",
        "sip_call_id": "as the SIP endpoint says",
        "stands_for": "a question asked meanwhile is hung up",
        "is_elsewhere": "the same",
        "is_moving": "he is asked again, or was not yet",
        "fax_port": "T.38 that passes goes back to sound",
    }
    assert not names_of(Party.__slots__) - set(KeptParty.__struct_fields__) - excused.keys()


def test_every_slot_of_a_conversation_is_kept_or_excused() -> None:
    excused = {
        "call_id": "of the call",
        "_around": "of the process",
        "_sounds": "of the process",
        "_is_masked": "asks the recordings",
        "_tell_hold": "of the process",
        "on_hold": "set by the verb",
        "on_consultation": "set by the verb",
        "guests": "of a question that is hung up",
        "fax_passage": "T.38 that passes goes back to sound",
        "talk_s": "known at the end",
        "_heard": "as the media worker has it",
        "_supervisors": "as the call's `supervisors`",
        "_music": "as `music`",
        "_on_hold_since": "as `on_hold_since`",
        "_held_for": "as `held_for`",
    }
    assert not names_of(Conversation.__slots__) - set(KeptConversation.__struct_fields__) - excused.keys()


def test_every_slot_of_recordings_is_kept_or_excused() -> None:
    excused = {"_whose": "the call", "_aside": "of a question that is hung up"}
    slots = {name if name in excused else name.removeprefix("_") for name in CallRecordings.__slots__}
    assert not slots - set(KeptRecordings.__struct_fields__) - excused.keys()
