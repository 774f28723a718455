"""What a codec is to the media engine, and how the installed ones are found.

A codec is handed all the streams that use it at once: one row per stream, one call per tick. It keeps nothing between
calls (G.711 has nothing to keep), so the same object serves every stream of a worker.

Codecs are plug-ins: any installed distribution may add one through the entry-point group `softswitch.codecs`, each
entry point naming one `Codec` object. Ours live in `codecs/softswitch_codecs`.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.base.errors import StartError

ENTRY_POINT_GROUP = "softswitch.codecs"


class CodecSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The facts SDP and the packetiser need (RFC 3551 section 6).

    `name` is the encoding name, in capitals. `payload_type` is the static number, None for a codec that has none.
    `clock_rate_hz` counts RTP timestamps and is not always `sample_rate_hz` (G.722: 8000 and 16000).
    `silence_byte` repeated is digital silence.
    """

    name: str
    payload_type: int | None
    sample_rate_hz: int
    clock_rate_hz: int
    bit_rate: int
    silence_byte: int

    def samples(self, ptime_ms: int) -> int:
        """Samples in a packet of `ptime_ms`."""
        return self.sample_rate_hz * ptime_ms // 1000

    def payload_bytes(self, ptime_ms: int) -> int:
        """Payload bytes in a packet of `ptime_ms`."""
        return self.bit_rate * ptime_ms // 8000


class Codec(Protocol):
    """Converts batches between payload and linear PCM; each row belongs to one stream.

    Both directions write into arrays of the caller and neither allocates per row. The two arrays describe the same
    length of sound; rows may be any view of a larger array, C-contiguous ones are fastest.
    """

    @property
    def spec(self) -> CodecSpec: ...

    def decode(self, payload: NDArray[np.uint8], out: NDArray[np.int16]) -> None:
        """`payload` uint8[n, bytes] -> `out` int16[n, samples]."""
        ...

    def encode(self, pcm: NDArray[np.int16], out: NDArray[np.uint8]) -> None:
        """`pcm` int16[n, samples] -> `out` uint8[n, bytes]."""
        ...


def load_codecs() -> dict[str, Codec]:
    """Every installed codec by its encoding name ("PCMU", "PCMA").

    Raises StartError when a plug-in cannot be imported or two of them claim one name.
    """
    codecs: dict[str, Codec] = {}
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP)):
        codec = _load(entry_point)
        name = codec.spec.name
        if name in codecs:
            raise StartError(
                f"codec plug-in {entry_point.value} provides {name}, which another plug-in already does: "
                "uninstall one of the two"
            )
        codecs[name] = codec
    return codecs


def _load(entry_point: EntryPoint) -> Codec:
    try:
        return entry_point.load()
    except (ImportError, AttributeError) as error:
        raise StartError(
            f"codec plug-in {entry_point.value} cannot be loaded ({error}): reinstall or uninstall the package it is in"
        ) from error
