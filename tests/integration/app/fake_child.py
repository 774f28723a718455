"""A child that tells a FIFO what happens to it: fake_child.py FIFO NAME [exit CODE | stubborn].

With --spare as its only argument it waits for the others, in JSON on standard input, and ends without them.
"""

import json
import os
import signal
import sys
from types import FrameType


def main() -> None:
    arguments = sys.argv[1:]
    if arguments == ["--spare"]:
        line = sys.stdin.readline()
        if not line:
            return
        arguments = json.loads(line)["arguments"]
    fifo, name, *behaviour = arguments
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
