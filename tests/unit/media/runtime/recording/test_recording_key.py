"""The key file: what may be in it, and what is said of one that will not do."""

from pathlib import Path

import pytest

from softswitch.media.runtime.recording.recording_key import KeyFault, read_key

KEY = bytes(range(32))


@pytest.mark.parametrize(
    "content", [KEY, KEY.hex().encode(), KEY.hex().upper().encode() + b"\n", b" " + KEY.hex().encode()]
)
def test_a_key_is_raw_or_in_hexadecimal_digits(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    assert read_key(str(path)) == KEY


@pytest.mark.parametrize("content", [b"", KEY[:31], KEY.hex().encode()[:-1], b"z" * 64, "ключ".encode() * 8 + b"x"])
def test_what_is_no_key_is_told_with_the_way_to_make_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFault, match=r"does not hold a key.*openssl rand -hex 32"):
        read_key(str(path))


def test_a_key_that_is_not_there_or_open_to_everybody_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(KeyFault, match="No such file"):
        read_key(str(path))
    path.write_bytes(KEY)
    path.chmod(0o644)
    with pytest.raises(KeyFault, match=r"everybody.*chmod 600"):
        read_key(str(path))
    with pytest.raises(KeyFault, match="null"):
        read_key("a\0b")
