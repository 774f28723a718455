"""What every codec with a memory must do; call `check_stream_codec` from the plug-in's own tests."""

import numpy as np

from softswitch.media.stream_codec import StreamCodec

_STEP_LENGTH = 160
"""20 ms, in samples at 8 kHz."""


def check_stream_codec(codec: StreamCodec, *, ptime_ms: int = 20) -> None:
    """Raises AssertionError with the rule that `codec` breaks, of those in `softswitch.media.stream_codec`."""
    spec = codec.spec
    codec.check()
    assert spec.name.isupper(), "the encoding name is written in capitals"
    assert spec.sample_rate_hz in (8000, 16000), "sound is decoded to 8 or 16 kHz"
    assert spec.clock_rate_hz % 8000 == 0, "a sample at 8 kHz is a whole number of timestamps"
    assert spec.is_framed or spec.step_bytes > 0, "a codec without frames says how many bytes 20 ms are"

    length = 8 * ptime_ms if spec.is_framed else _STEP_LENGTH
    size = length * 2 * spec.sample_rate_hz // 8000
    sound = _speechlike(50 * length * spec.sample_rate_hz // 8000, spec.sample_rate_hz)
    encoder, decoder = codec.open_encoder("", spec.sample_rate_hz), codec.open_decoder()
    payload = b""
    for at in range(0, len(sound), size):
        payload = encoder.encode(sound[at : at + size])
        assert codec.length(payload) == length, "a payload lasts as long as the sound it was made from"
        assert spec.is_framed or len(payload) == spec.step_bytes, "20 ms are `step_bytes`"
        assert len(decoder.decode(payload)) == size, "and so does what is decoded"
    if spec.conceals:
        for lost in (1, 20, 33, length, 8 * length):
            expected = lost * 2 * spec.sample_rate_hz // 8000
            assert len(decoder.conceal(lost)) == expected, "concealment lasts as long as what was lost"
            assert len(decoder.recover(payload, lost)) == expected, "and so does recovery"
    if spec.is_framed:
        narrow = codec.open_encoder("", 8000)
        assert codec.length(narrow.encode(sound[: 2 * length])) == length, "a framed codec takes 8 kHz as well"
    assert codec.length(b"") == 0, "an empty payload is malformed"
    assert decoder.decode(b"") == b"", "and has no sound"


def _speechlike(samples: int, rate_hz: int) -> bytes:
    """Noise that comes and goes."""
    noise = np.random.default_rng(1).normal(0.0, 3000.0, samples)
    return (noise * np.sin(2 * np.pi * 3 * np.arange(samples) / rate_hz)).astype(np.int16).tobytes()
