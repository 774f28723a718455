"""A webhook's deliveries: order, back-off, rest, what is set aside and sent again; with any outcome nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.ids import CallId
from softswitch.calls.told.call_events import CallAnswered
from softswitch.calls.told.events import Numbered
from softswitch.web.delivery import CursorMoved, Delivery, SetAside, Settled
from softswitch.web.limits import BACKOFF_LONGEST_S, DELIVERY_QUEUE_MAX, FAILURES_TO_REST, REFUSALS_MAX, REST_S

WALL = 1000.0


def rows(*numbers: int) -> list[Numbered]:
    return [Numbered(number, WALL, CallAnswered(1.0, CallId("c"))) for number in numbers]


def delivery(batch_max: int = 2, cursor: int = 0) -> Delivery:
    return Delivery(cursor, batch_max=batch_max, age_max_s=3600.0, random=lambda: 1.0)


def sent(events: list[Numbered]) -> list[int]:
    return [each.number for each in events]


def test_in_order_in_batches_and_the_cursor_moves_with_what_is_acknowledged() -> None:
    hook = delivery()
    hook.offer(rows(3, 5, 9), 12)
    assert sent(hook.begin(0.0)) == [3, 5]
    assert hook.begin(0.0) == [], "one delivery at a time"
    hook.succeeded()
    assert hook.take_outputs() == [CursorMoved(8)]
    assert sent(hook.begin(0.0)) == [9]
    hook.succeeded()
    assert hook.take_outputs() == [CursorMoved(12)]
    hook.offer([], 50)
    assert hook.take_outputs() == [CursorMoved(50)], "what is not wanted is passed over"
    assert hook.next_timeout() is None


def test_it_backs_off_twice_as_long_each_time_then_rests_and_tries_one() -> None:
    hook, now, waits = delivery(), 0.0, list[float]()
    hook.offer(rows(1, 2, 3), 3)
    for _ in range(FAILURES_TO_REST - 1):
        assert sent(hook.begin(now)) == [1, 2]
        hook.failed("no answer", now, WALL, is_refused=False)
        due = hook.next_timeout()
        assert due is not None
        assert hook.begin(due - 0.01) == []
        waits.append(due - now)
        now = due
    assert waits == [min(BACKOFF_LONGEST_S, 2.0**attempt) for attempt in range(FAILURES_TO_REST - 1)]
    hook.begin(now)
    hook.failed("no answer", now, WALL, is_refused=False)
    assert hook.is_resting
    assert hook.next_timeout() == now + 1.5 * REST_S
    now += 1.5 * REST_S
    assert sent(hook.begin(now)) == [1], "one, to try"
    hook.succeeded()
    assert not hook.is_resting
    assert sent(hook.begin(now)) == [2, 3]
    assert not [each for each in hook.take_outputs() if isinstance(each, SetAside)]


def test_what_is_refused_is_tried_alone_and_set_aside_and_the_rest_goes_on() -> None:
    hook, now, aside, delivered = delivery(batch_max=3), 0.0, list[SetAside](), list[int]()
    hook.offer(rows(1, 2, 3, 4), 4)
    while hook.waiting:
        batch = hook.begin(now)
        if not batch:
            now = hook.next_timeout() or now
        elif 2 in sent(batch):
            hook.failed("400 what is this?", now, WALL, is_refused=True)
        else:
            delivered += sent(batch)
            hook.succeeded()
        aside += [each for each in hook.take_outputs() if isinstance(each, SetAside)]
    assert delivered == [1, 3, 4]
    assert [(each.event.number, each.reason, each.attempts) for each in aside] == [
        (2, "400 what is this?", REFUSALS_MAX)
    ]


def test_who_is_away_for_longer_than_events_are_kept_gets_them_when_asked_for() -> None:
    hook = delivery()
    hook.offer(rows(1, 2, 3), 3)
    hook.begin(0.0)
    hook.failed("no answer", 0.0, WALL + 3601, is_refused=False)
    outputs = hook.take_outputs()
    assert [each.event.number for each in outputs if isinstance(each, SetAside)] == [1, 2, 3]
    assert outputs[-1] == CursorMoved(3)
    hook.offer(rows(4), 4)
    hook.offer_again(rows(1, 2))
    now = hook.next_timeout() or 0.0
    assert sent(hook.begin(now)) == [1, 2]
    hook.succeeded()
    assert hook.take_outputs() == [Settled(1), Settled(2), CursorMoved(3)]


def test_memory_is_bounded() -> None:
    hook = delivery()
    hook.offer(rows(*range(1, DELIVERY_QUEUE_MAX + 1)), DELIVERY_QUEUE_MAX)
    assert hook.room == 0


@given(st.lists(st.sampled_from(["ok", "away", "refused"]), max_size=60), st.integers(1, 4), st.integers(1, 9))
def test_whatever_happens_each_event_is_delivered_or_set_aside_in_its_order(
    fates: list[str], batch_max: int, count: int
) -> None:
    hook, now = delivery(batch_max), 0.0
    hook.offer(rows(*range(1, count + 1)), count)
    settled, cursor = list[int](), 0
    for fate in [*fates, *["ok"] * (2 * count)]:
        now = max(now, hook.next_timeout() or now)
        batch = hook.begin(now)
        if not batch:
            break
        if fate == "ok":
            settled += sent(batch)
            hook.succeeded()
        else:
            hook.failed("x", now, WALL, is_refused=fate == "refused")
        for output in hook.take_outputs():
            if isinstance(output, SetAside):
                settled.append(output.event.number)
            elif isinstance(output, CursorMoved):
                assert output.cursor >= cursor, "the cursor never goes back"
                cursor = output.cursor
                assert set(range(1, cursor + 1)) <= set(settled), "and never past what is not settled"
    assert settled == list(range(1, count + 1))
    assert cursor == count


def test_it_is_known_since_when_it_fails() -> None:
    hook = delivery()
    hook.offer(rows(1, 2), 2)
    for attempt in range(3):
        hook.begin(1000.0 * attempt)
        hook.failed(f"fault {attempt}", 1000.0 * attempt, WALL + attempt, is_refused=False)
    assert (hook.failing_since, hook.failed_at, hook.last_fault, hook.waiting) == (WALL, WALL + 2, "fault 2", 2)
    hook.begin(5000.0)
    hook.succeeded()
    assert (hook.failing_since, hook.last_fault) == (None, "")
