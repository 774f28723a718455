"""baresip under SRTP: each side of a call for itself, required or only preferred, and refused where there is none."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.peers.audio import RATE_HZ, judge
from tests.peers.baresip import Baresip
from tests.peers.centre import PASSWORD, Centre
from tests.peers.program import wait_until
from tests.peers.speech import Voice
from tests.peers.stage import Evidence, Stage

pytestmark = [pytest.mark.peers, pytest.mark.network]

PESQ_LOST_MAX = 0.25
"""Eight seconds are spoken: a delay that changes once on a busy machine costs more of that than of half a minute."""
HANGS_UP_WITHIN_S = 40.0
SPOKEN_S = 8
ENABLED = "SRTP is Enabled"


BOTH = [
    ("required", "required", "srtp-mand", "srtp-mand"),
    ("preferred", "preferred", "srtp", "srtp"),
    ("required", "off", "srtp-mand", ""),
    ("off", "required", "", "srtp-mand"),
    ("preferred", "preferred", "srtp", ""),
]
"""What the switch asks of the caller and of the called phone, and what these two do."""
REFUSED = ("required", "off", "", "")
ALL = [*BOTH, REFUSED]
CALLERS = [f"caller{number}" for number in range(1, len(ALL) + 1)]


@dataclass(frozen=True, slots=True)
class Call:
    """A phone that is no agent's calls an agent's directly, and speaks for a shorter time."""

    calling: Baresip
    called: Baresip

    def is_over(self) -> bool:
        return self.calling.has_hung_up and self.called.has_hung_up


@pytest.fixture(scope="module")
def told() -> Evidence:
    """What is shown of the calls if a test fails."""
    return []


@pytest.fixture(scope="module")
def calls(
    tmp_path_factory: pytest.TempPathFactory, told: Evidence, caller_voice: Voice, agent_voice: Voice
) -> Iterator[list[Call]]:
    """One for each of ALL, side by side; all is said in those of BOTH."""
    directory = tmp_path_factory.mktemp("srtp")
    asked = {name: case[0] for name, case in zip(CALLERS, ALL, strict=True)}
    asked |= {f"agent{number}": case[1] for number, case in enumerate(ALL, start=1)}
    centre = Centre(directory / "centre", agents=len(ALL), phones=CALLERS, srtp=asked)
    stage = Stage(directory / "peers", told)
    told.append(("serve.log ends", lambda: centre.log()[-6000:]))
    centre.start()
    try:
        made = begin(centre, stage, caller_voice, agent_voice)
        for call in made[: len(BOTH)]:
            wait_until(call.is_over, HANGS_UP_WITHIN_S, f"{call.calling.username} and {call.called.username} said all")
        yield made
    finally:
        stage.close()
        centre.stop()
        log = centre.log()
        assert "Traceback" not in log, log[-6000:]
        assert "inline:" not in log


def begin(centre: Centre, stage: Stage, caller_voice: Voice, agent_voice: Voice) -> list[Call]:
    caller_says = Voice(caller_voice.samples[: SPOKEN_S * RATE_HZ])
    agent_says = Voice(agent_voice.samples[: (SPOKEN_S + 2) * RATE_HZ])
    called = [
        stage.baresip(username=name, password=PASSWORD, domain=centre.host, voice=agent_says, media_encryption=case[3])
        for name, case in zip(centre.agents, ALL, strict=True)
    ]
    centre.wait_for_agents(centre.agents)
    return [
        Call(
            stage.baresip(
                username=name,
                password=PASSWORD,
                domain=centre.host,
                voice=caller_says,
                media_encryption=case[2],
                dial=f"{201 + number}",
            ),
            called[number],
        )
        for number, (name, case) in enumerate(zip(CALLERS, ALL, strict=True))
    ]


def is_encrypted(phone: Baresip) -> bool:
    return ENABLED in phone.output()


@pytest.mark.parametrize("number", range(len(BOTH)), ids=["-".join(case) for case in BOTH])
def test_both_are_heard_and_each_side_is_encrypted_by_itself(
    calls: list[Call], told: Evidence, evidence: Evidence, number: int
) -> None:
    evidence += told
    call, (caller_is, agent_is, _, to) = calls[number], BOTH[number]

    assert is_encrypted(call.calling) == (caller_is != "off")
    assert is_encrypted(call.called) == (agent_is != "off" and to != "")
    caller_says, agent_says = call.calling.voice, call.called.voice
    by_agent = judge(caller_says.samples, caller_says.carried("PCMU"), call.called.heard())
    by_caller = judge(agent_says.samples, agent_says.carried("PCMU"), call.calling.heard())
    for verdict in (by_agent, by_caller):
        assert verdict.pesq >= verdict.pesq_of_codec - PESQ_LOST_MAX, f"{by_agent}\n{by_caller}"


def test_a_phone_without_srtp_is_told_why_it_is_refused(calls: list[Call], told: Evidence, evidence: Evidence) -> None:
    evidence += told
    refused = calls[-1].calling

    wait_until(lambda: "488" in refused.output(), HANGS_UP_WITHIN_S, "the call is refused")

    assert "SRTP Required" in refused.output()
