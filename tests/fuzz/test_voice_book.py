"""The book of voice messages under anything in any order: counts, files and outputs stay true to what is there."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from softswitch.calls.voice_book import (
    BoxChanged,
    CountsChanged,
    FileUnneeded,
    MessageChanged,
    MessageGone,
    VoiceBook,
)
from softswitch.calls.voice_box import GREETING_KINDS, VoiceBox
from softswitch.store.voicemail_schema import StoredVoiceBox, StoredVoiceMessage

BOXES = {
    "anna": VoiceBox(box="anna", messages_max=3, minutes_max=2.0, longest_s=60.0),
    "sales": VoiceBox(box="sales", messages_max=2, keep_days=1.0),
}
DAY_S = 86_400.0
boxes = st.sampled_from(sorted(BOXES))
numbers = st.integers(0, 30)


class BookMachine(RuleBasedStateMachine):
    """`stored` is what a store has that carries out what the book says; `files` are those on the disk."""

    def __init__(self) -> None:
        super().__init__()
        self.book = VoiceBook()
        self.wall = 1000.0
        self.made = 0
        self.stored: dict[str, StoredVoiceMessage] = {}
        self.chosen: dict[str, StoredVoiceBox] = {}
        self.files: set[str] = set()
        self.counts: dict[str, Any] = {box: VoiceBook().counts(box) for box in BOXES}

    def name(self, number: int) -> str:
        """Of a message there is, mostly."""
        known = sorted(self.stored)
        return known[number % len(known)] if known else "nothing"

    def new_file(self) -> str:
        self.made += 1
        self.files.add(f"/v/{self.made}.wav")
        return f"/v/{self.made}.wav"

    @rule(box=boxes)
    def begin(self, box: str) -> None:
        if self.book.room_s(BOXES[box]):
            path = self.new_file()
            self.book.begin(StoredVoiceMessage(message_id=f"m{self.made}", box=box, path=path, received_wall=self.wall))

    @rule(number=numbers, length_s=st.floats(0, 60), anew=st.booleans())
    def record(self, number: int, length_s: float, anew: bool) -> None:
        message = self.book.get(self.name(number))
        if message is not None and message.state == "recording":
            self.book.recorded(message.message_id, self.new_file() if anew else message.path, length_s)

    @rule(number=numbers, is_urgent=st.booleans())
    def complete(self, number: int, is_urgent: bool) -> None:
        self.book.completed(self.name(number), is_urgent=is_urgent)

    @rule(number=numbers, what=st.sampled_from(["discard", "heard", "renew", "undelete", "urgent", "contact"]))
    def change(self, number: int, what: str) -> None:
        name = self.name(number)
        match what:
            case "discard":
                self.book.discard(name)
            case "heard":
                self.book.heard(name, "anna", self.wall)
            case "renew":
                self.book.renew(name)
            case "undelete":
                self.book.undelete(name)
            case "urgent":
                self.book.set_urgent(name, True)
            case _:
                self.book.set_contact(name, True)

    @rule(number=numbers)
    def delete(self, number: int) -> None:
        message = self.book.get(self.name(number))
        self.book.delete(self.name(number), self.wall, None if message is None else BOXES[message.box])

    @rule(number=numbers, box=boxes)
    def forward(self, number: int, box: str) -> None:
        self.made += 1
        self.book.forward(self.name(number), BOXES[box], f"m{self.made}", self.wall)

    @rule(box=boxes, kind=st.sampled_from(GREETING_KINDS), is_removed=st.booleans())
    def greet(self, box: str, kind: Any, is_removed: bool) -> None:
        self.book.set_greeting(box, kind, "" if is_removed else self.new_file())

    @rule(days=st.floats(0, 2))
    def time(self, days: float) -> None:
        self.wall += days * DAY_S
        self.book.sweep(self.wall, BOXES.get)

    @rule()
    def restart(self) -> None:
        self.carry_out()
        self.book = VoiceBook(self.stored.values(), self.chosen.values())

    def carry_out(self) -> None:
        told: set[str] = set()
        for output in self.book.take_outputs():
            match output:
                case MessageChanged(message):
                    self.stored[message.message_id] = message
                case MessageGone(message):
                    del self.stored[message.message_id]
                case BoxChanged(chosen):
                    self.chosen[chosen.box] = chosen
                case FileUnneeded(path):
                    self.files.remove(path)  # once each
                case CountsChanged(box):
                    told.add(box)
        for box in BOXES:
            counts = self.book.counts(box)
            shown = (counts.new, counts.old, counts.urgent_new, counts.urgent_old)
            before = self.counts[box]
            if shown != (before.new, before.old, before.urgent_new, before.urgent_old):
                assert box in told, "a lamp would not follow"
            self.counts[box] = counts

    @invariant()
    def what_is_stored_is_what_there_is(self) -> None:
        self.carry_out()
        assert {each.message_id: each for each in self.book.all_messages()} == self.stored

    @invariant()
    def every_file_that_is_named_is_there_and_no_other(self) -> None:
        self.carry_out()
        assert self.book.files() == self.files

    @invariant()
    def no_box_holds_more_than_it_may(self) -> None:
        for box, settings_ in BOXES.items():
            listed = self.book.of(box)
            assert sum(each.state == "deleted" for each in listed) <= 2 * settings_.messages_max
            counts = self.book.counts(box)
            assert counts.new + counts.old == sum(each.state in ("new", "old") for each in listed)


BookMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBook = BookMachine.TestCase
