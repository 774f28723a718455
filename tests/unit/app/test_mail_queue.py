"""The queue of mail: when each is tried again, what is given up, and what a crash leaves."""

from msgspec.structs import replace

from softswitch.app.mail_queue import (
    GIVE_UP_AFTER_S,
    MAILS_MAX,
    RETRY_MAX_S,
    RETRY_S,
    MailChanged,
    MailGone,
    MailQueue,
)
from softswitch.store.voicemail_schema import StoredMail


def mail(number: int = 1, wall: float = 1000.0) -> StoredMail:
    return StoredMail(
        mail_id=f"mail{number}", to=("sales@example.com",), subject="s", text="t", written_wall=wall, next_wall=wall
    )


def taken(queue: MailQueue, wall: float) -> str | None:
    found = queue.take_due(wall)
    return None if found is None else found.mail_id


def test_a_mail_is_sent_once() -> None:
    queue = MailQueue()
    queue.put(mail())
    assert queue.take_outputs() == [MailChanged(mail())]
    assert queue.next_timeout() == 1000.0
    assert taken(queue, 999.0) is None
    assert taken(queue, 1000.0) == "mail1"
    assert taken(queue, 2000.0) is None, "it is being sent"
    assert queue.done("mail1") == mail()
    assert queue.take_outputs() == [MailGone(mail())]
    assert queue.waiting() == []
    assert (queue.sent, queue.failed, queue.given_up) == (1, 0, 0)
    assert queue.next_timeout() is None


def test_each_failure_doubles_the_wait_up_to_an_hour() -> None:
    queue = MailQueue()
    queue.put(mail())
    at, waits = 1000.0, list[float]()
    for _ in range(9):
        assert taken(queue, at) == "mail1"
        queue.not_done("mail1", "away", at, is_final=False)
        due = queue.next_timeout()
        assert due is not None
        waits.append(due - at)
        assert taken(queue, due - 1) is None
        at = due
    assert waits[:3] == [RETRY_S, 2 * RETRY_S, 4 * RETRY_S]
    assert waits[-1] == RETRY_MAX_S
    (waiting,) = queue.waiting()
    assert (waiting.attempts, waiting.last_failure) == (9, "away")
    assert queue.failed == 9


def test_a_final_refusal_and_old_age_are_given_up() -> None:
    queue = MailQueue()
    queue.put(mail(1))
    queue.put(mail(2))
    queue.take_outputs()
    assert taken(queue, 1000.0) == "mail1"
    queue.not_done("mail1", "550 nobody here", 1000.0, is_final=True)
    assert queue.take_outputs() == [MailGone(mail(1), "550 nobody here")]
    late = 1000.0 + GIVE_UP_AFTER_S
    assert taken(queue, late) == "mail2"
    queue.not_done("mail2", "away", late, is_final=False)
    assert queue.take_outputs() == [MailGone(mail(2), "away")]
    assert queue.given_up == 2


def test_one_that_fails_keeps_no_other_waiting() -> None:
    queue = MailQueue()
    queue.put(mail(1))
    queue.put(mail(2))
    assert taken(queue, 1000.0) == "mail1"
    assert queue.next_timeout() == 0.0, "the second is due"
    queue.not_done("mail1", "away", 1000.0, is_final=False)
    assert taken(queue, 1000.0) == "mail2"


def test_what_a_dead_switch_was_sending_is_sent_again() -> None:
    left = replace(mail(), attempts=2, next_wall=1500.0, last_failure="away")
    queue = MailQueue([left])
    assert queue.waiting() == [left]
    assert taken(queue, 1500.0) == "mail1"


def test_it_does_not_grow_without_end() -> None:
    queue = MailQueue(mail(number) for number in range(MAILS_MAX))
    one_more = mail(MAILS_MAX)
    queue.put(one_more)
    assert len(queue.waiting()) == MAILS_MAX
    (gone,) = queue.take_outputs()
    assert isinstance(gone, MailGone)
    assert (gone.mail, bool(gone.reason), queue.given_up) == (one_more, True, 1)


def test_answers_for_what_is_not_being_sent_mean_nothing() -> None:
    queue = MailQueue()
    queue.put(mail())
    queue.not_done("mail1", "?", 1000.0, is_final=True)
    queue.not_done("nothing", "?", 1000.0, is_final=True)
    assert queue.done("nothing") is None
    assert len(queue.waiting()) == 1
