"""Which calls are one caller's experience: through transfers, pickups and the questions agents ask meanwhile.

A call begins a chain of its own. A follow-up call is of the chain of the call before; a party who goes from one call to
another makes one chain of the two, and the older one's id is that of both. Whoever is in progress sees the new id at
once; of those that have ended the keys of their records are remembered, so that they can be told.
"""

from collections.abc import Sequence
from typing import Any

from softswitch.base.ids import CallId
from softswitch.calls.limits import HISTORY_MAX

RecordKey = tuple[float, CallId]
"""When a call began, and its id: the key of its record."""


class Chain:
    """One caller's experience. Chains that were made one are asked through `whole`."""

    __slots__ = ("_ended", "_id", "_part_of", "_started_at")

    def __init__(self, call_id: CallId, started_at: float) -> None:
        self._id = call_id
        self._started_at = started_at
        self._part_of: Chain | None = None
        self._ended: list[RecordKey] = []

    @property
    def whole(self) -> "Chain":
        chain = self
        while chain._part_of is not None:
            chain = chain._part_of
        return chain

    @property
    def chain_id(self) -> CallId:
        return self.whole._id

    def kept(self) -> dict[str, Any]:
        """The fields of `KeptChain`, of the whole chain."""
        whole = self.whole
        return {"chain_id": whole._id, "started_at": whole._started_at, "ended": tuple(whole._ended)}

    def adopt(self, ended: Sequence[RecordKey]) -> None:
        """Calls of it that had ended, as one of the others remembers them."""
        known = self.whole._ended
        known += [key for key in ended if key not in known]
        del known[:-HISTORY_MAX]

    def call_over(self, key: RecordKey) -> None:
        """A call of it has its record. Of very many the newest are remembered."""
        ended = self.whole._ended
        ended.append(key)
        del ended[:-HISTORY_MAX]

    def join(self, other: "Chain") -> list[RecordKey]:
        """The two are one from now on; returns the records that say another id than is theirs now."""
        one, two = self.whole, other.whole
        if one is two:
            return []
        if (two._started_at, two._id) < (one._started_at, one._id):
            one, two = two, one
        two._part_of = one
        renamed, two._ended = two._ended, []
        one._ended += renamed
        del one._ended[:-HISTORY_MAX]
        return renamed
