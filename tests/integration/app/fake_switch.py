"""A switch for tests of upgrades, which holds one socket: fake_switch.py REPORTS PORT SUPERVISOR

Which version it is, and what goes wrong with it, is in the environment: `FAKE_VERSION`, `FAKE_FAULT` ("reads": ends
before it is prepared; "begins": when it has its turn; "keeps": does not hand over).
"""

import asyncio
import os
import signal
import socket
import sys

from softswitch.app.held_sockets import HeldSockets
from softswitch.base.address import HostPort, TransportKind

version, fault = os.environ.get("FAKE_VERSION", "old"), os.environ.get("FAKE_FAULT", "")
held = HeldSockets(os.environ)
local = HostPort("127.0.0.1", int(sys.argv[2]))


def report(what: str) -> None:
    with open(sys.argv[1], "w") as reports:
        reports.write(f"{version} {what}\n")


def told(number: int, _: object) -> None:
    report(signal.Signals(number).name)
    if not (fault == "keeps" and number == signal.SIGUSR1):
        os._exit(0)


if fault == "reads":
    sys.exit(2)
for number in (signal.SIGTERM, signal.SIGUSR1):
    signal.signal(number, told)
loop = asyncio.new_event_loop()
if not loop.run_until_complete(held.turn()) or fault == "begins":
    sys.exit(1)
listening = held.take(TransportKind.UDP, local)
is_taken = listening is not None
if listening is None:
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(local)
held.hold(TransportKind.UDP, local, listening)
held.ready()
report(f"ready, {'took over' if is_taken else 'bound'} its socket")
loop.call_soon(held.watch, sys.argv[3])
loop.run_forever()
