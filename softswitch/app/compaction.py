"""The process that makes a new snapshot of the router, of the former one and the journal since.

    python -m softswitch.app.compaction STORE OFFSET_S VERSION

It reads the store beside its switch, writes nothing there, and gives the snapshot to standard output in frames, each
after its length in four bytes: first the number of the first input that is not in it, then the parts, and an empty one
at the end. Another VERSION than the running switch's might decide otherwise than that one did, so it does nothing then.
"""

import struct
import sys
from typing import BinaryIO

from softswitch import __version__
from softswitch.acd.runtime.rebuilding import compact
from softswitch.base.giving_way import give_way
from softswitch.store import open_router_reader

LENGTH = struct.Struct(">I")
NUMBER = struct.Struct(">Q")
NICENESS = 10
"""Calls go before it."""


def main(arguments: list[str], out: BinaryIO) -> int:
    directory, offset_s, version = arguments
    if version != __version__:
        sys.stderr.write(f"the program is version {__version__} by now, the switch that runs is {version}\n")
        return 1
    give_way(NICENESS)
    with open_router_reader(directory) as kept:
        parts = [bytes(part.content) for part in kept.router_snapshot.ascending()]
        records = [(part.number, bytes(part.content)) for part in kept.router_journal.ascending()]
    compacted = compact(parts, records, float(offset_s))
    for frame in (NUMBER.pack(compacted.next_entry), *compacted.parts, b""):
        out.write(LENGTH.pack(len(frame)) + frame)
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdout.buffer))
