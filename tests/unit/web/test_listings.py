"""Listings that are a moment old."""

from softswitch.web.listings import RecentListings


def test_an_answer_is_good_for_a_moment():
    recent: RecentListings[str] = RecentListings(fresh_s=0.25)
    recent.put("calls", "three", 10.0)
    assert recent.find("calls", 10.24) == "three"
    assert recent.find("calls", 10.25) is None
    assert recent.find("agents", 10.0) is None


def test_a_change_makes_all_of_them_old():
    recent: RecentListings[str] = RecentListings()
    recent.put("calls", "three", 10.0)
    recent.forget()
    assert recent.find("calls", 10.0) is None


def test_what_came_to_nothing_is_asked_again_but_not_what_came_after_it():
    recent: RecentListings[str] = RecentListings()
    failed, answered = "failed", "answered"
    recent.put("calls", failed, 10.0)
    recent.put("calls", answered, 10.1)
    recent.forget_one("calls", failed)
    assert recent.find("calls", 10.1) == answered
    recent.forget_one("calls", answered)
    assert recent.find("calls", 10.1) is None


def test_there_are_never_too_many():
    recent: RecentListings[int] = RecentListings(entries_max=2)
    for number in range(5):
        recent.put(number, number, 10.0)
    assert [recent.find(number, 10.0) for number in range(5)] == [None, None, None, 3, 4]


def test_what_is_too_old_for_anybody_is_not_kept():
    recent: RecentListings[int] = RecentListings(fresh_s=0.25)
    recent.put("calls", 1, 10.0)
    recent.put("agents", 2, 10.1)
    recent.put("queues", 3, 10.3)
    assert len(recent) == 2
