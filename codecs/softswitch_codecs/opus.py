"""Opus (RFC 6716, RFC 7587), by the libopus inside PyAV's wheel, called directly.

PyAV itself decodes to 48 kHz only and has neither concealment nor error correction. The states live in memory of our
own (`opus_*_init`), so they need no closing. Telephone speech is decoded to 16 kHz; it is encoded from 16 kHz, or from
8 kHz where what is heard has no more, at low complexity, which telephone speech does not suffer from.
"""

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from softswitch.media.stream_codec import CodecUnavailable, StreamCodecSpec

_RATE_HZ = 16000
_LENGTH_MAX = 960
"""120 ms, the longest packet there is (RFC 6716 section 3.2.5), in samples at 8 kHz."""
_LENGTH_STEP = 20
"""2.5 ms, the shortest frame."""
_PAYLOAD_BYTES_MAX = 1275
"""One frame's (RFC 6716 section 3.4); we send one frame a packet."""

_BIT_RATES = {8000: 24_000, 16000: 32_000}
"""By the sampling rate of what is encoded."""
_BIT_RATE_OF_COPIES = 8_000
"""More where every packet has a copy of the one before; without, they would be taken from the sound itself."""
_BIT_RATE_MIN = 6_000
_BIT_RATE_RECEIVED = 40_000
"""What our SDP allows others (sip/audio_formats.py)."""
_EXPECTED_LOSS_PERCENT = 10
"""From which on libopus finds the copies worth their bits."""
_COMPLEXITY = 1
"""Below, there would be no copies at these bit rates."""

_VOIP = 2048
_SET_BITRATE = 4002
_SET_MAX_BANDWIDTH = 4004
_SET_VBR = 4006
_SET_COMPLEXITY = 4010
_SET_INBAND_FEC = 4012
_SET_PACKET_LOSS_PERC = 4014
_SET_DTX = 4016
_SET_SIGNAL = 4024
_SIGNAL_VOICE = 3001
_BANDWIDTHS = ((8000, 1101), (12000, 1102), (16000, 1103))
"""Up to this sampling rate: narrowband, medium band, wideband."""
_FRAME_TOO_SHORT = 2
"""Payloads of up to this many bytes need not be sent (opus_encode)."""


class OpusCodec:
    __slots__ = ("spec",)

    def __init__(self) -> None:
        self.spec = StreamCodecSpec(
            name="OPUS",
            clock_rate_hz=48000,
            sample_rate_hz=_RATE_HZ,
            ptimes_ms=(10, 20, 40, 60),
            is_framed=True,
            conceals=True,
        )

    def check(self) -> None:
        _library()

    def length(self, payload: bytes) -> int:
        """From the packet's first two bytes (RFC 6716 section 3.1)."""
        if not payload:
            return 0
        samples = _library().opus_packet_get_nb_samples(payload, len(payload), 8000)
        return samples if 0 < samples <= _LENGTH_MAX else 0

    def open_decoder(self) -> "OpusDecoder":
        return OpusDecoder()

    def open_encoder(self, parameters: str, sample_rate_hz: int) -> "OpusEncoder":
        return OpusEncoder(parameters, sample_rate_hz)

    def may_pass(self, parameters: str) -> bool:
        """Every decoder takes every packet, but a party may have asked for a constant or a low bit rate."""
        settings = _settings(parameters)
        bit_rate = _number(settings, "maxaveragebitrate", _BIT_RATE_RECEIVED)
        return settings.get("cbr") != "1" and bit_rate >= _BIT_RATE_RECEIVED


