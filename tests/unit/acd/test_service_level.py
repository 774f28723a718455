"""The share answered in time over the last while."""

from softswitch.acd.limits import JUDGED_MAX
from softswitch.acd.service_level import ServiceLevelWindow


def test_what_is_old_does_not_count() -> None:
    window = ServiceLevelWindow()
    assert (window.level, window.oldest_at) == (None, None)
    window.judged(False, 10.0)
    window.judged(True, 20.0)
    assert (window.level, window.oldest_at) == (0.5, 10.0)
    window.forget(90.0, 100.0)
    assert (window.level, window.oldest_at) == (1.0, 20.0)
    window.forget(90.0, 200.0)
    assert window.level is None


def test_it_does_not_grow_without_end() -> None:
    window = ServiceLevelWindow()
    window.judged(False, 0.0)
    for number in range(JUDGED_MAX):
        window.judged(True, float(number))
    assert len(window) == JUDGED_MAX
    assert window.level == 1.0
