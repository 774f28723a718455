"""What the supervisor is asked at its own socket: msgpack, one message per SOCK_SEQPACKET packet.

An `Upgrade` is answered with `Step`s as it goes on, and in the end with `Upgraded`; `AskSupervisor` with `Supervised`.
"""

import os

import msgspec

from softswitch.app.upgrade import Outcome

PACKET_BYTES_MAX = 16 * 1024


class AskSupervisor(msgspec.Struct, frozen=True, tag=True):
    """Who are you, and what is still to be done?"""


class Upgrade(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Put the installation of this Python, an absolute path, in the place of the one that runs.

    It has been examined (fitness.py). `can_return`: the old version can work on the store after the new one.
    """

    python: str
    can_return: bool = True


class Rejoin(msgspec.Struct, frozen=True, tag=True):
    """From a switch whose supervisor was killed: this connection is its channel from now on (held_sockets.py)."""


class Supervised(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The supervisor and its children. `began_at` (monotonic seconds) tells one program from the next in one process.

    `outdated` are media workers with the code of before an upgrade; `sockets` those of the switch that are held.
    """

    version: str
    python: str
    pid: int
    began_at: float
    children: dict[str, int] = {}
    outdated: list[str] = []
    sockets: list[str] = []


class Step(msgspec.Struct, frozen=True, tag=True):
    """What is being done now, for people."""

    what: str


class Upgraded(msgspec.Struct, frozen=True, tag=True):
    """The end of an upgrade of the switch. The supervisor follows if it went well."""

    outcome: Outcome
    reason: str = ""


Request = AskSupervisor | Upgrade | Rejoin
Reply = Supervised | Step | Upgraded


def supervisor_socket(run_directory: str) -> str:
    return os.path.join(run_directory, "supervisor.sock")
