"""G.722 through FFmpeg: delay, likeness, and packets cut anywhere."""

import numpy as np
import pytest

from softswitch_codecs.g722 import codec

SOUND = (6000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype(np.int16)


def encoded() -> bytes:
    encoder = codec.open_encoder("", 16000)
    steps = SOUND.tobytes()
    return b"".join(encoder.encode(steps[at : at + 640]) for at in range(0, len(steps), 640))


def test_sound_comes_back_22_samples_later() -> None:
    decoded = np.frombuffer(codec.open_decoder().decode(encoded()[:960]), np.int16)
    error = decoded[400:1900].astype(int) - SOUND[378:1878]
    assert np.abs(error).mean() < 100


@pytest.mark.parametrize("cut", [80, 160, 240, 37])
def test_bytes_may_be_cut_anywhere(cut: int) -> None:
    payload = encoded()
    whole, parts = codec.open_decoder(), codec.open_decoder()
    expected = b"".join(whole.decode(payload[at : at + 160]) for at in range(0, len(payload), 160))
    assert b"".join(parts.decode(payload[at : at + cut]) for at in range(0, len(payload), cut)) == expected


def test_a_packet_that_is_too_long_or_empty_has_no_sound_and_does_no_harm() -> None:
    decoder = codec.open_decoder()
    assert codec.length(bytes(961)) == 0
    assert decoder.decode(bytes(961)) == b""
    assert decoder.decode(b"") == b""
    assert len(decoder.decode(bytes(160))) == 640
