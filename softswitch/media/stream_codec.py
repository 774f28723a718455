"""What a codec with a memory is to the media engine, and how the installed ones are found.

G.711 is converted for all streams at once (codec.py). Codecs that predict a sample from those before it, and those
whose packets are not one byte per sample, have a decoder and an encoder for every stream; a *coded stream* is one that
uses them (coded_streams.py). Sound passes as bytes: 16-bit samples in the machine's order.

Plug-ins are found through the entry-point group `softswitch.stream_codecs`, each entry point naming one `StreamCodec`.
"""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple, Protocol

import msgspec

from softswitch.base.errors import StartError

ENTRY_POINT_GROUP = "softswitch.stream_codecs"

CodecKey = tuple[str, int]
"""A codec as SDP names it: encoding name in capitals, RTP clock rate. L16 exists at several."""


class CodecUnavailable(StartError):
    """The codec cannot work on this machine. The message says what is missing and what to do."""


class StreamCodecSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The facts SDP and the engine need.

    `sample_rate_hz`, 8000 or 16000, is that of decoded sound. `ptimes_ms` are the packet lengths we send. When
    `is_framed` a packet is encoded as a whole; otherwise sound is encoded in steps of 20 ms to `step_bytes`, which may
    be cut anywhere. `conceals`: the decoder itself replaces what was lost.
    """

    name: str
    clock_rate_hz: int
    sample_rate_hz: int
    ptimes_ms: tuple[int, ...] = (10, 20, 30, 40, 50, 60)
    is_framed: bool = False
    step_bytes: int = 0
    conceals: bool = False

    @property
    def key(self) -> CodecKey:
        return self.name, self.clock_rate_hz

    @property
    def timestamp_unit(self) -> int:
        """RTP timestamps per sample at 8 kHz."""
        return self.clock_rate_hz // 8000


class Decoder(Protocol):
    """One stream's, in the order of its sound. Lengths are counted in samples at 8 kHz, whatever the codec's rate."""

    def decode(self, payload: bytes) -> bytes:
        """A packet's sound; b"" when the packet is malformed."""
        ...

    def conceal(self, length: int) -> bytes:
        """`length` of sound in place of what is missing. Called only where the spec says `conceals`."""
        ...

    def recover(self, following: bytes, length: int) -> bytes:
        """The same for what is missing right before the packet `following`, which may hold a copy of it."""
        ...


class Encoder(Protocol):
    """One stream's."""

    def encode(self, sound: bytes) -> bytes:
        """A payload; b"" when nothing need be sent (DTX)."""
        ...


class StreamCodec(Protocol):
    @property
    def spec(self) -> StreamCodecSpec: ...

    def check(self) -> None:
        """Raises CodecUnavailable."""
        ...

    def length(self, payload: bytes) -> int:
        """How long a packet sounds, in samples at 8 kHz; 0 when it is malformed. Any bytes may come."""
        ...

    def open_decoder(self) -> Decoder: ...

    def open_encoder(self, parameters: str, sample_rate_hz: int) -> Encoder:
        """For a party whose `a=fmtp` is `parameters`; of sound at `sample_rate_hz`, which is the spec's.

        A codec that is framed takes 8000 as well, for sound that has no more.
        """
        ...

    def may_pass(self, parameters: str) -> bool:
        """Whether a party with this `a=fmtp` can be sent any packet of the codec as another party sent it to us."""
        ...


class StreamCodecs(NamedTuple):
    """Those that work here, and for each that does not, why."""

    codecs: Mapping[CodecKey, StreamCodec]
    faults: list[str]


def load_stream_codecs() -> StreamCodecs:
    """Every installed codec with a memory.

    Raises StartError when a plug-in cannot be imported or two of them claim one name and rate.
    """
    codecs: dict[CodecKey, StreamCodec] = {}
    faults: list[str] = []
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP)):
        codec = _load(entry_point)
        if codec.spec.key in codecs:
            name, clock_rate_hz = codec.spec.key
            raise StartError(
                f"codec plug-in {entry_point.value} provides {name}/{clock_rate_hz}, which another plug-in already "
                "does: uninstall one of the two"
            )
        try:
            codec.check()
        except CodecUnavailable as fault:
            faults.append(str(fault))
        else:
            codecs[codec.spec.key] = codec
    return StreamCodecs(codecs, faults)


def _load(entry_point: EntryPoint) -> StreamCodec:
    try:
        return entry_point.load()
    except (ImportError, AttributeError) as error:
        raise StartError(
            f"codec plug-in {entry_point.value} cannot be loaded ({error}): reinstall or uninstall the package it is in"
        ) from error
