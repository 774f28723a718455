"""Voicemail in the running switch: the book of messages in the store, lamps, PINs, what a crash has left, time.

The sound of messages is recorded by media workers like that of calls, but into a directory of its own and into no index
of recordings. It is not converted; where recordings are encrypted, messages and greetings are as soon as they are
complete, and copied out for as long as they are played (media/runtime/recording/sealed_sound.py). A message is on the
disk, row and sound, before its caller hears that it is saved. Its row is there from the first word on: what a caller
had said when the switch died is a message after the restart.
"""

import asyncio
import hmac
import os
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress

from softswitch.acd.runtime.timers import TimerHandle
from softswitch.base.clock import Clock
from softswitch.base.entropy import Entropy
from softswitch.base.ids import CallId, RecordingId
from softswitch.base.log import get_logger
from softswitch.calls.limits import ORPHAN_S, SWEPT_AT_ONCE, VOICEMAIL_SWEEP_S
from softswitch.calls.outcomes import RecordedMessage
from softswitch.calls.pin_guard import PinGuard
from softswitch.calls.runtime.on_disk import is_on_disk
from softswitch.calls.settings import CallSettings
from softswitch.calls.voice_book import (
    BoxChanged,
    BoxCounts,
    CountsChanged,
    FileUnneeded,
    MessageChanged,
    MessageGone,
    VoiceBook,
)
from softswitch.calls.voice_box import GreetingKind, VoiceBox
from softswitch.media.protocol import Recording, RecordingFinished
from softswitch.media.recording.recording import duration_s, frames_in, recording_path
from softswitch.sip.events.message_summary import MessageSummary
from softswitch.store import Store
from softswitch.store.voicemail_schema import StoredVoiceBox, StoredVoiceMessage

log = get_logger("voicemail")

_OUR_NAME = re.compile(r"[0-9a-f]{24}\.wav(\.part|\.sealing)?")
"""Of files, by `Voicemail.new_path`; whatever else somebody keeps in the directory is not ours to delete."""

PIN_DIGITS_MIN = 4
PIN_DIGITS_MAX = 12


