"""The process that counts, beside the switch, what reports will ask for (`facts_ahead.py`).

    python -m softswitch.app.fact_counter STORE NOW

It reads the store as it is at `NOW`, epoch seconds, writes only into the directory of facts beside it, and says in a
line of JSON how many blocks it has kept. It can be ended at any time: what it has kept stays.
"""

import sys
from typing import BinaryIO

from softswitch.base.giving_way import give_way

NICENESS = 19
"""Everything goes before it: nobody waits for what it does."""


def main(store_directory: str, now: float) -> int:
    """The blocks. Raises `StartError` where the store cannot be read."""
    from softswitch.reports.runtime.fact_cache import FactCache
    from softswitch.reports.runtime.source import FactSource
    from softswitch.store import open_reader

    with open_reader(store_directory) as store:
        source = FactSource(store, now, is_running=True, cache=FactCache(store_directory))
        source.keep_ahead()
    return source.blocks_kept


def answer(arguments: list[str], out: BinaryIO) -> None:
    store_directory, now = arguments
    give_way(NICENESS)
    out.write(b"%d\n" % main(store_directory, float(now)))
    out.flush()


if __name__ == "__main__":
    answer(sys.argv[1:], sys.stdout.buffer)
