"""Finds out who keeps the event loop to himself: a flow that computes, or waits without `await`, holds up every call.

The loop shows several times a second that it goes round; a thread looks. If nothing was shown for `BLOCKED_S`, the
thread looks up which line the loop is in, and says it in the log, with the call if it is a flow's. A flow that goes on
for `ENDED_AFTER_S` gets `FlowBlocks` in the midst of its line, and its call ends like that of any flow that fails. That
is the last resort: nobody was served for as long. It cannot end what waits in the system, such as `time.sleep`, before
that returns.
"""

import asyncio
import ctypes
import sys
import threading
import traceback
from types import FrameType, TracebackType
from typing import Self

from softswitch.base.clock import Clock
from softswitch.base.log import get_logger
from softswitch.calls.pace import FlowBlocks
from softswitch.dialplan.runtime.loader import MODULE_PREFIX

BEAT_S = 0.2
"""How often the loop shows itself: five times a second cost nothing."""
BLOCKED_S = 1.0
"""Callers hear nothing of less; ordinary work takes a hundredth of it."""
ENDED_AFTER_S = 10.0
"""Phones and providers give up after 32 s without an answer (RFC 3261 timer B); by then it must go on."""

log = get_logger("dialplan")


class LoopWatch:
    """`with LoopWatch(loop, clock): ...`, entered in the loop's own thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        *,
        blocked_s: float = BLOCKED_S,
        ended_after_s: float = ENDED_AFTER_S,
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._blocked_s = blocked_s
        self._ended_after_s = ended_after_s
        self._beaten_at = clock.now()
        self._thread_id = threading.get_ident()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="loop watch", daemon=True)

    def __enter__(self) -> Self:
        self._beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _beat(self) -> None:
        self._beaten_at = self._clock.now()
        if not self._is_over.is_set():
            self._loop.call_later(BEAT_S, self._beat)

    # In the thread

    def _look(self) -> None:
        looked_at = self._clock.now()
        is_reported = False
        while not self._is_over.wait(self._blocked_s / 2):
            now = self._clock.now()
            was_asleep = now - looked_at > self._blocked_s  # the whole process was, and the loop with it
            looked_at = now
            blocked_s = now - self._beaten_at
            if was_asleep or blocked_s < self._blocked_s:
                is_reported = False
                continue
            frame = sys._current_frames().get(self._thread_id)  # pyright: ignore[reportPrivateUsage] # there is no other
            in_flow = _flow_frame(frame)
            if not is_reported:
                is_reported = True
                self._report(frame, in_flow, blocked_s)
            if in_flow is not None and blocked_s >= self._ended_after_s:
                self._end_flow(in_flow, blocked_s)

    def _report(self, frame: FrameType | None, in_flow: FrameType | None, blocked_s: float) -> None:
        at = _place(in_flow or frame)
        if in_flow is None:
            log.warning("event loop blocked", at=at, for_s=round(blocked_s, 1))
        else:
            remedy = "Use await call.pause(…), an asyncio library or asyncio.to_thread"
            log.error(
                "flow blocks every call", call_id=self._call_id(), at=at, for_s=round(blocked_s, 1), remedy=remedy
            )

    def _end_flow(self, in_flow: FrameType, blocked_s: float) -> None:
        """Python raises it between two of the flow's own instructions."""
        log.error("flow ended", call_id=self._call_id(), at=_place(in_flow), blocked_s=round(blocked_s, 1))
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread_id), ctypes.py_object(FlowBlocks))
        self._beaten_at = self._clock.now()

    def _call_id(self) -> str:
        """Tasks of flows are called by their calls."""
        task = asyncio.current_task(self._loop)
        return "" if task is None else task.get_name()


def _flow_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost line that an author of flows has written."""
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith(MODULE_PREFIX):
            return frame
        frame = frame.f_back
    return None


def _place(frame: FrameType | None) -> str:
    if frame is None:
        return "nowhere"
    summary = traceback.extract_stack(frame, limit=1)[-1]
    return f"{summary.filename}:{summary.lineno} in {summary.name}"
