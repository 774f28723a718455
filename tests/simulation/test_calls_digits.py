"""Digits between two parties, in virtual time: each gets them as his phone understands them, and each press once."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.calls.digit_mode import DigitMode
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import DtmfReceived, PutStream, SendDigits, StartPlay, StreamDescription
from softswitch.sip.outputs import InfoReceived
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

CARL = "110"


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number)


@flow
async def code(call: Call) -> None:
    typed = await call.gather(maximum=5, timeout_s=5)
    call.tag("typed", typed.digits)


@flow
async def waiting(call: Call) -> None:
    await call.ring()
    await call.answer()
    await call.ring()
    await call.pause(3)


class Talk:
    """A caller through the trunk and Carl, connected; `caller_digits` and `carl_digits` are their modes."""

    def __init__(self, directory: Path, caller_digits: DigitMode = "auto", carl_digits: DigitMode = "auto") -> None:
        self.centre = SimulatedCentre(
            directory,
            flows={"colleague": colleague, "code": code, "waiting": waiting},
            routes={"1xx": "colleague", "200": "code", "300": "waiting"},
            phones=[Extension(username="carl", number=CARL, dtmf=carl_digits)],
            settings=CallSettings(
                domain=DOMAIN,
                media_ip="10.0.0.1",
                recordings_directory=str(directory),
                dtmf_of_trunks={"provider": caller_digits},
            ),
        )
        self.caller: SimulatedPhone
        self.carl: SimulatedPhone

    def run(self, scenario: "Callable[[Talk], Awaitable[None]]") -> None:
        async def whole(centre: SimulatedCentre) -> None:
            self.carl = centre.phone("carl")
            assert await self.carl.register() == 200
            self.caller = centre.caller("+15550100")
            self.caller.call(CARL)
            await centre.until(lambda: self.caller.is_answered and self.carl.is_answered)
            await centre.sleep(0.5)
            await scenario(self)
            self.caller.hang_up()
            await centre.all_over()

        self.centre.run(whole)

    def stream(self, phone: SimulatedPhone) -> StreamDescription:
        """The switch's stream towards the phone."""
        return next(
            stream
            for stream in self.centre.worker.description.streams.values()
            if stream.remote is not None and stream.remote.host == phone.address.host
        )

    def hears(self, phone: SimulatedPhone, digit: str, *, is_tone: bool = False) -> None:
        """The worker finds a digit in what the phone sends."""
        stream = self.stream(phone)
        self.centre.worker.emit(DtmfReceived(stream.call_id, stream.stream_id, digit, is_tone=is_tone))

    def sent(self, phone: SimulatedPhone) -> str:
        """Digits the worker was told to send to the phone."""
        stream_id = self.stream(phone).stream_id
        commands = [command for command in self.centre.media_commands if isinstance(command, SendDigits)]
        return "".join(command.digits for command in commands if command.stream_id == stream_id)


def info_bodies(phone: SimulatedPhone) -> list[bytes]:
    return [event.body for event in phone.seen(InfoReceived) if isinstance(event, InfoReceived)]


def test_digits_pass_both_ways_as_events_or_tones(tmp_path: Path) -> None:
    async def scenario(talk: Talk) -> None:
        talk.hears(talk.caller, "1")
        talk.hears(talk.carl, "#")
        talk.caller.press("5")
        await talk.centre.sleep(0.2)
        assert talk.sent(talk.carl) == "15"
        assert talk.sent(talk.caller) == "#"
        assert not info_bodies(talk.carl)
        assert [talk.stream(phone).detects_tones for phone in (talk.caller, talk.carl)] == [False, False]

    Talk(tmp_path).run(scenario)


def test_a_phone_that_wants_info_gets_info(tmp_path: Path) -> None:
    async def scenario(talk: Talk) -> None:
        talk.hears(talk.caller, "7")
        talk.hears(talk.caller, "*", is_tone=True)
        talk.carl.press("9")
        await talk.centre.sleep(0.2)
        assert info_bodies(talk.carl) == [b"Signal=7\r\nDuration=100\r\n", b"Signal=*\r\nDuration=100\r\n"]
        assert talk.sent(talk.carl) == ""
        assert talk.sent(talk.caller) == "9"

    Talk(tmp_path, carl_digits="info").run(scenario)


def test_a_press_that_comes_as_event_and_as_info_is_passed_on_once(tmp_path: Path) -> None:
    async def scenario(talk: Talk) -> None:
        for _ in range(2):
            talk.hears(talk.caller, "1")
            await talk.centre.sleep(0.1)
            talk.caller.press("1")
            await talk.centre.sleep(0.1)
        assert talk.sent(talk.carl) == "11"

    Talk(tmp_path).run(scenario)


@pytest.mark.parametrize("mode", ["inband", "rfc4733"])
def test_a_phone_without_events_is_listened_to(tmp_path: Path, mode: DigitMode) -> None:
    async def scenario(talk: Talk) -> None:
        caller, carl = talk.stream(talk.caller), talk.stream(talk.carl)
        assert (caller.detects_tones, carl.detects_tones) == (mode == "inband", mode == "inband")
        assert (caller.telephone_event is None, carl.telephone_event is None) == (mode == "inband", mode == "inband")
        talk.hears(talk.caller, "4", is_tone=True)
        await talk.centre.sleep(0.2)
        assert talk.sent(talk.carl) == "4"

    Talk(tmp_path, mode, mode).run(scenario)


def test_whoever_holds_the_call_is_sent_no_digits(tmp_path: Path) -> None:
    async def scenario(talk: Talk) -> None:
        talk.carl.hold("sendonly")
        await talk.centre.sleep(0.3)
        talk.hears(talk.caller, "1")
        await talk.centre.sleep(0.2)
        assert talk.sent(talk.carl) == ""
        talk.carl.hold("sendrecv")
        await talk.centre.sleep(0.3)
        talk.hears(talk.caller, "2")
        await talk.centre.sleep(0.2)
        assert talk.sent(talk.carl) == "2"

    Talk(tmp_path).run(scenario)


def test_a_flow_counts_every_press_once(tmp_path: Path) -> None:
    talk = Talk(tmp_path)

    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550101")
        caller.call("200")
        await centre.until(lambda: caller.is_answered)
        for digit in "1224":
            talk.hears(caller, digit)
            await centre.sleep(0.1)
            caller.press(digit)
            await centre.sleep(0.1)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags["typed"] == "1224"

    talk.centre.run(scenario)


def test_a_caller_who_is_connected_hears_it_ring(tmp_path: Path) -> None:
    talk = Talk(tmp_path)

    async def scenario(centre: SimulatedCentre) -> None:
        centre.caller("+15550101").call("300")
        await centre.all_over()
        (play,) = [command.playback for command in centre.media_commands if isinstance(command, StartPlay)]
        assert (play.sounds, play.loop) == (["tone ringback"], True)
        assert any(isinstance(command, PutStream) for command in centre.media_commands)

    talk.centre.run(scenario)
