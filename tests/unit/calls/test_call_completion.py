"""Who wanted somebody who was busy: both free for a moment, one at a time, not for ever."""

from hypothesis import given
from hypothesis import strategies as st

from softswitch.calls.call_completion import EXPIRES_S, GUARD_S, CompletionBook, Wanted
from softswitch.calls.limits import COMPLETIONS_PER_PHONE_MAX

ANN_BOB, CARL_BOB = Wanted("ann", "bob"), Wanted("carl", "bob")


def book(*wanted: Wanted, busy: frozenset[str] = frozenset({"bob"})) -> CompletionBook:
    made = CompletionBook()
    for each in wanted:
        assert made.request(each, busy={each.who, each.whom} & busy, now=0.0)
    return made


def due(made: CompletionBook, now: float) -> list[Wanted]:
    made.handle_timeout(now)
    return made.take_due()


def test_both_must_have_been_free_for_a_moment() -> None:
    made = book(ANN_BOB)
    assert due(made, 100.0) == []
    made.changed("bob", is_busy=False, now=100.0)
    assert made.next_timeout() == 100.0 + GUARD_S
    assert due(made, 100.0 + GUARD_S - 0.1) == []
    made.changed("ann", is_busy=True, now=101.0)
    assert due(made, 110.0) == []
    made.changed("ann", is_busy=False, now=120.0)
    assert due(made, 120.0 + GUARD_S) == [ANN_BOB]
    assert due(made, 200.0) == [], "once"


def test_of_two_who_want_the_same_the_first_is_first_and_then_the_other() -> None:
    made = book(ANN_BOB, CARL_BOB)
    made.changed("bob", is_busy=False, now=10.0)
    assert due(made, 12.0) == [ANN_BOB]
    made.changed("bob", is_busy=True, now=13.0)
    made.changed("bob", is_busy=False, now=60.0)
    made.over(ANN_BOB, was_busy=False, now=60.0)
    assert due(made, 62.0) == [CARL_BOB]
    made.over(CARL_BOB, was_busy=False, now=70.0)
    assert made.next_timeout() is None


def test_who_was_busy_again_is_tried_again() -> None:
    made = book(ANN_BOB, busy=frozenset())
    assert due(made, 2.0) == [ANN_BOB]
    made.changed("bob", is_busy=True, now=3.0)
    made.over(ANN_BOB, was_busy=True, now=4.0)
    made.changed("bob", is_busy=False, now=20.0)
    assert due(made, 22.0) == [ANN_BOB]


def test_who_takes_it_back_while_he_is_rung_holds_up_nobody() -> None:
    made = book(ANN_BOB, CARL_BOB, busy=frozenset())
    assert due(made, 2.0) == [ANN_BOB]
    made.changed("bob", is_busy=False, now=3.0)
    made.cancel("ann")
    made.over(ANN_BOB, was_busy=False, now=10.0)
    assert due(made, 10.0 + GUARD_S) == [CARL_BOB]


def test_it_expires_and_can_be_taken_back() -> None:
    made = book(ANN_BOB)
    assert due(made, EXPIRES_S) == []
    made.changed("bob", is_busy=False, now=EXPIRES_S + 1)
    assert due(made, EXPIRES_S + 10) == []
    made = book(ANN_BOB)
    assert (made.cancel("ann"), made.cancel("ann")) == (1, 0)
    assert not made.concerns("bob")


def test_nobody_wants_himself_or_everybody() -> None:
    made = CompletionBook()
    assert not made.request(Wanted("ann", "ann"), busy=set(), now=0.0)
    for number in range(COMPLETIONS_PER_PHONE_MAX):
        assert made.request(Wanted("ann", f"p{number}"), busy=set(), now=0.0)
    assert not made.request(Wanted("ann", "bob"), busy=set(), now=0.0)
    assert made.request(Wanted("ann", "p0"), busy=set(), now=0.0), "the same again is no further one"


NAMES = st.sampled_from("abcd")


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("wants"), NAMES, NAMES),
            st.tuples(st.just("busy"), NAMES, st.booleans()),
            st.tuples(st.just("over"), st.booleans(), st.booleans()),
            st.tuples(st.just("time"), st.floats(0, 10), st.none()),
        ),
        max_size=60,
    )
)
def test_nobody_is_rung_who_is_busy_or_about_to_be_rung(steps: list[tuple[str, object, object]]) -> None:
    made, now, busy, under_way = CompletionBook(), 0.0, set[str](), list[Wanted]()
    for kind, first, second in steps:
        match kind, first, second:
            case "wants", str(who), str(whom):
                made.request(Wanted(who, whom), busy={who, whom} & busy, now=now)
            case "busy", str(who), bool(is_busy):
                (busy.add if is_busy else busy.discard)(who)
                made.changed(who, is_busy=is_busy, now=now)
            case "over", bool(was_busy), _ if under_way:
                made.over(under_way.pop(0), was_busy=was_busy, now=now)
            case "time", float(seconds), _:
                now += seconds
                made.handle_timeout(now)
            case _:
                pass
        for each in made.take_due():
            assert not {each.who, each.whom} & busy
            assert not any({each.who, each.whom} & {other.who, other.whom} for other in under_way)
            under_way.append(each)
