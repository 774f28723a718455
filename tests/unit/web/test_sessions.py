"""Sessions: how they end, and that there are never too many."""

from softswitch.base.entropy import SeededEntropy
from softswitch.web.sessions import Sessions, is_token_of
from tests.unit.web.keeping import Keeping


def sessions(keeping: Keeping | None = None, **bounds: int) -> Sessions:
    return Sessions(SeededEntropy(1), keeping or Keeping(), longest_s=100.0, idle_s=10.0, **bounds)


def test_a_session_is_found_by_its_id_and_no_other():
    known = sessions()
    session_id, session = known.begin("olga", "hash", 0.0)
    assert known.find(session_id, 5.0) == session
    assert known.find("0" * 64, 5.0) is None
    assert is_token_of(session, session.token)
    assert not is_token_of(session, session_id)
    assert not is_token_of(session, "")


def test_it_ends_in_silence_after_its_time_and_when_it_is_ended():
    known = sessions()
    silent, _ = known.begin("olga", "hash", 0.0)
    assert known.find(silent, 9.9) is not None
    assert known.find(silent, 20.0) is None
    busy, _ = known.begin("olga", "hash", 0.0)
    for second in range(0, 100, 5):
        assert known.find(busy, float(second)) is not None
    assert known.find(busy, 100.0) is None
    ended, _ = known.begin("olga", "hash", 0.0)
    known.end(ended)
    assert known.find(ended, 0.0) is None
    assert len(known) == 0


def test_of_one_user_the_oldest_goes():
    known = sessions(user_sessions_max=2)
    ids = [known.begin("olga", "hash", 0.0)[0] for _ in range(3)]
    assert [known.find(each, 0.0) is not None for each in ids] == [False, True, True]


def test_of_all_the_one_that_was_silent_longest_goes():
    known = sessions(sessions_max=2)
    anna, boris = known.begin("anna", "hash", 0.0)[0], known.begin("boris", "hash", 1.0)[0]
    known.find(anna, 2.0)
    known.begin("clara", "hash", 3.0)
    assert known.find(boris, 3.0) is None
    assert known.find(anna, 3.0) is not None


def test_the_next_process_knows_the_sessions_of_this_one_and_their_tokens():
    keeping = Keeping()
    known = sessions(keeping)
    session_id, session = known.begin("olga", "hash", 0.0)
    ended, _ = known.begin("olga", "hash", 0.0)
    known.end(ended)
    assert session_id not in str(keeping.sessions)
    assert session.token not in str(keeping.sessions), "nothing that is kept lets anybody in"
    following = sessions(keeping)
    following.restore(keeping.sessions.items(), 5.0)
    assert following.find(session_id, 5.0) == session
    assert following.find(ended, 5.0) is None
    assert following.find(session_id, 15.0) is None, "its idle time goes on"


def test_what_is_over_by_then_is_not_restored():
    keeping = Keeping()
    known = sessions(keeping)
    known.begin("olga", "hash", 0.0)
    following = sessions(keeping)
    following.restore(list(keeping.sessions.items()), 10.0)
    assert (len(following), keeping.sessions) == (0, {})


def test_of_more_than_there_may_be_those_used_last_are_restored():
    keeping = Keeping()
    known = sessions(keeping)
    ids = [known.begin(f"user{number}", "hash", float(number))[0] for number in range(5)]
    following = sessions(keeping, sessions_max=2)
    following.restore(list(keeping.sessions.items()), 5.0)
    assert [following.find(each, 5.0) is not None for each in ids] == [False] * 3 + [True] * 2
    assert len(keeping.sessions) == 2


def test_use_is_noted_now_and_then_and_the_end_at_once():
    keeping = Keeping()
    known = sessions(keeping)
    session_id, _ = known.begin("olga", "hash", 0.0)
    for tenth in range(100):
        known.find(session_id, tenth / 10)
    assert 9 <= keeping.writes <= 12
    assert [each.used_at for each in keeping.sessions.values()] == [9.0]
    assert known.find(session_id, 30.0) is None
    assert keeping.sessions == {}
