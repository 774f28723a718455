"""A transfer that is under way: who wants it, what he is told, and who has the caller back if nobody else will.

```
  202, NOTIFY 100 ──► rings: NOTIFY 180 ──► answers or speaks: NOTIFY 200, the transferor is hung up
                         └──► is not reached: NOTIFY 486, 480 … ──► recall.py: the two talk again
```

It is in the call whose caller is being transferred, from the transfer's beginning to its end.
"""

from typing import TYPE_CHECKING

from softswitch.base.ids import LegId, ReferId
from softswitch.calls.kept.kept_call import KeptTransfer
from softswitch.calls.outcomes import DialReason
from softswitch.calls.runtime.party import Party
from softswitch.calls.settings import Extension

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall

_STATUSES = {DialReason.BUSY: 486, DialReason.DECLINED: 603, DialReason.FORBIDDEN: 403}


class Transfer:
    """`extension` is who has the caller back; `transferor` is his leg, while it lasts; `refer_id` the REFER, if any."""

    __slots__ = ("_has_rung", "_sip", "extension", "refer_id", "transferor")

    def __init__(
        self,
        call: "ActiveCall",
        *,
        extension: Extension | None,
        transferor: Party | None = None,
        refer_id: ReferId | None = None,
    ) -> None:
        """`call` is any call: that of the transferor, mostly."""
        self._sip = call.around.sip
        self._has_rung = False
        self.extension = extension
        self.transferor = transferor
        self.refer_id = refer_id

    def keep(self) -> KeptTransfer:
        return KeptTransfer(
            extension="" if self.extension is None else self.extension.username,
            transferor=LegId("") if self.transferor is None else self.transferor.leg.leg_id,
        )

    @classmethod
    def adopted(cls, call: "ActiveCall", kept: KeptTransfer) -> "Transfer":
        """That of the switch before. His phone is told no more of it, but by its BYE."""
        extension = call.around.settings().extensions.get(kept.extension)
        return cls(call, extension=extension, transferor=call.party(kept.transferor))

    def rings(self) -> None:
        """The target is being rung."""
        if not self._has_rung:
            self._has_rung = True
            self._tell(180)

    def reached(self, call: "ActiveCall") -> None:
        """The target is there: whoever wanted it is done."""
        self._end(call, 200)

    def ended(self, call: "ActiveCall") -> None:
        """The caller has hung up."""
        self._end(call, 487)

    def failed(self, call: "ActiveCall", reason: DialReason | None) -> None:
        """The target was not reached. The transferor stays, if he is there."""
        call.transfer = None
        call.changed()
        self._tell(480 if reason is None else _STATUSES.get(reason, 480))

    def party_left(self, call: "ActiveCall", party: Party) -> None:
        """The transferor's phone has hung up, as many do at once."""
        if party is self.transferor:
            self.transferor = None
            call.part(party)

    def _end(self, call: "ActiveCall", status: int) -> None:
        call.transfer = None
        call.changed()
        self._tell(status)
        if self.transferor is not None:
            call.part(self.transferor)

    def _tell(self, status: int) -> None:
        if self.refer_id is not None:
            self._sip.notify_refer(self.refer_id, status)
