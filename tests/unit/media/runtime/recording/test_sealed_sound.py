"""Voice messages at rest: sealed under their own names once, and copied out as they were."""

import os
from pathlib import Path

import pytest

from softswitch.base.errors import SoftswitchError
from softswitch.media.runtime.recording.sealed_sound import is_sealed, plain_copy, remove_copies, seal_in_place

SOUND = b"RIFF" + bytes(range(256)) * 1000


@pytest.fixture
def key(tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_text("5f" * 32)
    return str(path)


@pytest.fixture
def message(tmp_path: Path) -> str:
    path = tmp_path / "message.wav"
    path.write_bytes(SOUND)
    path.chmod(0o640)
    return str(path)


def test_it_is_sealed_once_and_keeps_its_name_and_rights(message: str, key: str) -> None:
    assert not is_sealed(message)
    assert seal_in_place(message, key)
    assert is_sealed(message)
    assert SOUND[4:400] not in Path(message).read_bytes()
    assert os.stat(message).st_mode & 0o777 == 0o640
    assert not seal_in_place(message, key), "it is so already"
    assert sorted(os.listdir(Path(message).parent)) == ["key", "message.wav"]


def test_a_copy_is_what_it_was_and_its_owners_alone(message: str, key: str) -> None:
    assert plain_copy(message, key, "one") == "", "it can be played as it is"
    seal_in_place(message, key)
    copy = plain_copy(message, key, message)
    try:
        assert Path(copy).read_bytes() == SOUND
        assert os.stat(copy).st_mode & 0o777 == 0o600
        remove_copies("another switch")
        assert os.path.exists(copy)
    finally:
        remove_copies(message)
    assert not os.path.exists(copy)


def test_without_the_key_nothing_is_left_lying_about(message: str, key: str, tmp_path: Path) -> None:
    seal_in_place(message, key)
    other = tmp_path / "other"
    other.touch(0o600)
    other.write_text("60" * 32)
    with pytest.raises(SoftswitchError, match="another key"):
        plain_copy(message, str(other), message)
    with pytest.raises(SoftswitchError):
        seal_in_place(_plain(tmp_path), str(tmp_path / "missing"))
    assert not list(tmp_path.glob("*.sealing"))
    remove_copies(message)


def _plain(directory: Path) -> str:
    path = directory / "second.wav"
    path.write_bytes(SOUND)
    return str(path)
