"""Browsers' phones over WS and WSS: they call each other, are called from outside, and are gone with the page."""

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from softswitch.testing.certificates import Authority
from tests.peers.audio import RATE_HZ, likeness_of_parts
from tests.peers.centre import PASSWORD, Centre
from tests.peers.program import wait_until
from tests.peers.rtp_phone import RtpPhone
from tests.peers.speech import Voice
from tests.peers.stage import Evidence, Stage
from tests.peers.web_phone import WebCall, WebPhone

pytestmark = [pytest.mark.peers, pytest.mark.network]

PORTS = {"ws": 8088, "wss": 8089}
KINDS = pytest.mark.parametrize("kind", list(PORTS))
SOON_S = 10.0
SPOKEN_S = 3
SPOKEN_PACKETS = SPOKEN_S * 50
SAME_VOICE = 0.9

OpenPhone = Callable[[str, str], WebPhone]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Centre]:
    centre = Centre(tmp_path_factory.mktemp("browsers"), agents=1, tls=authority)
    centre.start()
    yield centre
    centre.stop()
    assert "Traceback" not in centre.log(), centre.log()


@pytest.fixture
def centre(running: Centre, evidence: Evidence) -> Centre:
    running.mark()
    evidence.append(("serve.log", running.log))
    return running


@pytest.fixture
def open_phone(centre: Centre, authority: Authority, evidence: Evidence) -> Iterator[OpenPhone]:
    """A browser's phone of an account, connected by "ws" or "wss"."""
    phones: list[WebPhone] = []

    def connected(kind: str, username: str) -> WebPhone:
        trusted = ssl.create_default_context(cafile=authority.ca) if kind == "wss" else None
        phone = WebPhone(f"{kind}://{centre.host}:{PORTS[kind]}/", username, PASSWORD, centre.host, trusted)
        evidence.append((f"browser of {username}", phone.story))
        phones.append(phone)
        return phone

    yield connected
    for phone in phones:
        phone.close()


