"""What the verbs of a call return. Ordinary outcomes are values; a flow looks at `reason` and goes on.

The one exception is `CallEnded`: the caller is gone, so there is nothing left to do for him.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

import msgspec


class CallEnded(BaseException):
    """The caller hung up, or the call was ended from outside. Raised by the verb in progress and every later one.

    A flow need not catch it. What must happen in any case belongs into `finally`; it may not use verbs any more.
    No `Exception`, for the reason asyncio's `CancelledError` is none: `except Exception` around somebody else's
    server is not meant for it.
    """


class FaxCame(CallEnded):
    """The caller is a fax machine, and the number he called has a flow for those: this flow is over."""


class FlowLeft(CallEnded):
    """The flow goes another way than it went before the switch was restarted: it is over, and its call goes on."""


class QueueReason(Enum):
    ANSWERED = "answered"
    """An agent talked to the caller, and hung up first (or the agent's phone was lost)."""
    TIMED_OUT = "timed_out"
    """The queue's longest wait is over."""
    FULL = "full"
    """The queue has no room, or the caller would wait longer in it than it lets anybody wait."""
    CLOSED = "closed"
    """The queue is closed, or nobody is there for it (where the queue minds), or it is being removed."""
    OVERFLOWED = "overflowed"
    """The queue's overflow names a flow; `QueueOutcome.flow` is its name, and `Call.queue` has run it."""
    WITHDRAWN = "withdrawn"
    """Somebody at the switch has taken the caller out of the queue, or the switch has lost sight of him there."""
    EXITED = "exited"
    """The caller has pressed `QueueOutcome.key` to leave; where that leads to a flow, `Call.queue` has run it."""


class QueueOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How waiting in a queue ended. Times in seconds."""

    reason: QueueReason
    queue: str
    agent: str | None = None
    wait_s: float = 0.0
    talk_s: float = 0.0
    flow: str | None = None
    recording: str | None = None
    key: str = ""

    @property
    def is_answered(self) -> bool:
        return self.reason is QueueReason.ANSWERED


class LookupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a service outside has said. Nothing is found if it knows nobody, or if there was a `fault` (one line)."""

    fields: Mapping[str, Any] = {}
    """The JSON object it answered with; numbers with a fraction are `Decimal`, so that money stays exact."""
    fault: str = ""

    @property
    def is_found(self) -> bool:
        return bool(self.fields)

    def text(self, name: str, default: str = "") -> str:
        """A field that is text, or a number as text."""
        value = self.fields.get(name)
        is_text = isinstance(value, str | int | Decimal) and not isinstance(value, bool)
        return str(value) if is_text else default

    def number(self, name: str, default: Decimal | int = 0) -> Decimal:
        """A field that is a number, or text that is one."""
        try:
            value = Decimal(self.text(name) or default)
        except InvalidOperation:
            return Decimal(default)
        return value if value.is_finite() else Decimal(default)

    def is_true(self, name: str) -> bool:
        """Whether a field is `true`."""
        return self.fields.get(name) is True


class DialReason(Enum):
    ANSWERED = "answered"
    BUSY = "busy"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    """Nobody is registered there, or the network refused."""
    FORBIDDEN = "forbidden"
    """This caller may not reach that number (a trunk call by somebody who is not permitted)."""


_REFUSALS = {DialReason.BUSY: 486, DialReason.DECLINED: 603, DialReason.FORBIDDEN: 403}
_PASSED_ON = frozenset({404, 410, 484, 488, 604, 606})
"""What is wrong with the number, or the sound: no phone or network can do better by trying again elsewhere."""


class DialOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a `dial` ended. After ANSWERED the conversation is over: the far side hung up first."""

    reason: DialReason
    target: str
    """Whom the caller reached, as the flow or the group named him; of several that failed the first."""
    answered_by: str = ""
    """The account whose phone was answered, or the outside number."""
    is_time_over: bool = False
    """They were parted because they had talked for as long as they might."""
    ring_s: float = 0.0
    talk_s: float = 0.0
    sip_status: int = 0
    recording: str | None = None

    @property
    def is_answered(self) -> bool:
        return self.reason is DialReason.ANSWERED

    @property
    def refusal_status(self) -> int:
        """What to refuse the caller with who could not be connected: `await call.reject(outcome.refusal_status)`.

        It says as much as his phone and network can make use of, and nothing about ours.
        """
        if self.reason is DialReason.UNREACHABLE and self.sip_status in _PASSED_ON:
            return self.sip_status
        return _REFUSALS.get(self.reason, 480)


class ParkReason(Enum):
    RETRIEVED = "retrieved"
    """Somebody fetched the caller; the two have talked, and that one hung up first."""
    TIMED_OUT = "timed_out"
    """Nobody did in time."""
    FULL = "full"
    """No slot is free, or there are none."""


class ParkOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How being parked ended. Times in seconds."""

    reason: ParkReason
    slot: str = ""
    parked_by: str = ""
    """The account of the phone that parked the caller; "" if it is none of ours."""
    retrieved_by: str = ""
    wait_s: float = 0.0
    talk_s: float = 0.0


class ConferenceReason(Enum):
    ENDED = "ended"
    """Whoever ran it has ended it, or the switch."""
    HOST_LEFT = "host_left"
    """Its host has gone, and it ends with him."""
    LEFT = "left"
    """The caller has pressed the key for it."""
    REMOVED = "removed"
    """A host, or somebody at the switch, has sent him out."""
    FULL = "full"
    LOCKED = "locked"
    WRONG_PIN = "wrong_pin"
    """He did not know it, or has guessed too often."""
    UNKNOWN = "unknown"
    """No room has the number called, and none is found by its PIN."""


class ConferenceOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How being in a conference ended, or why it did not begin. He has been told already."""

    reason: ConferenceReason
    room: str = ""
    role: str = ""
    """"host" or "guest"."""
    conference: str = ""
    """The id of its minutes."""
    talk_s: float = 0.0
    """For how long he heard others."""

    @property
    def has_taken_part(self) -> bool:
        return bool(self.conference)


class Digits(msgspec.Struct, frozen=True):
    """What a caller typed. `is_complete` is False when the time ran out first."""

    digits: str
    is_complete: bool


class MenuReason(Enum):
    CHOSEN = "chosen"
    TIMED_OUT = "timed_out"
    """The caller typed nothing, as often as he was asked; the default was taken."""
    INVALID = "invalid"
    """What he typed last is no choice; the default was taken."""


class MenuChoice(msgspec.Struct, frozen=True):
    """A menu's result: the key or keys, and whether the caller chose them or the default was taken, and why."""

    digit: str
    is_default: bool = False
    reason: MenuReason = MenuReason.CHOSEN
    pattern: str = ""
    """The entry of `choices` that was typed, if it is no plain key: "1xx"."""


class RecordedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message the caller left. The WAV file at `path` is complete (if `size_bytes` is 0, within seconds).

    `ended_by` is the digit that ended it, "" if the time was over, or `HUNG_UP`.
    """

    path: str
    duration_s: float
    size_bytes: int
    ended_by: str
    fault: str = ""
    """Why the file does not hold all of it (a full disk); "" is the ordinary case."""

    @property
    def is_caller_gone(self) -> bool:
        """He hung up instead of typing a digit, as most do; the next verb will raise `CallEnded`."""
        return self.ended_by == HUNG_UP


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """How far a file was played: to its end, or to the digit that cut it short."""

    digit: str = ""
    at_s: float = 0.0
    """Where in the file that was."""


class SurveyOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller said in a survey. It is all noted already, as he gave it: who hangs up keeps what he has given."""

    survey: str
    scores: Mapping[str, int] = {}
    """By question, of those he has answered; yes is 1 and no is 0."""
    comment: RecordedMessage | None = None
    is_complete: bool = False
    """He has answered every question that is not optional."""


class VoicemailReason(Enum):
    SAVED = "saved"
    """The message is in the box, and on the disk."""
    TOO_SHORT = "too_short"
    """He has said too little for a message, or hung up before the tone."""
    DISCARDED = "discarded"
    """He has deleted it himself."""
    FULL = "full"
    """The box has no room."""
    NOT_STORED = "not_stored"
    """The disk refuses it."""


class VoicemailOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message for a box."""

    reason: VoicemailReason
    box: str
    """The box's id."""
    message_id: str = ""
    duration_s: float = 0.0
    is_urgent: bool = False

    @property
    def is_saved(self) -> bool:
        return self.reason is VoicemailReason.SAVED


class StreamReason(Enum):
    STOPPED = "stopped"
    """The program said that it is done."""
    CLOSED = "closed"
    """It closed the connection without a word."""
    LOST = "lost"
    """The connection broke, or the program did what it must not."""
    REFUSED = "refused"
    """It could not be reached, or would not have the call."""
    TIMED_OUT = "timed_out"


class StreamOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a program's talk with the caller."""

    reason: StreamReason
    program: str
    """Its id, or its URL."""
    result: Any = None
    """What it said last: the `result` of its "stop", as it came in JSON. It is a stranger's word: check it."""
    fault: str = ""
    """Why it was lost or refused, for people."""

    @property
    def is_done(self) -> bool:
        """The program came to its end, with a result or without."""
        return self.reason in (StreamReason.STOPPED, StreamReason.CLOSED)


HUNG_UP = "hung up"
