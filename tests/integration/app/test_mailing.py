"""Mail over real SMTP: the message arrives with its sound; a server that is away, refuses or hangs costs only time."""

import asyncio
import gc
import io
import ssl
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiosmtpd.controller import Controller
from msgspec.structs import replace

from softswitch.app.mailing import SENDING_MAX, Mailing
from softswitch.app.smtp import MailNotSent, MailSettings, send
from softswitch.app.voicemail_mails import mail_about
from softswitch.base.clock import SystemClock
from softswitch.calls.voice_box import VoiceBox
from softswitch.media.recording.recording import CHANNELS
from softswitch.media.sounds.wav import header
from softswitch.store import memory_store
from softswitch.store.voicemail_schema import StoredVoiceMessage
from softswitch.testing.certificates import Authority
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.inbox import Inbox

pytestmark = pytest.mark.network

BOX = VoiceBox(box="sales", number="190", name="Sales", mail_to=("sales@example.com", "boss@example.com"))


def tone(path: Path, seconds: float = 2.0) -> str:
    """What a message of one speaker looks like: his voice left, nothing right."""
    at = np.arange(int(seconds * 8000)) / 8000
    frames = np.zeros((len(at), CHANNELS), np.int16)
    frames[:, 0] = (8000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)
    path.write_bytes(header(channels=CHANNELS, frames=len(at)) + frames.tobytes())
    return str(path)


def message(path: str, **changes: Any) -> StoredVoiceMessage:
    row = StoredVoiceMessage(
        message_id="m1",
        box="sales",
        path=path,
        received_wall=1_700_000_000.0,
        duration_s=62.4,
        calling_number="+15550100",
        calling_name="Dora\r\nBcc: all@example.com",
        state="new",
    )
    return replace(row, **changes)


def loudness(content: bytes) -> float:
    """Of the sound in a file, its RMS, and that it is a tone of 440 Hz."""
    with av.open(io.BytesIO(content), "r") as reader:
        rate_hz = reader.streams.audio[0].rate
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
        frames = [made.to_ndarray().ravel() for frame in reader.decode(audio=0) for made in resampler.resample(frame)]
    sound = np.concatenate(frames).astype(np.float64)[rate_hz // 2 : rate_hz]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert abs(np.argmax(spectrum) * rate_hz / len(sound) - 440) < 5
    return float(np.sqrt(np.mean(sound**2)))


def with_server(inbox: Inbox, scenario: Callable[[MailSettings], Awaitable[None]]) -> None:
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        settings = MailSettings(server="127.0.0.1", port=controller.port, security="none", sender="switch@example.com")
        asyncio.run(_timed(scenario(settings)))
    finally:
        controller.stop()


async def _timed(scenario: Awaitable[None]) -> None:
    async with asyncio.timeout(60):
        await scenario


@pytest.mark.parametrize(("attach", "subtype"), [("wav", "wav"), ("mp3", "mpeg"), ("opus", "ogg")])
def test_a_message_arrives_with_its_sound(tmp_path: Path, attach: Any, subtype: str) -> None:
    inbox = Inbox()
    sent = asyncio.Event()

    async def scenario(settings: MailSettings) -> None:
        store = memory_store()
        mailing = Mailing(store, SystemClock(), lambda: settings, when_sent=lambda mail: sent.set())
        mailing.start()
        box = replace(BOX, attach=attach)
        path = tone(tmp_path / "one.wav")
        mailing.put(mail_about(box, message(path), "mail1", SystemClock().wall(), "en"))
        await sent.wait()
        await mailing.stop()
        assert store.mails.count() == 0

    with_server(inbox, scenario)
    (mail,) = inbox.taken
    assert inbox.recipients == [["sales@example.com", "boss@example.com"]]
    assert mail["Subject"].strip() == "Voice message from Dora  Bcc: all@example.com (+15550100) for Sales (1:02)"
    assert mail["Bcc"] is None
    assert (mail["From"], mail["Auto-Submitted"], mail["Message-ID"]) == (
        "switch@example.com",
        "auto-generated",
        "<mail1@example.com>",
    )
    (attachment,) = mail.iter_attachments()
    assert attachment.get_content_type() == f"audio/{subtype}"
    assert str(attachment.get_filename()).endswith(f"m1.{attach}")
    content = attachment.get_content()
    assert 4000 < loudness(content) < 7500, "one speaker's voice is as loud as it was"
    assert len(content) < 20_000
    assert [each.name for each in tmp_path.iterdir()] == ["one.wav"], "what was made for the mail is gone"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("is_known", "is_verified", "has_starttls", "fault"),
    [
        (True, True, True, ""),
        (False, True, True, "certificate verify failed"),
        (False, False, True, ""),
        (True, True, False, "STARTTLS"),
    ],
)
def test_a_server_with_starttls(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_known: bool,
    is_verified: bool,
    has_starttls: bool,
    fault: str,
) -> None:
    """Nothing goes in the clear, nor to somebody whom no authority vouches for, unless that is configured."""
    authority = Authority(tmp_path / "ca")
    files = authority.issue("mail", ["127.0.0.1"])
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.private_key)
    inbox = Inbox()
    tls: dict[str, Any] = {"tls_context": context, "require_starttls": True} if has_starttls else {}
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **tls)
    controller.start()
    settings = MailSettings(
        server="127.0.0.1", port=controller.port, is_verified=is_verified, sender="switch@example.com"
    )
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "switch@example.com", "sales@example.com", "A message"
    try:
        if fault:
            with pytest.raises(MailNotSent, match=fault):
                asyncio.run(send(mail, settings))
            assert not inbox.taken
        else:
            assert asyncio.run(send(mail, settings)) == []
            assert inbox.taken[0]["Subject"] == "A message"
    finally:
        controller.stop()
        gc.collect()  # the server forgets the socket of a client that breaks off, and it warns of that here


