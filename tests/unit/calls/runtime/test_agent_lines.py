"""Calls of agents outside the ACD, counted."""

from softswitch.acd.inputs import AcdInput, AgentBusy, AgentFree
from softswitch.acd.model import BusyKind
from softswitch.base.ids import AgentId
from softswitch.calls.runtime.agent_lines import AgentLines

ANN = AgentId("ann")


class Facts:
    def __init__(self) -> None:
        self.facts: list[AcdInput] = []

    def apply(self, fact: AcdInput) -> None:
        self.facts.append(fact)


def test_an_agent_is_busy_from_his_first_call_to_the_end_of_his_last() -> None:
    acd = Facts()
    lines = AgentLines(acd)
    lines.taken(ANN, BusyKind.OUTBOUND)
    lines.taken(ANN, BusyKind.DIRECT_IN)
    assert lines.in_use == {ANN: 2}
    lines.released(ANN)
    assert acd.facts == [AgentBusy(ANN, BusyKind.OUTBOUND)]
    lines.released(ANN)
    assert acd.facts[1:] == [AgentFree(ANN)]
    assert lines.in_use == {}


def test_who_is_no_agent_and_what_was_never_taken_is_of_no_interest() -> None:
    acd = Facts()
    lines = AgentLines(acd)
    lines.taken(None, BusyKind.OUTBOUND)
    lines.released(None)
    lines.released(ANN)
    assert acd.facts == []
