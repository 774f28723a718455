"""How recordings are kept: by queue where one has its own way, and what a reload changes of it."""

from pathlib import Path

from softswitch.app.archive import ArchiveSettings, Keeping
from softswitch.app.settings import archive_settings, call_settings, reloaded
from softswitch.base.ids import CallId, QueueId, RecordingId
from softswitch.calls.settings import QueueTreatment, RecordingPolicy
from softswitch.config import Configuration, load
from softswitch.store.schema import StoredRecording

QUEUES = """
[[queue]]
id = "sales"
record = "on_demand"
recording_format = "wav"
keep_recordings_days = 7
beep_every_s = 15

[[queue]]
id = "support"
record = false

[[queue]]
id = "ever"
keep_recordings_days = 0
"""


def configuration(directory: Path, recordings: str) -> Configuration:
    (directory / "softswitch.toml").write_text(f'[sip]\ndomain = "a.test"\n[recordings]\n{recordings}')
    (directory / "queues.toml").write_text(QUEUES)
    return load(directory)


def recording(queue: str | None) -> StoredRecording:
    return StoredRecording(
        recording_id=RecordingId("r"),
        call_id=CallId("c"),
        path="/a.wav",
        started_at=0.0,
        duration_s=1.0,
        size_bytes=1,
        queue=None if queue is None else QueueId(queue),
    )


def test_a_queue_s_own_way_goes_before_that_of_all(tmp_path: Path) -> None:
    settings = archive_settings(configuration(tmp_path, 'format = "flac"\nkeep_days = 30'))
    assert settings.keeping(recording("sales")) == Keeping(format="wav", days=7)
    assert settings.keeping(recording("support")) == Keeping(format="flac", days=30)
    assert settings.keeping(recording("ever")) == Keeping(format="flac", days=0)
    for queue in (None, "of yesterday"):
        assert settings.keeping(recording(queue)) == Keeping(format="flac", days=30)
    assert settings.shortest_days == 7
    assert ArchiveSettings().shortest_days is None


def test_what_calls_are_told_of_recording(tmp_path: Path) -> None:
    settings = call_settings(configuration(tmp_path, "mask_max_s = 60\nbeep_every_s = 30"))
    assert (settings.mask_max_s, settings.beep_every_s) == (60, 30)
    assert settings.queues == {
        "sales": QueueTreatment(recording=RecordingPolicy.ON_DEMAND, beep_every_s=15),
        "support": QueueTreatment(recording=RecordingPolicy.NEVER, beep_every_s=30),
        "ever": QueueTreatment(recording=None, beep_every_s=30),
    }


def test_all_but_the_directory_of_recordings_can_be_reloaded(tmp_path: Path) -> None:
    running = configuration(tmp_path, "keep_days = 30")
    section = reloaded(running, configuration(tmp_path, 'directory = "other"\nkeep_days = 10')).settings.recordings
    assert section.directory == running.settings.recordings.directory
    assert section.keep_days == 10
