from softswitch.media.feeds.returning import FIRST_S, LONGEST_S, SETTLED_S, Redialling


def test_waits_grow_and_a_good_connection_makes_them_short_again() -> None:
    redialling = Redialling()
    assert [redialling.lost_after(0.0) for _ in range(7)] == [0.5, 1.0, 2.0, 4.0, 8.0, LONGEST_S, LONGEST_S]
    assert redialling.lost_after(SETTLED_S - 1) == LONGEST_S
    assert redialling.lost_after(SETTLED_S) == FIRST_S
    assert redialling.lost_after(0.0) == 2 * FIRST_S
