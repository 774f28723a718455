"""Tells the owner of a leg that what is kept of it has become different."""

from softswitch.base.ids import LegId
from softswitch.sip.outputs import LegChanged, SipOutput


class LegWatch:
    """Of one leg. `outputs` are the endpoint's."""

    __slots__ = ("_leg_id", "_outputs")

    def __init__(self, leg_id: LegId, outputs: list[SipOutput]) -> None:
        self._leg_id = leg_id
        self._outputs = outputs

    def changed(self) -> None:
        """Several changes at once are told as one."""
        changed = LegChanged(self._leg_id)
        if changed not in self._outputs[-4:]:
            self._outputs.append(changed)
