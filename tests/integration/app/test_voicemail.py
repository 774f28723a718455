"""Voicemail between real processes: left by one phone, the lamp of another, encrypted, heard by keys, in the mail."""

import asyncio
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiosmtpd.controller import Controller

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.control.protocol.voicemail import SetVoiceMessage, VoiceMessageAction, VoiceMessageRow, VoiceMessageSet
from softswitch.media.recording.recording import FRAME_BYTES
from softswitch.media.runtime.recording.sealed_sound import is_sealed
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.sip.outputs import Transmit
from softswitch.testing.phones import Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.inbox import Inbox
from softswitch.testing.runtime.running import RunningSwitch
from softswitch.testing.watcher import Watcher

pytestmark = pytest.mark.network

RATE_HZ = 8000
VOICE_HZ = 440.0
PASSWORD = "long-enough-4711"
KEY = "5f" * 32


def files(port: int, mail_port: int) -> dict[str, str]:
    def route(number: str, flow: str) -> str:
        return f'[[route]]\nnumber = "{number}"\nflow = "{flow}"\n'

    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "12000-13999"\nworkers = 1\n'
        '[recordings]\nkey_file = "key"\n'
        "[voicemail]\nextensions = true\nshortest_s = 1\n"
        f'[mail]\nserver = "127.0.0.1"\nport = {mail_port}\nsecurity = "none"\nsender = "switch@example.com"\n',
        "agents.toml": f'[[phone]]\nid = "anna"\npassword = "{PASSWORD}"\nnumber = "101"\n'
        'voicemail = {email = ["anna@example.com"]}\n',
        "numbers.toml": route("1xx", "extension") + route("*97", "voicemail"),
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
    }


class Lamp(asyncio.DatagramProtocol):
    """A device of anna's that watches her box."""

    def __init__(self, switch: HostPort) -> None:
        self._switch = switch

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        local = HostPort(*transport.get_extra_info("sockname")[:2])
        self._flow = Flow(TransportKind.UDP, local, self._switch)
        self._watcher = Watcher(local, self._switch, "127.0.0.1", "anna", PASSWORD)
        self._watcher.subscribe("message-summary", "anna")
        self._send()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._watcher.receive_datagram(data, self._flow, 0.0)
        self._send()

    @property
    def shown(self) -> str:
        """ "new/old", as it was told last."""
        last = self._watcher.told[-1].body if self._watcher.told else ""
        return last.partition("Voice-Message: ")[2].partition(" ")[0]

    def _send(self) -> None:
        for each in self._watcher.take_outputs():
            assert isinstance(each, Transmit)
            self._transport.sendto(each.message, (self._switch.host, self._switch.port))


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("not within 20 s")


