"""Facts of the past, kept ready in files beside the store: they are derived, and made again where one is missing.

A file has the facts of three hours, and of what they were made: of events the numbers of the first record in them and
of the first after them, of calls a checksum. What the store says now must be the same; else the facts are made anew. So
nothing here can be wrong for long, and everything can be deleted at any time. The store itself is only read.

Calls are told apart by age. Those of the last days are compared byte by byte: an agent's outcome is written after the
call, and a call's end long after its beginning. Older ones by their first and last record.
"""

import os
import tempfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec
import numpy as np

from softswitch.acd.reporting.tallies import QUEUE_SUMS
from softswitch.reports.facts import call_facts, event_facts
from softswitch.reports.facts.call_facts import CallFacts
from softswitch.reports.facts.event_facts import PRESENCE_SUMS, WORK_SUMS, Carried, EventFacts
from softswitch.reports.facts.names import Names

FOLDS = 2
"""Raised whenever the same records make other facts."""
_ENDING = ".facts"


class KeptFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds."""

    layout: str
    made_of: tuple[int, ...]
    since: float
    until: float
    names: list[str]
    rows: dict[str, bytes]
    sums: tuple[bytes, ...] = ()
    carried: Carried | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(KeptFacts).decode
LAYOUT = f"{zlib.crc32(repr((FOLDS, event_facts.ROWS, call_facts.ROWS, QUEUE_SUMS, WORK_SUMS)).encode()):08x}"


class FactCache:
    """The files of one store. Where they cannot be written, reports are made of the store each time, and are slower."""

    def __init__(self, store_directory: str) -> None:
        self._store = store_directory
        self._directory = f"{store_directory.rstrip(os.sep)}.facts"

    def events(self, began: float, made_of: tuple[int, ...]) -> EventFacts | None:
        kept = self._read("events", began, made_of)
        if kept is None or kept.carried is None or len(kept.sums) != 3:
            return None
        return EventFacts(
            since=kept.since,
            until=kept.until,
            names=Names(kept.names),
            rows=_rows(kept.rows, event_facts.ROWS),
            queue_sums=np.frombuffer(kept.sums[0]).reshape(-1, len(QUEUE_SUMS)),
            agent_sums=np.frombuffer(kept.sums[1]).reshape(-1, len(WORK_SUMS)),
            presence_sums=np.frombuffer(kept.sums[2]).reshape(-1, len(PRESENCE_SUMS)),
            carried=kept.carried,
        )

    def keep_events(self, facts: EventFacts, made_of: tuple[int, ...]) -> None:
        sums = facts.queue_sums.tobytes(), facts.agent_sums.tobytes(), facts.presence_sums.tobytes()
        self._write("events", facts, made_of, sums, facts.carried)

    def calls(self, began: float, made_of: tuple[int, ...]) -> CallFacts | None:
        kept = self._read("calls", began, made_of)
        if kept is None:
            return None
        rows = _rows(kept.rows, call_facts.ROWS)
        return CallFacts(since=kept.since, until=kept.until, names=Names(kept.names), rows=rows)

    def keep_calls(self, facts: CallFacts, made_of: tuple[int, ...]) -> None:
        self._write("calls", facts, made_of, (), None)

    def forget_before(self, kind: str, oldest: float) -> None:
        """Facts of records that the store has no more."""
        with suppress(OSError):
            for name in os.listdir(self._directory):
                began = name.removeprefix(f"{kind}-").removesuffix(_ENDING)
                if name.endswith(_ENDING) and began.isdigit() and int(began) < oldest:
                    os.unlink(os.path.join(self._directory, name))

    # Private

    def _path(self, kind: str, began: float) -> str:
        return os.path.join(self._directory, f"{kind}-{began:.0f}{_ENDING}")

    def _read(self, kind: str, began: float, made_of: tuple[int, ...]) -> KeptFacts | None:
        """None also for a file that is damaged, of another version, or of records that have changed."""
        try:
            with open(self._path(kind, began), "rb") as file:
                kept = _decode(file.read())
        except (OSError, msgspec.MsgspecError):
            return None
        return kept if (kept.layout, kept.made_of) == (LAYOUT, made_of) else None

    def _write(
        self,
        kind: str,
        facts: EventFacts | CallFacts,
        made_of: tuple[int, ...],
        sums: tuple[bytes, ...],
        carried: Carried | None,
    ) -> None:
        kept = KeptFacts(
            layout=LAYOUT,
            made_of=made_of,
            since=facts.since,
            until=facts.until,
            names=facts.names.texts,
            rows={name: rows.tobytes() for name, rows in facts.rows.items()},
            sums=sums,
            carried=carried,
        )
        with suppress(OSError):
            self._make_directory()
            descriptor, path = tempfile.mkstemp(dir=self._directory)
            try:
                with open(descriptor, "wb") as file:
                    file.write(_encode(kept))
                self._give_to_owner(path)
                os.replace(path, self._path(kind, facts.since))
            except OSError:
                os.unlink(path)
                raise

    def _make_directory(self) -> None:
        if not os.path.isdir(self._directory):
            os.mkdir(self._directory, 0o700)
            self._give_to_owner(self._directory)

    def _give_to_owner(self, path: str) -> None:
        """What root makes is whose the store is, so that the switch's own reports can use it."""
        if os.geteuid() == 0:
            owner = os.stat(self._store)
            os.chown(path, owner.st_uid, owner.st_gid)


def _rows(kept: Mapping[str, bytes], layout: Mapping[str, "np.dtype[Any]"]) -> dict[str, Any]:
    return {name: np.frombuffer(kept.get(name, b""), dtype) for name, dtype in layout.items()}
