"""What the ACD needs of an event loop."""

from collections.abc import Callable
from typing import Protocol


class TimerHandle(Protocol):
    def cancel(self) -> None: ...


class TimerLoop(Protocol):
    def call_later(self, delay: float, callback: Callable[[], object]) -> TimerHandle: ...
