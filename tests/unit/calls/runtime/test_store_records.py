"""What is remembered of calls and their recordings, and in which order."""

import msgspec

from softswitch.base.ids import CallId, RecordingId
from softswitch.calls.runtime.records import StoreRecords
from softswitch.media.protocol import RecordingFinished
from softswitch.sip.outputs import Ban
from softswitch.store import memory_store
from softswitch.store.schema import ActiveCall, Cdr, LegFacts, StoredRecording
from softswitch.testing.clock import ManualClock

CALL = CallId("c")
AT = 1_700_000_000.0


def test_a_recording_that_is_archived_at_once_keeps_its_new_path_in_a_record_that_is_complete_later() -> None:
    store = memory_store()

    def archive(recording: StoredRecording) -> None:
        store.move_recording(msgspec.structs.replace(recording, path="/c-1.flac"), recording.path)

    records = StoreRecords(store, ManualClock(), archive)
    records.call_started(ActiveCall(call_id=CALL, started_at=AT, calling_number="1", called_number="2"))
    entry = StoredRecording(
        recording_id=RecordingId("r"),
        call_id=CALL,
        path="/c-1.wav",
        started_at=AT,
        duration_s=0.0,
        size_bytes=0,
        call_started_at=AT,
    )
    records.recording_started(entry)
    cdr = Cdr(
        call_id=CALL,
        started_at=AT,
        ended_at=AT + 9,
        calling_number="1",
        called_number="2",
        end_reason="completed",
        ended_by="caller",
        recordings=("/c-1.wav",),
    )
    records.call_ended(cdr)
    records.recording_finished(RecordingFinished(CALL, entry.recording_id, entry.path, 9.0, 144_044))
    assert [each.path for each in store.recordings.ascending()] == ["/c-1.wav"]
    records.call_measured(msgspec.structs.replace(cdr, legs=(LegFacts(role="caller", party="anna", mos=4.1),)))
    (written,) = store.cdrs.ascending()
    assert written.recordings == ("/c-1.flac",)
    assert [leg.mos for leg in written.legs] == [4.1]
    assert not records.is_in_progress(CALL)


def test_a_recording_that_is_closed_after_its_call_s_record_is_handed_on_at_once() -> None:
    handed_on: list[StoredRecording] = []
    records = StoreRecords(memory_store(), ManualClock(), handed_on.append)
    records.recording_finished(RecordingFinished(CALL, RecordingId("r"), "/c-1.wav", 9.0, 144_044))
    assert [each.path for each in handed_on] == ["/c-1.wav"]


def test_bans_survive_a_restart_until_they_are_forgotten() -> None:
    store, clock = memory_store(), ManualClock()
    records = StoreRecords(store, clock)
    wall = clock.wall()
    young = Ban(network="192.0.2.66", since_wall=wall, until_wall=wall + 300.0, times=2, reason="scanner")
    old = Ban(network="192.0.2.67", since_wall=wall - 90_000.0, until_wall=wall - 86_401.0)
    lifted = Ban(network="192.0.2.68", since_wall=wall, until_wall=wall + 300.0)
    for ban in (young, old, lifted):
        records.ban_changed(ban, is_lifted=False)
    records.ban_changed(lifted, is_lifted=True)
    assert StoreRecords(store, clock).stored_bans() == [young]
    assert store.bans.count() == 1


def test_a_recording_of_a_call_that_died_with_its_switch_belongs_to_the_calls_project() -> None:
    store, clock = memory_store(), ManualClock()
    former = StoreRecords(store, clock)
    call = ActiveCall(call_id=CALL, started_at=AT, calling_number="+1", called_number="2")
    former.call_started(call)
    former.call_changed(msgspec.structs.replace(call, project="acme"))
    records = StoreRecords(store, clock)
    records.calls_lost(store.end_leftover_calls(AT + 60))
    records.recording_finished(RecordingFinished(CALL, RecordingId("c-1"), "/c-1.wav", 9.0, 144_044))
    (cdr,) = store.cdrs.ascending()
    (recording,) = store.recordings.ascending()
    assert (cdr.project, recording.project, recording.calling_number) == ("acme", "acme", "+1")
    assert recording.call_started_at == cdr.started_at
