"""Voice messages as contacts of a queue: given to an agent, whose phone rings and plays the message to him.

```
 left ──► waits in the queue ──► an agent is reserved ──► his phone rings ──► he hears it ──► heard by him
                   ▲                                          │ not answered      │ hung up too soon
                   └───────────────────────── AGAIN_S later ──┴───────────────────┘
```

Each time it waits it is a contact of its own (`PREFIX`, the message's id, a dot and something random), counted from
when the message was left. What is heard or deleted otherwise meanwhile waits no more. A message says itself whether it
waits (`is_contact`), so a switch that starts knows which there are; those that its router has keep their places there.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

from softswitch.acd.events import AcdEvent
from softswitch.acd.events import ContactWithdrawn as WithdrawnEvent
from softswitch.acd.inputs import AcdInput, ContactFinished, ContactQueued, ContactWithdrawn
from softswitch.acd.model import Channel, ContactState
from softswitch.acd.outputs import AcdOutput, AgentReserved, ContactOverflowed, ContactRefused
from softswitch.acd.runtime.timers import TimerHandle
from softswitch.acd.summaries import ContactSummary
from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId, ContactId
from softswitch.base.log import get_logger
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.exchange import Exchange
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.voice_contact_call import VoiceContactCall
from softswitch.calls.voice_box import VoiceBox
from softswitch.store.voicemail_schema import StoredVoiceMessage

log = get_logger("voicemail")

PREFIX = "vm"
"""What the ids of these contacts begin with."""
AGAIN_S = 30.0
"""Nobody has heard it, or the queue has not taken it: it waits again after this."""


class Acd(Protocol):
    def apply(self, fact: AcdInput) -> None: ...
    def contact_summaries(self) -> list[ContactSummary]: ...


class VoiceContacts:
    """`connect` it to what it lives among, then `start` it when the router has its configuration."""

    def __init__(self, acd: Acd, loop: asyncio.AbstractEventLoop) -> None:
        self._acd = acd
        self._loop = loop
        self._contacts: dict[str, ContactId] = {}
        """Those in the router, by message."""
        self._calls: set[str] = set()
        """Messages of contacts that an agent is called for."""
        self._again: dict[str, TimerHandle] = {}
        self._around: Surroundings | None = None
        self._exchange: Exchange | None = None
        self._is_stopping = False

    def connect(self, around: Surroundings, exchange: Exchange) -> None:
        self._around, self._exchange = around, exchange
        around.voicemail.when_left(self.message_left)
        around.voicemail.when_gone(self.message_gone)

    def adopt(self, calls: Mapping[CallId, ActiveCall]) -> None:
        """Of the calls of the switch before that go on, those in which an agent is connected. Before `start`."""
        for call in calls.values():
            message_id = _message_of(ContactId(call.call_id))
            if message_id is not None and call.caller.is_answered:
                self._calls.add(message_id)

    def go_on(self, call: ActiveCall) -> bool:
        """If it is one of those, it goes on where it was; whether it is."""
        message_id = _message_of(ContactId(call.call_id))
        message = None if message_id is None else self._among.voicemail.get(message_id)
        if message is None or self._exchange is None:
            return False
        self._exchange.spawn(self._call_for(message, call).go_on())
        return True

    def start(self) -> None:
        """Those that waited, or were being heard, when a former switch ended."""
        known: dict[str, ContactId] = {}
        for contact in self._acd.contact_summaries():
            message_id = _message_of(contact.contact_id)
            if message_id is None:
                continue
            if message_id in self._calls:
                continue
            if contact.state is ContactState.CONNECTED:
                self._acd.apply(ContactFinished(contact.contact_id, "switch"))
            else:
                known[message_id] = contact.contact_id
        for message in self._among.voicemail.all_messages():
            if message.is_contact and message.state in ("new", "old"):
                contact_id = known.pop(message.message_id, None)
                if contact_id is not None:
                    self._contacts[message.message_id] = contact_id
                elif message.message_id not in self._contacts and message.message_id not in self._calls:
                    self._wait(message.message_id)
        for contact_id in known.values():
            self._acd.apply(ContactWithdrawn(contact_id, "the message is gone"))

    def stop(self) -> None:
        """Nobody is called any more. The router keeps what waits, for the next switch."""
        self._is_stopping = True
        for timer in self._again.values():
            timer.cancel()
        self._again.clear()

    # What happens

    def message_left(self, box: VoiceBox, message: StoredVoiceMessage) -> None:
        if box.queue:
            self._among.voicemail.set_contact(message.message_id, True)
            self._wait(message.message_id)

    def message_gone(self, message: StoredVoiceMessage) -> None:
        """Somebody has heard it by phone, or it was deleted: no agent need be called."""
        if message.message_id in self._calls or not message.is_contact:
            return
        timer = self._again.pop(message.message_id, None)
        if timer is not None:
            timer.cancel()
        contact_id = self._contacts.pop(message.message_id, None)
        if contact_id is not None:
            self._acd.apply(ContactWithdrawn(contact_id, "heard otherwise"))
        self._among.voicemail.set_contact(message.message_id, False)

    def receive(self, output: AcdOutput) -> None:
        """What the router says of a contact that is no call (yet)."""
        match output:
            case AgentReserved():
                message_id = _message_of(output.contact_id)
                if message_id is not None:
                    self._begin(message_id, output)
            case ContactRefused() | ContactOverflowed():
                message_id = _message_of(output.contact_id)
                if message_id is not None and self._contacts.pop(message_id, None) is not None:
                    log.info("voice message turned away", message=message_id, reason=output.reason)
                    self._wait_later(message_id)
            case _:
                pass

    def take_events(self, events: Iterable[AcdEvent]) -> None:
        """What has happened in the router: a supervisor may have taken one out."""
        for event in events:
            if isinstance(event, WithdrawnEvent) and event.by:
                message_id = _message_of(event.contact_id)
                if message_id is not None:
                    self._contacts.pop(message_id, None)
                    self._among.voicemail.set_contact(message_id, False)

    # Private

    @property
    def _among(self) -> Surroundings:
        assert self._around is not None, "connect() comes first"
        return self._around

    def _wait(self, message_id: str) -> None:
        self._again.pop(message_id, None)
        around = self._among
        message = around.voicemail.get(message_id)
        box = None if message is None else around.voicemail.box_for(message.box)
        if message is None or box is None or not box.queue or not message.is_contact or self._is_stopping:
            return
        contact_id = ContactId(f"{PREFIX}{message_id}.{around.entropy.token(40)}")
        self._contacts[message_id] = contact_id
        try:
            self._acd.apply(
                ContactQueued(
                    contact_id,
                    box.queue,
                    enqueued_at=around.clock.now() - max(0.0, around.clock.wall() - message.received_wall),
                    channel=Channel.VOICEMAIL,
                    caller=message.calling_number,
                    called=message.called_number,
                )
            )
        except LocalError as error:
            log.error("voice message not queued", message=message_id, queue=box.queue, reason=str(error))
            self._contacts.pop(message_id, None)

    def _wait_later(self, message_id: str) -> None:
        if not self._is_stopping:
            self._again[message_id] = self._loop.call_later(AGAIN_S, self._wait, message_id)

    def _begin(self, message_id: str, reserved: AgentReserved) -> None:
        """An agent is to hear it: a call of its own, that is the contact from now on."""
        around = self._among
        assert self._exchange is not None, "connect() comes first"
        self._contacts.pop(message_id, None)
        message = around.voicemail.get(message_id)
        if message is None:
            self._acd.apply(ContactWithdrawn(reserved.contact_id, "the message is gone"))
            return
        self._calls.add(message_id)
        record = CallRecord(
            CallId(reserved.contact_id),
            calling_number=message.calling_number,
            calling_name=message.calling_name,
            called_number=message.called_number,
            started_at=around.clock.wall(),
        )
        call = self._exchange.originate(record)
        self._exchange.spawn(self._call_for(message, call).run(reserved))

    def _call_for(self, message: StoredVoiceMessage, call: ActiveCall) -> VoiceContactCall:
        return VoiceContactCall(call, message, lambda is_heard: self._ended(message.message_id, is_heard))

    def _ended(self, message_id: str, is_heard: bool) -> None:
        self._calls.discard(message_id)
        message = self._among.voicemail.get(message_id)
        if message is None or is_heard or message.state == "deleted":
            self._among.voicemail.set_contact(message_id, False)
        else:
            self._wait_later(message_id)


def _message_of(contact_id: ContactId) -> str | None:
    """None for contacts that are no voice messages."""
    name, dot, _ = contact_id.partition(".")
    return name.removeprefix(PREFIX) if dot and name.startswith(PREFIX) else None
