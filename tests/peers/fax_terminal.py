"""Fax machines without a telephone: libspandsp's T.30, as modems in sound and as T.38 in UDPTL datagrams."""

import ctypes
from collections import deque
from collections.abc import Sequence
from ctypes.util import find_library
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.peers.audio import FRAME, Samples
from tests.peers.program import left_out

_ALL_COMPRESSIONS = 0x02 | 0x04 | 0x08
"""T.4 in one dimension and in two, T.6."""
_RESOLUTIONS = 0x01 | 0x02
"""Standard and fine."""
_REDUNDANT = 3
"""Datagrams repeat so many IFP packets before their own."""

_SENT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)
_ENDED = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


class _Statistics(ctypes.Structure):
    """t30_stats_t."""

    _fields_ = [
        (name, ctypes.c_int)
        for name in (
            "bit_rate", "has_error_correction", "pages_sent", "pages_received", "pages_in_file", "x_resolution",
            "y_resolution", "width", "length", "image_bytes", "encoding", "bad_rows", "longest_bad_run", "retries",
            "status",
        )
    ]  # fmt: skip


class FaxResult(NamedTuple):
    """How it went: T.30's completion code (0: well), and what it says of the transmission."""

    code: int
    bit_rate: int
    pages: int
    retries: int
    bad_rows: int


def _library() -> ctypes.CDLL:
    name = find_library("spandsp")
    if name is None:
        left_out("libspandsp2 is not installed: apt-get install libspandsp2")
    spandsp = ctypes.CDLL(name)
    for function in ("fax_init", "fax_get_t30_state", "t38_terminal_init", "t38_terminal_get_t30_state",
                     "t38_terminal_get_t38_core_state"):  # fmt: skip
        getattr(spandsp, function).restype = ctypes.c_void_p
    return spandsp


class _Machine:
    """What both have: a page to send, or a file for what comes."""

    def __init__(self, spandsp: ctypes.CDLL, t30: int, *, sends: Path | None, receives: Path | None) -> None:
        self.result: FaxResult | None = None
        """Once it is over."""
        self._spandsp = spandsp
        self._t30 = ctypes.c_void_p(t30)
        spandsp.t30_set_ecm_capability(self._t30, 1)
        spandsp.t30_set_supported_compressions(self._t30, _ALL_COMPRESSIONS)
        spandsp.t30_set_supported_resolutions(self._t30, _RESOLUTIONS)
        if sends is not None:
            spandsp.t30_set_tx_file(self._t30, str(sends).encode(), -1, -1)
        if receives is not None:
            spandsp.t30_set_rx_file(self._t30, str(receives).encode(), -1)
        self._ended = _ENDED(self._note_end)
        spandsp.t30_set_phase_e_handler(self._t30, self._ended, None)

    def _note_end(self, _state: int, _user: int, code: int) -> None:
        said = _Statistics()
        self._spandsp.t30_get_transfer_statistics(self._t30, ctypes.byref(said))
        self.result = FaxResult(code, said.bit_rate, said.pages_sent + said.pages_received, said.retries, said.bad_rows)


class SoundFax(_Machine):
    """A machine at a telephone line."""

    def __init__(self, *, calls: bool, sends: Path | None = None, receives: Path | None = None) -> None:
        spandsp = _library()
        self._state = ctypes.c_void_p(spandsp.fax_init(None, int(calls)))
        spandsp.fax_set_transmit_on_idle(self._state, 1)
        super().__init__(spandsp, spandsp.fax_get_t30_state(self._state), sends=sends, receives=receives)

    def exchange(self, heard: Samples) -> Samples:
        """20 ms: what the machine hears, and what it says meanwhile."""
        said = np.zeros(FRAME, np.int16)
        hears = np.ascontiguousarray(heard, np.int16)
        self._spandsp.fax_rx(self._state, ctypes.c_void_p(hears.ctypes.data), len(hears))
        self._spandsp.fax_tx(self._state, ctypes.c_void_p(said.ctypes.data), FRAME)
        return said


class ImageFax(_Machine):
    """A machine that speaks T.38."""

    def __init__(self, *, calls: bool, sends: Path | None = None, receives: Path | None = None) -> None:
        spandsp = _library()
        self._packets: list[bytes] = []
        """IFP packets to be sent."""
        self._sequence = 0
        self._earlier: deque[bytes] = deque(maxlen=_REDUNDANT)
        self._expected = 0
        self._sent = _SENT(self._take)
        self._state = ctypes.c_void_p(spandsp.t38_terminal_init(None, int(calls), self._sent, None))
        self._core = ctypes.c_void_p(spandsp.t38_terminal_get_t38_core_state(self._state))
        super().__init__(spandsp, spandsp.t38_terminal_get_t30_state(self._state), sends=sends, receives=receives)

    def pass_time(self) -> Sequence[bytes]:
        """20 ms go by: datagrams to be sent."""
        self._spandsp.t38_terminal_send_timeout(self._state, FRAME)
        packets, self._packets = self._packets, []
        return [self._datagram(packet) for packet in packets]

    def receive(self, datagram: bytes) -> None:
        sequence, packets = _read(datagram)
        for back in range(len(packets) - 1, -1, -1):
            number = (sequence - back) & 0xFFFF
            if (number - self._expected) & 0xFFFF < 0x8000:
                self._expected = (number + 1) & 0xFFFF
                self._spandsp.t38_core_rx_ifp_packet(self._core, packets[back], len(packets[back]), number)

    def _take(self, _core: int, _user: int, packet: int, length: int, count: int) -> int:
        self._packets += [ctypes.string_at(packet, length)] * count
        return 0

    def _datagram(self, packet: bytes) -> bytes:
        earlier = list(reversed(self._earlier))
        self._earlier.append(packet)
        head = self._sequence.to_bytes(2, "big") + _open(packet)
        self._sequence = (self._sequence + 1) & 0xFFFF
        return head + bytes([0, len(earlier)]) + b"".join(map(_open, earlier))


def _open(packet: bytes) -> bytes:
    """With its length before it."""
    length = len(packet)
    return (bytes([length]) if length < 128 else bytes([0x80 | length >> 8, length & 0xFF])) + packet


def _read(datagram: bytes) -> tuple[int, list[bytes]]:
    """Sequence number, and its IFP packet with those before it, the latest first."""
    at = 2
    packets: list[bytes] = []

    def take() -> None:
        nonlocal at
        length = datagram[at]
        at += 1
        if length >= 128:
            length = (length & 0x3F) << 8 | datagram[at]
            at += 1
        packets.append(datagram[at : at + length])
        at += length

    take()
    assert datagram[at] == 0, "redundancy, as agreed"
    at += 1
    earlier = datagram[at]
    at += 1
    for _ in range(earlier):
        take()
    assert at == len(datagram)
    return int.from_bytes(datagram[:2], "big"), packets
