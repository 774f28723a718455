"""What a flow has asked of its call, and got: enough to do the flow again, up to where it was, without doing anything.

A flow decides by what its verbs return and by what it reads of its call. With the same answers it goes the same way.
So each answer is noted, and in the next switch the flow runs from its beginning and gets them again, at once, until it
comes to the verb that was in progress; that one is carried out.

```
 live:      files ─ play ─ digits ─ look_up ─ queue ······ the switch dies      noted: five verbs, the last without a
                                                                                        result
 replayed:  files ─ play ─ digits ─ look_up ─ queue ──────► carried out         nothing is played, nobody is asked again
```

Verbs stand in the order in which they began, each with a digest of its arguments: a flow that uses another verb now, or
with other arguments, goes another way than it went, and is left (`FlowLeft`). Whatever a flow only reads (the clock,
whether the call is answered) is noted apart from them, each name's values in their order, equal ones counted: most
never change.

A verb that was cancelled by its flow (`asyncio.timeout` around it) is waited for again, until it is cancelled again.

What a caller types while recordings are masked (a card's number) is not written down: a flow that has it goes on, and
is left after a restart.

A journal that becomes too long is given up, and says so: the flow goes on, but cannot be resumed.
"""

import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

from softswitch.base.errors import LocalError, SoftswitchError
from softswitch.calls.limits import JOURNAL_BYTES_MAX, JOURNAL_ENTRIES_MAX
from softswitch.calls.outcomes import FlowLeft
from softswitch.calls.pace import FlowSpins
from softswitch.media.errors import MediaUnavailable

T = TypeVar("T")

CANCELLED = "cancelled"
"""Stands for the fault of a verb that its flow did not wait for to the end."""
WITHHELD = "withheld"
"""Stands for the fault of a verb whose result is not to be written down: what was typed while recordings are masked."""
LEFT_OUT = -1
"""The place of what is noted no more."""
ENTRY_BYTES = 16
"""What an entry takes beside its name and its result."""

_FAULTS: dict[str, type[BaseException]] = {
    kind.__name__: kind
    for kind in (LocalError, MediaUnavailable, SoftswitchError, FlowSpins, TypeError, ValueError, Exception)
}
"""What a verb may raise, as a flow can tell it apart; everything else is the first of these that it is."""

_ENCODER = msgspec.msgpack.Encoder()
_DIGEST_ENCODER = msgspec.msgpack.Encoder(order="deterministic", enc_hook=lambda value: type(value).__name__)
_NO_ARGUMENTS = 0


