"""The C library is told to keep the memory that a tick has freed, because the next tick needs as much of it.

A tick's arrays are a few hundred KiB each. By default glibc gives such memory back to the kernel at once; the kernel
hands it out again page by page, each filled with zeros: 0.6 us a page, and three hundred pages for a phase with 500
members of conferences, more than all the arithmetic.
"""

import ctypes

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
"""mallopt(3)."""

_KEPT_BYTES = 64 * 1024 * 1024
_FROM_HEAP_BYTES = 32 * 1024 * 1024
"""glibc takes no more; the table of streams is larger and was made before."""


def keep_freed_memory() -> bool:
    """From now on; False with a C library that has no such setting, where all goes on as it did."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _FROM_HEAP_BYTES) and mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES))
