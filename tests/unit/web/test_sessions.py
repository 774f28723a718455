"""Sessions: how they end, and that there are never too many."""

from softswitch.base.entropy import SeededEntropy
from softswitch.web.sessions import Sessions, is_token_of


def sessions(**bounds: int) -> Sessions:
    return Sessions(SeededEntropy(1), longest_s=100.0, idle_s=10.0, **bounds)


def test_a_session_is_found_by_its_id_and_no_other():
    known = sessions()
    session_id, session = known.begin("olga", 0.0)
    assert known.find(session_id, 5.0) == session
    assert known.find("0" * 64, 5.0) is None
    assert is_token_of(session, session.token)
    assert not is_token_of(session, session_id)
    assert not is_token_of(session, "")


def test_it_ends_in_silence_after_its_time_and_when_it_is_ended():
    known = sessions()
    silent, _ = known.begin("olga", 0.0)
    assert known.find(silent, 9.9) is not None
    assert known.find(silent, 20.0) is None
    busy, _ = known.begin("olga", 0.0)
    for second in range(0, 100, 5):
        assert known.find(busy, float(second)) is not None
    assert known.find(busy, 100.0) is None
    ended, _ = known.begin("olga", 0.0)
    known.end(ended)
    assert known.find(ended, 0.0) is None
    assert len(known) == 0


def test_of_one_user_the_oldest_goes():
    known = sessions(user_sessions_max=2)
    ids = [known.begin("olga", 0.0)[0] for _ in range(3)]
    assert [known.find(each, 0.0) is not None for each in ids] == [False, True, True]


def test_of_all_the_one_that_was_silent_longest_goes():
    known = sessions(sessions_max=2)
    anna, boris = known.begin("anna", 0.0)[0], known.begin("boris", 1.0)[0]
    known.find(anna, 2.0)
    known.begin("clara", 3.0)
    assert known.find(boris, 3.0) is None
    assert known.find(anna, 3.0) is not None
