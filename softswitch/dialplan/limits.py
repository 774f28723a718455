"""Every bound of the dialplan, with its reason."""

NUMBERS_REMEMBERED_MAX = 4096
"""Called numbers whose route is remembered: those of a call centre and its extensions, and half a megabyte."""

REPEATS_MAX = 20
"""Times one menu is repeated at the caller's wish; a key that is stuck would keep a line for hours."""
