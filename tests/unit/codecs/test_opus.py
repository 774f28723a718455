"""Opus through libopus: settings from SDP, loss, silence, and bytes that are no packets."""

import numpy as np
import pytest

from softswitch_codecs import opus
from softswitch_codecs.opus import codec

RATE_HZ = 16000
STEP = 640
"""Bytes of 20 ms."""


def speech(seconds: float, rate_hz: int = RATE_HZ) -> bytes:
    """Syllables: a buzz with a moving pitch, and pauses between, so that the codec takes it for a voice."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * time)) / rate_hz
    buzz = sum(np.sin(number * phase) / number for number in range(1, 25))
    loudness = np.clip(np.sin(2 * np.pi * 3 * time), 0.0, 1.0)
    return (4000 * loudness * buzz).astype(np.int16).tobytes()


def packets(parameters: str, sound: bytes, rate_hz: int = RATE_HZ) -> list[bytes]:
    encoder, step = codec.open_encoder(parameters, rate_hz), STEP * rate_hz // RATE_HZ
    return [encoder.encode(sound[at : at + step]) for at in range(0, len(sound), step)]


def level(sound: bytes) -> float:
    return float(np.sqrt(np.mean(np.square(np.frombuffer(sound, np.int16).astype(float)))))


def bit_rate(payloads: list[bytes]) -> float:
    return sum(map(len, payloads)) * 8 / (len(payloads) * 0.02)


def test_bit_rate_is_32_kbit_and_24_for_narrow_sound_unless_the_party_wants_less() -> None:
    assert bit_rate(packets("cbr=1", speech(1.0))) == 32_000
    assert bit_rate(packets("cbr=1", speech(1.0, 8000), 8000)) == 24_000
    assert bit_rate(packets("cbr=1;useinbandfec=1", speech(1.0))) == 40_000
    assert bit_rate(packets("cbr=1;maxaveragebitrate=12000", speech(1.0))) == 12_000
    assert bit_rate(packets("cbr=1;maxaveragebitrate=510000", speech(1.0))) == 32_000
    assert bit_rate(packets("", speech(4.0))) < 34_000


def test_a_party_that_wants_a_constant_rate_gets_packets_of_one_length() -> None:
    assert len({len(payload) for payload in packets("cbr=1", speech(2.0))}) == 1
    assert len({len(payload) for payload in packets("", speech(2.0))}) > 10


@pytest.mark.parametrize("parameters", ["maxaveragebitrate=", "maxaveragebitrate=x;;=;cbr", "maxplaybackrate=99999999"])
def test_nonsense_in_the_parameters_changes_nothing(parameters: str) -> None:
    assert packets(parameters, speech(0.2)) == packets("", speech(0.2))


def test_silence_need_not_be_sent_where_the_party_says_so() -> None:
    silent = bytes(STEP * 100)
    sent = [bool(payload) for payload in packets("usedtx=1", speech(1.0) + silent)]
    assert all(sent[:50])
    assert 1 <= sum(sent[70:]) <= 20
    assert all(packets("", speech(1.0) + silent))


def test_a_lost_packet_is_concealed_and_comes_back_from_the_one_behind_it() -> None:
    sound = speech(3.0)
    sent = packets("useinbandfec=1", sound)
    complete, concealing, recovering = (codec.open_decoder() for _ in range(3))
    concealed_error = recovered_error = 0.0
    for number, payload in enumerate(sent):
        whole = np.frombuffer(complete.decode(payload), np.int16).astype(float)
        is_lost = number % 7 == 5 and number > 20
        guess = concealing.conceal(160) if is_lost else concealing.decode(payload)
        copy = recovering.recover(sent[number + 1], 160) if is_lost else recovering.decode(payload)
        if is_lost:
            concealed_error += float(np.square(np.frombuffer(guess, np.int16) - whole).mean())
            recovered_error += float(np.square(np.frombuffer(copy, np.int16) - whole).mean())
    assert recovered_error < 0.6 * concealed_error


def test_concealment_fades() -> None:
    decoder = codec.open_decoder()
    last = [decoder.decode(payload) for payload in packets("", speech(0.74))][-1]
    assert level(decoder.conceal(160)) > 0.2 * level(last)
    decoder.conceal(2000)
    assert level(decoder.conceal(160)) < 0.1 * level(last)


def test_a_packet_may_be_passed_on_unless_the_party_asked_for_less() -> None:
    assert codec.may_pass("minptime=10;useinbandfec=1;maxaveragebitrate=64000")
    assert not codec.may_pass("maxaveragebitrate=16000")
    assert not codec.may_pass("cbr=1")


def test_any_bytes_are_a_packet_or_are_not() -> None:
    """Two million bytes of anything: nothing but silence, sound or b"" ever comes of them."""
    random = np.random.default_rng(5)
    decoder = codec.open_decoder()
    for _ in range(4000):
        payload = random.bytes(int(random.integers(0, 1000)))
        length = codec.length(payload)
        assert 0 <= length <= 960
        assert len(decoder.decode(payload)) in (0, 4 * length)
        assert len(decoder.recover(payload, 160)) == STEP


def test_packets_that_were_cut_or_changed_do_no_harm() -> None:
    random = np.random.default_rng(6)
    decoder = codec.open_decoder()
    for payload in packets("useinbandfec=1", speech(2.0)) * 5:
        changed = bytearray(payload)
        for place in random.integers(0, len(payload), 3).tolist():
            changed[place] = int(random.integers(0, 256))
        damaged = bytes(changed[: int(random.integers(0, len(payload) + 1))])
        assert len(decoder.decode(damaged)) in (0, 4 * codec.length(damaged))


def test_without_the_library_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    opus._library.cache_clear()  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(opus, "find_spec", lambda _name: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    try:
        with pytest.raises(opus.CodecUnavailable, match="install PyAV from its wheel"):
            codec.check()
    finally:
        opus._library.cache_clear()  # pyright: ignore[reportPrivateUsage]
