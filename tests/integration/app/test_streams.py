"""Programs that hear calls and talk to callers: real SIP and RTP, real processes, real WebSockets."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.sync.server import ServerConnection

from softswitch.base.address import HostPort
from softswitch.control.protocol.replies import StreamSet
from softswitch.control.protocol.rows import CallRow
from softswitch.control.protocol.streams import StartStream, StopStream, StreamRow
from softswitch.control.runtime.client import ControlRefused
from softswitch.prompts.runtime.library import SoundLibrary
from softswitch.store.schema import Cdr
from softswitch.testing.phones import Phone, Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.phone_line import Line
from softswitch.testing.runtime.running import RunningSwitch
from softswitch.testing.runtime.streamer import WebProgram
from tests.peers.audio import RATE_HZ, Samples, aligned, likeness_of_parts, offset_of, pesq, read_wav, write_wav
from tests.peers.speech import AGENT, Voice, speak

pytestmark = pytest.mark.network

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "long-enough-4711"
CALLER = "+74951234567"
ROUND_TRIP_MAX_S = 0.2
PESQ_MIN = 4.0
ATTEMPTS = 4
FLOWS = """
from softswitch.dialplan import Call, flow


@flow
async def bot(call: Call) -> None:
    outcome = await call.stream("bot", record=True, timeout_s=60)
    call.tag("outcome", f"{outcome.reason.value} {outcome.result} {outcome.fault}".strip())
    gone = await call.stream("ws://127.0.0.1:1/nobody")
    call.tag("gone", gone.reason.value)


@flow
async def heard(call: Call) -> None:
    await call.start_stream("notes", side="both", values={"case": "4711"})
    await call.dial("101")
    await call.stop_stream("notes")
    await call.pause(1)