def hears_the_voice(path: Path) -> bool:
    """In the last half second of what a phone has heard so far."""
    part = path if path.exists() else path.with_name(path.name + ".part")
    if not part.exists():
        return False
    sound = np.frombuffer(part.read_bytes()[44:][: part.stat().st_size // 4 * 4], "<i2")
    heard = sound[: len(sound) // 2 * 2].reshape(-1, 2)[-RATE_HZ // 2 :, 0].astype(np.float64)
    if len(heard) < RATE_HZ // 2:
        return False
    tone = np.exp(-2j * np.pi * VOICE_HZ * np.arange(len(heard)) / RATE_HZ)
    amplitude = 2 * abs(np.mean(heard * tone))
    return bool(amplitude > 2000 and amplitude > 1.2 * np.sqrt(np.mean(heard**2)))


async def scenario(folder: Path, switch: RunningSwitch, phones: Phones, port: int) -> None:
    def messages() -> list[VoiceMessageRow]:
        with switch.control() as client:
            return client.voice_messages("101")

    def parts() -> list[Path]:
        return list((folder / "centre" / "voicemail").rglob("*.part"))

    loop = asyncio.get_running_loop()
    address = HostPort("127.0.0.1", port)
    transport, lamp = await loop.create_datagram_endpoint(lambda: Lamp(address), local_addr=("127.0.0.1", 0))
    anna = await phones.register("anna", PASSWORD)
    await until(lambda: lamp.shown == "0/0")

    # Anna is busy; the caller skips the greeting by a key, speaks after the tone, and hangs up.
    caller = await phones.dial("101", calling_number="+15550100")
    ringing = await asyncio.wait_for(anna.next_call(), 10)
    ringing.reject(486)
    assert await asyncio.wait_for(caller.answered(), 10)
    caller.press_events("#")
    await until(lambda: bool(parts()))
    caller.say([str(folder / "voice.wav")])
    await asyncio.wait_for(caller.silent(), 10)
    caller.hang_up()
    await until(lambda: lamp.shown == "1/0")
    (row,) = messages()
    assert (row.state, row.calling_number, row.box) == ("new", "+15550100", "anna")
    assert 2.5 < row.duration_s < 8
    await until(lambda: is_sealed(row.path))
    written = folder / "written.wav"
    command = [sys.executable, "-m", "softswitch", "voicemail", "listen", row.message_id, "--output", str(written)]
    await asyncio.to_thread(subprocess.run, [*command, "--config", str(folder / "centre")], check=True)
    with wave.open(str(written)) as file:
        assert file.getnframes() > 2.5 * RATE_HZ

    # She hears it, and deletes it.
    listening = await anna.dial("*97")
    assert await asyncio.wait_for(listening.answered(), 10)
    heard = folder / "heard.wav"
    listening.record(str(heard))
    listening.press_events("1")
    await until(lambda: lamp.shown == "0/1")
    await until(lambda: hears_the_voice(heard))
    assert is_sealed(row.path), "what is played is a copy"
    listening.press_events("7")
    await until(lambda: lamp.shown == "0/0")
    assert [each.state for each in messages()] == ["deleted"]
    listening.hang_up()
    await asyncio.wait_for(listening.ended(), 10)

    # Somebody at the command line has it back for her, and deletes it again.
    orders: list[tuple[VoiceMessageAction, str]] = [("undelete", "0/1"), ("new", "1/0"), ("delete", "0/0")]
    for action, shown in orders:
        with switch.control() as client:
            client.ask(SetVoiceMessage(row.message_id, action), VoiceMessageSet)
        await until(lambda shown=shown: lamp.shown == shown)
    transport.close()

    # The switch dies while somebody speaks: he goes on, and all he has said is one message.
    caller = await phones.dial("101", calling_number="+15550199")
    (await asyncio.wait_for(anna.next_call(), 10)).reject(486)
    assert await asyncio.wait_for(caller.answered(), 10)
    caller.press_events("#")
    await until(lambda: bool(parts()))
    caller.say([str(folder / "voice.wav")], loop=True)
    await until(lambda: parts()[0].stat().st_size > 2 * RATE_HZ * FRAME_BYTES)
    killed = switch.kill("switch")
    await asyncio.to_thread(switch.wait_until, lambda: switch.pid("switch") not in (0, killed), 30)
    await asyncio.to_thread(switch.wait_until, lambda: switch.status() is not None, 30)
    said = parts()[0].stat().st_size
    await until(lambda: parts()[0].stat().st_size > said + RATE_HZ * FRAME_BYTES)
    caller.hang_up()
    await until(lambda: [row.state for row in messages()] == ["deleted", "new"])
    found = messages()[1]
    assert found.calling_number == "+15550199"
    await until(lambda: is_sealed(found.path))
    assert found.duration_s > 2.9
    with switch.control() as client:
        assert [(row.mailbox, row.new) for row in client.mailboxes()] == [("anna", 1)]


def test_a_message_is_left_shown_mailed_heard_and_deleted(tmp_path: Path) -> None:
    port, mail_port = free_port(), free_port()
    at = np.arange(int(3.0 * RATE_HZ)) / RATE_HZ
    write_wav(tmp_path / "voice.wav", (0.3 * np.sin(2 * np.pi * VOICE_HZ * at)).astype(np.float32))
    (tmp_path / "centre").mkdir()
    key = tmp_path / "centre" / "key"
    key.touch(0o600)
    key.write_text(KEY)
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=mail_port)
    server.start()
    try:
        with RunningSwitch(tmp_path / "centre", files(port, mail_port)) as switch:

            async def run() -> None:
                address = HostPort("127.0.0.1", port)
                folder = tmp_path / "phones"
                folder.mkdir()
                async with Phones(address, folder=folder, trunk_host="127.0.0.2") as phones:
                    await scenario(tmp_path, switch, phones, port)

            asyncio.run(run())
            assert inbox.has_come.wait(20)
    finally:
        server.stop()
    mail = inbox.taken[0]
    assert "+15550100" in mail["Subject"]
    (attachment,) = mail.iter_attachments()
    assert attachment.get_content_type() == "audio/mpeg"
