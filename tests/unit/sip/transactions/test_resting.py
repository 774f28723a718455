"""Transactions that only wait to be forgotten."""

from softswitch.base.deadlines import Deadlines
from softswitch.sip.transactions.resting import Resting
from softswitch.sip.transactions.transaction import Timed


class Transaction:
    def __init__(self) -> None:
        self.is_forgotten = False

    def forget(self) -> None:
        self.is_forgotten = True


def test_each_is_forgotten_when_its_time_has_come_and_one_deadline_is_enough() -> None:
    deadlines: Deadlines[Timed] = Deadlines()
    resting = Resting(deadlines)
    transactions = [Transaction() for _ in range(4)]
    for transaction, at in zip(transactions, (32.0, 32.5, 32.5, 40.0), strict=True):
        resting.add(transaction, at)
    assert len(deadlines) == 1
    forgotten: list[int] = []
    while (now := deadlines.next()) is not None:
        for due in deadlines.pop_due(now):
            due.handle_timeout(now)
        forgotten.append(sum(transaction.is_forgotten for transaction in transactions))
    assert forgotten == [1, 3, 4]


def test_after_the_last_it_begins_anew() -> None:
    deadlines: Deadlines[Timed] = Deadlines()
    resting = Resting(deadlines)
    for at in (5.0, 7.0):
        transaction = Transaction()
        resting.add(transaction, at)
        assert deadlines.next() == at
        for due in deadlines.pop_due(at):
            due.handle_timeout(at)
        assert transaction.is_forgotten
    assert len(deadlines) == 0