def test_two_at_once_have_each_its_own_sound(tmp_path: Path) -> None:
    inbox = Inbox()

    async def scenario(settings: MailSettings) -> None:
        sent = asyncio.Semaphore(0)
        mailing = Mailing(memory_store(), SystemClock(), lambda: settings, when_sent=lambda mail: sent.release())

        def put(number: int) -> None:
            path = tone(tmp_path / f"{number}.wav", seconds=2.0 * number)
            about = message(path, message_id=f"m{number}")
            mailing.put(mail_about(replace(BOX, attach="wav"), about, f"mail{number}", SystemClock().wall(), "en"))

        mailing.start()
        put(1)
        await sent.acquire()
        for number in (2, 3):  # the encoder runs already
            put(number)
        for _ in range(2):
            await sent.acquire()
        await mailing.stop()

    with_server(inbox, scenario)
    lengths = {
        str(each.get_filename()).removesuffix(".wav")[-2:]: len(each.get_content())
        for mail in inbox.taken
        for each in mail.iter_attachments()
    }
    assert {name: round(length / 16_000) for name, length in lengths.items()} == {"m1": 1, "m2": 2, "m3": 3}


def test_a_server_that_is_away_is_tried_again(tmp_path: Path) -> None:
    inbox = Inbox()
    store = memory_store()
    tried = asyncio.Event()

    async def away(mail: EmailMessage, settings: MailSettings) -> list[str]:
        tried.set()
        raise MailNotSent("421 come back later")

    async def scenario(settings: MailSettings) -> None:
        first = Mailing(store, SystemClock(), lambda: settings, when_sent=lambda mail: None, transmit=away)
        first.start()
        first.put(mail_about(replace(BOX, attach=None), message(""), "mail1", SystemClock().wall(), "ru"))
        await tried.wait()
        await first.stop()
        stored = store.mails.get("mail1")
        assert stored is not None
        assert (stored.attempts, stored.last_failure) == (1, "421 come back later")
        # The next switch finds it on the disk; by then it is due.
        store.mails.put("mail1", replace(stored, next_wall=0.0))
        sent = asyncio.Event()
        second = Mailing(store, SystemClock(), lambda: settings, when_sent=lambda mail: sent.set())
        second.start()
        await sent.wait()
        await second.stop()

    with_server(inbox, scenario)
    (mail,) = inbox.taken
    assert "Голосовое сообщение от" in mail["Subject"]
    assert list(mail.iter_attachments()) == []


