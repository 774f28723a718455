"""Peers whose stream connections broke together with the process that had them, until they are here again.

A call that was adopted (adoption.py) may have gone along a connection that only the peer can open again: a browser's,
or that of a phone behind NAT. It waits, and what we have to say waits with it (`ClientExchange.held`, for as long as
the transaction lives; offers and refreshes in `SessionOffers`). All that waits for one lost connection goes on along
the new one as soon as the peer shows itself in one of these ways:

| what comes along a new connection                                   | whose it is                              |
|---------------------------------------------------------------------|------------------------------------------|
| a request within a dialog, or a response to a request of ours       | that dialog's, or that request's         |
| a registration of the binding that was known on the lost connection | the phone's                              |
| (same Contact, same flow of RFC 5626, or same instance)             |                                          |
| anything an account has proven to have sent, if all that was known  | the account's only phone's               |
| of the account was on one lost connection, and it is not registered |                                          |
"""

from collections.abc import Callable, Iterable

from softswitch.base.address import Flow
from softswitch.sip.outputs import Binding

MoveTo = Callable[[Flow, float], None]
"""Of whoever waits: the new flow, and now."""


class Returning:
    """See the module. Lost flows are those of `Flow.revived`; everybody that waits is told once, and forgotten."""

    __slots__ = ("_accounts", "_phones", "_waiting")

    def __init__(self) -> None:
        self._waiting: dict[Flow, list[MoveTo]] = {}
        self._phones: dict[tuple[str, str], Flow] = {}
        """By address-of-record, and what tells the phone from the others there."""
        self._accounts: dict[str, set[Flow]] = {}
        """By address-of-record, those of all its phones."""

    # Inputs

    def was_registered(self, bindings: Iterable[Binding]) -> None:
        """These were known in the other process."""
        for binding in bindings:
            flow = binding.flow.revived()
            if flow.is_lost:
                for name in _names(binding):
                    self._phones[binding.aor, name] = flow
                self._accounts.setdefault(binding.aor, set()).add(flow)

    def wait(self, flow: Flow, move_to: MoveTo) -> None:
        """`move_to` is called once the peer behind this lost flow is back; along others nobody waits."""
        if flow.is_lost:
            self._waiting.setdefault(flow, []).append(move_to)

    def is_back(self, lost: Flow, flow: Flow, now: float) -> None:
        """Whoever was behind `lost` is heard along `flow`."""
        for move_to in self._waiting.pop(lost, ()):
            move_to(flow, now)

    def registered(self, bindings: Iterable[Binding], flow: Flow, now: float) -> None:
        """What is registered of an address-of-record now, some of it along `flow`."""
        for binding in bindings:
            if binding.flow == flow:
                for name in _names(binding):
                    lost = self._phones.pop((binding.aor, name), None)
                    if lost is not None:
                        self.is_back(lost, flow, now)

    def proven(self, aor: str, flow: Flow, now: float) -> None:
        """An account that is not registered along `flow` has sent something there."""
        flows = self._accounts.get(aor)
        if flows is not None and len(flows) == 1:
            self.is_back(next(iter(flows)), flow, now)

    # Getters

    @property
    def is_idle(self) -> bool:
        """Nobody waits."""
        return not self._waiting


def _names(binding: Binding) -> list[str]:
    return [binding.key, binding.instance] if binding.instance and not binding.reg_id else [binding.key]
