"""Rows of what outlives the switch: as in schema.py, whose version holds for them too.

A kept call's row is there beside that of the call in progress (`ActiveCall`), never without it: the two go in one
transaction. One without the other is a leftover of a switch that knew nothing of these rows, and nobody's.
"""

import msgspec

from softswitch.base.ids import CallId
from softswitch.store.layout import TableLayout, text_key


class StoredKeptCall(msgspec.Struct, frozen=True, kw_only=True):
    """All that another switch needs to go on with a call: a `KeptCall` of calls/kept."""

    call_id: CallId
    content: msgspec.Raw


class StoredKeptConference(msgspec.Struct, frozen=True, kw_only=True):
    """All that another switch needs to go on with a conference: a `KeptConference` of calls/kept."""

    conference_id: str
    content: msgspec.Raw


class StoredKeptSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """All that another switch needs to go on telling a phone how somebody is: a `KeptSubscription` of sip/kept.py."""

    subscription_id: str
    content: msgspec.Raw


KEPT_SUBSCRIPTIONS: TableLayout[str, StoredKeptSubscription] = TableLayout(
    "kept_subscriptions", StoredKeptSubscription, text_key
)
KEPT_CONFERENCES: TableLayout[str, StoredKeptConference] = TableLayout(
    "kept_conferences", StoredKeptConference, text_key
)
KEPT_CALLS: TableLayout[str, StoredKeptCall] = TableLayout("kept_calls", StoredKeptCall, text_key)
