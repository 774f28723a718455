"""Names and lengths of recordings."""

from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.ids import CallId
from softswitch.media.recording.recording import frames_at, frames_in, position_of, recording_path


def test_a_recording_lies_in_the_folder_of_its_utc_day() -> None:
    assert recording_path("/var/rec", 1_700_000_000.0, CallId("c-1")) == "/var/rec/2023/11/14/c-1.wav"


@given(st.text(max_size=300))
def test_a_call_id_cannot_leave_its_folder(call_id: str) -> None:
    path = recording_path("/r", 0.0, CallId(call_id))
    folder, _, name = path.rpartition("/")
    assert folder == "/r/1970/01/01"
    assert name.endswith(".wav")
    assert not name.startswith(".")
    assert len(name) <= 204


def test_length_follows_from_time() -> None:
    assert frames_at(100.0, 101.5) == 12000
    assert frames_at(100.0, 99.0) == 0
    assert frames_in(position_of(12000)) == 12000
    assert frames_in(position_of(12000) + 3) == 12000
    assert frames_in(10) == 0
