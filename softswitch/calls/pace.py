"""Whether a flow waits at all: `while True: await call.play(…)` of what ends at once would take all of the switch.

Every verb is a step. Somebody who hears, types or talks takes seconds for a few; hundreds within one second are a loop
that waits for nothing, and nobody is served by it.
"""

from softswitch.calls.limits import VERBS_PER_SECOND_MAX


class FlowSpins(BaseException):
    """A flow loops without waiting. No `Exception`: `except Exception` in that loop is not meant for it."""


class FlowBlocks(BaseException):
    """A flow holds up the one thread that all calls share. Raised in its midst (dialplan/runtime/loop_watch.py)."""

    def __str__(self) -> str:
        return "the flow has held up every call for too long: nothing in a flow may block or compute for seconds"


class Pace:
    """The steps of one call's flow within the second that began with the first of them."""

    __slots__ = ("_began_at", "_steps")

    def __init__(self) -> None:
        self._began_at = float("-inf")
        self._steps = 0

    def step(self, verb: str, now: float) -> None:
        """Raises `FlowSpins`, and begins anew then: what is said to the caller after it are verbs too."""
        if now - self._began_at >= 1.0:
            self._began_at, self._steps = now, 0
        self._steps += 1
        if self._steps > VERBS_PER_SECOND_MAX:
            self._steps = 0
            raise FlowSpins(
                f"the flow loops without waiting: {VERBS_PER_SECOND_MAX} verbs within a second, the last of them "
                f'"{verb}". Look at what the verb returns, and leave the loop or call.pause(…) in it'
            )
