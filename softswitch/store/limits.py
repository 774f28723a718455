"""Every bound of the store, with its reason."""

PENDING_KEYS_MAX = 100_000
"""Records waiting for the disk: a full disk for an hour at 20 calls a second, or 100 MB of memory; the next is lost."""

PENDING_BYTES_MAX = 256 * 1024 * 1024
"""And of what they hold: kept calls and traces are larger than most; the memory of a small machine bears it."""

STORED_WITHIN_S = 10.0
"""How long somebody is kept waiting for the disk to confirm him something: five times what a disk under a backup takes;
then he is told that it has failed, rather than listen to silence."""

SLOW_WRITE_S = 1.0
"""A group that takes the disk so long is worth a line: it takes milliseconds."""

SLOW_AGAIN_S = 300.0
"""Between such lines: a disk that is slow is so for hours."""

MAP_BYTES_MAX = 1 << 40
"""Beyond this the map grows no more: no disk of a switch has a terabyte for it, and whatever wants it is a fault."""

FRESH_CDRS_MAX = 512
"""Newest call records kept in memory: at 500 calls a second those of one second, a hundred times what a group takes."""

SCAN_ROWS_MAX = 500
"""Rows read in one transaction: a reader that held one for longer would keep the file from reusing its pages."""

KEYS_AT_ONCE = 10_000
"""Keys without their rows read in one transaction: a millisecond."""

GROUP_S = 0.05
"""How long the first record of a group waits for company when nobody is waiting for the disk. At 150 calls a second
10 ms cost 0.17 ms of CPU per call, 50 ms 0.07 and 100 ms 0.04; so much of what was put before a crash may be lost."""

HASTE_S = 0.02
"""Between two groups when something is urgent, as the beginning and the end of a conversation are: a switch with little
to do writes them at once, a busy one fifty times a second and not six hundred times."""

TURN_S_MAX = 1.0
"""How long the writer waits for the loop to end a turn: none takes a tenth of that, or the watch over the loop says
so; what was handed over by then is not held up by one that stands still."""

RETRY_S = 1.0
"""Between attempts to write to a disk that refuses."""

RETRY_REST = 10.0
"""And so many times as long as the last attempt took: a tenth of a processor at the most."""

RETRY_S_MAX = 10.0
"""But no longer than this: when there is room again, whoever made it looks whether it helps."""

KEPT_CALL_BYTES_MAX = 256 * 1024
"""Of what is kept of one call for the next switch: fifty times an ordinary one; 300 of these are read in a second."""

TABLES_MAX = 48
"""Named databases of the environment: LMDB wants to know; each costs a few bytes per transaction."""