def test_what_a_server_says_is_for_good_or_for_now() -> None:
    inbox = Inbox()
    inbox.refuses = {"nobody@example.com": "550 no such user", "busy@example.com": "450 mailbox busy"}

    async def scenario(settings: MailSettings) -> None:
        for address, is_final in (("nobody@example.com", True), ("busy@example.com", False)):
            mail = EmailMessage()
            mail["From"], mail["To"] = "switch@example.com", address
            with pytest.raises(MailNotSent) as refused:
                await send(mail, settings)
            assert refused.value.is_final is is_final
            assert address in str(refused.value)
        mail = EmailMessage()
        mail["From"], mail["To"] = "switch@example.com", "sales@example.com, nobody@example.com"
        assert await send(mail, settings) == ["nobody@example.com: 550 no such user"]
        with pytest.raises(MailNotSent) as unreachable:
            await send(mail, replace(settings, port=free_port()))
        assert not unreachable.value.is_final
        with pytest.raises(MailNotSent) as plain:
            await send(mail, replace(settings, security="starttls"))
        assert not plain.value.is_final, "it has no TLS, and we do not send without"

    with_server(inbox, scenario)
    assert inbox.recipients == [["sales@example.com"]]


def test_a_recording_that_is_gone_does_not_keep_the_mail_from_telling(tmp_path: Path) -> None:
    inbox = Inbox()

    async def scenario(settings: MailSettings) -> None:
        sent = asyncio.Event()
        mailing = Mailing(memory_store(), SystemClock(), lambda: settings, when_sent=lambda mail: sent.set())
        mailing.start()
        mailing.put(mail_about(BOX, message(str(tmp_path / "gone.wav")), "mail1", SystemClock().wall(), "en"))
        await sent.wait()
        await mailing.stop()

    with_server(inbox, scenario)
    (mail,) = inbox.taken
    assert list(mail.iter_attachments()) == []
    body = mail.get_body()
    assert body is not None
    text = body.get_content()
    assert "Dora  Bcc: all@example.com (+15550100) has left a voice message of 1:02 in the box Sales" in text
    assert "No such file" in text


def test_a_server_that_hangs_costs_nobody_else_anything() -> None:
    """The mail stays on the disk, and the switch can stop at once."""

    async def scenario() -> None:
        has_come, gone = asyncio.Event(), asyncio.Semaphore(0)

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            has_come.set()
            await reader.read()
            writer.close()
            await writer.wait_closed()
            gone.release()

        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings = MailSettings(server="127.0.0.1", port=port, security="none", sender="switch@example.com")
        store = memory_store()
        mailing = Mailing(store, SystemClock(), lambda: settings, when_sent=lambda mail: None)
        mailing.start()
        for number in range(5):
            mail = mail_about(replace(BOX, attach=None), message(""), f"mail{number}", SystemClock().wall(), "en")
            mailing.put(mail)
        await has_come.wait()
        async with asyncio.timeout(5):
            await mailing.stop()
        assert store.mails.count() == 5
        for _ in range(SENDING_MAX):
            await gone.acquire()
        server.close()
        await server.wait_closed()

    asyncio.run(_timed(scenario()))


def test_without_a_server_mail_waits(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = memory_store()
        mailing = Mailing(store, SystemClock(), MailSettings, when_sent=lambda mail: None)
        mailing.start()
        mailing.put(mail_about(BOX, message(""), "mail1", SystemClock().wall(), "en"))
        await asyncio.sleep(0)
        await mailing.stop()
        assert store.mails.count() == 1

    asyncio.run(scenario())