class NotedVerb(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """A verb: neither `result` nor `fault` while it is in progress; with a fault, a class, the result is its words."""

    name: str
    digest: int
    result: bytes | None = None
    fault: str = ""

    @property
    def is_over(self) -> bool:
        return self.result is not None or bool(self.fault)


class NotedValue(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was read, and how often in turn."""

    value: bytes
    times: int


class NotedReads(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that was read of one thing, in order."""

    name: str
    digest: int
    values: tuple[NotedValue, ...]


class KeptJournal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of `VerbJournal`."""

    verbs: tuple[NotedVerb, ...] = ()
    reads: tuple[NotedReads, ...] = ()
    is_too_long: bool = False


class Kind(Generic[T]):
    """How answers of one type are written down and read."""

    __slots__ = ("decode", "encode")

    def __init__(self, of: Any) -> None:
        self.encode: Callable[[Any], bytes] = _ENCODER.encode
        self.decode: Callable[[bytes], T] = msgspec.msgpack.Decoder(of).decode


class ExactKind(Kind[T]):
    """The same for what has numbers whose type is not said: those with a fraction are `Decimal`."""

    __slots__ = ()

    def __init__(self, of: Any) -> None:
        super().__init__(of)
        self.encode = msgspec.json.Encoder(decimal_format="number").encode
        self.decode = msgspec.json.Decoder(of, float_hook=Decimal).decode


class VerbJournal:
    """Of one flow of one call. Every method that takes a verb or a read raises `FlowLeft` if another one is noted."""

    __slots__ = (
        "_bytes",
        "_cursor",
        "_entries",
        "_noted",
        "_reads",
        "_reads_left",
        "_verbs",
        "_was_read",
        "has_news",
        "is_too_long",
    )

    def __init__(self, kept: KeptJournal | None = None) -> None:
        """Of a new flow, or of one that is to be done again."""
        kept = kept or KeptJournal()
        self.is_too_long = kept.is_too_long
        self.has_news = False
        """Something is noted that was worth its while, and nobody has been told (`told`)."""
        self._verbs = list(kept.verbs)
        self._cursor = 0
        """Of the verb that the flow comes to next, while it is done again."""
        self._noted = len(self._verbs)
        """So many verbs it had begun before."""
        self._reads: dict[tuple[str, int], list[NotedValue]] = {
            (each.name, each.digest): list(each.values) for each in kept.reads
        }
        self._was_read: dict[tuple[str, int], int] = {}
        """How often each thing was read again, of what is noted."""
        self._reads_left = sum(value.times for each in kept.reads for value in each.values)
        self._entries = len(self._verbs) + sum(len(each.values) for each in kept.reads)
        self._bytes = sum(ENTRY_BYTES + len(each.name) + len(each.result or b"") for each in kept.verbs)
        self._bytes += sum(ENTRY_BYTES + len(value.value) for each in kept.reads for value in each.values)

    def keep(self) -> KeptJournal:
        if self.is_too_long:
            return KeptJournal(is_too_long=True)
        reads = (NotedReads(name, digest, tuple(values)) for (name, digest), values in self._reads.items())
        return KeptJournal(verbs=tuple(self._verbs), reads=tuple(reads))

    @property
    def is_replaying(self) -> bool:
        """Something noted is still to come: what the flow does until then it has done before."""
        return self._reads_left > 0 or self._cursor < self._noted

    @property
    def unreached(self) -> str:
        """The verb that the flow, done again, has not come to; "" if it was where it is noted to have been."""
        return self._verbs[self._cursor].name if self._cursor < len(self._verbs) else ""

    def told(self) -> bool:
        """Whether there was news, which is none any more."""
        had_news, self.has_news = self.has_news, False
        return had_news

    # Verbs

    def begin(self, name: str, arguments: object = None) -> int:
        """The flow uses a verb; returns its place. `is_over` says whether what came of it is noted already."""
        digest = digest_of(arguments)
        if self._cursor < len(self._verbs):
            place, noted = self._cursor, self._verbs[self._cursor]
            if (noted.name, noted.digest) != (name, digest):
                with_others = " with other arguments" if noted.name == name else ""
                raise FlowLeft(f'it uses the verb "{name}"{with_others} where it had used "{noted.name}"')
            if noted.fault == WITHHELD:
                raise FlowLeft(f'what the caller has typed for "{name}" was not kept, as recordings were masked')
            self._cursor += 1
            if not noted.is_over:
                self._arrive()
            return place
        self._arrive()
        if not self._has_room(len(name)):
            return LEFT_OUT
        self._verbs.append(NotedVerb(name, digest))
        self._cursor = len(self._verbs)
        return self._cursor - 1

    def is_over(self, place: int) -> bool:
        return place != LEFT_OUT and self._verbs[place].is_over

    def is_cancelled(self, place: int) -> bool:
        """It was in progress when its flow gave it up."""
        return place != LEFT_OUT and self._verbs[place].fault == CANCELLED

    def result(self, place: int, kind: Kind[T]) -> T:
        """What came of a verb that is over; raises what it raised."""
        noted = self._verbs[place]
        result = noted.result or b""
        if noted.fault:
            raise _FAULTS.get(noted.fault, Exception)(msgspec.msgpack.decode(result, type=str))
        return kind.decode(result)

    def returned(self, place: int, result: T, kind: Kind[T], *, is_news: bool = True) -> None:
        """A verb is over."""
        if place == LEFT_OUT or place >= len(self._verbs):
            return
        try:
            self._over(place, kind.encode(result), is_news=is_news)
        except (TypeError, ValueError, OverflowError):  # of what a stranger's program said: a number beyond 64 bits
            self._give_up()

    def raised(self, place: int, error: BaseException) -> None:
        """A verb is over because of this."""
        name = next((each.__name__ for each in type(error).__mro__ if each.__name__ in _FAULTS), "")
        if place != LEFT_OUT and place < len(self._verbs) and name:
            self._over(place, _ENCODER.encode(str(error)), name)

    def cancelled(self, place: int) -> None:
        """Its flow waits for it no more, and goes on."""
        if place != LEFT_OUT and place < len(self._verbs):
            self._over(place, b"", CANCELLED)

    def withheld(self, place: int) -> None:
        """A verb is over, and the flow cannot be resumed any more: what came of it is nobody's business."""
        if place != LEFT_OUT and place < len(self._verbs):
            self._over(place, b"", WITHHELD)

    # Reads

    def read(self, name: str, arguments: object, value: Callable[[], T], kind: Kind[T]) -> T:
        """What the flow reads: as it was then, or else as it is now, which is noted. What `value` raises is not."""
        key = (name, digest_of(arguments))
        if self._reads_left:
            times, was_read = 0, self._was_read.get(key, 0)
            for noted in self._reads.get(key, ()):
                times += noted.times
                if was_read < times:
                    self._was_read[key] = was_read + 1
                    self._reads_left -= 1
                    return kind.decode(noted.value)
            if self._cursor < len(self._verbs) and self._verbs[self._cursor].is_over:
                raise FlowLeft(f'it asks for "{name}" where it had not')
            self._arrive()
        now = value()
        self._note_read(key, kind.encode(now))
        return now

    # Private

    def _arrive(self) -> None:
        """The flow is where it was: what it read after that, in tasks beside its verb, it reads again."""
        if not self._reads_left:
            return
        self._reads_left = 0
        for key, values in self._reads.items():
            left = self._was_read.get(key, 0)
            for place, noted in enumerate(values):
                values[place] = NotedValue(noted.value, min(left, noted.times))
                left -= values[place].times
            values[:] = [noted for noted in values if noted.times]

    def _note_read(self, key: tuple[str, int], value: bytes) -> None:
        if self.is_too_long:
            return
        values = self._reads.setdefault(key, [])
        if values and values[-1].value == value:
            values[-1] = NotedValue(value, values[-1].times + 1)
        elif self._has_room(len(value)):
            values.append(NotedValue(value, 1))

    def _over(self, place: int, result: bytes, fault: str = "", *, is_news: bool = True) -> None:
        noted = self._verbs[place]
        self._verbs[place] = NotedVerb(noted.name, noted.digest, result, fault)
        self._bytes += len(result)
        self.has_news = self.has_news or is_news
        if self._bytes > JOURNAL_BYTES_MAX:
            self._give_up()

    def _has_room(self, size: int) -> bool:
        if self.is_too_long:
            return False
        self._entries += 1
        self._bytes += ENTRY_BYTES + size
        if self._entries > JOURNAL_ENTRIES_MAX or self._bytes > JOURNAL_BYTES_MAX:
            self._give_up()
        return not self.is_too_long

    def _give_up(self) -> None:
        self.is_too_long = True
        self.has_news = True
        self._verbs, self._reads, self._was_read, self._reads_left = [], {}, {}, 0
        self._cursor = self._noted = 0


def digest_of(arguments: object) -> int:
    """The same for equal arguments, in every process; what cannot be written down counts by its type alone."""
    return _NO_ARGUMENTS if arguments is None else zlib.crc32(_DIGEST_ENCODER.encode(arguments))
