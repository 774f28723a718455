"""Flows: what happens to a call. Number routes, opening hours, and the verbs a flow is written with.

```python
from softswitch.dialplan import Call, flow


@flow
async def hotline(call: Call) -> None:
    await call.play("greeting/welcome")
    outcome = await call.queue("support")
    if outcome.is_answered:
        await call.survey("satisfaction")
```
"""

from softswitch.calls.forwarding import ForwardReason
from softswitch.calls.outcomes import (
    CallEnded,
    ConferenceOutcome,
    ConferenceReason,
    DialOutcome,
    DialReason,
    Digits,
    MenuChoice,
    MenuReason,
    ParkOutcome,
    ParkReason,
    QueueOutcome,
    QueueReason,
    RecordedMessage,
    StreamOutcome,
    StreamReason,
    VoicemailOutcome,
    VoicemailReason,
)
from softswitch.calls.ringing import Ring
from softswitch.calls.voice_box import GreetingKind
from softswitch.dialplan import spoken
from softswitch.dialplan.call import Call
from softswitch.dialplan.flows import UnknownName, flow
from softswitch.dialplan.own_phone import SupervisionModeName
from softswitch.dialplan.voice_box import OpenBox
from softswitch.prompts.spoken import Said
from softswitch.store.voicemail_schema import StoredVoiceMessage as VoiceMessage

__all__ = [
    "Call",
    "CallEnded",
    "ConferenceOutcome",
    "ConferenceReason",
    "DialOutcome",
    "DialReason",
    "Digits",
    "ForwardReason",
    "GreetingKind",
    "MenuChoice",
    "MenuReason",
    "OpenBox",
    "ParkOutcome",
    "ParkReason",
    "QueueOutcome",
    "QueueReason",
    "RecordedMessage",
    "Ring",
    "Said",
    "StreamOutcome",
    "StreamReason",
    "SupervisionModeName",
    "UnknownName",
    "VoiceMessage",
    "VoicemailOutcome",
    "VoicemailReason",
    "flow",
    "spoken",
]
