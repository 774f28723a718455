"""How the supervisor's children that are one thread hear that they are to stop."""

import signal
import threading


def set_when_told_to_stop() -> threading.Event:
    """An event that SIGTERM and SIGINT set, from now on. To be called in the main thread."""
    stop = threading.Event()

    def told_to_stop(*_: object) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told_to_stop)
    return stop
