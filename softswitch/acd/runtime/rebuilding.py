"""A router from what was kept of it: a snapshot in parts, and the inputs since; and a new snapshot made of the two.

The router is deterministic, so the same inputs at the same times lead from the snapshot to where it was. The switch
does that when it starts. While it runs, a process of its own does the same to make a newer snapshot (`compact`), so
that nothing in the switch has to stand still and be copied.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from softswitch.acd.inputs import AcdInput, ContactQueued
from softswitch.acd.outputs import AcdOutput, ContactLost, ContactOverflowed, ContactRefused, ContactTakenOut
from softswitch.acd.router import Router
from softswitch.acd.router_snapshot import joined
from softswitch.acd.snapshot_rows import VERSION, RouterSnapshot, SnapshotPart
from softswitch.base.errors import SoftswitchError
from softswitch.base.ids import ContactId
from softswitch.base.log import get_logger

logger = get_logger("acd")

Entry = tuple[float, AcdInput | None]
"""When, and what; None: the time was up."""


class SnapshotHead(msgspec.Struct, frozen=True):
    """What begins a snapshot."""

    parts: int
    """How many follow."""
    next_entry: int
    """The number of the first input that is not in it."""
    boot_id: str
    """Of the machine's boot whose monotonic clock it goes by."""
    router: RouterSnapshot


UNHEARD_S = 1.0
"""What the router said so shortly before the end of its journal, the calls it was said to may not have heard, or not
have kept."""

encode = msgspec.msgpack.Encoder().encode
_decode_head = msgspec.msgpack.Decoder(SnapshotHead).decode
_decode_part = msgspec.msgpack.Decoder(SnapshotPart).decode
_decode_entries = msgspec.msgpack.Decoder(list[Entry]).decode


class Unusable(SoftswitchError):
    """What was stored leads to no router. One line that says why."""


class Rebuilt(NamedTuple):
    """A router as it was when the last of the inputs had been taken in."""

    router: Router
    head: SnapshotHead
    next_entry: int
    """The number of the first input that is not in it."""
    last_at: float
    is_whole: bool
    """Nothing is missing between the inputs that were there."""
    ends: dict[ContactId, AcdOutput]
    """What it said last to contacts that it does not know any more."""


class Compacted(NamedTuple):
    """A snapshot as it is stored, its head first."""

    next_entry: int
    parts: list[bytes]


def rebuild(parts: Sequence[bytes], records: Iterable[tuple[int, bytes]]) -> Rebuilt:
    """The router that snapshot and journal lead to; a journal with a gap is followed up to it.

    Raises Unusable, msgspec's errors, or what `Router.restored` raises, for what cannot be read.
    """
    head = _decode_head(parts[0])
    if head.router.version != VERSION:
        raise Unusable(f"it was written by another version ({head.router.version}, this one is {VERSION})")
    rows = [_decode_part(part) for part in parts[1 : head.parts + 1]]
    if len(rows) != head.parts or any(part.next_entry != head.next_entry for part in rows):
        raise Unusable(f"its {head.parts} parts are not all there")
    taken = joined(head.router, rows)
    router, expected, last_at = Router.restored(taken), head.next_entry, taken.at
    ends: dict[ContactId, tuple[float, AcdOutput]] = {}
    is_whole = True
    for first, record in records:
        if first < head.next_entry:
            continue
        if first != expected:
            logger.warning("the journal of the ACD has a gap: what came after it is lost", entries=first - expected)
            is_whole = False
            break
        for last_at, fact in _decode_entries(record):
            if isinstance(fact, ContactQueued):
                ends.pop(fact.contact_id, None)
            for output in _again(router, fact, last_at):
                if isinstance(output, ContactOverflowed | ContactTakenOut | ContactRefused | ContactLost):
                    ends[output.contact_id] = last_at, output
            expected += 1
    unheard = {each: output for each, (at, output) in ends.items() if at >= last_at - UNHEARD_S}
    return Rebuilt(router, head, expected, last_at, is_whole, unheard)


def _again(router: Router, fact: AcdInput | None, at: float) -> list[AcdOutput]:
    """What it answered then, which was carried out then, but perhaps for the last."""
    try:
        if fact is None:
            router.handle_timeout(at)
        else:
            router.apply(fact, at)
    except Exception:  # it happened then as well, and went as far
        logger.exception("an input of the journal failed", fact=fact)
    router.take_events()
    return router.take_outputs()


def written(part: SnapshotPart, next_entry: int) -> bytes:
    """Some rows of the snapshot that has everything before this input."""
    return encode(replace(part, next_entry=next_entry))


def compact(parts: Sequence[bytes], records: Iterable[tuple[int, bytes]], offset_s: float) -> Compacted:
    """The snapshot that has what these have. Raises as `rebuild` does.

    `offset_s` is what is to be added to the clock's time for seconds since the epoch.
    """
    rebuilt = rebuild(parts, records)
    copied = rebuilt.router.copy(rebuilt.last_at, offset_s)
    rows = [written(part, rebuilt.next_entry) for part in copied.parts()]
    head = SnapshotHead(len(rows), rebuilt.next_entry, rebuilt.head.boot_id, copied.head)
    return Compacted(rebuilt.next_entry, [encode(head), *rows])
