"""Rows of digests and reports, the mails that tell clients of their calls: as in schema.py, whose version holds too."""

import msgspec

from softswitch.store.layout import TableLayout, text_key


class StoredDigest(msgspec.Struct, frozen=True, kw_only=True):
    """Until when a project's client knows of its calls, in seconds since 1970."""

    project: str
    until_wall: float


class StoredReportTime(msgspec.Struct, frozen=True, kw_only=True):
    """Which of a report's times was the last that it was made for, in seconds since 1970."""

    report: str
    due_wall: float


REPORT_TIMES: TableLayout[str, StoredReportTime] = TableLayout("report_times", StoredReportTime, text_key)
DIGESTS: TableLayout[str, StoredDigest] = TableLayout("digests", StoredDigest, text_key)
