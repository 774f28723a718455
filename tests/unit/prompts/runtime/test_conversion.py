"""Recordings in any format become 8 kHz samples; what is no recording becomes one clear line."""

import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.prompts.errors import PromptError
from softswitch.prompts.levels import PEAK_DBFS, peak_dbfs
from softswitch.prompts.limits import SOUND_S_MAX
from softswitch.prompts.runtime.conversion import read_sound

GOLDEN = Path(__file__).parents[3] / "golden" / "prompts"


def write_stereo(path: Path, *, rate_hz: int, left: float, right: float, duration_s: float = 0.5) -> None:
    at = np.arange(round(duration_s * rate_hz)) / rate_hz
    tone = np.sin(2 * np.pi * 440 * at) * 32767
    with wave.open(str(path), "wb") as writer:
        writer.setparams((2, 2, rate_hz, 0, "NONE", ""))
        writer.writeframes(np.stack([tone * left, tone * right], axis=1).astype("<i2").tobytes())


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100, 48000])
def test_stereo_at_any_rate_becomes_mono_at_8_khz(tmp_path: Path, rate_hz: int) -> None:
    write_stereo(tmp_path / "a.wav", rate_hz=rate_hz, left=0.5, right=0.1)
    samples = read_sound(tmp_path / "a.wav")
    assert len(samples) == pytest.approx(4000, abs=1)
    spectrum = np.abs(np.fft.rfft(samples[:4000]))
    assert np.argmax(spectrum) == 220  # half a second of 440 Hz
    assert -12 < peak_dbfs(samples) < -6


def test_a_recording_that_is_too_loud_is_brought_down_and_no_other(tmp_path: Path) -> None:
    write_stereo(tmp_path / "loud.wav", rate_hz=16000, left=1, right=1)
    write_stereo(tmp_path / "soft.wav", rate_hz=16000, left=0.01, right=0.01)
    assert peak_dbfs(read_sound(tmp_path / "loud.wav")) == pytest.approx(PEAK_DBFS, abs=0.1)
    assert peak_dbfs(read_sound(tmp_path / "soft.wav")) < -35


def test_compressed_recordings_are_read_too() -> None:
    samples = read_sound(GOLDEN / "tone_440hz.flac")  # half a second of 440 Hz at 44.1 kHz
    assert len(samples) == pytest.approx(4000, abs=1)
    assert np.argmax(np.abs(np.fft.rfft(samples[:4000]))) == 220


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.wav", b""),
        ("words.wav", b"these are only words " * 100),
        ("cut.flac", b"fLaC\x00\x00"),
        ("playlist.wav", b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.wav\n#EXT-X-ENDLIST\n"),
    ],
)
def test_what_is_no_sound_is_one_clear_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PromptError, match=r"it cannot be played: .+\. Replace the file or remove it$") as raised:
        read_sound(tmp_path / name)
    assert name in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_without_a_sample_is_said_to_be_empty(tmp_path: Path) -> None:
    write_stereo(tmp_path / "a.wav", rate_hz=8000, left=0, right=0, duration_s=0)
    with pytest.raises(PromptError, match="cannot be played"):
        read_sound(tmp_path / "a.wav")


def test_a_missing_file_and_a_folder_are_faults(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="No such file"):
        read_sound(tmp_path / "missing.wav")
    with pytest.raises(PromptError, match="Is a directory"):
        read_sound(tmp_path)


def test_a_recording_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "long.wav"), "wb") as writer:
        writer.setparams((1, 1, 1000, 0, "NONE", ""))
        writer.writeframes(bytes((SOUND_S_MAX + 1) * 1000))
    with pytest.raises(PromptError, match="longer than 15 minutes"):
        read_sound(tmp_path / "long.wav")
