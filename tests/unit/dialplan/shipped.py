"""The dialplans that ship as tests run them: as they are, or changed as an operator changes his copy."""

import re
from pathlib import Path

from softswitch.base.ids import AgentId
from softswitch.calls.outcomes import QueueOutcome, QueueReason, RecordedMessage
from softswitch.config.rows import ScheduleRow
from softswitch.dialplan.flows import Flow
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.dialplan.schedule import Schedule, compile_schedule

DIALPLANS = Path(__file__).resolve().parents[3] / "dialplans"


def shipped() -> dict[str, Flow]:
    flows, faults = load_flows([DIALPLANS])
    assert faults == []
    return flows


def changed(directory: Path, file: str, **values: object) -> dict[str, Flow]:
    """All flows, with a copy of one file in which names at the top have other values."""
    text = (DIALPLANS / file).read_text()
    for name, value in values.items():
        text, count = re.subn(rf"^{name} = .*$", f"{name} = {value!r}", text, flags=re.MULTILINE)
        assert count == 1, f"{file} has no {name}"
    (directory / file).write_text(text)
    flows, faults = load_flows([directory, DIALPLANS])
    assert faults == []
    return flows


def schedule(name: str, hours: str) -> dict[str, Schedule]:
    compiled = compile_schedule(ScheduleRow(id=name, hours={"mon-sun": (hours,)}))
    assert isinstance(compiled, Schedule)
    return {name: compiled}


ALWAYS = schedule("office", "00:00-24:00")
NEVER = schedule("office", "00:00-00:01")


def answered(queue: str) -> QueueOutcome:
    return QueueOutcome(reason=QueueReason.ANSWERED, queue=queue, agent=AgentId("ann"), wait_s=3.0, talk_s=60.0)


def spoken_message(duration_s: float = 5.0, path: str = "m.wav") -> RecordedMessage:
    return RecordedMessage(path=path, duration_s=duration_s, size_bytes=1, ended_by="#")
