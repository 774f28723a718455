"""Directories of recordings."""

from pathlib import Path

import pytest

from softswitch.prompts.runtime.folders import asterisk_folder, index_folder


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def test_sounds_are_known_by_their_path_without_the_suffix(tmp_path: Path) -> None:
    welcome = touch(tmp_path / "en" / "greeting" / "welcome.WAV")
    jingle = touch(tmp_path / "jingle.mp3")
    touch(tmp_path / "readme.txt")
    assert index_folder(tmp_path) == {"en/greeting/welcome": welcome, "jingle": jingle}


def test_of_two_formats_the_better_is_taken(tmp_path: Path) -> None:
    touch(tmp_path / "a.gsm")
    best = touch(tmp_path / "a.wav")
    touch(tmp_path / "a.mp3")
    assert index_folder(tmp_path) == {"a": best}


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert index_folder(tmp_path / "missing") == {}
    assert asterisk_folder(tmp_path / "missing", "en") is None


@pytest.mark.parametrize(
    ("language", "folder"), [("en", "en_US_f_Allison"), ("ru-RU", "ru_RU_f_IvrvoiceRU"), ("fr", "fr"), ("de", None)]
)
def test_core_sounds_are_found_in_debians_layout_and_in_asterisks_own(
    tmp_path: Path, language: str, folder: str | None
) -> None:
    for name in ("en_US_f_Allison", "ru_RU_f_IvrvoiceRU", "fr"):
        touch(tmp_path / name / "digits" / "1.wav")
    assert asterisk_folder(tmp_path, language) == (tmp_path / folder if folder else None)


def test_one_languages_folder_may_be_named_itself(tmp_path: Path) -> None:
    touch(tmp_path / "en_US_f_Allison" / "digits" / "1.wav")
    assert asterisk_folder(tmp_path / "en_US_f_Allison", "en") == tmp_path / "en_US_f_Allison"
    assert asterisk_folder(tmp_path / "en_US_f_Allison", "ru") is None
