"""The cache: made once, made anew when what it was made from changes."""

import os
from pathlib import Path

import numpy as np
import pytest

from softswitch.base.errors import Fault
from softswitch.prompts.errors import PromptError
from softswitch.prompts.limits import SPOKEN_TEXTS_MAX
from softswitch.prompts.runtime.cache import SoundCache
from softswitch.prompts.runtime.conversion import read_sound
from softswitch.prompts.runtime.wav_files import is_telephone_wav, write_wav

SECOND = np.full(8000, 0.25, dtype=np.float32)


@pytest.fixture
def cache(tmp_path: Path) -> SoundCache:
    return SoundCache(tmp_path / "cache")


def made_at(path: Path) -> int:
    return path.stat().st_mtime_ns


def test_a_phrase_is_spoken_once_and_again_when_its_words_change(cache: SoundCache) -> None:
    path = cache.phrase("digit/1", "one", "en")
    first = made_at(path)
    assert is_telephone_wav(path)
    assert path.parent.name == "digit"
    assert cache.phrase("digit/1", "one", "en") == path
    assert made_at(path) == first
    assert cache.phrase("digit/1", "won", "en") != path
    assert cache.phrase("digit/1", "one", "ru") != path


def test_a_file_that_lost_its_content_is_made_again(cache: SoundCache) -> None:
    path = cache.text("one", "en")
    path.write_bytes(b"")
    assert is_telephone_wav(cache.text("one", "en"))


def test_a_recording_fit_for_telephones_is_played_as_it_is(cache: SoundCache, tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    write_wav(source, SECOND)
    assert cache.converted(source) == source


def test_another_recording_is_converted_once_and_again_when_it_changes(cache: SoundCache, tmp_path: Path) -> None:
    source = tmp_path / "a.g722"
    source.write_bytes(bytes(8000))
    path = cache.converted(source)
    first = made_at(path)
    assert len(read_sound(path)) == 8000
    assert cache.converted(source) == path
    assert made_at(path) == first
    source.write_bytes(bytes(4000))
    os.utime(source, ns=(0, 1))
    assert cache.converted(source) != path
    with pytest.raises(PromptError, match="cannot be read"):
        cache.converted(tmp_path / "missing.wav")


def test_recordings_are_joined_without_those_that_are_broken(cache: SoundCache, tmp_path: Path) -> None:
    sources = [tmp_path / name for name in ("1.wav", "2.wav", "3.wav")]
    write_wav(sources[0], SECOND)
    sources[1].write_text("no music")
    write_wav(sources[2], -SECOND)
    faults: list[Fault] = []
    joined = read_sound(cache.joined(sources, faults.append))
    assert np.array_equal(np.sign(joined), np.sign(np.concatenate([SECOND, -SECOND])))
    assert [fault.file for fault in faults] == [str(sources[1])]
    with pytest.raises(PromptError, match="no file in it can be played"):
        cache.joined(sources[1:2], faults.append)


def test_music_has_a_longest_length(cache: SoundCache, tmp_path: Path) -> None:
    sources = [tmp_path / f"{number}.wav" for number in range(4)]
    for source in sources:
        write_wav(source, SECOND)
    faults: list[Fault] = []
    path = cache.joined(sources, faults.append, longest_s=3)
    assert path.stat().st_size == 44 + 3 * 16000
    assert [fault.file for fault in faults] == [str(sources[3])]
    assert "longer than 3 seconds" in faults[0].reason


def test_the_oldest_texts_make_room(cache: SoundCache, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "texts" / "en"
    folder.mkdir(parents=True)
    for number in range(SPOKEN_TEXTS_MAX):
        old = folder / f"{number}.wav"
        old.touch()
        os.utime(old, (number, number))
    newest = cache.text("one", "en")
    left = {path.name for path in folder.iterdir()}
    assert len(left) == SPOKEN_TEXTS_MAX - SPOKEN_TEXTS_MAX // 10 + 1
    assert newest.name in left
    assert "0.wav" not in left


def test_generated_sounds_are_computed_once(cache: SoundCache) -> None:
    path = cache.generated("second", lambda: SECOND)
    assert cache.generated("second", lambda: pytest.fail("computed twice")) == path
