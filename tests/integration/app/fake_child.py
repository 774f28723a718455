"""A child that tells a FIFO what happens to it: fake_child.py FIFO NAME [exit CODE | stubborn]."""

import os
import signal
import sys
from types import FrameType


def main() -> None:
    fifo, name, *behaviour = sys.argv[1:]
    descriptor = os.open(fifo, os.O_WRONLY)

    def tell(what: str) -> None:
        os.write(descriptor, f"{name} {what}\n".encode())

    def receive(number: int, _frame: FrameType | None) -> None:
        tell(signal.Signals(number).name)
        if number == signal.SIGTERM and "stubborn" not in behaviour:
            sys.exit(0)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, receive)
    tell("started")
    if behaviour[:1] == ["exit"]:
        sys.exit(int(behaviour[1]))
    while True:
        signal.pause()


main()
