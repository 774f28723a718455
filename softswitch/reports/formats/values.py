"""A value of a table as programs read it: instants with their offset, numbers without false digits."""

from softswitch.reports.local_time import LocalTime
from softswitch.reports.tables import Column, Value

_DIGITS = {"seconds": 3, "minutes": 3, "ratio": 6, "number": 6}


def plain(value: Value, column: Column, local: LocalTime) -> Value:
    """Of a row's cell; None stays None: nothing counts for it."""
    if value is None or isinstance(value, str):
        return value
    if column.kind == "instant":
        return local.text(value)
    digits = _DIGITS.get(column.kind)
    return value if digits is None else round(value, digits)
