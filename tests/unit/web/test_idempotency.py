"""The table of web/idempotency.py, row by row, and its bounds."""

from softswitch.web.idempotency import Answer, IdempotentRequests, Standing
from tests.unit.web.keeping import Keeping

ANSWER = Answer(200, "application/json", b"{}")


def test_a_request_is_carried_out_once():
    known = IdempotentRequests(Keeping())
    assert known.begin("crm", "k", b"a", 0.0) is Standing.NEW
    assert known.begin("crm", "k", b"a", 0.1) is Standing.UNDER_WAY
    assert known.begin("crm", "k", b"b", 0.1) is Standing.OF_ANOTHER
    known.finish("crm", "k", ANSWER)
    assert known.begin("crm", "k", b"a", 0.2) == ANSWER
    assert known.begin("crm", "k", b"b", 0.2) is Standing.OF_ANOTHER
    assert known.begin("erp", "k", b"b", 0.2) is Standing.NEW


def test_what_came_to_nothing_may_be_sent_again():
    known = IdempotentRequests(Keeping())
    known.begin("crm", "k", b"a", 0.0)
    known.forget("crm", "k")
    assert known.begin("crm", "k", b"a", 0.1) is Standing.NEW


def test_answers_grow_old():
    known = IdempotentRequests(Keeping(), kept_s=10.0)
    known.begin("crm", "k", b"a", 0.0)
    known.finish("crm", "k", ANSWER)
    assert known.begin("crm", "k", b"a", 9.9) == ANSWER
    assert known.begin("crm", "k", b"a", 10.0) is Standing.NEW


def test_there_are_never_too_many():
    known = IdempotentRequests(Keeping(), answers_max=3)
    for number in range(10):
        known.begin("crm", str(number), b"a", 0.0)
        known.finish("crm", str(number), ANSWER)
    assert len(known) == 3
    assert known.begin("crm", "9", b"a", 0.0) == ANSWER


def test_nor_too_much_of_them():
    known = IdempotentRequests(Keeping(), bytes_max=100)
    large = Answer(200, "application/json", b"x" * 60)
    for number in range(5):
        known.begin("crm", str(number), b"a", 0.0)
        known.finish("crm", str(number), large)
    known.begin("crm", "last", b"a", 0.0)
    assert len(known) <= 3


def test_the_next_process_answers_the_same_and_does_nothing_twice():
    keeping = Keeping()
    known = IdempotentRequests(keeping)
    for key in ("answered", "under way", "forgotten"):
        known.begin("crm", key, b"a", 0.0)
    known.finish("crm", "answered", ANSWER)
    known.forget("crm", "forgotten")
    assert "crm" not in str(keeping.requests)
    following = IdempotentRequests(keeping)
    following.restore(list(keeping.requests.items()), 5.0)
    assert following.begin("crm", "answered", b"a", 5.0) == ANSWER
    assert following.begin("crm", "answered", b"b", 5.0) is Standing.OF_ANOTHER
    assert following.begin("crm", "under way", b"a", 5.0) is Standing.UNKNOWN
    assert following.begin("crm", "under way", b"b", 5.0) is Standing.OF_ANOTHER
    assert following.begin("crm", "forgotten", b"a", 5.0) is Standing.NEW


def test_what_was_lost_on_the_way_is_not_done_again():
    known = IdempotentRequests(Keeping())
    known.begin("crm", "k", b"a", 0.0)
    known.lose("crm", "k")
    assert known.begin("crm", "k", b"a", 1.0) is Standing.UNKNOWN


def test_what_grows_old_is_kept_no_longer():
    keeping = Keeping()
    known = IdempotentRequests(keeping, kept_s=10.0, answers_max=3)
    for number in range(5):
        known.begin("crm", str(number), b"a", float(number))
        known.finish("crm", str(number), ANSWER)
    assert len(keeping.requests) == 3
    following = IdempotentRequests(keeping, kept_s=10.0)
    following.restore(list(keeping.requests.items()), 13.5)
    assert (len(following), len(keeping.requests)) == (1, 1)
