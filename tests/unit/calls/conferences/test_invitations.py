"""Numbers that are called for a conference."""

import pytest

from softswitch.calls.conferences.invitations import CallResult, Invitation, Invitations
from softswitch.calls.conferences.limits import INVITATIONS_MAX


def invitation(number: str = "123", aside: int | None = None) -> Invitation:
    return Invitation(number=number, by=None, aside=aside)


def test_who_was_not_reached_is_called_again_so_many_times() -> None:
    invitations = Invitations(attempts=3, retry_s=60.0)
    assert invitations.invite(invitation())
    for number in range(2):
        invitations.ended("123", "not_reached", 100.0 * number)
        assert invitations.next_timeout() == 100.0 * number + 60.0
        assert not invitations.take_due(100.0 * number + 59.9)
        (again,) = invitations.take_due(100.0 * number + 60.0)
        assert again.attempt == number + 2
    invitations.ended("123", "not_reached", 300.0)
    assert invitations.next_timeout() is None
    assert not invitations.waiting


@pytest.mark.parametrize("result", ["joined", "refused", "not_possible"])
def test_others_are_not_called_again(result: CallResult) -> None:
    invitations = Invitations(attempts=3, retry_s=60.0)
    invitations.invite(invitation())
    invitations.ended("123", result, 0.0)
    assert not invitations.waiting


def test_nor_is_who_was_to_be_fetched() -> None:
    invitations = Invitations(attempts=3, retry_s=60.0)
    invitations.invite(invitation(aside=1))
    assert invitations.fetched_for(1) is not None
    invitations.ended("123", "not_reached", 0.0)
    assert not invitations.waiting
    assert invitations.fetched_for(1) is None


def test_a_number_is_called_once_at_a_time_and_at_once_when_somebody_asks_again() -> None:
    invitations = Invitations(attempts=3, retry_s=60.0)
    assert invitations.invite(invitation())
    assert not invitations.invite(invitation())
    invitations.ended("123", "not_reached", 0.0)
    assert invitations.invite(invitation())
    assert invitations.next_timeout() is None


def test_no_more_than_so_many_are_called() -> None:
    invitations = Invitations(attempts=3, retry_s=60.0)
    called = [invitations.invite(invitation(str(number))) for number in range(INVITATIONS_MAX + 5)]
    assert called.count(True) == INVITATIONS_MAX


def test_nobody_is_called_again_for_a_conference_that_is_over() -> None:
    invitations = Invitations(attempts=3, retry_s=60.0)
    invitations.invite(invitation())
    invitations.ended("123", "not_reached", 0.0)
    invitations.give_up()
    assert invitations.next_timeout() is None
