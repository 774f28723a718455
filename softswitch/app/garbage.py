"""When Python looks for garbage: never through everything while somebody waits.

What calls leave behind has no cycles and is freed at once, by its reference counts; the collector finds nothing, but a
pass over all that a busy switch holds stops it for a tenth of a second and more. So only what is new is looked
through, twenty times a second and between two turns of the loop, which takes a twentieth of a millisecond; what
survives that is set aside (gc.freeze). Python's own rule would not do: it counts what was made less what was freed,
which is nothing as long as a call ends for each that begins, and looks when that has grown, in the midst of an INVITE,
through everything that has been made since. All of it is looked through while no call is in progress, once a day
whatever happens, and when much more is there than the last time, in case a flow or a library makes cycles after all:
memory comes before a tenth of a second.
"""

import gc
from collections.abc import Callable
from typing import Any

NEW_EVERY_S = 0.05
"""At twenty calls a second some five hundred objects; a hundred of them take ten microseconds."""

NEW_OBJECTS = 10_000
"""So many more objects than before, and they are looked through at once: about a millisecond."""

IDLE_EVERY_S = 600.0
"""Between passes over everything while no call is in progress."""

ALWAYS_EVERY_S = 86_400.0

GROWTH_MAX = 1_000_000
"""So many objects more than after the last pass over everything, and there is one: some 20,000 calls, or 100 MiB."""


class GarbageRounds:
    """One per process. `start()` takes over from Python's own rule; then `look_at_new` is to be called every
    `NEW_EVERY_S`, `round(now)` every minute or so."""

    def __init__(self, is_idle: Callable[[], bool], now: float) -> None:
        self._is_idle = is_idle
        self._last_at = now
        self._kept = 0
        """Objects that were there after the last pass over everything."""

    def start(self) -> None:
        """What is there now stays: set it aside."""
        self._look_through_everything()
        gc.set_threshold(NEW_OBJECTS, 1, 1)
        gc.callbacks.append(self._collected)

    def stop(self) -> None:
        """Python's own rule again."""
        gc.callbacks.remove(self._collected)
        gc.set_threshold(700, 10, 10)
        gc.unfreeze()

    def look_at_new(self) -> None:
        gc.collect(0)

    def round(self, now: float) -> bool:
        """Look through everything if it is time for it; whether that was done."""
        since_s = now - self._last_at
        is_time = since_s >= ALWAYS_EVERY_S or (since_s >= IDLE_EVERY_S and self._is_idle())
        if not is_time and gc.get_freeze_count() < self._kept + GROWTH_MAX:
            return False
        self._last_at = now
        gc.unfreeze()
        self._look_through_everything()
        return True

    def _look_through_everything(self) -> None:
        gc.collect()
        gc.freeze()
        self._kept = gc.get_freeze_count()

    def _collected(self, phase: str, _: dict[str, Any]) -> None:
        if phase == "stop":
            gc.freeze()
