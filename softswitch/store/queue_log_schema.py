"""The row of the queue_log's last lines: as in schema.py, whose version holds for it too."""

import msgspec

from softswitch.store.layout import TableLayout, text_key

TAIL_KEY = "tail"


class StoredQueueLogTail(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of events that are stored with them, and may not be in the file yet, in order."""

    lines: tuple[str, ...]


QUEUE_LOG_TAIL: TableLayout[str, StoredQueueLogTail] = TableLayout("queue_log_tail", StoredQueueLogTail, text_key)
