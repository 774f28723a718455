"""Rows of what phones have called and wanted: as in schema.py, whose version holds for them too."""

import msgspec

from softswitch.store.layout import TableLayout, text_key


class StoredLastCalls(msgspec.Struct, frozen=True, kw_only=True):
    """Who has called the phones of an account last, and whom it has called last, as far as that is known."""

    username: str
    caller: str = ""
    called: str = ""
    at_wall: float


class StoredWantedCall(msgspec.Struct, frozen=True, kw_only=True):
    """`who` is rung as soon as he and `whom`, who was busy, are both free; user names."""

    who: str
    whom: str
    expires_wall: float


def wanted_call_key(key: tuple[str, str]) -> bytes:
    return "\0".join(key).encode()


LAST_CALLS: TableLayout[str, StoredLastCalls] = TableLayout("last_calls", StoredLastCalls, text_key)
WANTED_CALLS: TableLayout[tuple[str, str], StoredWantedCall] = TableLayout(
    "wanted_calls", StoredWantedCall, wanted_call_key
)
