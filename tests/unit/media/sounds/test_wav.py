"""WAV parsing and the header of a recording, checked against Python's own `wave`."""

import io
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.media.sounds.wav import HEADER_BYTES, WavFault, header, parse_sound, read_sound


def wav_file(samples: int, *, channels: int = 1, rate: int = 8000, sample_bytes: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(sample_bytes)
        writer.setframerate(rate)
        writer.writeframes((np.arange(samples * channels) % 100).astype(f"<i{sample_bytes}").tobytes())
    return file.getvalue()


def reason(content: bytes) -> str:
    sound = parse_sound(content)
    assert isinstance(sound, WavFault)
    return sound.reason


def test_a_sound_is_read() -> None:
    sound = parse_sound(wav_file(250))
    assert isinstance(sound, np.ndarray)
    assert sound.dtype == np.int16
    assert sound.tolist() == (np.arange(250) % 100).tolist()


def test_chunks_that_do_not_matter_are_passed_over_with_their_padding() -> None:
    plain = wav_file(10)
    content = plain[:12] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + plain[12:]
    sound = parse_sound(content)
    assert isinstance(sound, np.ndarray)
    assert len(sound) == 10


def test_extensible_pcm_is_pcm() -> None:
    guid = bytes.fromhex("0100000000001000800000aa00389b71")
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4) + guid
    content = b"RIFF\0\0\0\0WAVE" + b"fmt " + struct.pack("<I", len(form)) + form + b"data\x04\0\0\0\1\0\2\0"
    sound = parse_sound(content)
    assert isinstance(sound, np.ndarray)
    assert sound.tolist() == [1, 2]


@pytest.mark.parametrize("size", [0xFFFFFFFF, 1000])
def test_an_unfinished_file_gives_what_is_there(size: int) -> None:
    content = bytearray(wav_file(10))
    content[40:44] = struct.pack("<I", size)
    sound = parse_sound(bytes(content) + b"\x07")
    assert isinstance(sound, np.ndarray)
    assert len(sound) == 10


def test_of_two_channels_the_sum_is_heard() -> None:
    frames = np.array([[1000, 1], [-30000, -30000], [30000, 30000], [5, 0]], np.int16)
    sound = parse_sound(header(channels=2, frames=len(frames)) + frames.tobytes() + b"\x01\x02\x03")
    assert isinstance(sound, np.ndarray)
    assert sound.tolist() == [1001, -32768, 32767, 5]
    assert not sound.flags.writeable


def test_a_file_without_samples_is_an_empty_sound() -> None:
    sound = parse_sound(wav_file(0))
    assert isinstance(sound, np.ndarray)
    assert len(sound) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a WAV file"),
        (b"ID3" + bytes(50), "not a WAV file"),
        (wav_file(10, rate=44100, channels=2), "44100 Hz, 2 channels, 16-bit PCM"),
        (wav_file(10, sample_bytes=1), "8000 Hz, 1 channel, 8-bit PCM"),
        (wav_file(10)[:20] + struct.pack("<H", 7) + wav_file(10)[22:], "format 0x0007"),
        (wav_file(10)[:30], "format is cut short"),
        (wav_file(10)[:36], "ends before its samples"),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", "before their format"),
    ],
)
def test_what_cannot_be_played_says_why(content: bytes, words: str) -> None:
    assert words in reason(content)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_sound_or_a_fault(tail: bytes) -> None:
    for content in (tail, b"RIFF\0\0\0\0WAVE" + tail, wav_file(4)[:36] + tail):
        assert isinstance(parse_sound(content), np.ndarray | WavFault)


def test_files_that_cannot_be_opened_are_faults(tmp_path: Path) -> None:
    for path in (str(tmp_path), str(tmp_path / "absent.wav"), "a\0b"):
        assert isinstance(read_sound(path), WavFault)
    (tmp_path / "present.wav").write_bytes(wav_file(3))
    assert isinstance(read_sound(str(tmp_path / "present.wav")), np.ndarray)


def test_a_file_too_large_to_hold_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.wav"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    fault = read_sound(str(path))
    assert isinstance(fault, WavFault)
    assert "cut it" in fault.reason


def test_a_complete_header_is_what_wave_writes() -> None:
    assert header(channels=2, frames=10) == wav_file(10, channels=2)[:HEADER_BYTES]


def test_a_header_with_unknown_sizes_lets_wave_read_to_the_end() -> None:
    with wave.open(io.BytesIO(header(channels=2, frames=None) + bytes(4 * 5))) as reader:
        assert (reader.getnchannels(), reader.getframerate(), reader.getsampwidth()) == (2, 8000, 2)
        assert len(reader.readframes(1 << 20)) == 4 * 5


def test_a_recording_of_forty_hours_keeps_unknown_sizes() -> None:
    assert header(channels=2, frames=40 * 3600 * 8000) == header(channels=2, frames=None)