def registrations(centre: Centre) -> list[dict[str, Any]]:
    """As `softswitch registrations` shows them."""
    command = [sys.executable, "-m", "softswitch", "registrations", str(centre.directory), "--json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def connected(stage: Stage, calling: WebPhone, number: str, called: WebPhone) -> tuple[WebCall, WebCall]:
    """A call that is answered, from both sides; the called one's INVITE has come along his connection."""
    with ThreadPoolExecutor(1) as pool:
        answering = pool.submit(called.answer, stage.rtp_phone())
        call = calling.dial(number, stage.rtp_phone())
        return call, answering.result()


def talk(one: RtpPhone, one_says: Voice, other: RtpPhone, other_says: Voice) -> None:
    """Both speak at the same time, and each is heard by the other."""
    began_at = time.time()
    one.say(one_says)
    other.say(other_says)

    def all_has_come() -> bool:
        return all(phone.packets_between(began_at, time.time()) > SPOKEN_PACKETS + 25 for phone in (one, other))

    wait_until(all_has_come, SPOKEN_S + SOON_S, "what was said has come through")
    for heard, said in ((one, other_says), (other, one_says)):
        likeness = likeness_of_parts(said.samples, heard.heard_between(began_at, time.time()))
        assert likeness > SAME_VOICE


@KINDS
def test_browsers_call_each_other_and_back(
    kind: str, centre: Centre, open_phone: OpenPhone, stage: Stage, caller_voice: Voice, agent_voice: Voice
) -> None:
    reception_says = Voice(caller_voice.samples[RATE_HZ : (1 + SPOKEN_S) * RATE_HZ])
    kitchen_says = Voice(agent_voice.samples[RATE_HZ : (1 + SPOKEN_S) * RATE_HZ])
    reception, kitchen = open_phone(kind, "reception"), open_phone(kind, "kitchen")
    assert reception.register() == [401, 200]
    assert kitchen.register() == [401, 200]
    rows = registrations(centre)
    assert {(row["aor"].partition("@")[0], row["transport"]) for row in rows} == {
        ("reception", kind.upper()),
        ("kitchen", kind.upper()),
    }
    assert all(".invalid;transport=ws" in row["contact"] for row in rows)

    for calling, number, called, caller_says, called_says in (
        (reception, "111", kitchen, reception_says, kitchen_says),
        (kitchen, "110", reception, kitchen_says, reception_says),
    ):
        call, their_call = connected(stage, calling, number, called)
        talk(call.sound, caller_says, their_call.sound, called_says)
        if calling is reception:
            calling.hang_up(call)
            called.wait_for_bye(their_call)
        else:
            called.hang_up(their_call)
            calling.wait_for_bye(call)

    first, second = centre.settled(2)
    assert [(cdr.calling_number, cdr.called_number, cdr.ended_by) for cdr in (first, second)] == [
        ("110", "111", "caller"),
        ("111", "110", "agent"),
    ]
    assert {(cdr.sip_status, cdr.end_reason, cdr.fault) for cdr in (first, second)} == {(200, "completed", "")}
    assert min(first.talk_s, second.talk_s) >= SPOKEN_S

    kitchen.close()
    wait_until(lambda: len(registrations(centre)) == 1, SOON_S, "whoever has left the page is not registered")
    reception.close()
    wait_until(lambda: not registrations(centre), SOON_S, "nobody is")


@KINDS
def test_a_browser_is_called_from_outside(
    kind: str, centre: Centre, open_phone: OpenPhone, stage: Stage, caller_voice: Voice, agent_voice: Voice
) -> None:
    """SIPp calls by UDP, and the call goes on over the WebSocket."""
    caller_says = Voice(caller_voice.samples[RATE_HZ : (1 + SPOKEN_S) * RATE_HZ])
    reception_says = Voice(agent_voice.samples[RATE_HZ : (1 + SPOKEN_S) * RATE_HZ])
    reception = open_phone(kind, "reception")
    assert reception.register() == [401, 200]
    here, there = stage.rtp_phone(), stage.rtp_phone()
    caller = stage.sipp(
        "caller_hangs_up",
        address=centre.caller_host(),
        remote=centre.host,
        number="110",
        keys=there.keywords(),
        talk_ms=(SPOKEN_S + 3) * 1000,
    )
    call = reception.answer(here)
    assert "+493012345" in call.theirs
    talk(here, reception_says, there, caller_says)
    reception.wait_for_bye(call)
    caller.wait()
    cdr = centre.settled_call()
    assert (cdr.calling_number, cdr.sip_status, cdr.ended_by, cdr.fault) == ("+493012345", 200, "caller", "")


def test_browsers_talk_on_when_the_switch_is_killed(
    centre: Centre, open_phone: OpenPhone, stage: Stage, caller_voice: Voice, agent_voice: Voice
) -> None:
    """One is back with a registration, the other has only to hang up; nobody rings a second time."""
    reception_says = Voice(caller_voice.samples[RATE_HZ : (1 + SPOKEN_S) * RATE_HZ])
    kitchen_says = Voice(agent_voice.samples[RATE_HZ : (1 + SPOKEN_S) * RATE_HZ])
    reception, kitchen = open_phone("ws", "reception"), open_phone("ws", "kitchen")
    reception.register()
    kitchen.register()
    call, their_call = connected(stage, reception, "111", kitchen)
    time.sleep(0.5)
    killed = centre.kill("switch")
    wait_until(lambda: centre.pid("switch") not in (0, killed), SOON_S, "there is another switch")
    talk(call.sound, reception_says, their_call.sound, kitchen_says)
    for phone in (reception, kitchen):
        phone.connect_again(SOON_S)
    kitchen.register()
    reception.hang_up(call)
    kitchen.wait_for_bye(their_call)
    assert (reception.invites(), kitchen.invites()) == (0, 1)
    cdr = centre.settled_call()
    assert (cdr.called_number, cdr.sip_status, cdr.ended_by, cdr.fault) == ("111", 200, "caller", "")


@KINDS
def test_a_browser_that_is_gone_in_a_call_takes_its_registration_along(
    kind: str, centre: Centre, open_phone: OpenPhone, stage: Stage
) -> None:
    """Nobody can say BYE to a page that was left; the call of the other side ends all the same when he hangs up."""
    reception, kitchen = open_phone(kind, "reception"), open_phone(kind, "kitchen")
    reception.register()
    kitchen.register()
    call, _ = connected(stage, reception, "111", kitchen)
    kitchen.close()
    wait_until(lambda: len(registrations(centre)) == 1, SOON_S, "whoever has left the page is not registered")
    reception.hang_up(call)
    cdr = centre.settled_call()
    assert (cdr.called_number, cdr.sip_status, cdr.ended_by, cdr.fault) == ("111", 200, "caller", "")
