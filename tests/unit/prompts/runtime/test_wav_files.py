"""WAV files are there whole or not at all."""

import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.prompts.errors import PromptError
from softswitch.prompts.runtime.wav_files import is_telephone_wav, write_wav

SAMPLES = np.linspace(-0.5, 0.5, 800, dtype=np.float32)


def test_what_is_written_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "sound.wav"
    write_wav(path, SAMPLES)
    assert is_telephone_wav(path)
    with wave.open(str(path)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, 8000)
        samples = np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2")
    assert np.array_equal(samples, np.rint(SAMPLES * 32768).astype(np.int16))
    assert [file.name for file in path.parent.iterdir()] == ["sound.wav"]


def test_a_folder_that_cannot_be_is_one_clear_line_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PromptError, match=r"sound.wav: sound: it cannot be written \(.+\)\. Make room"):
        write_wav(tmp_path / "file" / "sound.wav", SAMPLES)


def test_a_name_that_is_taken_by_a_folder_leaves_no_part_behind(tmp_path: Path) -> None:
    (tmp_path / "sound.wav").mkdir()
    with pytest.raises(PromptError, match="cannot be written"):
        write_wav(tmp_path / "sound.wav", SAMPLES)
    assert [file.name for file in tmp_path.iterdir()] == ["sound.wav"]


@pytest.mark.parametrize("parameters", [(2, 2, 8000), (1, 1, 8000), (1, 2, 16000)])
def test_other_formats_are_not_for_telephones(tmp_path: Path, parameters: tuple[int, int, int]) -> None:
    path = tmp_path / "other.wav"
    with wave.open(str(path), "wb") as writer:
        writer.setparams((*parameters, 0, "NONE", ""))
        writer.writeframes(bytes(1600))
    assert not is_telephone_wav(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\x00\x00\x00\x00WAVE", b"not a sound at all"])
def test_what_is_no_wav_is_not_for_telephones(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    assert not is_telephone_wav(path)
    assert not is_telephone_wav(tmp_path / "missing.wav")
