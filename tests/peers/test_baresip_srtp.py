"""baresip under SRTP: each side of a call for itself, required or only preferred, and refused where there is none."""

from collections.abc import Iterator, Mapping
from pathlib import Path

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


class Call:
    """The phone "reception" calls agent1 directly, and speaks for a shorter time."""

    def __init__(self, centre: Centre, stage: Stage, caller: Voice, agent: Voice, *, by: str, to: str) -> None:
        self.caller_says = Voice(caller.samples[: SPOKEN_S * RATE_HZ])
        self.agent_says = Voice(agent.samples[: (SPOKEN_S + 2) * RATE_HZ])
        self.called = stage.baresip(
            username="agent1",
            password=PASSWORD,
            domain=centre.host,
            voice=self.agent_says,
            media_encryption=to,
        )
        centre.wait_for_agents(["agent1"])
        self.calling = stage.baresip(
            username="reception",
            password=PASSWORD,
            domain=centre.host,
            voice=self.caller_says,
            media_encryption=by,
            dial="201",
        )

    def is_over(self) -> bool:
        return self.calling.has_hung_up and self.called.has_hung_up


@pytest.fixture
def open_call(
    tmp_path: Path, evidence: Evidence, stage: Stage, caller_voice: Voice, agent_voice: Voice
) -> Iterator["CallOpener"]:
    opener = CallOpener(tmp_path, evidence, stage, caller_voice, agent_voice)
    yield opener
    opener.close()


class CallOpener:
    """Starts a centre with these settings of `srtp`, and has one phone of it call the other."""

    def __init__(self, directory: Path, evidence: Evidence, stage: Stage, caller: Voice, agent: Voice) -> None:
        self._directory = directory
        self._evidence = evidence
        self._stage = stage
        self._voices = caller, agent
        self.centre: Centre | None = None

    def __call__(self, srtp: Mapping[str, str], *, by: str, to: str) -> Call:
        self.centre = centre = Centre(self._directory / "centre", agents=1, srtp=srtp)
        self._evidence.append(("serve.log ends", lambda: centre.log()[-6000:]))
        centre.start()
        return Call(centre, self._stage, *self._voices, by=by, to=to)

    def close(self) -> None:
        self._stage.close()
        if self.centre is not None:
            self.centre.stop()
            log = self.centre.log()
            assert "Traceback" not in log, log[-6000:]
            assert "inline:" not in log


def is_encrypted(phone: Baresip) -> bool:
    return ENABLED in phone.output()


@pytest.mark.parametrize(
    ("caller_is", "agent_is", "by", "to"),
    [
        ("required", "required", "srtp-mand", "srtp-mand"),
        ("preferred", "preferred", "srtp", "srtp"),
        ("required", "off", "srtp-mand", ""),
        ("off", "required", "", "srtp-mand"),
        ("preferred", "preferred", "srtp", ""),
    ],
)
def test_both_are_heard_and_each_side_is_encrypted_by_itself(
    open_call: CallOpener, caller_is: str, agent_is: str, by: str, to: str
) -> None:
    call = open_call({"reception": caller_is, "agent1": agent_is}, by=by, to=to)

    wait_until(call.is_over, HANGS_UP_WITHIN_S, "all is said")

    assert is_encrypted(call.calling) == (caller_is != "off")
    assert is_encrypted(call.called) == (agent_is != "off" and to != "")
    by_agent = judge(call.caller_says.samples, call.caller_says.carried("PCMU"), call.called.heard())
    by_caller = judge(call.agent_says.samples, call.agent_says.carried("PCMU"), call.calling.heard())
    for verdict in (by_agent, by_caller):
        assert verdict.pesq >= verdict.pesq_of_codec - PESQ_LOST_MAX, f"{by_agent}\n{by_caller}"


def test_a_phone_without_srtp_is_told_why_it_is_refused(open_call: CallOpener) -> None:
    call = open_call({"reception": "required"}, by="", to="")

    wait_until(lambda: "488" in call.calling.output(), HANGS_UP_WITHIN_S, "the call is refused")

    assert "SRTP Required" in call.calling.output()
