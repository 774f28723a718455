"""The book of voice messages: what each step makes of a message, its file and the counts."""

import pytest
from msgspec.structs import replace

from softswitch.calls.limits import DELETED_KEPT_S, UNFINISHED_S
from softswitch.calls.voice_book import (
    BookOutput,
    BoxChanged,
    CountsChanged,
    FileUnneeded,
    MessageChanged,
    MessageGone,
    VoiceBook,
)
from softswitch.calls.voice_box import VoiceBox
from softswitch.store.voicemail_schema import StoredVoiceBox, StoredVoiceMessage

ANNA = VoiceBox(box="anna", messages_max=3, minutes_max=2.0, longest_s=60.0)
SALES = VoiceBox(box="sales", messages_max=3, keep_days=2.0)
BOXES = {"anna": ANNA, "sales": SALES}


def message(number: int, *, box: str = "anna", **changes: object) -> StoredVoiceMessage:
    row = StoredVoiceMessage(message_id=f"m{number}", box=box, path=f"/v/{number}.wav", received_wall=float(number))
    return replace(row, **changes)


def left(book: VoiceBook, number: int, *, box: str = "anna", length_s: float = 10.0, is_urgent: bool = False) -> str:
    row = message(number, box=box)
    book.begin(row)
    book.recorded(row.message_id, row.path, length_s)
    book.completed(row.message_id, is_urgent=is_urgent)
    return row.message_id


def counted(book: VoiceBook, box: str = "anna") -> tuple[int, int, int, int]:
    counts = book.counts(box)
    return counts.new, counts.old, counts.urgent_new, counts.urgent_old


def kinds(outputs: list[BookOutput]) -> list[type[BookOutput]]:
    return [type(each) for each in outputs]


def test_a_message_is_new_when_it_is_complete_and_not_before() -> None:
    book = VoiceBook()
    book.begin(message(1))
    assert counted(book) == (0, 0, 0, 0)
    assert book.of("anna") == []
    assert kinds(book.take_outputs()) == [MessageChanged]
    book.recorded("m1", "/v/1.wav", 7.0)
    complete = book.completed("m1", is_urgent=True)
    assert complete == message(1, state="new", duration_s=7.0, is_urgent=True)
    assert counted(book) == (1, 0, 1, 0)
    assert book.take_outputs()[-1] == CountsChanged("anna")
    assert book.completed("m1", is_urgent=False) is None


def test_what_was_discarded_leaves_no_row_and_no_file() -> None:
    book = VoiceBook()
    book.begin(message(1))
    book.take_outputs()
    book.discard("m1")
    assert book.take_outputs() == [MessageGone(message(1)), FileUnneeded("/v/1.wav")]
    assert book.files() == set()
    left(book, 2)
    book.discard("m2")
    assert counted(book) == (1, 0, 0, 0), "one that is complete is deleted, not discarded"


def test_a_second_take_takes_the_file_of_the_first_along() -> None:
    book = VoiceBook()
    book.begin(message(1))
    book.take_outputs()
    book.recorded("m1", "/v/again.wav", 9.0)
    assert FileUnneeded("/v/1.wav") in book.take_outputs()
    assert book.files() == {"/v/again.wav"}


def test_the_states_of_a_message() -> None:
    book = VoiceBook()
    identifier = left(book, 1, is_urgent=True)
    heard = book.heard(identifier, "anna", 50.0)
    assert heard is not None
    assert (heard.state, heard.heard_wall, heard.heard_by) == ("old", 50.0, "anna")
    again = book.heard(identifier, "boris", 60.0)
    assert again == heard, "who has heard it first"
    assert counted(book) == (0, 1, 0, 1)
    book.renew(identifier)
    assert counted(book) == (1, 0, 1, 0)
    book.delete(identifier, 70.0, ANNA)
    assert counted(book) == (0, 0, 0, 0)
    assert book.counts("anna").deleted == 1
    undeleted = book.undelete(identifier)
    assert undeleted is not None
    assert undeleted.state == "old", "it had been heard"
    assert book.undelete(identifier) is None
    book.set_urgent(identifier, False)
    assert counted(book) == (0, 1, 0, 0)
    assert book.heard("nothing", "anna", 1.0) is None


def test_a_message_that_was_never_heard_is_new_again_when_it_is_had_back() -> None:
    book = VoiceBook()
    identifier = left(book, 1)
    book.delete(identifier, 70.0, ANNA)
    undeleted = book.undelete(identifier)
    assert undeleted is not None
    assert undeleted.state == "new"


