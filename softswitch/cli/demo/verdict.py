"""What came of it: the figures from the switch's own records, and every call that did not go as it should have.

The figures are read from CDRs, the index of recordings and the queues. The faults come from both ends: what callers and
agents saw at their phones, what the records say, and what is in the recorded files.
"""

import wave
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.acd.statistics import service_level
from softswitch.calls.record import EndReason
from softswitch.cli.demo.people import Caller, Stage
from softswitch.cli.directory import open_records
from softswitch.control.protocol.rows import QueueRow
from softswitch.store.schema import Cdr, StoredRecording

_AUDIBLE = 1000
"""The loudest sample of somebody who spoke is far above this (prompts reach 23,000), that of a silent line below."""
_SENTENCE_S = 1.0
"""Whoever has had so long has been heard."""
_MISSING_S = 1.0
"""A recording may be this much shorter than the conversation."""

_UNSCRIPTED = {reason.value for reason in (EndReason.FAILED, EndReason.REJECTED, EndReason.STOPPED)}


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The last line of `--json`. Levels are parts of 1, None where there was nothing to count.

    Each caller who asked for an agent is `offered` once, whatever queues he passed; he was `answered`, `abandoned` or
    was `turned_away` (the queue was full, or he had waited too long).
    """

    offered: int
    answered: int
    abandoned: int
    turned_away: int
    service_level: float | None
    average_speed_of_answer_s: float | None
    recordings: int
    failed_calls: int
    calls: int
    survey_answers: int
    survey_average: float | None
    agents: int
    duration_s: float
    seed: int
    directory: str


class Verdict(msgspec.Struct, frozen=True):
    """`failures` are the reasons by calling number; `faults` are what concerns no single call."""

    failures: dict[str, list[str]]
    faults: list[str]

    @property
    def is_good(self) -> bool:
        return not self.failures and not self.faults


class Records(msgspec.Struct, frozen=True):
    """What the switch has left behind."""

    cdrs: list[Cdr]
    recordings: list[StoredRecording]


def read_records(directory: Path) -> Records:
    """From the store, the oldest first. Raises StartError."""
    with open_records(str(directory)) as store:
        return Records(list(store.cdrs.ascending()), list(store.recordings.ascending()))


def judge(callers: Sequence[Caller], records: Records, queues: Sequence[QueueRow], faults: Sequence[str]) -> Verdict:
    """`queues` are as they were when the last call was over; `faults` are what went wrong beside the calls."""
    by_number = {cdr.calling_number: cdr for cdr in records.cdrs}
    indexed = {recording.path: recording for recording in records.recordings}
    failures = {
        caller.visit.calling_number: reasons
        for caller in callers
        if (reasons := _reasons(caller, by_number.get(caller.visit.calling_number), indexed))
    }
    return Verdict(failures, [*faults, *_contradictions(callers, records, queues)])


def figures(
    verdict: Verdict,
    records: Records,
    *,
    service_levels_s: dict[str, float],
    agents: int,
    duration_s: float,
    seed: int,
    directory: Path,
) -> Figures:
    offered = [cdr for cdr in records.cdrs if cdr.queue]
    answered = [cdr for cdr in offered if cdr.agent]
    abandoned = [cdr for cdr in offered if _is_abandoned(cdr)]
    scores = [score for cdr in records.cdrs for score in cdr.scores.values()]
    waits = [cdr.queue_wait_s for cdr in answered]

    def in_time(cdrs: list[Cdr]) -> int:
        return sum(cdr.queue_wait_s <= service_levels_s.get(cdr.queue or "", 0.0) for cdr in cdrs)

    return Figures(
        offered=len(offered),
        answered=len(answered),
        abandoned=len(abandoned),
        turned_away=len(offered) - len(answered) - len(abandoned),
        service_level=_rounded(
            service_level(offered=len(offered), answered_within=in_time(answered), abandoned_within=in_time(abandoned))
        ),
        average_speed_of_answer_s=_rounded(_mean(waits)),
        recordings=len(records.recordings),
        failed_calls=len(verdict.failures),
        calls=len(records.cdrs),
        survey_answers=len(scores),
        survey_average=_rounded(_mean(scores)),
        agents=agents,
        duration_s=round(duration_s, 1),
        seed=seed,
        directory=str(directory),
    )


def _is_abandoned(cdr: Cdr) -> bool:
    """He left while he waited. Who leaves while he is told that the queue is full was turned away before."""
    return bool(cdr.queue) and cdr.end_reason == EndReason.ABANDONED.value


def _contradictions(callers: Sequence[Caller], records: Records, queues: Sequence[QueueRow]) -> list[str]:
    """Queues, CDRs and phones must tell the same story."""
    found: list[str] = []
    if len(records.cdrs) != len(callers):
        found.append(f"{len(callers)} calls were made, but there are {len(records.cdrs)} CDRs")
    counted = {
        "answered": (sum(row.answered for row in queues), sum(bool(cdr.agent) for cdr in records.cdrs)),
        "abandoned": (sum(row.abandoned for row in queues), sum(map(_is_abandoned, records.cdrs))),
    }
    for word, (by_queues, by_cdrs) in counted.items():
        if by_queues != by_cdrs:
            found.append(f"the queues count {by_queues} {word} calls, the CDRs {by_cdrs}")
    return found


def _reasons(caller: Caller, cdr: Cdr | None, indexed: dict[str, StoredRecording]) -> list[str]:
    if cdr is None:
        return [*caller.faults, "has no CDR"]
    reasons = list(caller.faults)
    if cdr.fault:
        reasons.append(f"its flow failed: {cdr.fault.strip().splitlines()[-1]}")
    elif cdr.end_reason in _UNSCRIPTED:
        reasons.append(f"the CDR says {cdr.end_reason}")
    if caller.agent_id and cdr.agent != caller.agent_id:
        reasons.append(f"{caller.agent_id} answered, but the CDR says {cdr.agent or 'nobody'}")
    if caller.stage is Stage.WAITING and not caller.gave_up and cdr.ended_by == "caller":
        reasons.append("the CDR says that the caller hung up, but he waited")
    if cdr.agent:
        reasons += _faults_of_recordings(caller, cdr, indexed)
    return reasons


def _faults_of_recordings(caller: Caller, cdr: Cdr, indexed: dict[str, StoredRecording]) -> list[str]:
    """A conversation has one recording, complete, with everybody in it who spoke."""
    if len(cdr.recordings) != 1:
        return [f"has {len(cdr.recordings)} recordings instead of one"]
    path = cdr.recordings[0]
    entry = indexed.get(path)
    if entry is None:
        return [f"its recording is not in the index: {path}"]
    if entry.fault:
        return [f"its recording has a fault: {entry.fault}"]
    samples = _read_stereo(path)
    if isinstance(samples, str):
        return [f"its recording cannot be read ({samples}): {path}"]
    faults: list[str] = []
    if entry.duration_s < cdr.talk_s - _MISSING_S:
        faults.append(f"its recording lasts {entry.duration_s:.1f} s, the conversation {cdr.talk_s:.1f} s")
    begins_s = caller.conversation.caller_begins_s if caller.conversation else cdr.talk_s
    for name, channel, spoke_s in (("caller", 0, cdr.talk_s - begins_s), ("agent", 1, cdr.talk_s)):
        if spoke_s > _SENTENCE_S and np.max(np.abs(samples[:, channel]), initial=0) < _AUDIBLE:
            faults.append(f"its recording is silent where the {name} spoke: {path}")
    return faults


def _read_stereo(path: str) -> NDArray[np.int32] | str:
    """int32[samples, 2], or why not."""
    try:
        with wave.open(path, "rb") as file:
            if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (2, 2, 8000):
                return "it is not 8 kHz, 16-bit, stereo"
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    except OSError as error:
        return error.strerror or str(error)
    except (EOFError, wave.Error) as error:
        return str(error) or "it ends before its samples"
    return samples.astype(np.int32).reshape(-1, 2)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