class OpusDecoder:
    __slots__ = ("_library", "_sound", "_state")

    def __init__(self) -> None:
        self._library = _library()
        self._state = ctypes.create_string_buffer(self._library.opus_decoder_get_size(1))
        self._library.opus_decoder_init(self._state, _RATE_HZ, 1)
        self._sound = ctypes.create_string_buffer(4 * _LENGTH_MAX)

    def decode(self, payload: bytes) -> bytes:
        if not payload:
            return b""
        return self._decode(payload, 2 * _LENGTH_MAX, 0)

    def conceal(self, length: int) -> bytes:
        whole = -(-length // _LENGTH_STEP) * _LENGTH_STEP
        sound = b""
        while len(sound) < 4 * length:
            step = min(whole - len(sound) // 4, _LENGTH_MAX)
            part = self._decode(None, 2 * step, 0)
            sound += part or bytes(4 * step)
        return sound[: 4 * length]

    def recover(self, following: bytes, length: int) -> bytes:
        """The copy in `following` is of what is as long as itself; more that is missing is concealed before it."""
        copied = codec.length(following)
        if not 0 < copied <= length:
            return self.conceal(length)
        before = self.conceal(length - copied)
        return before + (self._decode(following, 2 * copied, 1) or self.conceal(copied))

    def _decode(self, payload: bytes | None, samples_max: int, is_copy: int) -> bytes:
        size = 0 if payload is None else len(payload)
        samples = self._library.opus_decode(self._state, payload, size, self._sound, samples_max, is_copy)
        return ctypes.string_at(self._sound, 2 * samples) if samples > 0 else b""


class OpusEncoder:
    __slots__ = ("_library", "_payload", "_state")

    def __init__(self, parameters: str, sample_rate_hz: int) -> None:
        """`parameters` are what the party wants to receive (RFC 7587 section 6.1)."""
        self._library = _library()
        self._state = ctypes.create_string_buffer(self._library.opus_encoder_get_size(1))
        self._library.opus_encoder_init(self._state, sample_rate_hz, 1, _VOIP)
        self._payload = ctypes.create_string_buffer(_PAYLOAD_BYTES_MAX)
        settings = _settings(parameters)
        rate_hz = min(_number(settings, "maxplaybackrate", sample_rate_hz), sample_rate_hz)
        has_copies = settings.get("useinbandfec") == "1"
        bit_rate = _BIT_RATES[sample_rate_hz] + (_BIT_RATE_OF_COPIES if has_copies else 0)
        bit_rate = min(_number(settings, "maxaveragebitrate", bit_rate), bit_rate)
        self._set(_SET_BITRATE, max(bit_rate, _BIT_RATE_MIN))
        self._set(_SET_MAX_BANDWIDTH, next(name for limit_hz, name in _BANDWIDTHS if rate_hz <= limit_hz))
        self._set(_SET_VBR, 0 if settings.get("cbr") == "1" else 1)
        self._set(_SET_COMPLEXITY, _COMPLEXITY)
        self._set(_SET_SIGNAL, _SIGNAL_VOICE)
        self._set(_SET_INBAND_FEC, 1 if has_copies else 0)
        self._set(_SET_PACKET_LOSS_PERC, _EXPECTED_LOSS_PERCENT if has_copies else 0)
        self._set(_SET_DTX, 1 if settings.get("usedtx") == "1" else 0)

    def encode(self, sound: bytes) -> bytes:
        """One frame: 10, 20, 40 or 60 ms."""
        size = self._library.opus_encode(self._state, sound, len(sound) // 2, self._payload, _PAYLOAD_BYTES_MAX)
        return ctypes.string_at(self._payload, size) if size > _FRAME_TOO_SHORT else b""

    def _set(self, request: int, value: int) -> None:
        self._library.opus_encoder_ctl(self._state, request, ctypes.c_int(value))


def _settings(parameters: str) -> dict[str, str]:
    """An `a=fmtp` value, as "useinbandfec=1; usedtx=0", by name."""
    pairs = (part.partition("=") for part in parameters.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _number(settings: dict[str, str], name: str, default: int) -> int:
    text = settings.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 7 else default


@cache
def _library() -> Any:
    """libopus with the signatures of what we call (opus.h). Raises CodecUnavailable."""
    spec = find_spec("av")
    wheel = Path(spec.origin).parent.parent / "av.libs" if spec is not None and spec.origin else Path()
    found = sorted(wheel.glob("libopus-*.so*"))
    if not found:
        raise CodecUnavailable(
            f"Opus needs libopus, which PyAV's wheel should have brought to {wheel}: "
            "install PyAV from its wheel (pip install --force-reinstall --only-binary av av)"
        )
    library = ctypes.CDLL(str(found[0]))
    state, number = ctypes.c_void_p, ctypes.c_int
    library.opus_packet_get_nb_samples.argtypes = [ctypes.c_char_p, number, number]
    library.opus_decoder_get_size.argtypes = [number]
    library.opus_decoder_init.argtypes = [state, number, number]
    library.opus_decode.argtypes = [state, ctypes.c_char_p, number, state, number, number]
    library.opus_encoder_get_size.argtypes = [number]
    library.opus_encoder_init.argtypes = [state, number, number, number]
    library.opus_encode.argtypes = [state, ctypes.c_char_p, number, state, number]
    library.opus_encoder_ctl.argtypes = [state, number]
    return library


codec = OpusCodec()
