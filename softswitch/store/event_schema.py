"""Rows of the switch's events: as in schema.py, whose version holds for them too."""

import msgspec

from softswitch.store.layout import TableLayout, number_key


class StoredSwitchEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Some events that followed each other, the first and last of them with these numbers; there may be gaps between.

    `until_wall` is when the last of them happened.
    """

    number: int
    last: int
    until_wall: float
    events: msgspec.Raw
    """A list of `calls.told.events.Numbered`."""


SWITCH_EVENTS: TableLayout[int, StoredSwitchEvents] = TableLayout("switch_events", StoredSwitchEvents, number_key)
