"""Paths of files in rows: stored without their directory, whole for whoever reads, also after a move."""

from pathlib import Path

import msgspec
import pytest

from softswitch.base.ids import CallId, RecordingId
from softswitch.store.conference_schema import StoredMinutes
from softswitch.store.file_places import FilePlaces, below_by_day
from softswitch.store.memory import MemoryRows
from softswitch.store.readers import StoreReader
from softswitch.store.schema import CDRS, RECORDINGS, Cdr, StoredRecording
from softswitch.store.store import Store
from softswitch.store.voicemail_schema import StoredVoiceMessage

NAME = "2026/11/30/c1-1.wav"


def recording(path: str, leftover: str = "") -> StoredRecording:
    return StoredRecording(
        recording_id=RecordingId("c1-1"),
        call_id=CallId("c1"),
        path=path,
        started_at=1000.0,
        duration_s=5.0,
        size_bytes=80_000,
        leftover=leftover,
    )


def cdr(*paths: str) -> Cdr:
    return Cdr(
        call_id=CallId("c1"),
        started_at=1000.0,
        ended_at=1010.0,
        calling_number="100",
        called_number="200",
        end_reason="hung_up",
        ended_by="caller",
        recordings=paths,
    )


def store_of(rows: MemoryRows, directory: str) -> Store:
    return Store(rows, rows, rows.close, recordings=directory, voicemail="/var/voicemail")


def test_a_path_below_the_directory_is_stored_without_it_and_read_with_the_one_that_there_is_now() -> None:
    rows = MemoryRows()
    store = store_of(rows, "/var/recordings")
    store.recordings.put((1000.0, "c1-1"), recording(f"/var/recordings/{NAME}", f"/var/recordings/{NAME}.old"))
    store.cdrs.put((1000.0, "c1"), cdr(f"/var/recordings/{NAME}", "/mnt/elsewhere/x.wav"))
    (stored,) = rows.scan("recordings", None, None, reverse=False, limit=9)
    assert msgspec.msgpack.decode(stored[1])["path"] == NAME
    for directory in ("/var/recordings", "/srv/restored/", "/srv/x/../restored"):
        place = "/var/recordings" if "var" in directory else "/srv/restored"
        reader = StoreReader(rows, rows.close, recordings=directory)
        (entry,) = reader.recordings.ascending()
        assert (entry.path, entry.leftover) == (f"{place}/{NAME}", f"{place}/{NAME}.old")
        (found,) = reader.cdrs.descending()
        assert found.recordings == (f"{place}/{NAME}", "/mnt/elsewhere/x.wav")
        assert store_of(rows, directory).recordings.get((1000.0, "c1-1")) == entry
    (bare,) = StoreReader(rows, rows.close).recordings.newest(1).values
    assert bare.path == NAME


def test_a_recording_that_is_archived_keeps_its_place_in_its_call_record() -> None:
    rows = MemoryRows()
    store = store_of(rows, "/var/recordings")
    store.recordings.put((1000.0, "c1-1"), recording(f"/var/recordings/{NAME}"))
    store.cdrs.put((1000.0, "c1"), cdr(f"/var/recordings/{NAME}"))
    restored = store_of(rows, "/srv/restored")
    entry = restored.recordings.get((1000.0, "c1-1"))
    assert entry is not None
    entry = msgspec.structs.replace(entry, call_started_at=1000.0, path=entry.path.replace(".wav", ".flac"))
    restored.move_recording(entry, f"/srv/restored/{NAME}")
    record = restored.cdrs.get((1000.0, "c1"))
    assert record is not None
    assert record.recordings == (f"/srv/restored/{NAME}".replace(".wav", ".flac"),)


def test_a_row_of_an_earlier_version_is_found_after_a_move(tmp_path: Path) -> None:
    rows = MemoryRows()
    Store(rows, rows, rows.close).recordings.put((1000.0, "c1-1"), recording(f"/former/recordings/{NAME}"))
    reader = StoreReader(rows, rows.close, recordings=str(tmp_path))
    assert [each.path for each in reader.recordings.ascending()] == [f"/former/recordings/{NAME}"], "nothing is there"
    file = tmp_path / NAME
    file.parent.mkdir(parents=True)
    file.touch()
    assert [each.path for each in reader.recordings.ascending()] == [str(file)]


def test_a_file_outside_the_directory_stays_where_it_is(tmp_path: Path) -> None:
    outside = tmp_path / "outside.wav"
    outside.touch()
    places = FilePlaces(str(tmp_path / "recordings"), ("path",))
    for path in (str(outside), "/nowhere/at/all.wav", str(tmp_path / "recordings-2" / NAME)):
        entry = recording(path)
        assert places.stored(entry) == entry
        assert places.found(entry) == entry


def test_only_the_fields_there_are_are_read_of_a_narrow_row() -> None:
    class Narrow(msgspec.Struct, frozen=True):
        call_id: str

    class Paths(msgspec.Struct, frozen=True):
        recordings: tuple[str, ...] = ()

    rows = MemoryRows()
    store = store_of(rows, "/var/recordings")
    store.cdrs.put((1000.0, "c1"), cdr(f"/var/recordings/{NAME}"))
    reader = StoreReader(rows, rows.close, recordings="/srv")
    assert list(reader.cdrs.narrow(Narrow).ascending()) == [Narrow("c1")]
    assert list(reader.cdrs.narrow(Paths).ascending()) == [Paths((f"/srv/{NAME}",))]


def test_all_rows_with_files_say_so() -> None:
    assert (RECORDINGS.files, CDRS.files) == (("path", "leftover"), ("recordings",))
    rows = MemoryRows()
    store = store_of(rows, "/var/recordings")
    message = StoredVoiceMessage(message_id="m1", box="b", path="/var/voicemail/b/m1.wav", received_wall=1.0)
    store.voice_messages.put("m1", message)
    minutes = StoredMinutes(
        conference_id="k1", room_id="r", started_at=1.0, ended_at=2.0, recordings=(f"/var/recordings/{NAME}",)
    )
    store.minutes.put((1.0, "k1"), minutes)
    assert store.voice_messages.get("m1") == message
    assert store.minutes.get((1.0, "k1")) == minutes
    for table in ("voice_messages", "minutes"):
        assert b"/var" not in b"".join(row for _, row in rows.scan(table, None, None, reverse=False, limit=9))


@pytest.mark.parametrize(
    ("path", "shown"),
    [(f"/var/lib/x/{NAME}", NAME), (NAME, NAME), ("/var/lib/odd.wav", "odd.wav"), ("odd.wav", "odd.wav"), ("", "")],
)
def test_what_a_report_shows_of_a_path(path: str, shown: str) -> None:
    assert below_by_day(path) == shown
