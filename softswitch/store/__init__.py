"""What outlives the switch: an LMDB environment written by one thread of the switch and read by any process."""

from softswitch.store.environment import size_on_disk_bytes
from softswitch.store.readers import RouterReader, StoreReader, open_reader, open_router_reader
from softswitch.store.store import Store, StoreStatistics, memory_store, open_store
from softswitch.store.writer import NotStored

__all__ = [
    "NotStored",
    "RouterReader",
    "Store",
    "StoreReader",
    "StoreStatistics",
    "memory_store",
    "open_reader",
    "open_router_reader",
    "open_store",
    "size_on_disk_bytes",
]
