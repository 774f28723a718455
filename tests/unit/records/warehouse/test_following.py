"""Nothing is missed that is written late or changed afterwards, and little is copied twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.records.warehouse import following
from softswitch.records.warehouse.following import SETTLE_S, Follower, RawRow
from softswitch.store.layout import timed_key

NOW = 1_700_000_000.0


def row(at: float, name: str, value: str = "first") -> RawRow:
    return timed_key((at, name)), value.encode()


def copy_round(follower: Follower, rows: dict[bytes, bytes], now: float, oldest: float | None) -> list[RawRow]:
    """What a round copies, in batches of two."""
    settled = Follower.settled_before(now, oldest)
    unknown = list(follower.unknown((key, rows[key]) for key in sorted(rows) if key >= follower.position))
    for start in range(0, len(unknown), 2):
        follower.copied(unknown[start : start + 2], settled)
    follower.round_over(settled)
    return unknown


def test_what_was_copied_is_not_copied_again_unless_it_has_changed() -> None:
    follower = Follower(b"")
    rows = dict([row(NOW - 30, "a"), row(NOW - 20, "b")])
    assert len(copy_round(follower, rows, NOW, None)) == 2
    assert copy_round(follower, rows, NOW + 5, None) == []
    rows |= dict([row(NOW - 30, "a", "wrapped up"), row(NOW + 1, "c")])
    assert copy_round(follower, rows, NOW + 10, None) == [row(NOW - 30, "a", "wrapped up"), row(NOW + 1, "c")]


def test_a_long_call_is_waited_for() -> None:
    follower = Follower(b"")
    began = NOW - 10 * SETTLE_S
    rows = dict([row(NOW - 5 * SETTLE_S, "old"), row(NOW - 10, "new")])
    copy_round(follower, rows, NOW, oldest=began)
    assert follower.position <= timed_key((began, ""))
    rows |= dict([row(began, "long")])
    assert copy_round(follower, rows, NOW + 5, None) == [row(began, "long")]
    assert follower.position == timed_key((NOW + 5 - SETTLE_S, ""))


def test_the_position_goes_on_while_years_are_copied() -> None:
    follower = Follower(b"")
    settled = Follower.settled_before(NOW, None)
    years = [row(NOW - 1e7 + number, str(number)) for number in range(4)]
    follower.copied(years[:2], settled)
    assert follower.position == years[1][0] + b"\0"
    assert follower.position_with(years[2:], settled) == years[3][0] + b"\0"
    assert follower.position_with([row(NOW, "young")], settled) == settled, "not beyond what is settled"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SEEN_MAX", 3)
    follower = Follower(b"")
    rows = dict(row(NOW - number, str(number)) for number in range(10))
    copy_round(follower, rows, NOW, None)
    again = copy_round(follower, rows, NOW + 1, None)
    assert 0 < len(again) < 10, "some are copied twice, which changes nothing"


@given(
    st.lists(
        st.tuples(st.floats(0, 3 * SETTLE_S), st.floats(0, 2 * SETTLE_S), st.floats(0, SETTLE_S * 0.9)), max_size=12
    ),
    st.lists(st.floats(1, SETTLE_S), min_size=1, max_size=20),
)
def test_every_record_is_copied_as_it_is_in_the_end(
    calls: list[tuple[float, float, float]], pauses: list[float]
) -> None:
    """Calls begin, end, and are changed once more within the time that is allowed; rounds come whenever they come."""
    follower = Follower(b"")
    rows: dict[bytes, bytes] = {}
    copied: dict[bytes, bytes] = {}
    now = NOW
    for pause in [*pauses, 10 * SETTLE_S, 10 * SETTLE_S]:
        now += pause
        going_on = [NOW + begin for begin, lasts, _ in calls if NOW + begin <= now < NOW + begin + lasts]
        for number, (begin, lasts, later) in enumerate(calls):
            at = NOW + begin
            changes_at = at + lasts + min(later, max(0.0, SETTLE_S - 1 - lasts))
            if at + lasts <= now:
                rows |= dict([row(at, str(number), "changed" if changes_at <= now else "first")])
        copied |= dict(copy_round(follower, rows, now, min(going_on, default=None)))
    assert copied == rows