def test_a_copy_shares_the_file_until_the_last_row_goes() -> None:
    book = VoiceBook()
    identifier = left(book, 1)
    book.heard(identifier, "anna", 5.0)
    copy = book.forward(identifier, SALES, "copy", 99.0)
    assert copy is not None
    assert (copy.box, copy.state, copy.forwarded_by, copy.heard_wall) == ("sales", "new", "anna", 0.0)
    book.delete(identifier, 100.0, ANNA)
    book.take_outputs()
    book.sweep(101.0 + DELETED_KEPT_S, BOXES.get)
    assert kinds(book.take_outputs()) == [MessageGone]
    book.delete("copy", 102.0, SALES)
    book.sweep(103.0 + DELETED_KEPT_S, BOXES.get)
    assert book.take_outputs()[-1] == FileUnneeded("/v/1.wav")


def test_a_box_is_full_by_messages_and_by_minutes() -> None:
    book = VoiceBook()
    assert book.room_s(ANNA) == 60.0
    left(book, 1, length_s=60.0)
    assert book.room_s(ANNA) == 60.0
    left(book, 2, length_s=50.0)
    assert book.room_s(ANNA) == pytest.approx(10.0), "what is left of two minutes"
    left(book, 3, length_s=1.0)
    assert book.room_s(ANNA) == 0.0, "three messages"
    book.delete("m3", 1.0, ANNA)
    assert book.room_s(ANNA) == pytest.approx(10.0), "what is deleted does not count"
    left(book, 4, length_s=9.0)
    book.delete("m4", 1.0, ANNA)
    book.begin(message(5))
    assert book.room_s(ANNA) == 0.0, "somebody speaks who may need the rest"


def test_no_copy_goes_where_there_is_no_room() -> None:
    book = VoiceBook()
    identifier = left(book, 1, box="sales", length_s=30.0)
    for number in (2, 3, 4):
        left(book, number)
    assert book.forward(identifier, ANNA, "copy", 9.0) is None
    assert book.forward("nothing", ANNA, "copy", 9.0) is None


def test_of_many_deleted_messages_the_oldest_go_at_once() -> None:
    book = VoiceBook()
    for number in range(1, 6):
        left(book, number)
        book.delete(f"m{number}", float(number), ANNA)
    assert [each.message_id for each in book.of("anna")] == ["m3", "m4", "m5"]


def test_old_messages_go_by_the_days_of_their_box() -> None:
    book = VoiceBook()
    left(book, 1)
    left(book, 2, box="sales")
    book.take_outputs()
    assert book.sweep(2.0 + 2 * 86400, BOXES.get) == 0
    assert book.sweep(3.0 + 2 * 86400, BOXES.get) == 1
    assert book.of("sales") == []
    assert len(book.of("anna")) == 1
    assert kinds(book.take_outputs()) == [MessageGone, FileUnneeded, CountsChanged]


def test_what_was_never_finished_does_not_count_for_ever() -> None:
    book = VoiceBook([message(1)])
    assert book.counts("anna").recording == 1
    book.sweep(1.0 + UNFINISHED_S, BOXES.get)
    assert book.counts("anna").recording == 1
    book.sweep(2.0 + UNFINISHED_S, BOXES.get)
    assert book.all_messages() == []


def test_what_its_owner_chooses_is_kept_and_former_greetings_go() -> None:
    book = VoiceBook(chosen=[StoredVoiceBox(box="anna", greetings={"busy": "/v/old.wav"})])
    book.set_greeting("anna", "busy", "/v/new.wav")
    assert book.take_outputs() == [
        BoxChanged(StoredVoiceBox(box="anna", greetings={"busy": "/v/new.wav"})),
        FileUnneeded("/v/old.wav"),
    ]
    assert book.files() == {"/v/new.wav"}
    book.set_greeting("anna", "busy", "")
    book.set_pin("anna", "2580")
    book.refused("anna", 5.0)
    assert book.chosen("anna") == StoredVoiceBox(box="anna", pin="2580", refused=1, refused_wall=5.0)


def test_a_book_that_is_read_again_knows_the_same() -> None:
    book = VoiceBook()
    left(book, 1, is_urgent=True)
    left(book, 2)
    book.heard("m2", "anna", 3.0)
    book.begin(message(3))
    again = VoiceBook(book.all_messages())
    assert counted(again) == counted(book) == (1, 1, 1, 0)
    assert again.files() == book.files()
    assert [each.message_id for each in again.unfinished()] == ["m3"]
    assert again.take_outputs() == []
