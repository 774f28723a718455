"""A worker that no switch can reach any more ends by itself, and leaves alone what is its successor's."""

from pathlib import Path

import pytest

from softswitch.media.protocol import Describe
from softswitch.testing.runtime.media_process import MediaProcess

pytestmark = pytest.mark.network

ENDS_WITHIN_S = 20.0


def test_one_whose_place_another_has_taken_ends(tmp_path: Path) -> None:
    path = tmp_path / "media-0.sock"
    forsaken = MediaProcess(path)
    path.unlink()  # as the successor does, that this test may not connect too early
    successor = MediaProcess(path)
    try:
        forsaken.socket.close()
        assert forsaken.process.wait(ENDS_WITHIN_S) == 0
        assert successor.process.poll() is None
        assert successor.command(Describe([], [], [], [])) == []
        assert path.is_socket()
        assert path.with_name("media-0.sock.orders").exists()
        successor.socket.close()
        successor.connect()
        assert successor.command() == []
    finally:
        forsaken.kill()
        successor.kill()
