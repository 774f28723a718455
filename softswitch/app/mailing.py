"""Mail goes out: one after another from the queue on disk, beside the calls and never in their way.

A slow server costs its own time only: at most `SENDING_MAX` mails are under way, each for `SEND_S` at most. Sound is
encoded by a process at the lowest priority (archiver_process.py). A recording that cannot be attached does not keep the
mail from telling of it.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

from softswitch.app.archiver_process import ArchiverProcess
from softswitch.app.mail_queue import MailChanged, MailGone, MailQueue
from softswitch.app.smtp import MailNotSent, MailSettings, send
from softswitch.base.clock import Clock
from softswitch.base.ids import RecordingId
from softswitch.base.log import get_logger
from softswitch.media.recording.archive import Attached, AttachFile, NotDone
from softswitch.store import Store
from softswitch.store.voicemail_schema import StoredMail

log = get_logger("mail")

SENDING_MAX = 2
SEND_S = 300.0
"""For one mail with a long message over a slow line."""
IDLE_S = 3600.0
NOT_CONFIGURED_S = 300.0
"""Mail that waits while there is no server any more is looked at this often."""
_DOCUMENT_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "json": "application/json",
}
_TYPES = {"wav": "wav", "mp3": "mpeg", "opus": "ogg"}


CANCELLED_AGAIN_S = 0.2


class Mailing:
    """`settings` are those of the moment; `when_sent` is told what was."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: Callable[[], MailSettings],
        *,
        when_sent: Callable[[StoredMail], None],
        transmit: Callable[[EmailMessage, MailSettings], Awaitable[list[str]]] = send,
    ) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._when_sent = when_sent
        self._transmit = transmit
        self._queue = MailQueue(store.mails.ascending())
        self._encoder = ArchiverProcess()
        self._encoding = asyncio.Lock()
        """It does one job at a time."""
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def queue(self) -> MailQueue:
        """To look at."""
        return self._queue

    def put(self, mail: StoredMail) -> None:
        """It is sent soon, or later, or by the next switch."""
        self._queue.put(mail)
        self._carry_out()
        self._news.set()

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="mail")

    async def stop(self) -> None:
        """What is being sent is sent again by the next switch."""
        if self._task is not None:  # first, for it begins the others
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            # Python 3.11 may lose a cancellation that comes as what `wait_for` waits for is done: then once more.
            await asyncio.wait(self._tasks, timeout=CANCELLED_AGAIN_S)
        await self._encoder.end()

    # Private

    async def _run(self) -> None:
        while True:
            self._news.clear()
            self._begin_those_due()
            due = self._queue.next_timeout()
            wait_s = IDLE_S if due is None or len(self._tasks) >= SENDING_MAX else max(0.0, due - self._clock.wall())
            if due is not None and not self._settings().server:
                wait_s = NOT_CONFIGURED_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(wait_s, IDLE_S)):
                    await self._news.wait()

    def _begin_those_due(self) -> None:
        settings = self._settings()
        while settings.server and len(self._tasks) < SENDING_MAX:
            mail = self._queue.take_due(self._clock.wall())
            if mail is None:
                return
            task = asyncio.get_running_loop().create_task(self._send(mail, settings))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._news.set()

    async def _send(self, mail: StoredMail, settings: MailSettings) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                refused = await self._transmit(await self._message(mail, settings), settings)
        except TimeoutError:
            self._failed(mail, f"it was not done within {SEND_S:g} s", is_final=False)
        except MailNotSent as error:
            self._failed(mail, str(error), is_final=error.is_final)
        except Exception as error:
            # Of a library, or an address that no mail can have: it costs this mail its attempt, and nobody else.
            log.exception("mail failed", mail=mail.mail_id)
            self._failed(mail, repr(error), is_final=False)
        else:
            self._queue.done(mail.mail_id)
            log.info("mail sent", mail=mail.mail_id, to=list(mail.to), about=mail.about)
            if refused:
                log.warning("mail refused for some", mail=mail.mail_id, refused=refused)
            self._carry_out()
            self._when_sent(mail)

    def _failed(self, mail: StoredMail, reason: str, *, is_final: bool) -> None:
        log.warning("mail not sent", mail=mail.mail_id, to=list(mail.to), attempt=mail.attempts + 1, reason=reason)
        self._queue.not_done(mail.mail_id, reason, self._clock.wall(), is_final=is_final)
        self._carry_out()

    def _carry_out(self) -> None:
        for output in self._queue.take_outputs():
            match output:
                case MailChanged(mail):
                    self._store.mails.put(mail.mail_id, mail)
                case MailGone(mail, reason):
                    self._store.mails.delete(mail.mail_id)
                    if mail.document:
                        asyncio.get_running_loop().run_in_executor(None, _remove, mail.document)
                    if reason:
                        log.error("mail given up", mail=mail.mail_id, to=list(mail.to), about=mail.about, reason=reason)

    async def _message(self, mail: StoredMail, settings: MailSettings) -> EmailMessage:
        message = EmailMessage()
        message["From"] = settings.sender
        message["To"] = ", ".join(mail.to)
        message["Subject"] = mail.subject
        message["Date"] = formatdate(mail.written_wall, localtime=True)
        # The same for every attempt, so that whoever gets it twice sees that it is one.
        message["Message-ID"] = f"<{mail.mail_id}@{settings.sender.rpartition('@')[2] or 'softswitch'}>"
        message["Auto-Submitted"] = "auto-generated"
        content, fault = await self._attachment(mail) if mail.attachment else (b"", "")
        message.set_content(mail.text + (f"\n({fault})\n" if fault else ""))
        if content:
            name = f"{mail.attachment_name or 'message'}.{mail.attachment_format}"
            message.add_attachment(content, maintype="audio", subtype=_TYPES[mail.attachment_format], filename=name)
        if mail.document:
            await self._attach_document(message, mail)
        return message

    async def _attach_document(self, message: EmailMessage, mail: StoredMail) -> None:
        """Without it, if it cannot be read: the mail says so."""
        try:
            content = await asyncio.to_thread(Path(mail.document).read_bytes)
        except OSError as error:
            log.error("document not attached", mail=mail.mail_id, path=mail.document, fault=error.strerror)
            message.set_content(f"{mail.text}\n(the file is not there: {error.strerror})\n")
            return
        ending = mail.document_name.rpartition(".")[2]
        maintype, _, subtype = _DOCUMENT_TYPES.get(ending, "application/octet-stream").partition("/")
        message.add_attachment(content, maintype=maintype, subtype=subtype, filename=mail.document_name)

    async def _attachment(self, mail: StoredMail) -> tuple[bytes, str]:
        """The sound, or why there is none."""
        target = f"{mail.attachment}.{mail.mail_id}.mail"
        key_file = self._settings().key_file
        job = AttachFile(RecordingId(mail.mail_id), mail.attachment, target, mail.attachment_format, key_file)
        try:
            async with self._encoding:
                answer = await self._encoder.ask(job)
            if isinstance(answer, Attached):
                return await asyncio.to_thread(Path(target).read_bytes), ""
            reason = answer.reason if isinstance(answer, NotDone) else "the process that does it died"
        except OSError as error:
            reason = error.strerror or str(error)
        finally:
            await asyncio.to_thread(_remove, target)
        log.error("recording not attached", mail=mail.mail_id, path=mail.attachment, fault=reason)
        return b"", reason


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
