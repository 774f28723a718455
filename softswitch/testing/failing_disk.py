"""A store in memory whose disk refuses, or does not answer, when a test says so."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from softswitch.store.environment import Operation
from softswitch.store.memory import MemoryRows
from softswitch.store.store import Store
from softswitch.store.writer import NotStored


class FailingDisk(MemoryRows):
    """As with the real one, what waits for the disk is not read, and is on it when there is room again."""

    __slots__ = ("_answers", "_hand_over", "_waiting", "is_silent")

    def __init__(self) -> None:
        super().__init__()
        self.is_silent = False
        """Whoever waits for the disk waits on, until `answer`."""
        self._waiting: list[Operation] = []
        self._answers: list[Future[None]] = []
        self._hand_over: Callable[[], None] = lambda: None

    def fill(self) -> None:
        """Nothing is taken any more."""
        self.is_failing = True

    def make_room(self) -> None:
        """What waits is written."""
        self.is_failing = False
        waiting, self._waiting = self._waiting, []
        super().apply(waiting)
        self.pending = 0

    def answer(self) -> None:
        self.is_silent = False
        answers, self._answers = self._answers, []
        for each in answers:
            if each.set_running_or_notify_cancel():
                self._settle(each)

    def apply(self, operations: Sequence[Operation]) -> None:
        if self.is_failing:
            self._waiting += operations
            self.pending = len(self._waiting)
        else:
            super().apply(operations)

    def commit(self) -> Future[None]:
        self._hand_over()
        self.commits += 1
        done: Future[None] = Future()
        if self.is_silent:
            self._answers.append(done)
        else:
            self._settle(done)
        return done

    def hasten(self) -> None:
        self.commit()

    def stored(self) -> Future[None]:
        return self.commit()

    def take_between_turns(self, call_soon: object, hand_over: Callable[[], None]) -> None:
        self._hand_over = hand_over

    def _settle(self, done: Future[None]) -> None:
        if self.is_failing:
            done.set_exception(NotStored("No space left on device"))
        else:
            done.set_result(None)


def failing_store(disk: FailingDisk) -> Store:
    return Store(disk, disk, disk.close)
