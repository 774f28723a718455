"""Ladders are golden files in tests/golden/traces; `SOFTSWITCH_GOLDEN=write` writes them anew."""

import os
from pathlib import Path

import pytest

from softswitch.sip.tracing.ladder import Ladder
from softswitch.sip.tracing.steps import Step
from softswitch.testing.traced_call import AT

GOLDEN = Path(__file__).parents[3] / "golden" / "traces"


def step(after_s: float, party: str, label: str, *notes: str, is_sent: bool = False) -> Step:
    return Step(at=AT + after_s, party=party, is_sent=is_sent, kind="request", label=label, notes=notes)


STEPS = [
    step(0.0, "alice", "INVITE", "sdp"),
    step(0.001, "alice", "100 Trying", is_sent=True),
    step(0.02, "trunk:provider", "INVITE", "sdp", is_sent=True),
    step(1.5, "trunk:provider", "503 Service Unavailable", "Q.850 34", "retry after 30"),
    step(1.6, "trunk:second", "INVITE", "sdp", is_sent=True),
    step(61.234, "trunk:second", "200 OK", "sdp"),
    step(61.3, "alice", "A label that is far too long for the room between two columns", is_sent=True),
    step(1234.5, "198.51.100.20:5060", "OPTIONS"),
]


@pytest.mark.parametrize("width", [80, 132])
def test_a_ladder_for_people(width: int) -> None:
    ladder = Ladder(["alice"], ["trunk:provider", "trunk:second"], width)
    text = "".join(f"{line}\n" for line in (ladder.header(), *(ladder.line(each, AT) for each in STEPS)))
    path = GOLDEN / f"ladder_{width}.txt"
    if os.environ.get("SOFTSWITCH_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


def test_parties_without_room_have_lines_without_arrows() -> None:
    ladder = Ladder(["a"], [f"party{number}" for number in range(20)], 100)
    assert ladder.shows("party1")
    assert not ladder.shows("party19")
    assert ladder.line(step(0.0, "party19", "BYE"), AT).endswith("from party19: BYE")


def test_no_width_is_too_small() -> None:
    for width in (0, 1, 20):
        ladder = Ladder(["a"], ["b"], width)
        assert ladder.line(STEPS[0], AT)
        assert ladder.header()
