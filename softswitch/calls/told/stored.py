"""The switch's events as they are in the store, read by the switch and by any other process."""

from collections.abc import Iterator

import msgspec

from softswitch.calls.told.events import Numbered
from softswitch.store import Store, StoreReader
from softswitch.store.event_schema import StoredSwitchEvents

_decode_all = msgspec.msgpack.Decoder(list[Numbered]).decode
_decode_raw = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_one = msgspec.msgpack.Decoder(Numbered).decode


def stored_records(store: Store | StoreReader, after: int) -> Iterator[StoredSwitchEvents]:
    """From the one that has the next event on."""
    holding = next(store.switch_events.descending(None, after + 2), None)
    start = after + 1 if holding is None or holding.last <= after else holding.number
    return store.switch_events.ascending(start)


def events_in(record: StoredSwitchEvents, after: int = 0) -> list[Numbered]:
    """Those with greater numbers; without kinds that only a newer switch knows, if there are any."""
    try:
        events = _decode_all(record.events)
    except msgspec.ValidationError:
        events = [known for raw in _decode_raw(record.events) for known in _known(raw)]
    return events if record.number > after else [each for each in events if each.number > after]


def _known(raw: msgspec.Raw) -> Iterator[Numbered]:
    try:
        yield _decode_one(raw)
    except msgspec.ValidationError:
        return
