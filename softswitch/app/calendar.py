"""The schedules of the dialplan in force, for those who only know their names."""

from collections.abc import Callable

from softswitch.dialplan.flows import Dialplan
from softswitch.dialplan.schedule import LOOK_AHEAD_DAYS, is_open, next_change


class DialplanCalendar:
    """See `calls.runtime.queue_hours.Calendar`. A schedule that is not there any more is always open."""

    __slots__ = ("_dialplan",)

    def __init__(self, dialplan: Callable[[], Dialplan]) -> None:
        self._dialplan = dialplan

    def is_open(self, schedule: str, at_wall: float) -> bool:
        known = self._dialplan().schedules.get(schedule)
        return known is None or is_open(known, at_wall)

    def next_change(self, schedule: str, at_wall: float) -> float:
        known = self._dialplan().schedules.get(schedule)
        return at_wall + LOOK_AHEAD_DAYS * 86400 if known is None else next_change(known, at_wall)
