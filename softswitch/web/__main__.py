"""Starts the web process: `python -m softswitch.web DIR`.

It gives way to the switch and the media workers from the beginning: what it imports takes a second of CPU, and a switch
that starts beside it has calls to take.
"""

import sys

from softswitch.base.giving_way import give_way

NICENESS = 10
"""Behind the switch, before reports."""


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m softswitch.web DIR\n")
        return 1
    give_way(NICENESS)
    from softswitch.web.runtime.server import run

    return run(sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
