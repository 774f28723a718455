"""Every bound of the dialplan, with its reason."""

NUMBERS_REMEMBERED_MAX = 4096
"""Called numbers whose route is remembered: those of a call centre and its extensions, and half a megabyte."""