class Voicemail:
    """`remove_files` deletes files, and `seal_files` encrypts them, without keeping anybody waiting.

    `settings` are those of the moment.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        entropy: Entropy,
        settings: Callable[[], CallSettings],
        *,
        remove_files: Callable[[Sequence[str]], None],
        seal_files: Callable[[Sequence[str]], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._settings = settings
        self._remove_files = remove_files
        self._seal_files = seal_files
        self._book = VoiceBook(store.voice_messages.ascending(), store.voice_boxes.ascending())
        self._left_over = {each.path: each.message_id for each in self._book.unfinished()}
        """Messages that were being left when a former switch ended, by their files."""
        self._guard = PinGuard()
        self._open: set[RecordingId] = set()
        self._when_changed: Callable[[str], None] | None = None
        self._when_left: list[Callable[[VoiceBox, StoredVoiceMessage], None]] = []
        self._when_gone: list[Callable[[StoredVoiceMessage], None]] = []
        self._timer: TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unconfirmed: dict[str, StoredVoiceBox] = {}
        """What was chosen before, by box, where somebody is about to be told that it is something else now."""

    def when_changed(self, callback: Callable[[str], None]) -> None:
        """Who wants to know, by user name, that a lamp may be another now."""
        self._when_changed = callback

    def when_left(self, callback: Callable[[VoiceBox, StoredVoiceMessage], None]) -> None:
        """Who wants to know that there is a new message."""
        self._when_left.append(callback)

    def when_gone(self, callback: Callable[[StoredVoiceMessage], None]) -> None:
        """Who wants to know that one was heard, deleted, or is gone."""
        self._when_gone.append(callback)

    # Boxes

    def box_for(self, name: str) -> VoiceBox | None:
        """The box with this id or number."""
        return self._settings().voice_box_for(name)

    def boxes_of(self, username: str) -> list[VoiceBox]:
        """Those that need no PIN of an extension's owner, his own first."""
        return self._settings().voice_boxes_of(username)

    def counts(self, box: str) -> BoxCounts:
        return self._book.counts(box)

    def chosen(self, box: str) -> StoredVoiceBox:
        return self._book.chosen(box)

    def summary_of(self, username: str) -> MessageSummary | None:
        """What an extension's lamp shows: its own box, and those it shares; None if there are none."""
        boxes = self._settings().voice_boxes_of(username)
        if not boxes:
            return None
        counts = [self._book.counts(box.box) for box in boxes]
        return MessageSummary(
            new=sum(each.new for each in counts),
            old=sum(each.old for each in counts),
            urgent_new=sum(each.urgent_new for each in counts),
            urgent_old=sum(each.urgent_old for each in counts),
        )

    def open(self, name: str, pin: str, caller: str) -> VoiceBox | None:
        """The box, if it has this PIN; `caller` is who tries. After some wrong ones in a row none is right."""
        box = self.box_for(name)
        box_id = name[:40] if box is None else box.box
        subjects = (f"box:{box_id}", f"caller:{caller[:40]}")
        now = self._clock.now()
        if self._guard.is_locked(subjects, now):
            return None
        right = "" if box is None else self._book.chosen(box.box).pin or box.pin
        if box is not None and right and hmac.compare_digest(right.encode(), pin.encode()):
            self._guard.right(subjects)
            return box
        log.warning("voicemail not opened", box=box_id, caller=caller[:40])
        for subject in self._guard.wrong(subjects, now):
            log.warning("voicemail PINs locked", subject=subject)
        return None

    # A message comes

    def room_s(self, box: VoiceBox) -> float:
        """How long the next message may be; 0: the box is full."""
        return self._book.room_s(box)

    def refused(self, box: VoiceBox) -> None:
        """A caller could leave nothing: there was no room."""
        log.warning("voicemail full", box=box.box)
        self._book.refused(box.box, self._clock.wall())
        self._carry_out()

    def new_path(self) -> str:
        """Where a message, or a greeting, is to be recorded: no two have the same, for workers know files by name."""
        name = CallId(self._entropy.token(96))
        return recording_path(self._settings().voicemail_directory, self._clock.wall(), name)

    def begin(self, message: StoredVoiceMessage) -> None:
        """Somebody begins to speak."""
        self._book.begin(message)
        self._carry_out()

    def new_id(self) -> str:
        """Of a message: it can be said, and typed at a command line."""
        return self._entropy.token(40)

    def recorded(self, message_id: str, path: str, duration_s: float) -> None:
        self._book.recorded(message_id, path, duration_s)
        self._carry_out()

    async def complete(self, message_id: str, *, is_urgent: bool) -> bool:
        """It is left for good; True once it is on the disk."""
        self._completed(message_id, is_urgent=is_urgent)
        return await self.stored()

    def discard(self, message_id: str) -> None:
        """Its caller did not want it, or said nothing."""
        self._book.discard(message_id)
        self._carry_out()

    def drop_file(self, path: str) -> None:
        """What was recorded is of no use, unless something names it."""
        if path not in self._book.files():
            self._remove_files([path])

    # Messages

    def get(self, message_id: str) -> StoredVoiceMessage | None:
        return self._book.get(message_id)

    def of(self, box: str) -> list[StoredVoiceMessage]:
        """What can be heard in a box, and what is deleted, the oldest first."""
        return self._book.of(box)

    def all_messages(self) -> list[StoredVoiceMessage]:
        return self._book.all_messages()

    def all_boxes(self) -> list[VoiceBox]:
        return list(self._settings().voice_boxes.values())

    def heard(self, message_id: str, by: str) -> StoredVoiceMessage | None:
        return self._done(self._book.heard(message_id, by, self._clock.wall()), is_over=True)

    def renew(self, message_id: str) -> StoredVoiceMessage | None:
        """As if nobody had heard it."""
        return self._done(self._book.renew(message_id))

    def delete(self, message_id: str) -> StoredVoiceMessage | None:
        """It can be had back for a day."""
        message = self._book.get(message_id)
        box = None if message is None else self.box_for(message.box)
        return self._done(self._book.delete(message_id, self._clock.wall(), box), is_over=True)

    def undelete(self, message_id: str) -> StoredVoiceMessage | None:
        return self._done(self._book.undelete(message_id))

    def set_urgent(self, message_id: str, is_urgent: bool) -> StoredVoiceMessage | None:
        return self._done(self._book.set_urgent(message_id, is_urgent))

    def set_contact(self, message_id: str, is_contact: bool) -> None:
        self._book.set_contact(message_id, is_contact)
        self._carry_out()

    def forward(self, message_id: str, to: VoiceBox) -> StoredVoiceMessage | None:
        """A copy in another box; None if there is no such message, or no room."""
        copy = self._book.forward(message_id, to, self.new_id(), self._clock.wall())
        self._carry_out()
        if copy is not None:
            self._tell_left(to, copy)
        return copy

    # What owners choose

    def set_greeting(self, box: VoiceBox, kind: GreetingKind, path: str) -> None:
        """From now on; "": none any more. Whoever says so to somebody asks `stored` at once."""
        self._unconfirmed.setdefault(box.box, self._book.chosen(box.box))
        self._book.set_greeting(box.box, kind, path)
        self._carry_out()
        if path:
            self._seal_files([path])

    def set_pin(self, box: VoiceBox, pin: str) -> bool:
        """False for one that is too short, too long or the first that is guessed. `stored` is asked at once."""
        is_good = pin.isascii() and pin.isdigit() and PIN_DIGITS_MIN <= len(pin) <= PIN_DIGITS_MAX
        if not is_good or len(set(pin)) == 1 or pin in (box.number, box.box):
            return False
        self._unconfirmed.setdefault(box.box, self._book.chosen(box.box))
        self._book.set_pin(box.box, pin)
        self._carry_out()
        return True

    async def stored(self) -> bool:
        """True once all of the above is on the disk.

        False if the disk refuses: what owners have chosen is as it was before, and messages are as they are now, on the
        disk later.
        """
        unconfirmed, self._unconfirmed = self._unconfirmed, {}
        chosen = {box: self._book.chosen(box) for box in unconfirmed}
        if await is_on_disk(self._store, log, "voicemail not stored"):
            return True
        for box, former in unconfirmed.items():
            self._book.choose_again(former, instead_of=chosen[box])
        self._carry_out()
        return False

    # Recordings

    @property
    def recordings_open(self) -> int:
        """Begun, and not yet known to be complete."""
        return len(self._open)

    def has_file(self, path: str) -> bool:
        """Whether it is one of voicemail's."""
        directory = self._settings().voicemail_directory
        return bool(directory) and path.startswith(directory.rstrip("/") + "/")

    def recording_started(self, recording: Recording) -> None:
        self._open.add(recording.recording_id)

    def recording_finished(self, event: RecordingFinished) -> None:
        """A worker has closed a file; of one that a former switch began, it is the end of the message."""
        if event.recording_id in self._open:
            self._open.discard(event.recording_id)
        else:
            self.recovered({event.path: event.duration_s})

    # Time

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on what is too old goes, some messages a turn: there may be many."""
        self._loop = loop

        def sweep(ids: list[str]) -> None:
            self.sweep(ids[:SWEPT_AT_ONCE])
            rest = ids[SWEPT_AT_ONCE:]
            wait_s = 0.0 if rest else VOICEMAIL_SWEEP_S
            self._timer = loop.call_later(wait_s, lambda: sweep(rest or self._book.ids()))

        self._timer = loop.call_later(0.0, lambda: sweep(self._book.ids()))

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def sweep(self, ids: list[str]) -> None:
        """Of these messages, those that are too old go."""
        too_old = self._book.sweep(self._clock.wall(), self.box_for, ids)
        if too_old:
            log.info("voicemail messages deleted for their age", count=too_old)
        self._carry_out()

    def recovered(self, files: Mapping[str, float]) -> None:
        """Files that were complete, or have been completed, after a crash, with their lengths in seconds."""
        for path, length_s in files.items():
            message_id = self._left_over.pop(path, "")
            message = self._book.get(message_id)
            if message is None:
                continue
            log.warning("voicemail recovered", box=message.box, message=message_id, duration_s=round(length_s, 1))
            self._book.recorded(message_id, path, length_s)
            self._settle(message_id)
        self._carry_out()

    def calls_go_on(self, call_ids: Container[CallId]) -> None:
        """Calls of the former switch that outlived it: their callers go on with their messages themselves."""
        for message in self._book.unfinished():
            if message.call_id in call_ids:
                self._left_over.pop(message.path, None)

    def flow_left(self, call_id: CallId, recorded: RecordedMessage | None) -> None:
        """The flow of a call is over in the midst of its message: what there is of it, `recorded` last, is left."""
        for message in self._book.unfinished():
            if message.call_id != call_id:
                continue
            if recorded is not None and recorded.path == message.path:
                self._book.recorded(message.message_id, recorded.path, recorded.duration_s)
            self._settle(message.message_id)
        self._carry_out()

    @property
    def complete_files(self) -> list[str]:
        """Those of messages that are left for good, and of greetings."""
        unfinished = {each.path for each in self._book.unfinished()}
        return [path for path in self._book.files() if path not in unfinished]

    @property
    def left_over(self) -> list[str]:
        """Files of messages that were being left when a former switch ended."""
        return list(self._left_over)

    def needless(self, files: Iterable[tuple[str, float]]) -> list[str]:
        """Of voicemail's files, with their ages in seconds, those that nothing names any more."""
        named = self._book.files()
        return [
            path
            for path, age_s in files
            if age_s > ORPHAN_S and path.removesuffix(".part").removesuffix(".sealing") not in named
        ]

    # Private

    def _settle(self, message_id: str) -> None:
        """It is left as it is, unless that is nothing."""
        message = self._book.get(message_id)
        box = None if message is None else self.box_for(message.box)
        if message is None or message.duration_s < (0.0 if box is None else box.shortest_s):
            self._book.discard(message_id)
        else:
            self._completed(message_id, is_urgent=False)

    def _completed(self, message_id: str, *, is_urgent: bool) -> None:
        message = self._book.completed(message_id, is_urgent=is_urgent)
        self._carry_out()
        box = None if message is None else self.box_for(message.box)
        if message is not None:
            self._seal_files([message.path])
        if message is not None and box is not None:
            log.info("voicemail", box=box.box, message=message_id, call_id=message.call_id, is_urgent=is_urgent)
            self._tell_left(box, message)

    def _tell_left(self, box: VoiceBox, message: StoredVoiceMessage) -> None:
        for callback in self._when_left:
            callback(box, message)

    def _done(self, message: StoredVoiceMessage | None, *, is_over: bool = False) -> StoredVoiceMessage | None:
        self._carry_out()
        if message is not None and is_over:
            for callback in self._when_gone:
                callback(message)
        return message

    def _carry_out(self) -> None:
        unneeded: list[str] = []
        lamps: dict[str, None] = {}
        for output in self._book.take_outputs():
            match output:
                case MessageChanged(message):
                    self._store.voice_messages.put(message.message_id, message)
                case MessageGone(message):
                    self._store.voice_messages.delete(message.message_id)
                    for callback in self._when_gone:
                        callback(message)
                case BoxChanged(chosen):
                    self._store.voice_boxes.put(chosen.box, chosen)
                case FileUnneeded(path):
                    unneeded.append(path)
                case CountsChanged(box):
                    lamps[box] = None
        if unneeded:
            self._remove_when_stored(unneeded)
        if self._when_changed is not None:
            for box_id in lamps:
                box = self._settings().voice_boxes.get(box_id)
                for username in () if box is None else sorted({box.owner, *box.members} - {""}):
                    self._when_changed(username)

    def _remove_when_stored(self, paths: list[str]) -> None:
        """Once no row on the disk names them. Where the disk refuses that, a start sweeps them up (`needless`)."""
        loop, stored = self._loop, self._store.stored()
        if loop is None:
            self._remove_files(paths)
            return

        def is_stored(done: "Future[None]") -> None:
            """In the store's thread, or at once."""
            if not done.cancelled() and done.exception() is None:
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(self._remove_unnamed, paths)

        stored.add_done_callback(is_stored)

    def _remove_unnamed(self, paths: list[str]) -> None:
        named = self._book.files()
        self._remove_files([path for path in paths if path not in named])


def recorded_s(path: str) -> float:
    """The length of a complete recording; 0 if there is none. In a thread: a disk may be slow."""
    try:
        return duration_s(frames_in(os.stat(path).st_size))
    except OSError:
        return 0.0


def files_in(directory: str, wall: float) -> list[tuple[str, float]]:
    """Every file of ours below it with its age in seconds. In a thread: a disk may be slow."""
    found: list[tuple[str, float]] = []
    for where, _, names in os.walk(directory):
        for name in filter(_OUR_NAME.fullmatch, names):
            path = os.path.join(where, name)
            try:
                found.append((path, wall - os.stat(path).st_mtime))
            except OSError:
                continue
    return found
