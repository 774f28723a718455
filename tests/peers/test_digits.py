"""Digits of a caller, at a telephone that knows nothing of how they came: baresip prints each that it understands."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from softswitch.media.digits.digit_sender import DigitSender
from tests.peers.audio import RATE_HZ
from tests.peers.baresip import Baresip
from tests.peers.centre import PASSWORD, Centre
from tests.peers.program import wait_until
from tests.peers.rtp_phone import RtpPhone
from tests.peers.speech import Voice
from tests.peers.stage import Evidence, Stage

pytestmark = [pytest.mark.peers, pytest.mark.network]

SOON_S = 20.0
AS_EVENT = re.compile(r"received event: '(.)' \(end=0\)")
AS_INFO = re.compile(r"call: received DTMF: '(.)'")


def pressed(phone: RtpPhone) -> None:
    phone.press("15509#")


def sung(phone: RtpPhone) -> None:
    """The same keys as tones."""
    sender = DigitSender()
    sender.add("15509#", 80, 80)
    frames: list[np.ndarray[tuple[int], np.dtype[np.int16]]] = []
    while not sender.is_over:
        frames.append(sender.next_frame())
    phone.say(Voice(np.concatenate(frames)))


@pytest.mark.parametrize(
    ("agent_mode", "carrier_mode", "press", "printed"),
    [
        pytest.param("auto", "auto", pressed, AS_EVENT, id="events to events"),
        pytest.param("auto", "inband", sung, AS_EVENT, id="tones to events"),
        pytest.param("info", "auto", pressed, AS_INFO, id="events to INFO"),
    ],
)
def test_digits_reach_the_agents_phone_once(
    tmp_path: Path,
    stage: Stage,
    evidence: Evidence,
    agent_voice: Voice,
    agent_mode: str,
    carrier_mode: str,
    press: Callable[[RtpPhone], None],
    printed: re.Pattern[str],
) -> None:
    centre = Centre(tmp_path / "centre", agents=1, dtmf={"agent1": agent_mode, "carrier": carrier_mode})
    evidence.append(("serve.log", centre.log))
    centre.start()
    try:
        agent = stage.baresip(
            username="agent1", password=PASSWORD, domain=centre.host, voice=Voice(agent_voice.samples[: 20 * RATE_HZ])
        )
        centre.wait_for_agents(["agent1"])
        phone = stage.rtp_phone()
        caller = stage.sipp(
            "caller_hangs_up",
            address=centre.caller_host(),
            remote=centre.host,
            number="102",
            keys=phone.keywords(),
            talk_ms=6000,
        )
        wait_until(lambda: agent.is_talking, SOON_S, "the agent talks to the caller")
        press(phone)
        caller.wait()
        wait_until(lambda: agent.has_hung_up, SOON_S, "the call is over")
        assert "".join(printed.findall(agent.output())) == "15509#"
        assert not (AS_INFO if printed is AS_EVENT else AS_EVENT).search(agent.output())
        assert_silent_keys(agent)
    finally:
        stage.close()
        centre.stop()


def assert_silent_keys(agent: Baresip) -> None:
    """None of the keys was heard: the caller said nothing else."""
    loud = np.abs(agent.heard().astype(int)) > 1000
    assert np.count_nonzero(loud) == 0
