"""Asking the supervisor of a run directory (supervisor_protocol.py)."""

import socket
from collections.abc import Iterator

import msgspec

from softswitch.app.supervisor_protocol import (
    PACKET_BYTES_MAX,
    AskSupervisor,
    Reply,
    Request,
    Step,
    Supervised,
    Upgrade,
    Upgraded,
    supervisor_socket,
)
from softswitch.app.upgrade import HAND_OVER_WITHIN_S, PREPARED_WITHIN_S, READY_WITHIN_S
from softswitch.base.errors import SoftswitchError

ANSWER_WITHIN_S = 5.0
UPGRADED_WITHIN_S = PREPARED_WITHIN_S + HAND_OVER_WITHIN_S + 2 * READY_WITHIN_S + ANSWER_WITHIN_S

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Reply).decode


class NoSupervisor(SoftswitchError):
    """None is there, or it does not answer."""


def ask_supervisor(run_directory: str) -> Supervised:
    """Raises `NoSupervisor`."""
    for reply in _asked(run_directory, AskSupervisor(), ANSWER_WITHIN_S):
        if isinstance(reply, Supervised):
            return reply
    raise NoSupervisor("the supervisor does not answer: is this softswitch of another version than the running one?")


def upgrade(run_directory: str, request: Upgrade) -> Iterator[Step | Upgraded]:
    """The steps as they are done, the end last. Raises `NoSupervisor`."""
    for reply in _asked(run_directory, request, UPGRADED_WITHIN_S):
        if isinstance(reply, Step | Upgraded):
            yield reply
        if isinstance(reply, Upgraded):
            return
    raise NoSupervisor("the supervisor has died meanwhile: softswitch status says whether the switch goes on")


def _asked(run_directory: str, request: Request, within_s: float) -> Iterator[Reply]:
    """Until it says no more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(within_s)
        try:
            connection.connect(supervisor_socket(run_directory))
            connection.send(_encode(request))
            while packet := connection.recv(PACKET_BYTES_MAX):
                yield _decode(packet)
        except TimeoutError as error:
            raise NoSupervisor(f"the supervisor has not answered within {within_s:.0f} s") from error
        except (OSError, msgspec.MsgspecError) as error:
            raise NoSupervisor(f"no supervisor can be asked in {run_directory} ({error})") from error
