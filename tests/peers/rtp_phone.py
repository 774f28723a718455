"""The sound of a phone without its signalling: RTP from a socket of its own, for calls whose SIP is somebody else's.

It answers to whoever sends to it first (symmetric RTP), so that it need not be told where the switch listens; where the
signalling knows, `dial` says it.
"""

import select
import socket
import struct
import threading
import time
from collections import deque

from tests.peers.audio import FRAME, RATE_HZ, Samples
from tests.peers.loopback import own_address
from tests.peers.speech import Voice, silence_of

PTIME_S = FRAME / RATE_HZ
PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8}
EVENTS = "0123456789*#ABCD"
EVENT_PAYLOAD_TYPE = 101
PRESSED_FRAMES = 5
"""A key is held 100 ms."""
END_PACKETS = 3
"""RFC 4733 section 2.5.1.4: the end of an event is sent three times."""
SSRC = 0x5EED


class RtpPhone:
    """Sends from `dial` or the first packet it hears until `close`: silence, what it is told to say, and keys."""

    def __init__(self, codec: str = "PCMU") -> None:
        self.host = own_address()
        self.codec = codec
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.host, 0))
        self.port = int(self._socket.getsockname()[1])
        self._frames: deque[bytes] = deque()
        self._keys: deque[str] = deque()
        self._heard: dict[int, bytes] = {}
        self._heard_at: dict[int, float] = {}
        self._arrivals: list[float] = []
        self._sources: set[tuple[str, int]] = set()
        self._remote: tuple[str, int] | None = None
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rtp phone")
        self._thread.start()

    def close(self) -> None:
        self._is_closed.set()
        self._thread.join()
        self._socket.close()

    def keywords(self, caller: str = "+493012345") -> dict[str, str]:
        """For a SIPp scenario whose sound this phone is; `caller` is the number it calls from."""
        payload_type = str(PAYLOAD_TYPES[self.codec])
        return {
            "caller": caller,
            "rtp_host": self.host,
            "rtp_port": str(self.port),
            "codec": self.codec,
            "payload_type": payload_type,
        }

    def dial(self, host: str, port: int) -> None:
        """Send there, whoever is heard."""
        self._remote = (host, port)

    # What the person at the phone does

    def say(self, voice: Voice) -> None:
        """Begin to say it."""
        coded = voice.coded(self.codec)
        coded += silence_of(self.codec) * (-len(coded) % FRAME)
        self._frames.extend(coded[at : at + FRAME] for at in range(0, len(coded), FRAME))

    def press(self, keys: str) -> None:
        """Press keys one after another."""
        self._keys.extend(keys)

    # What came

    @property
    def sources(self) -> set[tuple[str, int]]:
        """Where the RTP came from."""
        return self._sources

    def packets_between(self, start: float, end: float) -> int:
        """How many came then; both in epoch seconds."""
        return sum(start <= at < end for at in list(self._arrivals))

    def heard(self) -> Samples:
        """All of it by RTP timestamp, silence where nothing came."""
        return self._decoded(dict(self._heard))

    def heard_between(self, start: float, end: float) -> Samples:
        """What came then, in epoch seconds."""
        heard = dict(self._heard)
        return self._decoded({each: heard[each] for each in heard if start <= self._heard_at[each] < end})

    def _decoded(self, heard: dict[int, bytes]) -> Samples:
        first = min(heard)
        coded = bytearray(silence_of(self.codec) * (max(heard) - first + FRAME))
        for timestamp, payload in heard.items():
            coded[timestamp - first : timestamp - first + len(payload)] = payload
        return Voice.from_coded(bytes(coded), self.codec).samples

    # Private

    def _run(self) -> None:
        at = time.monotonic()
        sequence, timestamp = 1, 0
        pressed: list[bytes] = []
        while not self._is_closed.is_set():
            self._receive_until(at)
            at += PTIME_S
            timestamp = (timestamp + FRAME) % 2**32
            if self._remote is None:
                continue
            if not pressed and self._keys:
                pressed = _event_packets(self._keys.popleft(), timestamp)
            if pressed:
                packets, pressed = ([pressed[0]], pressed[1:]) if len(pressed) > END_PACKETS else (pressed, [])
            else:
                payload = self._frames.popleft() if self._frames else silence_of(self.codec) * FRAME
                packets = [struct.pack("!BI", PAYLOAD_TYPES[self.codec], timestamp) + payload]
            for packet in packets:
                kind, rest = packet[0], packet[1:]
                header = struct.pack("!BBH", 0x80, kind, sequence) + rest[:4] + struct.pack("!I", SSRC)
                self._socket.sendto(header + rest[4:], self._remote)
                sequence = (sequence + 1) % 2**16

    def _receive_until(self, at: float) -> None:
        while (left := at - time.monotonic()) > 0:
            if select.select([self._socket], [], [], left)[0]:
                packet, source = self._socket.recvfrom(2048)
                self._sources.add(source)
                self._remote = self._remote or source
                self._arrivals.append(time.time())
                if len(packet) > 12 and packet[1] & 0x7F == PAYLOAD_TYPES[self.codec]:
                    timestamp = int(struct.unpack_from("!I", packet, 4)[0])
                    self._heard_at[timestamp] = time.time()
                    self._heard[timestamp] = packet[12:]


def _event_packets(key: str, timestamp: int) -> list[bytes]:
    """Kind, timestamp and payload of the packets of one key (RFC 4733); the last three are its end."""
    lengths = [FRAME * number for number in range(1, PRESSED_FRAMES + 1)] + [FRAME * (PRESSED_FRAMES + 1)] * END_PACKETS
    packets: list[bytes] = []
    for number, length in enumerate(lengths):
        marker = 0x80 if number == 0 else 0
        end = 0x80 if number > PRESSED_FRAMES - 1 else 0
        packets.append(
            struct.pack("!BIBBH", marker | EVENT_PAYLOAD_TYPE, timestamp, EVENTS.index(key), end | 10, length)
        )
    return packets
