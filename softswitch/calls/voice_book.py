"""Voice messages: which there are, in which boxes, and what becomes of each. A pure state machine, in wall seconds.

```
 begin ──► RECORDING ──completed──► NEW ◄──mark──► OLD
              │ discarded            └──── delete ────┴──► DELETED ──undelete──► as it was heard or not
              ▼                                               │ a day later, or too many
            gone ◄────────────────────────────────────────────┘
```

A message and the file with its sound are two things: one that is forwarded has several rows and one file, which goes
with the last of them (`FileUnneeded`). Greetings are files too. Deleted messages do not count against what a box holds,
and of more deleted ones than the box may hold messages the oldest go at once. What is in RECORDING does count: callers
who speak at the same time must not overfill it.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from softswitch.calls.limits import DELETED_KEPT_S, UNFINISHED_S, VOICE_MESSAGES_MAX
from softswitch.calls.voice_box import GreetingKind, VoiceBox
from softswitch.store.voicemail_schema import StoredVoiceBox, StoredVoiceMessage

DAY_S = 86_400.0


class MessageChanged(msgspec.Struct, frozen=True):
    message: StoredVoiceMessage


class MessageGone(msgspec.Struct, frozen=True):
    message: StoredVoiceMessage


class BoxChanged(msgspec.Struct, frozen=True):
    chosen: StoredVoiceBox


class FileUnneeded(msgspec.Struct, frozen=True):
    path: str


class CountsChanged(msgspec.Struct, frozen=True):
    """There are more or fewer new, old or urgent messages in the box."""

    box: str


BookOutput: TypeAlias = MessageChanged | MessageGone | BoxChanged | FileUnneeded | CountsChanged


class BoxCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Urgent ones are counted among the others as well; `seconds` is the length of all that count."""

    new: int = 0
    old: int = 0
    urgent_new: int = 0
    urgent_old: int = 0
    recording: int = 0
    deleted: int = 0
    seconds: float = 0.0


