"""The table of web/idempotency.py, row by row, and its bounds."""

from softswitch.web.idempotency import Answer, IdempotentRequests, Standing

ANSWER = Answer(200, "application/json", b"{}")


def test_a_request_is_carried_out_once():
    known = IdempotentRequests()
    assert known.begin("crm", "k", b"a", 0.0) is Standing.NEW
    assert known.begin("crm", "k", b"a", 0.1) is Standing.UNDER_WAY
    assert known.begin("crm", "k", b"b", 0.1) is Standing.OF_ANOTHER
    known.finish("crm", "k", ANSWER)
    assert known.begin("crm", "k", b"a", 0.2) == ANSWER
    assert known.begin("crm", "k", b"b", 0.2) is Standing.OF_ANOTHER
    assert known.begin("erp", "k", b"b", 0.2) is Standing.NEW


def test_what_came_to_nothing_may_be_sent_again():
    known = IdempotentRequests()
    known.begin("crm", "k", b"a", 0.0)
    known.forget("crm", "k")
    assert known.begin("crm", "k", b"a", 0.1) is Standing.NEW


def test_answers_grow_old():
    known = IdempotentRequests(kept_s=10.0)
    known.begin("crm", "k", b"a", 0.0)
    known.finish("crm", "k", ANSWER)
    assert known.begin("crm", "k", b"a", 9.9) == ANSWER
    assert known.begin("crm", "k", b"a", 10.0) is Standing.NEW


def test_there_are_never_too_many():
    known = IdempotentRequests(answers_max=3)
    for number in range(10):
        known.begin("crm", str(number), b"a", 0.0)
        known.finish("crm", str(number), ANSWER)
    assert len(known) == 3
    assert known.begin("crm", "9", b"a", 0.0) == ANSWER


def test_nor_too_much_of_them():
    known = IdempotentRequests(bytes_max=100)
    large = Answer(200, "application/json", b"x" * 60)
    for number in range(5):
        known.begin("crm", str(number), b"a", 0.0)
        known.finish("crm", str(number), large)
    known.begin("crm", "last", b"a", 0.0)
    assert len(known) <= 3
