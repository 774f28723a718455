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
)
from softswitch.calls.ringing import Ring
from softswitch.dialplan import spoken
from softswitch.dialplan.call import Call
from softswitch.dialplan.flows import UnknownName, flow
from softswitch.prompts.spoken import Said

__all__ = [
    "Call",
    "CallEnded",
    "ConferenceOutcome",
    "ConferenceReason",
    "DialOutcome",
    "DialReason",
    "Digits",
    "ForwardReason",
    "MenuChoice",
    "MenuReason",
    "ParkOutcome",
    "ParkReason",
    "QueueOutcome",
    "QueueReason",
    "RecordedMessage",
    "Ring",
    "Said",
    "UnknownName",
    "flow",
    "spoken",
]
