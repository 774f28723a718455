"""A party that speaks any installed codec to an engine in virtual time, and understands what it is sent."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from softswitch.base.ids import StreamId
from softswitch.media.codec import load_codecs
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import StreamDescription
from softswitch.media.stream_codec import load_stream_codecs
from softswitch.testing.media_engine import EngineDriver

PAYLOAD_TYPES = {("PCMU", 8000): 0, ("PCMA", 8000): 8, ("G722", 8000): 9, ("L16", 8000): 110, ("L16", 16000): 111}
OPUS_TYPE = 96


class CodedParty:
    """Stream `number` of a driver. What it says and hears is int16 at `rate_hz`."""

    def __init__(
        self,
        driver: EngineDriver,
        number: int,
        codec: str,
        *,
        clock_rate_hz: int = 8000,
        ptime_ms: int = 20,
        parameters: str = "",
        **changes: object,
    ) -> None:
        self.driver = driver
        self.number = number
        self.key = (codec, clock_rate_hz)
        self.coded = load_stream_codecs().codecs.get(self.key)
        self.rate_hz = 8000 if self.coded is None else self.coded.spec.sample_rate_hz
        self.ptime_ms = ptime_ms
        self.payload_type = PAYLOAD_TYPES.get(self.key, OPUS_TYPE)
        self.description: StreamDescription = driver.put(
            number,
            codec=codec,
            clock_rate_hz=clock_rate_hz,
            payload_type=self.payload_type,
            ptime_ms=ptime_ms,
            format_parameters=parameters,
            **changes,
        )

    def packets(self, sound: NDArray[np.int16], parameters: str = "") -> list[bytes]:
        """The sound as this party sends it; an empty packet stands for one that is not sent (DTX)."""
        payloads = self._payloads(sound, parameters)
        unit = self.key[1] // 1000 * self.ptime_ms
        packets: list[bytes] = []
        sequence, was_silent = 500, True
        for index, payload in enumerate(payloads):
            packet = pack(
                payload_type=self.payload_type,
                sequence=sequence,
                timestamp=0xFFFF_F000 + index * unit,
                ssrc=77_000 + self.number,
                payload=payload,
                marker=was_silent,
            )
            packets.append(packet if payload else b"")
            sequence += bool(payload)
            was_silent = not payload
        return packets

    def hears(self) -> NDArray[np.int16]:
        """All that it was sent, decoded packet after packet, at `rate_hz`."""
        payloads = [packet[12:] for packet in self.sent()]
        if self.coded is None:
            content = np.frombuffer(b"".join(payloads), np.uint8)[np.newaxis]
            sound = np.empty(content.shape, np.int16)
            load_codecs()[self.key[0]].decode(content, sound)
            return sound[0]
        decoder = self.coded.open_decoder()
        return np.frombuffer(b"".join(decoder.decode(payload) for payload in payloads), np.int16)

    def sent(self) -> Sequence[bytes]:
        """The packets it was sent."""
        return self.driver.sent.get(StreamId(self.number), [])

    def _payloads(self, sound: NDArray[np.int16], parameters: str) -> list[bytes]:
        if self.coded is None:
            content = np.empty((1, len(sound)), np.uint8)
            load_codecs()[self.key[0]].encode(sound[np.newaxis], content)
            size = 8 * self.ptime_ms
            return [content[0, at : at + size].tobytes() for at in range(0, len(sound), size)]
        encoder, content = self.coded.open_encoder(parameters, self.rate_hz), sound.tobytes()
        spec = self.coded.spec
        size = 2 * spec.sample_rate_hz // 1000 * (self.ptime_ms if spec.is_framed else 20)
        encoded = [encoder.encode(content[at : at + size]) for at in range(0, len(content), size)]
        if spec.is_framed:
            return encoded
        whole = b"".join(encoded)
        step = spec.step_bytes * self.ptime_ms // 20
        return [whole[at : at + step] for at in range(0, len(whole), step)]


def converse(driver: EngineDriver, saying: dict[int, list[bytes]], ptime_ms: int = 20) -> None:
    """Run the ticks in which these parties' packets arrive, one after another; b"" is a packet that does not."""
    ticks = max(map(len, saying.values())) * ptime_ms // 20
    sent = dict.fromkeys(saying, 0)
    for tick in range(ticks):
        for number, packets in saying.items():
            while sent[number] * ptime_ms < (tick + 1) * 20 and sent[number] < len(packets):
                packet = packets[sent[number]]
                sent[number] += 1
                if packet:
                    driver.deliver(number, packet)
        driver.tick()
