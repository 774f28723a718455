"""What people say in the tests: two conversations of our own words, spoken by espeak-ng, as two phones send them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from softswitch.prompts.runtime.library import SoundLibrary
from softswitch_codecs.g711 import pcma, pcmu
from tests.peers.audio import RATE_HZ, Samples, read_wav

AGENT = (
    "Good morning, and thank you for calling. My name is Anna, and I will look after you today. "
    "Before we begin, may I have the number of your contract? It stands in the upper right corner of every bill. "
    "Thank you, I have found it. I can see that your parcel left our warehouse on Tuesday evening. "
    "It should reach you tomorrow before noon. Would you like us to send a message when the driver is on his way?"
)
CALLER = (
    "Здравствуйте! Я звоню вам уже второй раз за эту неделю. В понедельник я заказал у вас лампу и два стула. "
    "Лампа пришла вчера, и она очень красивая, а вот стульев до сих пор нет. "
    "Скажите, пожалуйста, где сейчас моя посылка и когда её привезут? Я буду дома завтра после обеда. "
    "И ещё один вопрос: можно ли вернуть один стул, если он не подойдёт к нашему столу?"
)
SPEECH_LEVEL = 0.5
"""Of a prompt's level: about -27 dBov, the level of speech on telephone lines (ITU-T P.56)."""
ROOM_NOISE = 30.0
"""RMS of a quiet room behind the voice, -61 dBov. Without any, what G.711 does to near silence would be judged."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody's speech, 8 kHz."""

    samples: Samples

    @classmethod
    def from_coded(cls, coded: bytes, codec: str) -> "Voice":
        """What a phone makes of the bytes it gets."""
        payload = np.frombuffer(coded, dtype=np.uint8).reshape(1, -1)
        samples = np.empty(payload.shape, dtype=np.int16)
        _CODECS[codec].decode(payload, samples)
        return cls(samples.reshape(-1))

    def coded(self, codec: str) -> bytes:
        """As a phone sends it: one byte a sample."""
        payload = np.empty((1, len(self.samples)), dtype=np.uint8)
        _CODECS[codec].encode(self.samples.reshape(1, -1), payload)
        return payload.tobytes()

    def carried(self, codec: str) -> Samples:
        """As it comes out of that codec at the other end."""
        return Voice.from_coded(self.coded(codec), codec).samples


_CODECS = {"PCMU": pcmu, "PCMA": pcma}


def silence_of(codec: str) -> bytes:
    """One sample of it."""
    return {"PCMU": b"\xff", "PCMA": b"\xd5"}[codec]


def speak(library: SoundLibrary, text: str, language: str, seed: int) -> Voice:
    """A voice in a quiet room, at the level of a telephone."""
    spoken = read_wav(Path(library.say(text, language)))[:, 0]
    noise = np.random.default_rng(seed).normal(0.0, ROOM_NOISE, len(spoken) + RATE_HZ)
    noise[RATE_HZ // 2 : RATE_HZ // 2 + len(spoken)] += spoken * SPEECH_LEVEL
    return Voice(np.clip(np.round(noise), -32768, 32767).astype(np.int16))