class VoiceBook:
    """All messages of the switch, in memory: lamps and callers ask at any time."""

    __slots__ = ("_boxes", "_chosen", "_files", "_messages", "_outputs")

    def __init__(self, messages: Iterable[StoredVoiceMessage] = (), chosen: Iterable[StoredVoiceBox] = ()) -> None:
        self._outputs: list[BookOutput] = []
        self._messages: dict[str, StoredVoiceMessage] = {}
        self._boxes: dict[str, dict[str, None]] = {}
        """The ids of each box's messages, in no order."""
        self._files: dict[str, int] = {}
        """How many messages share a file."""
        self._chosen = {each.box: each for each in chosen}
        for message in messages:
            self._enter(message)

    def take_outputs(self) -> list[BookOutput]:
        outputs, self._outputs = self._outputs, []
        return outputs

    # Questions

    def get(self, message_id: str) -> StoredVoiceMessage | None:
        return self._messages.get(message_id)

    def all_messages(self) -> list[StoredVoiceMessage]:
        return sorted(self._messages.values(), key=_by_age)

    def of(self, box: str) -> list[StoredVoiceMessage]:
        """What is in the box and can be heard, also what is deleted: the oldest first."""
        found = (self._messages[message_id] for message_id in self._boxes.get(box, ()))
        return sorted((each for each in found if each.state != "recording"), key=_by_age)

    def counts(self, box: str) -> BoxCounts:
        counted = {"new": 0, "old": 0, "recording": 0, "deleted": 0, "urgent_new": 0, "urgent_old": 0}
        seconds = 0.0
        for message_id in self._boxes.get(box, ()):
            message = self._messages[message_id]
            counted[message.state] += 1
            if message.is_urgent and message.state in ("new", "old"):
                counted[f"urgent_{message.state}"] += 1
            if message.state != "deleted":
                seconds += message.duration_s
        return BoxCounts(**counted, seconds=seconds)

    def room_s(self, box: VoiceBox) -> float:
        """How long the next message may be; 0: the box is full."""
        counts = self.counts(box.box)
        if counts.new + counts.old + counts.recording >= box.messages_max or len(self._messages) >= VOICE_MESSAGES_MAX:
            return 0.0
        left_s = box.minutes_max * 60.0 - counts.seconds - counts.recording * box.longest_s
        return 0.0 if left_s < box.shortest_s else min(left_s, box.longest_s)

    def chosen(self, box: str) -> StoredVoiceBox:
        """What the owner has chosen; who has chosen nothing has a row with nothing in it."""
        return self._chosen.get(box) or StoredVoiceBox(box=box)

    def files(self) -> set[str]:
        """Every file that something names."""
        greetings = {path for chosen in self._chosen.values() for path in chosen.greetings.values()}
        return greetings | self._files.keys()

    def unfinished(self) -> list[StoredVoiceMessage]:
        return [each for each in self._messages.values() if each.state == "recording"]

    # A message comes

    def begin(self, message: StoredVoiceMessage) -> None:
        self._enter(message)
        self._outputs.append(MessageChanged(message))

    def recorded(self, message_id: str, path: str, duration_s: float) -> None:
        """There is something of it now; of a message that was recorded again the former file goes."""
        message = self._messages.get(message_id)
        if message is None or message.state != "recording":
            return
        if path != message.path:
            self._files[path] = self._files.get(path, 0) + 1
            self._drop_file(message.path)
        self._change(replace(message, path=path, duration_s=duration_s))

    def completed(self, message_id: str, *, is_urgent: bool) -> StoredVoiceMessage | None:
        """It is left for good; None if it is gone or was left before."""
        message = self._messages.get(message_id)
        if message is None or message.state != "recording":
            return None
        return self._change(replace(message, state="new", is_urgent=is_urgent))

    def discard(self, message_id: str) -> None:
        """Its caller did not want it, or said nothing."""
        message = self._messages.get(message_id)
        if message is not None and message.state == "recording":
            self._forget(message)

    def refused(self, box: str, wall: float) -> None:
        """Somebody could leave none: the box is full."""
        chosen = self.chosen(box)
        self._choose(replace(chosen, refused=chosen.refused + 1, refused_wall=wall))

    # A message is dealt with

    def heard(self, message_id: str, by: str, wall: float) -> StoredVoiceMessage | None:
        return self._with(
            message_id,
            lambda message: replace(
                message,
                state="old" if message.state == "new" else message.state,
                heard_wall=message.heard_wall or wall,
                heard_by=message.heard_by or by,
            ),
        )

    def renew(self, message_id: str) -> StoredVoiceMessage | None:
        """As if nobody had heard it."""
        return self._with(message_id, lambda message: replace(message, state="new", deleted_wall=0.0))

    def delete(self, message_id: str, wall: float, box: VoiceBox | None) -> StoredVoiceMessage | None:
        changed = self._with(message_id, lambda message: replace(message, state="deleted", deleted_wall=wall))
        if changed is not None and box is not None:
            deleted = [each for each in self.of(changed.box) if each.state == "deleted"]
            deleted.sort(key=lambda each: each.deleted_wall)
            for message in deleted[: max(0, len(deleted) - box.messages_max)]:
                self._forget(message)
        return changed

    def undelete(self, message_id: str) -> StoredVoiceMessage | None:
        message = self._messages.get(message_id)
        if message is None or message.state != "deleted":
            return None
        return self._change(replace(message, state="old" if message.heard_wall else "new", deleted_wall=0.0))

    def set_urgent(self, message_id: str, is_urgent: bool) -> StoredVoiceMessage | None:
        return self._with(message_id, lambda message: replace(message, is_urgent=is_urgent))

    def set_contact(self, message_id: str, is_contact: bool) -> StoredVoiceMessage | None:
        return self._with(message_id, lambda message: replace(message, is_contact=is_contact))

    def forward(self, message_id: str, to: VoiceBox, new_id: str, wall: float) -> StoredVoiceMessage | None:
        """A copy in another box, with the same file; None if there is no such message, or no room."""
        message = self._messages.get(message_id)
        if message is None or message.state == "recording" or self.room_s(to) < min(message.duration_s, to.longest_s):
            return None
        copy = replace(
            message,
            message_id=new_id,
            box=to.box,
            received_wall=wall,
            state="new",
            heard_wall=0.0,
            heard_by="",
            deleted_wall=0.0,
            forwarded_by=message.box,
            is_contact=False,
        )
        self._enter(copy)
        self._outputs += [MessageChanged(copy), CountsChanged(copy.box)]
        return copy

    # What the owner chooses

    def set_greeting(self, box: str, kind: GreetingKind, path: str) -> None:
        """From now on; "": none any more."""
        chosen = self.chosen(box)
        former = chosen.greetings.get(kind)
        greetings = {**chosen.greetings, kind: path}
        if not path:
            greetings.pop(kind)
        self._choose(replace(chosen, greetings=greetings))
        if former is not None and former != path:
            self._outputs.append(FileUnneeded(former))

    def set_pin(self, box: str, pin: str) -> None:
        self._choose(replace(self.chosen(box), pin=pin))

    def choose_again(self, chosen: StoredVoiceBox, instead_of: StoredVoiceBox) -> None:
        """As it was before, unless something else was chosen since."""
        if self.chosen(chosen.box) is instead_of:
            self._choose(chosen)

    # Time

    def ids(self) -> list[str]:
        """Of all messages: `sweep` may be given some of them at a time."""
        return list(self._messages)

    def sweep(self, wall: float, box_of: Callable[[str], VoiceBox | None], among: Iterable[str] | None = None) -> int:
        """Messages that are too old, have been deleted for long enough, or were never finished, go. How many went for
        their age."""
        too_old = 0
        for message_id in self.ids() if among is None else among:
            message = self._messages.get(message_id)
            if message is None:
                continue
            box = box_of(message.box)
            keep_s = 0.0 if box is None else box.keep_days * DAY_S
            is_lost = message.state == "recording" and message.received_wall < wall - UNFINISHED_S
            is_gone = message.state == "deleted" and message.deleted_wall < wall - DELETED_KEPT_S
            if is_lost or is_gone:
                self._forget(message)
            elif keep_s and message.state in ("new", "old") and message.received_wall < wall - keep_s:
                self._forget(message)
                too_old += 1
        return too_old

    # Private

    def _with(
        self, message_id: str, change: Callable[[StoredVoiceMessage], StoredVoiceMessage]
    ) -> StoredVoiceMessage | None:
        message = self._messages.get(message_id)
        if message is None or message.state == "recording":
            return None
        return self._change(change(message))

    def _enter(self, message: StoredVoiceMessage) -> None:
        self._messages[message.message_id] = message
        self._boxes.setdefault(message.box, {})[message.message_id] = None
        self._files[message.path] = self._files.get(message.path, 0) + 1

    def _change(self, message: StoredVoiceMessage) -> StoredVoiceMessage:
        former = self._messages[message.message_id]
        if former != message:
            self._messages[message.message_id] = message
            self._outputs.append(MessageChanged(message))
            if (former.state, former.is_urgent) != (message.state, message.is_urgent):
                self._outputs.append(CountsChanged(message.box))
        return message

    def _forget(self, message: StoredVoiceMessage) -> None:
        del self._messages[message.message_id]
        ids = self._boxes[message.box]
        del ids[message.message_id]
        if not ids:
            del self._boxes[message.box]
        self._outputs.append(MessageGone(message))
        self._drop_file(message.path)
        if message.state in ("new", "old"):
            self._outputs.append(CountsChanged(message.box))

    def _drop_file(self, path: str) -> None:
        self._files[path] -= 1
        if not self._files[path]:
            del self._files[path]
            self._outputs.append(FileUnneeded(path))

    def _choose(self, chosen: StoredVoiceBox) -> None:
        self._chosen[chosen.box] = chosen
        self._outputs.append(BoxChanged(chosen))


def _by_age(message: StoredVoiceMessage) -> tuple[float, str]:
    return message.received_wall, message.message_id
