"""What every codec plug-in must do; call `check_codec` from the plug-in's own tests."""

import numpy as np

from softswitch.media.codec import Codec

_ROWS = 7


def check_codec(codec: Codec, *, ptime_ms: int = 20) -> None:
    """Raises AssertionError with the rule that `codec` breaks, of those in `softswitch.media.codec`."""
    spec = codec.spec
    assert spec.name.isupper(), "the encoding name is written in capitals"
    assert spec.payload_type is None or 0 <= spec.payload_type <= 127, "a payload type has seven bits"
    assert 0 <= spec.silence_byte <= 255, "silence_byte is one byte"
    samples, payload_bytes = spec.samples(ptime_ms), spec.payload_bytes(ptime_ms)
    assert samples > 0, "a packet holds sound"
    assert payload_bytes > 0, "a packet has a payload"

    pcm = np.random.default_rng(1).integers(-8000, 8000, (_ROWS, samples), dtype=np.int16)
    payload = np.empty((_ROWS, payload_bytes), np.uint8)
    codec.encode(pcm, payload)
    _check_rows_are_independent(codec, pcm, payload)
    _check_views(codec, payload, samples)
    _check_silence(codec, samples, payload_bytes)
    codec.encode(np.empty((0, samples), np.int16), np.empty((0, payload_bytes), np.uint8))
    codec.decode(np.empty((0, payload_bytes), np.uint8), np.empty((0, samples), np.int16))


def _check_rows_are_independent(codec: Codec, pcm: np.ndarray, payload: np.ndarray) -> None:
    alone = np.empty((1, payload.shape[1]), np.uint8)
    decoded = np.empty_like(pcm)
    codec.decode(payload, decoded)
    decoded_alone = np.empty((1, pcm.shape[1]), np.int16)
    for row in range(len(pcm)):
        codec.encode(pcm[row : row + 1], alone)
        assert np.array_equal(alone[0], payload[row]), "a row encodes the same alone and among others"
        codec.decode(payload[row : row + 1], decoded_alone)
        assert np.array_equal(decoded_alone[0], decoded[row]), "a row decodes the same alone and among others"


def _check_views(codec: Codec, payload: np.ndarray, samples: int) -> None:
    """Rows of packet buffers are strided: the payload stands behind a header."""
    packets = np.zeros((len(payload), 12 + payload.shape[1]), np.uint8)
    packets[:, 12:] = payload
    straight, strided = np.empty((2, len(payload), samples), np.int16)
    codec.decode(payload, straight)
    codec.decode(packets[:, 12:], strided)
    assert np.array_equal(straight, strided), "a strided payload decodes like a contiguous one"
    packets[:, 12:] = 0
    codec.encode(straight, packets[:, 12:])
    again = np.empty_like(payload)
    codec.encode(straight, again)
    assert np.array_equal(packets[:, 12:], again), "encoding fills a strided output"
    assert not packets[:, :12].any(), "encoding writes nothing outside its output"


def _check_silence(codec: Codec, samples: int, payload_bytes: int) -> None:
    silence = np.full((1, payload_bytes), codec.spec.silence_byte, np.uint8)
    decoded = np.empty((1, samples), np.int16)
    codec.decode(silence, decoded)
    assert np.abs(decoded.astype(np.int32)).max() <= 8, "silence_byte repeated is silence"
