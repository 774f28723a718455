"""Phones that send a tone and keep what they hear, for tests of a real media worker."""

import asyncio
import struct
import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.media.protocol import SrtpKeys
from softswitch.media.srtp.libsrtp import SrtpSession, pointer_to
from softswitch.media.srtp.srtp import SrtpReceiver
from softswitch_codecs.g711 import pcmu


def tone(frequency_hz: int, seconds: float = 1.0) -> NDArray[np.int16]:
    return (8000 * np.sin(2 * np.pi * frequency_hz * np.arange(int(8000 * seconds)) / 8000)).astype(np.int16)


def energy_at(frequency_hz: int, sound: NDArray[np.int16]) -> float:
    """Share of the sound's energy that is at that frequency, 0 to 1."""
    if not sound.any():
        return 0.0
    spectrum = np.abs(np.fft.rfft(sound.astype(float) * np.hanning(len(sound)))) ** 2
    centre = round(frequency_hz * len(sound) / 8000)
    return float(spectrum[max(0, centre - 3) : centre + 4].sum() / spectrum.sum())


class Heard(NamedTuple):
    """One RTP packet a phone received."""

    at: float
    source: HostPort
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


class Phone(asyncio.DatagramProtocol):
    """Sends a tone as PCMU every 20 ms and keeps what it receives."""

    def __init__(self, frequency_hz: int, keys: SrtpKeys | None = None) -> None:
        """`keys` are those of the stream it talks to."""
        self._sending_srtp = keys and SrtpSession(keys.profile, keys.receive, sends=True)
        self._receiving_srtp = keys and SrtpReceiver(keys.profile, keys.send)
        out = np.empty((1, 8000), np.uint8)
        pcmu.encode(tone(frequency_hz).reshape(1, -1), out)
        self._voice = out.tobytes()
        self._transport: asyncio.DatagramTransport | None = None
        self._sending: asyncio.Task[None] | None = None
        self.sequence = 0
        self._arrival = asyncio.Event()
        self.heard: list[Heard] = []
        self.address = HostPort("", 0)

    @classmethod
    async def start(cls, frequency_hz: int, keys: SrtpKeys | None = None) -> "Phone":
        _, phone = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(frequency_hz, keys), local_addr=("127.0.0.1", 0)
        )
        return phone

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport
        self.address = HostPort(*transport.get_extra_info("sockname")[:2])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        _, _, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", data)
        if self._receiving_srtp is not None:
            packet = np.frombuffer(data, np.uint8).copy()
            length = self._receiving_srtp.unprotect(pointer_to(packet), len(data), ssrc, sequence, 0)
            data = packet[:length].tobytes()
            if not data:
                return
        at = asyncio.get_running_loop().time()
        self.heard.append(Heard(at, HostPort(*addr[:2]), sequence, timestamp, ssrc, data[12:]))
        self._arrival.set()

    def talk_to(self, remote: HostPort) -> None:
        self._sending = asyncio.ensure_future(self._send(remote))

    def press(self, digit: int, remote: HostPort) -> None:
        for is_end, duration in ((0, 160), (0, 320), (0x80, 480), (0x80, 480)):
            event = struct.pack(">BBH", digit, is_end | 10, duration)
            self._transmit(101, 77, event, remote)

    def sound(self, since: float = 0.0) -> NDArray[np.int16]:
        """What was heard since that instant of the loop's clock, packet after packet."""
        payload = b"".join(packet.payload for packet in self.heard if packet.at >= since)
        out = np.empty(len(payload), np.int16)
        pcmu.decode(np.frombuffer(payload, np.uint8), out)
        return out

    async def heard_after(self, at: float) -> Heard:
        """The first packet that came later than `at`, by the loop's clock; waits for it."""
        while True:
            for packet in self.heard:
                if packet.at > at:
                    return packet
            self._arrival.clear()
            await self._arrival.wait()

    def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
        if self._transport is not None:
            self._transport.close()

    async def _send(self, remote: HostPort) -> None:
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        for number in range(10_000):
            at = number * 160 % 8000
            self._transmit(0, 160 * number, self._voice[at : at + 160], remote)
            await asyncio.sleep(started_at + 0.02 * (number + 1) - loop.time())

    def _transmit(self, payload_type: int, timestamp: int, payload: bytes, remote: HostPort) -> None:
        assert self._transport is not None
        self.sequence = self.sequence + 1 & 0xFFFF
        header = struct.pack(">BBHII", 0x80, payload_type, self.sequence, timestamp, 0xABCDEF)
        packet = header + payload
        self._transport.sendto(self._sending_srtp.protect(packet) if self._sending_srtp else packet, tuple(remote))


def wav(path: Path, sound: NDArray[np.int16]) -> str:
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(sound.tobytes())
    return str(path)


def channels_of(path: str) -> NDArray[np.int16]:
    with wave.open(path) as reader:
        return np.frombuffer(reader.readframes(1 << 24), "<i2").reshape(-1, 2)
