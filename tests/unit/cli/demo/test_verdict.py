"""The verdict finds what went wrong, wherever it shows; and the figures are those of the CDRs."""

import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.base.ids import AgentId, CallId, QueueId, RecordingId
from softswitch.cli.demo.people import Caller, Stage
from softswitch.cli.demo.script import Visit, read_lines, write_script
from softswitch.cli.demo.verdict import Records, Verdict, figures, judge
from softswitch.cli.demo.voices import Conversation
from softswitch.control.protocol.rows import QueueRow
from softswitch.store.schema import Cdr, StoredRecording

TALK_S = 8.0
VISIT: Visit = write_script(60, 1, ["anna"], read_lines()).visits[0]
NUMBER = VISIT.calling_number


@pytest.fixture
def recording(tmp_path: Path) -> StoredRecording:
    """Both speak."""
    path = tmp_path / "call.wav"
    write_stereo(path, caller=8000, agent=8000)
    return StoredRecording(
        recording_id=RecordingId("r1"),
        call_id=CallId("c1"),
        path=str(path),
        started_at=1.0,
        duration_s=TALK_S,
        size_bytes=path.stat().st_size,
    )


def write_stereo(path: Path, *, caller: int, agent: int) -> None:
    tone = np.sin(np.arange(int(TALK_S * 8000)) / 3)
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.stack((caller * tone, agent * tone), axis=1).astype("<i2").tobytes())


def served_caller() -> Caller:
    caller = Caller(VISIT)
    caller.met("anna", Conversation(agent=[], caller=[], duration_s=TALK_S, caller_begins_s=2.0))
    caller.stage = Stage.SERVED
    return caller


def answered(recording: StoredRecording, **changes: object) -> Cdr:
    fields: dict[str, object] = {
        "call_id": CallId("c1"),
        "started_at": 0.0,
        "ended_at": 20.0,
        "calling_number": NUMBER,
        "called_number": VISIT.number,
        "queue": QueueId("sales"),
        "agent": AgentId("anna"),
        "queue_wait_s": 3.0,
        "talk_s": TALK_S,
        "end_reason": "completed",
        "ended_by": "agent",
        "recordings": (recording.path,),
        "scores": {"satisfaction": 4},
    }
    return Cdr(**(fields | changes))  # pyright: ignore[reportArgumentType]


def queue_row(*, answered: int, abandoned: int = 0) -> QueueRow:
    return QueueRow(
        queue_id=QueueId("sales"),
        name="Sales",
        waiting=0,
        longest_wait_s=0.0,
        agents_ready=1,
        agents_busy=0,
        agents_logged_in=1,
        answered=answered,
        abandoned=abandoned,
    )


def reasons(caller: Caller, cdr: Cdr, *recordings: StoredRecording) -> str:
    verdict = judge([caller], Records([cdr], list(recordings)), [queue_row(answered=bool(cdr.agent))], [])
    assert not verdict.faults
    return "; ".join(verdict.failures.get(NUMBER, []))


def test_a_good_call(recording: StoredRecording) -> None:
    assert reasons(served_caller(), answered(recording), recording) == ""


def test_what_a_caller_met_counts(recording: StoredRecording) -> None:
    caller = served_caller()
    caller.faults.append("heard nothing (0 packets)")
    assert reasons(caller, answered(recording), recording) == "heard nothing (0 packets)"


@pytest.mark.parametrize(("who", "levels"), [("caller", (0, 8000)), ("agent", (8000, 10))])
def test_a_silent_channel(recording: StoredRecording, who: str, levels: tuple[int, int]) -> None:
    write_stereo(Path(recording.path), caller=levels[0], agent=levels[1])
    assert f"is silent where the {who} spoke" in reasons(served_caller(), answered(recording), recording)


def test_a_recording_that_is_missing_short_unreadable_or_not_indexed(recording: StoredRecording) -> None:
    cdr = answered(recording)
    assert "is not in the index" in reasons(served_caller(), cdr)
    assert "has 0 recordings instead of one" in reasons(served_caller(), answered(recording, recordings=()))
    Path(recording.path).write_bytes(b"RIFF")
    assert "cannot be read" in reasons(served_caller(), cdr, recording)
    Path(recording.path).unlink()
    assert "cannot be read (No such file" in reasons(served_caller(), cdr, recording)
    write_stereo(Path(recording.path), caller=8000, agent=8000)
    assert "lasts 8.0 s, the conversation 12.0 s" in reasons(
        served_caller(), answered(recording, talk_s=12.0), recording
    )


def test_a_flow_that_failed(recording: StoredRecording) -> None:
    cdr = answered(recording, fault="Traceback ...\nValueError: no\n", end_reason="failed")
    assert reasons(served_caller(), cdr, recording) == "its flow failed: ValueError: no"
    assert "the CDR says failed" in reasons(served_caller(), answered(recording, end_reason="failed"), recording)


def test_records_that_contradict_the_phones(recording: StoredRecording) -> None:
    assert "anna answered, but the CDR says boris" in reasons(
        served_caller(), answered(recording, agent=AgentId("boris")), recording
    )
    verdict = judge([served_caller()], Records([], []), [queue_row(answered=1, abandoned=1)], ["it rained"])
    assert verdict.failures == {NUMBER: ["has no CDR"]}
    assert verdict.faults == [
        "it rained",
        "1 calls were made, but there are 0 CDRs",
        "the queues count 1 answered calls, the CDRs 0",
        "the queues count 1 abandoned calls, the CDRs 0",
    ]


def test_the_figures(recording: StoredRecording, tmp_path: Path) -> None:
    gave_up: dict[str, object] = {
        "agent": None,
        "ended_by": "caller",
        "end_reason": "abandoned",
        "recordings": (),
        "scores": {},
    }
    cdrs = [
        answered(recording),
        answered(recording, queue_wait_s=30.0, scores={}),
        answered(recording, **gave_up, queue_wait_s=12.0),
        answered(recording, **gave_up | {"end_reason": "overflowed", "ended_by": "switch"}),
        answered(recording, **gave_up | {"queue": None}),
    ]
    result = figures(
        Verdict({}, []),
        Records(cdrs, [recording]),
        service_levels_s={"sales": 10.0},
        agents=16,
        duration_s=61.23,
        seed=1,
        directory=tmp_path,
    )
    assert (result.offered, result.answered, result.abandoned, result.turned_away) == (4, 2, 1, 1)
    assert result.service_level == 0.25
    assert result.average_speed_of_answer_s == 16.5
    assert (result.calls, result.recordings, result.survey_answers, result.survey_average) == (5, 1, 1, 4.0)
