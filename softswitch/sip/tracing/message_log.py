"""Every SIP message of the last minutes, as it came and went: bounded in bytes, and next to free while nobody asks.

```
 add() ──► segment ─► segment ─► … ─► current        the oldest segment is forgotten as a whole
            │
            └── of_calls(): an index by Call-ID, made of each segment when it is first searched
 since(number): whatever was added after that, for those who follow
```

To add a message is to append it: nothing is read of it. Who follows the log keeps the number of the next message he
wants, so that followers cost nothing when messages are added, and a slow one only learns how many he has missed.
What is in here holds passwords' digests and keys: it leaves the process through `masking.masked` alone.
"""

from collections import deque
from collections.abc import Collection, Iterator
from itertools import chain

import msgspec

from softswitch.base.address import Flow
from softswitch.sip.tracing.limits import LOG_BYTES_MAX, MESSAGE_OVERHEAD_BYTES, SEGMENT_BYTES_MAX
from softswitch.sip.tracing.reading import call_id_of


class LoggedMessage(msgspec.Struct, frozen=True, gc=False):
    """One message on the wire; `at` is monotonic."""

    at: float
    is_sent: bool
    flow: Flow
    message: bytes


class NewMessages(msgspec.Struct, frozen=True):
    """What came after a number: the messages, the number to ask for next, and how many were forgotten before."""

    messages: list[LoggedMessage]
    next_number: int
    lost: int


class _Segment:
    __slots__ = ("_index", "_indexed", "first", "messages")

    def __init__(self, first: int) -> None:
        self.first = first
        """The number of its first message."""
        self.messages: list[LoggedMessage] = []
        self._index: dict[bytes, list[int]] = {}
        self._indexed = 0

    def of_calls(self, sip_call_ids: Collection[bytes]) -> list[LoggedMessage]:
        for position in range(self._indexed, len(self.messages)):
            self._index.setdefault(call_id_of(self.messages[position].message), []).append(position)
        self._indexed = len(self.messages)
        found = [self._index.get(sip_call_id, []) for sip_call_id in sip_call_ids]
        return [self.messages[position] for position in sorted(chain.from_iterable(found))]


class MessageLog:
    """`bytes_max` bounds the messages with what keeping them costs."""

    __slots__ = ("_add", "_room", "_segments")

    def __init__(self, bytes_max: int = LOG_BYTES_MAX) -> None:
        self._segments: deque[_Segment] = deque(maxlen=max(2, bytes_max // SEGMENT_BYTES_MAX))
        self._room = 0
        self._open(0)

    def add(self, at: float, is_sent: bool, flow: Flow, message: bytes) -> None:
        """Keep a message."""
        self._room -= len(message) + MESSAGE_OVERHEAD_BYTES
        if self._room < 0:
            self._open(self.next_number)
            self._room -= len(message) + MESSAGE_OVERHEAD_BYTES
        self._add(LoggedMessage(at, is_sent, flow, message))

    @property
    def next_number(self) -> int:
        """The number the next message will have; they count from 0."""
        current = self._segments[-1]
        return current.first + len(current.messages)

    def __len__(self) -> int:
        return self.next_number - self._segments[0].first

    def since(self, number: int, limit: int) -> NewMessages:
        """At most `limit` messages from this number on."""
        start = max(number, self._segments[0].first)
        messages: list[LoggedMessage] = []
        for segment in self._segments:
            offset = start + len(messages) - segment.first
            if offset < len(segment.messages):
                messages += segment.messages[offset : offset + limit - len(messages)]
            if len(messages) == limit:
                break
        return NewMessages(messages, start + len(messages), start - number)

    def of_calls(self, sip_call_ids: Collection[str], *, since: float = 0.0) -> Iterator[list[LoggedMessage]]:
        """The messages with one of these Call-IDs, in order, one list for each segment that reaches beyond `since`.

        Let others have the loop between two of them.
        """
        wanted = [each.encode("utf-8", "surrogateescape") for each in dict.fromkeys(sip_call_ids)]
        for segment in list(self._segments):
            if segment.messages and segment.messages[-1].at >= since:
                yield segment.of_calls(wanted)

    def _open(self, first: int) -> None:
        segment = _Segment(first)
        self._segments.append(segment)
        self._add = segment.messages.append
        self._room = SEGMENT_BYTES_MAX
