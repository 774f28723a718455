"""Every bound of the store, with its reason."""

PENDING_KEYS_MAX = 100_000
"""Records waiting for the disk: a full disk for an hour at 20 calls a second, or 100 MB of memory; the next is lost."""

SCAN_ROWS_MAX = 500
"""Rows read in one transaction: a reader that held one for longer would keep the file from reusing its pages."""

GROUP_S = 0.01
"""How long the first record of a group waits for company when nobody is waiting for the disk."""

RETRY_S = 1.0
"""Between attempts to write to a disk that refuses."""

TABLES_MAX = 32
"""Named databases of the environment: LMDB wants to know; each costs a few bytes per transaction."""
