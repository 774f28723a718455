"""Call-backs: one for a number, in its old place, until somebody has talked to the customer or it is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.errors import LocalError
from softswitch.base.ids import QueueId
from softswitch.calls import callback_book
from softswitch.calls.callback_book import (
    AGAIN_S,
    CallbackBook,
    CallbackChanged,
    CallbackForgotten,
    CallbackLeft,
    CallbackTerms,
    CallbackWaits,
    CallbackWish,
)
from softswitch.store.schema import StoredCallback

SALES = QueueId("sales")
TERMS = CallbackTerms(attempts=2, retry_s=600.0, expires_s=3600.0)


def wish(number: str = "+15550101", at: float = 1000.0, queue: QueueId = SALES) -> CallbackWish:
    return CallbackWish(number=number, queue_id=queue, enqueued_wall=at)


def requested(
    book: CallbackBook, callback_id: str = "cb1", *, at: float = 1000.0, now: float = 1100.0
) -> StoredCallback:
    callback = book.request(callback_id, wish(at=at), TERMS, now)
    book.take_outputs()
    return callback


def kinds(book: CallbackBook) -> list[str]:
    return [type(output).__name__ for output in book.take_outputs()]


def test_it_waits_in_the_place_of_who_asked_for_it() -> None:
    book = CallbackBook()
    callback = book.request("cb1", wish(at=1000.0), TERMS, 1100.0)
    assert (callback.enqueued_wall, callback.state, callback.expires_wall) == (1000.0, "waiting", 4700.0)
    assert kinds(book) == ["CallbackChanged", "CallbackWaits"], "stored before anything else"


def test_who_asks_again_has_one_and_the_better_place() -> None:
    book = CallbackBook()
    requested(book, at=1000.0)
    again = book.request("cb2", wish(at=1050.0), TERMS, 1200.0)
    assert (again.callback_id, again.enqueued_wall) == ("cb1", 1000.0)
    assert kinds(book) == []
    earlier = book.request("cb3", wish(at=900.0), TERMS, 1200.0)
    assert (earlier.callback_id, earlier.enqueued_wall) == ("cb1", 900.0)
    assert kinds(book) == ["CallbackChanged", "CallbackLeft", "CallbackWaits"]
    other = book.request("cb4", wish(queue=QueueId("support")), TERMS, 1200.0)
    assert other.callback_id == "cb4", "another queue is another promise"


def test_while_the_customer_is_on_the_line_it_rests() -> None:
    book = CallbackBook()
    book.request("cb1", wish(), TERMS, 1100.0, rests_s=300.0)
    assert kinds(book) == ["CallbackChanged"]
    assert book.next_timeout() == 1400.0
    book.released("cb1", 1130.0)
    assert kinds(book) == ["CallbackChanged"]
    book.handle_timeout(1130.0)
    assert kinds(book) == ["CallbackChanged", "CallbackWaits"]
    book.released("cb1", 1140.0)
    assert kinds(book) == []


def test_who_asks_again_is_not_called_while_he_is_on_the_line() -> None:
    book = CallbackBook()
    requested(book)
    assert book.request("cb2", wish(at=1050.0), TERMS, 1200.0, rests_s=300.0).callback_id == "cb1"
    assert kinds(book) == ["CallbackLeft", "CallbackChanged"]
    book.released("cb1", 1230.0)
    book.handle_timeout(1230.0)
    assert kinds(book) == ["CallbackChanged", "CallbackChanged", "CallbackWaits"]


def test_one_that_was_served_is_over_and_the_number_may_ask_anew() -> None:
    book = CallbackBook()
    requested(book)
    book.began("cb1", "call-1")
    book.ended("cb1", "served", 1300.0, agent="ann")
    over = book.get("cb1")
    assert over is not None
    assert (over.state, over.result, over.attempts, over.agent, over.calls) == ("over", "served", 1, "ann", ("call-1",))
    assert book.next_timeout() is None
    assert book.request("cb2", wish(), TERMS, 1400.0).callback_id == "cb2"


def test_a_customer_who_is_not_reached_is_tried_again_in_his_place_and_given_up_in_the_end() -> None:
    book = CallbackBook()
    requested(book)
    book.began("cb1", "call-1")
    book.ended("cb1", "not_reached", 1200.0, reason="no_answer")
    assert book.next_timeout() == 1800.0
    book.take_outputs()
    book.handle_timeout(1799.9)
    assert kinds(book) == []
    book.handle_timeout(1800.0)
    (_, waits) = book.take_outputs()
    assert isinstance(waits, CallbackWaits)
    assert (waits.callback.enqueued_wall, waits.callback.attempts) == (1000.0, 1)
    book.began("cb1", "call-2")
    book.ended("cb1", "not_reached", 1900.0, reason="busy")
    over = book.get("cb1")
    assert over is not None
    assert (over.state, over.result, over.last_failure) == ("over", "given up", "busy")


def test_an_agent_who_does_not_take_it_costs_no_attempt() -> None:
    book = CallbackBook()
    requested(book)
    for number in range(5):
        book.began("cb1", f"call-{number}")
        book.ended("cb1", "not_tried", 1200.0)
        callback = book.get("cb1")
        assert callback is not None
        assert (callback.state, callback.attempts) == ("resting", 0), "who refuses at once is not rung without a pause"
        book.handle_timeout(1200.0 + AGAIN_S)
        assert book.get("cb1").state == "waiting"  # type: ignore[union-attr]


def test_what_has_expired_is_over_but_not_while_it_is_dialled() -> None:
    book = CallbackBook()
    requested(book)
    book.began("cb1", "call-1")
    book.handle_timeout(9999.0)
    assert book.get("cb1").state == "dialling"  # type: ignore[union-attr]
    book.ended("cb1", "not_tried", 9999.0)
    assert book.next_timeout() == 4700.0
    book.handle_timeout(9999.0)
    assert book.get("cb1").result == "expired"  # type: ignore[union-attr]
    assert not any(isinstance(output, CallbackWaits) for output in book.take_outputs()[1:]), "it waited only at first"


def test_one_that_may_not_be_called_now_leaves_its_queue_until_then() -> None:
    book = CallbackBook()
    requested(book)
    book.postponed("cb1", 2000.0)
    assert kinds(book) == ["CallbackLeft", "CallbackChanged"]
    assert book.next_timeout() == 2000.0


def test_cancelled_at_once_or_when_the_attempt_is_over() -> None:
    book = CallbackBook()
    requested(book)
    book.began("cb1", "call-1")
    book.cancel("cb1", "boss", 1150.0)
    book.ended("cb1", "not_reached", 1200.0)
    assert (book.get("cb1").result, book.get("cb1").by) == ("cancelled", "boss")  # type: ignore[union-attr]
    assert book.cancel("cb1", "boss", 1300.0) is None
    assert book.cancel("unknown", "boss", 1300.0) is None


def test_after_a_restart_what_waited_waits_and_what_was_dialled_waits_again() -> None:
    stored: dict[str, StoredCallback] = {}
    book = CallbackBook()
    for number in ("1", "2", "3"):
        book.request(f"cb{number}", wish(number), TERMS, 1100.0)
    book.began("cb2", "call-1")
    book.began("cb3", "call-2")
    book.ended("cb3", "not_reached", 1200.0)
    for output in book.take_outputs():
        if isinstance(output, CallbackChanged):
            stored[output.callback.callback_id] = output.callback
    again = CallbackBook(stored.values())
    again.restart()
    waiting = [output.callback.callback_id for output in again.take_outputs() if isinstance(output, CallbackWaits)]
    assert waiting == ["cb1", "cb2"]
    assert again.next_timeout() == 1800.0


def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback_book, "CALLBACKS_MAX", 1)
    book = CallbackBook()
    requested(book)
    with pytest.raises(LocalError, match="no more can be kept"):
        book.request("cb2", wish("+15550199"), TERMS, 1100.0)


def test_old_ones_are_forgotten() -> None:
    book = CallbackBook()
    requested(book)
    book.cancel("cb1", "", 1200.0)
    book.take_outputs()
    book.forget_before(1200.0)
    assert book.take_outputs() == []
    book.forget_before(1201.0)
    assert book.take_outputs() == [CallbackForgotten("cb1")]
    assert book.all_callbacks() == []


def test_of_very_many_that_are_over_those_that_ended_first_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback_book, "CALLBACKS_OVER_MAX", 2)
    book = CallbackBook()
    for number in range(4):
        book.request(f"cb{number}", wish(str(number)), TERMS, 1100.0 + number)
    for order, number in enumerate((2, 0, 3)):
        book.cancel(f"cb{number}", "", 1200.0 + order)
    forgotten = [each for each in book.take_outputs() if isinstance(each, CallbackForgotten)]
    assert forgotten == [CallbackForgotten("cb2")]
    assert [each.callback_id for each in book.all_callbacks()] == ["cb0", "cb1", "cb3"], "one is not over"
    monkeypatch.setattr(callback_book, "CALLBACKS_OVER_MAX", 1)
    assert CallbackBook(book.all_callbacks()).take_outputs() == [CallbackForgotten("cb0")]


def test_it_awaits_the_opening_of_its_queue_and_no_other() -> None:
    book = CallbackBook()
    requested(book)
    book.turned_away("cb1")
    assert kinds(book) == ["CallbackLeft", "CallbackChanged"]
    assert (stored := book.get("cb1")) is not None
    assert (stored.state, stored.awaits_opening, book.awaited_queues()) == ("resting", True, {SALES})
    book.handle_timeout(2000.0)
    book.opened(QueueId("support"))
    assert kinds(book) == []
    book.opened(SALES)
    assert kinds(book) == ["CallbackChanged", "CallbackWaits"]
    book.opened(SALES)
    assert (kinds(book), book.awaited_queues()) == ([], set())


def test_what_awaits_an_opening_looks_again_after_a_restart_and_is_not_kept_for_ever() -> None:
    book = CallbackBook()
    requested(book)
    book.turned_away("cb1")
    again = CallbackBook(book.all_callbacks())
    again.restart()
    assert kinds(again) == ["CallbackChanged", "CallbackWaits"]
    assert book.next_timeout() == 4700.0
    book.handle_timeout(4700.0)
    (callback,) = book.all_callbacks()
    assert (callback.state, callback.result, callback.awaits_opening) == ("over", "expired", False)


def test_where_it_was_moved_it_waits_at_the_next_attempt() -> None:
    book = CallbackBook()
    requested(book)
    night = QueueId("night")
    book.moved("cb1", night)
    book.began("cb1", "call")
    book.ended("cb1", "not_reached", 1200.0)
    book.handle_timeout(1800.0)
    (waits,) = (each for each in book.take_outputs() if isinstance(each, CallbackWaits))
    assert waits.callback.queue_id == night
    assert book.request("cb2", wish(queue=night), TERMS, 1900.0).callback_id == "cb1"
    assert book.request("cb3", wish(), TERMS, 1900.0).callback_id == "cb3", "it is not in its old queue any more"
    book.moved("cb3", night)
    book.cancel("cb3", "", 1900.0)
    assert book.request("cb4", wish(queue=night), TERMS, 1900.0).callback_id == "cb1"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("request"), st.integers(0, 3)),
        st.tuples(
            st.sampled_from(["began", "served", "not_reached", "not_tried", "cancel", "postpone", "close", "open"]),
            st.integers(0, 9),
        ),
        st.tuples(st.just("time"), st.integers(1, 2000)),
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_happens_a_number_has_one_and_each_is_where_the_outputs_say(steps: list[tuple[str, int]]) -> None:
    book, now, count = CallbackBook(), 1000.0, 0
    queued: dict[str, float] = {}
    for kind, value in steps:
        ids = [each.callback_id for each in book.all_callbacks()]
        chosen = book.get(ids[value % len(ids)]) if ids else None
        if kind == "time":
            now += value
            book.handle_timeout(now)
        elif kind == "request":
            count += 1
            book.request(f"cb{count}", wish(str(value), now - 10), TERMS, now)
        elif chosen is None:
            continue
        elif kind == "began" and chosen.state == "waiting":
            book.began(chosen.callback_id, "call")
            queued.pop(chosen.callback_id, None)
        elif kind == "cancel":
            book.cancel(chosen.callback_id, "", now)
        elif kind == "postpone":
            book.postponed(chosen.callback_id, now + 5)
        elif kind == "close":
            book.turned_away(chosen.callback_id)
        elif kind == "open":
            book.opened(SALES)
        elif kind in ("served", "not_reached", "not_tried"):
            book.ended(chosen.callback_id, kind, now)
        for output in book.take_outputs():
            if isinstance(output, CallbackWaits):
                assert output.callback.callback_id not in queued
                queued[output.callback.callback_id] = output.callback.enqueued_wall
            elif isinstance(output, CallbackLeft):
                queued.pop(output.callback.callback_id, None)
        open_ones = book.open_callbacks()
        assert len({each.number for each in open_ones}) == len(open_ones)
        assert queued == {each.callback_id: each.enqueued_wall for each in open_ones if each.state == "waiting"}
        assert all(each.attempts < each.attempts_max for each in open_ones)
