"""After an upgrade media workers go on with the code they were started with, until each is empty and started anew.

One after the other: a worker is drained (no new calls), and when its last stream is gone it is ended and started
again; when that one is connected it gets new calls, and it is the next one's turn. The only worker of a switch is not
drained, for then no call could be taken: it is replaced in a moment in which it has nothing to do.

    of the worker whose turn it is          orders
    gets new calls, is not the only one     Drain
    is connected, and empty                 Renew
    has been renewed, and is connected      Resume; the next one's turn

It is fed with what the switch says of its workers every now and then, and knows nothing else: a switch that is started
again meanwhile and drains nobody any more is told again; a supervisor that comes after one that was killed finds by
their versions who is left (`outdated`).
"""

from collections.abc import Iterable, Sequence

import msgspec

from softswitch import __version__
from softswitch.control.protocol.replies import Status
from softswitch.control.protocol.rows import WorkerRow


class Drain(msgspec.Struct, frozen=True):
    """No new calls for this worker."""

    name: str


class Renew(msgspec.Struct, frozen=True):
    """End it, and start it again."""

    name: str


class Resume(msgspec.Struct, frozen=True):
    """It gets new calls again."""

    name: str


Order = Drain | Renew | Resume


def outdated(status: Status) -> list[str]:
    """Workers of another version than the switch, and we, are; of another switch nothing is to be concluded."""
    if status.version != __version__:
        return []
    return [row.name for row in status.workers if row.version not in ("", __version__)]


class Renewal:
    """Of these workers, in this order."""

    __slots__ = ("_names", "_old_pid")

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)
        self._old_pid = 0
        """Of the worker whose turn it is, once it was told to end."""

    @property
    def names(self) -> list[str]:
        """Those that have the code of before."""
        return list(self._names)

    def add(self, names: Iterable[str]) -> None:
        """These as well."""
        self._names += [name for name in names if name not in self._names]

    def look(self, rows: Sequence[WorkerRow]) -> list[Order]:
        """What is to be done, by how the workers are now."""
        if not self._names:
            return []
        name = self._names[0]
        if not rows:
            return []
        row = next((row for row in rows if row.name == name), None)
        if row is None:  # the configuration names fewer of them by now
            self._names.pop(0)
            return self.look(rows)
        if not row.is_connected:
            return []
        if self._old_pid and row.pid != self._old_pid:
            self._names.pop(0)
            self._old_pid = 0
            return [Resume(name)]
        if self._old_pid:
            return []
        if not row.is_draining and len(rows) > 1:
            return [Drain(name)]
        if row.streams or row.recordings:
            return []
        self._old_pid = row.pid
        return [Renew(name)]
