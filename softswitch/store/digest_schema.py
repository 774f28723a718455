"""Rows of digests, the mails that tell clients of their calls: as in schema.py, whose version holds for them too."""

import msgspec

from softswitch.store.layout import TableLayout, text_key


class StoredDigest(msgspec.Struct, frozen=True, kw_only=True):
    """Until when a project's client knows of its calls, in seconds since 1970."""

    project: str
    until_wall: float


DIGESTS: TableLayout[str, StoredDigest] = TableLayout("digests", StoredDigest, text_key)