"""


def files(port: int, bot: int, notes: str) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "16000-17999"\nworkers = 1\n',
        "agents.toml": f'[[agent]]\nid = "anna"\npassword = "{PASSWORD}"\nnumber = "101"\n',
        "numbers.toml": '[[route]]\nnumber = "300"\nflow = "bot"\n[[route]]\nnumber = "310"\nflow = "heard"\n',
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
        "programs.toml": f'[[program]]\nid = "bot"\nurl = "ws://127.0.0.1:{bot}"\n'
        f'[[program]]\nid = "notes"\nurl = "{notes}"\nheaders = {{X-Key = "k"}}\n',
        "dialplans/streams.py": FLOWS,
    }


class Notes:
    """A program that writes down what it is told and hears."""

    def __init__(self) -> None:
        self.texts: list[dict[str, Any]] = []
        self.sound = bytearray()
        self.keys: list[str | None] = []
        self.program = WebProgram(self._talk)

    def _talk(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.keys.append(socket.request.headers.get("X-Key"))
        for message in socket:
            if isinstance(message, bytes):
                self.sound += message
            else:
                self.texts.append(json.loads(message))

    def heard(self) -> Samples:
        """int16[n, 2] so far."""
        whole = len(self.sound) // 4 * 4
        return np.frombuffer(bytes(self.sound[:whole]), "<i2").reshape(-1, 2)


class Story:
    def __init__(self, switch: RunningSwitch, phones: Phones, anna: Phone, voice: Path, notes: Notes) -> None:
        self.switch = switch
        self.phones = phones
        self.anna = anna
        self.voice = voice
        self.notes = notes
        self.said = read_wav(voice)[:, 0]

    async def call(self, number: str) -> Line:
        line = await self.phones.dial(number, calling_number=CALLER)
        assert await line.answered(), number
        return line

    def row(self) -> CallRow:
        with self.switch.control() as client:
            (row,) = client.calls()
            return row

    async def until_streams(self, *programs: str) -> list[StreamRow]:
        """Until these are connected, and no others are there."""

        def are_there() -> bool:
            with self.switch.control() as client:
                rows = [each for row in client.calls() for each in row.streams]
            return sorted(each.program for each in rows if each.is_connected) == sorted(programs)

        await asyncio.to_thread(self.switch.wait_until, are_there, 20)
        return self.row().streams


async def a_bot_says_back_what_it_hears(story: Story, folder: Path) -> None:
    """The round trip is that of the phone as well: its jitter buffer, and up to a tick until it begins to speak.

    Other programs may take the processor from the bot or the phone for longer than any buffer bears, and that is no
    fault of ours: it is said again then.
    """
    line = await story.call("300")
    await story.until_streams("bot")
    line.record(str(folder / "heard.wav"))
    began: list[float] = []
    for _ in range(ATTEMPTS):
        await asyncio.sleep(1.0)
        began.append(time.monotonic() - line.recording_began_at)
        line.say([str(story.voice)])
        await asyncio.wait_for(line.silent(), 30)
        await asyncio.sleep(1.5)  # what was heard is on its way to the file for less than a second
        heard = read_wav(folder / "heard.wav.part")[:, 0]
        if is_good(story.said, heard, began[-1]):
            break
    else:
        raise AssertionError("at no time was it heard as it was said")
    line.press_events("#")
    await asyncio.wait_for(line.ended(), 20)


def is_good(said: Samples, heard: Samples, began_s: float) -> bool:
    """What was said `began_s` seconds after the beginning came back soon, and as it was."""
    since = heard[round(began_s * RATE_HZ) :]
    round_trip_s = offset_of(said, since) / RATE_HZ
    quality = pesq(*aligned(said, since))
    print(f"round trip {round_trip_s * 1000:.0f} ms, PESQ {quality:.2f}")
    return 0.0 < round_trip_s <= ROUND_TRIP_MAX_S and quality >= PESQ_MIN


async def a_program_hears_a_conversation(story: Story) -> None:
    line = await story.call("310")
    agent = await story.anna.next_call()
    await agent.answer()
    await story.until_streams("notes")
    start = story.notes.texts[0]
    assert (start["type"], start["talks"], start["media"]["channels"]) == ("start", False, 2)
    assert start["call"]["calling_number"] == CALLER
    assert start["call"]["values"] == {"case": "4711"}
    assert story.notes.keys == ["k"], "headers are sent"
    await both_are_heard(story, line, agent)
    await an_operator_lets_another_program_hear_it(story)
    story.switch.kill("media-0")
    await asyncio.to_thread(story.switch.wait_until, lambda: story.switch.pid("media-0") != 0, 10)
    await both_are_heard(story, line, agent)
    os.kill(streamer_pid(story.switch), 9)
    await asyncio.to_thread(
        story.switch.wait_until, lambda: sum(text["type"] == "start" for text in story.notes.texts) == 2, 20
    )
    await both_are_heard(story, line, agent)
    agent.hang_up()
    await asyncio.wait_for(line.ended(), 20)
    assert story.notes.texts[-1] == {"type": "stop", "reason": "the flow has no more need of it"}


async def both_are_heard(story: Story, line: Line, agent: Line) -> None:
    """Whoever says it is in his own channel."""
    for channel, speaker in ((0, line), (1, agent)):
        deadline = time.monotonic() + 20
        while True:
            speaker.say([str(story.voice)])
            await asyncio.sleep(0.6)
            began = len(story.notes.heard())
            await asyncio.sleep(1.2)
            speaker.fall_silent()
            heard = story.notes.heard()[began:]
            if len(heard) > RATE_HZ // 2 and likeness_of_parts(story.said, heard[:, channel]) > 0.95:
                break
            assert time.monotonic() < deadline, f"channel {channel}"
        assert np.abs(heard[:, 1 - channel]).max() < 500, "and in no other"


async def an_operator_lets_another_program_hear_it(story: Story) -> None:
    other = Notes()
    call_id = story.row().call_id
    with story.switch.control() as client:
        client.ask(StartStream(call_id=call_id, program=other.program.url, side="caller", rate_hz=16000), StreamSet)
    streams = await story.until_streams("notes", other.program.url)
    assert other.texts[0]["media"]["rate_hz"] == 16000
    await asyncio.to_thread(story.switch.wait_until, lambda: len(other.sound) > 6400, 10)
    with story.switch.control() as client:
        client.ask(StopStream(call_id=call_id, stream_id=streams[-1].stream_id), StreamSet)
        with pytest.raises(ControlRefused, match="the call has no stream"):
            client.ask(StopStream(call_id=call_id, stream_id=streams[-1].stream_id), StreamSet)
    await story.until_streams("notes")
    other.program.close()


def streamer_pid(switch: RunningSwitch) -> int:
    socket = str(switch.directory / "run" / "streamer.sock").encode()
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if socket in (directory / "cmdline").read_bytes().split(b"\0"):
                return int(directory.name)
        except OSError:
            continue
    raise AssertionError("no streamer runs")


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voice")
    spoken = Voice(speak(SoundLibrary(cache=folder / "cache"), AGENT, "en", 1).samples[: 9 * RATE_HZ])
    write_wav(folder / "voice.wav", spoken.carried("PCMU"))
    return folder / "voice.wav"


def test_streams(tmp_path: Path, voice: Path) -> None:
    port, bot_port = free_port(), free_port()
    bot = subprocess.Popen([sys.executable, str(ROOT / "examples" / "echo_bot.py"), str(bot_port)])
    notes = Notes()

    async def run(switch: RunningSwitch) -> None:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with Phones(HostPort("127.0.0.1", port), folder=folder, trunk_host="127.0.0.2") as phones:
            story = Story(switch, phones, await phones.register("anna", PASSWORD), voice, notes)
            await a_bot_says_back_what_it_hears(story, tmp_path)
            await a_program_hears_a_conversation(story)

    try:
        with RunningSwitch(tmp_path / "centre", files(port, bot_port, notes.program.url)) as switch:
            asyncio.run(run(switch))
    finally:
        bot.kill()
        bot.wait()
        notes.program.close()
    assert "Traceback" not in switch.log()
    with switch.store() as store:
        records = {cdr.flow: cdr for cdr in store.cdrs.ascending()}
    check(records["bot"], read_wav(voice)[:, 0])


def check(cdr: Cdr, said: Samples) -> None:
    assert cdr.tags["outcome"] == "stopped {'said': 'goodbye'}"
    assert cdr.tags["gone"] == "refused"
    (path,) = cdr.recordings
    caller, program = np.ascontiguousarray(read_wav(path).T)
    assert likeness_of_parts(said, caller) > 0.95
    assert likeness_of_parts(said, program) > 0.95, "the bot has the right channel"
    (streamed,) = cdr.streams[:1]
    assert (streamed.program, streamed.end_reason) == ("bot", "stopped")
    assert min(streamed.sent, streamed.said) > 400
