"""Legs whose peer's stream connection has broken, or broke together with the process that had it, until he is back.

A connection that we have opened, or whose peer listens where he says (a trunk, a proxy), is opened anew. One that a
phone behind NAT or a browser has opened can only come from there again: it is lost, and the leg follows what is left
of it, a flow that nothing is sent along. What we have to say waits with it (`ClientExchange.held`, no longer than the
transaction lives; offers and refreshes in `SessionOffers`). All that follows one lost connection goes on along a new
one as soon as the peer shows himself in one of these ways:

| what comes along a new connection                                   | whose it is                              |
|---------------------------------------------------------------------|------------------------------------------|
| a request within a dialog, or a response to a request of ours       | that dialog's, or that request's         |
| a registration of what was registered along the lost connection     | the phone's                              |
| (same Contact, same flow of RFC 5626, or same instance)             |                                          |
| anything an account has proven to have sent, if one connection of   | the account's                            |
| its phones is lost, and none is registered along another            |                                          |
"""

from collections.abc import Iterable
from typing import Protocol

from softswitch.base.address import Flow
from softswitch.sip.outputs import Binding


class Follower(Protocol):
    """What goes along a stream connection. It leaves the one and follows the other by itself."""

    def connection_broken(self, now: float) -> None: ...

    def move_to(self, flow: Flow, now: float) -> None:
        """The peer behind a lost connection is back, along `flow`."""
        ...


class Returning:
    """See the module. Flows that are lost are those of `Flow.broken` and `Flow.lost`."""

    __slots__ = ("_followers", "_lost", "_names", "_phones")

    def __init__(self) -> None:
        self._followers: dict[Flow, dict[Follower, None]] = {}
        self._phones: dict[tuple[str, str], Flow] = {}
        """Lost connections by address-of-record, and what tells the phone there from the others."""
        self._names: dict[Flow, list[tuple[str, str]]] = {}
        """The keys of `_phones`, by what they lead to."""
        self._lost: dict[str, set[Flow]] = {}
        """By address-of-record, what its phones have lost."""

    # Inputs from the legs

    def follow(self, flow: Flow, follower: Follower) -> None:
        """Nothing, unless it is a stream connection."""
        if flow.connection:
            self._followers.setdefault(flow, {})[follower] = None

    def leave(self, flow: Flow, follower: Follower) -> None:
        followers = self._followers.get(flow)
        if followers is not None:
            followers.pop(follower, None)
            if not followers:
                del self._followers[flow]
                self._forget(flow)

    # Inputs

    def was_registered(self, bindings: Iterable[Binding]) -> None:
        """These were registered along connections that another process had."""
        for binding in bindings:
            if binding.flow.kind.is_reliable:
                self._note(binding, binding.flow.lost())

    def broken(self, flow: Flow, bindings: Iterable[Binding], now: float) -> None:
        """A connection is closed; `bindings` were registered along it."""
        followers = self._followers.pop(flow, None)
        if followers:
            lost = flow.broken()
            if lost.is_lost:
                for binding in bindings:
                    self._note(binding, lost)
            for follower in followers:
                follower.connection_broken(now)

    def is_back(self, lost: Flow, flow: Flow, now: float) -> None:
        """Whoever was behind `lost` is heard along `flow`."""
        self._forget(lost)
        for follower in self._followers.pop(lost, ()):
            follower.move_to(flow, now)

    def registered(self, bindings: Iterable[Binding], flow: Flow, now: float) -> None:
        """What is registered of an address-of-record now, some of it along `flow`."""
        for binding in bindings:
            if binding.flow == flow:
                for name in _names(binding):
                    lost = self._phones.get((binding.aor, name))
                    if lost is not None:
                        self.is_back(lost, flow, now)

    def proven(self, aor: str, registered: Iterable[Binding], flow: Flow, now: float) -> None:
        """An account has sent something along `flow`; `registered` is what there is of it now."""
        lost = self._lost.get(aor, ())
        if len(lost) == 1 and not any(binding.flow.connection for binding in registered):
            self.is_back(next(iter(lost)), flow, now)

    # Getters

    def misses(self, aor: str) -> bool:
        """Whether a connection of its phones is lost."""
        return aor in self._lost

    def __len__(self) -> int:
        """What is remembered of connections."""
        return len(self._followers) + len(self._phones) + len(self._names) + len(self._lost)

    # Private

    def _note(self, binding: Binding, lost: Flow) -> None:
        """By whom it can be found."""
        keys = [(binding.aor, name) for name in _names(binding)]
        self._phones.update((key, lost) for key in keys)
        self._names.setdefault(lost, []).extend(keys)
        self._lost.setdefault(binding.aor, set()).add(lost)

    def _forget(self, lost: Flow) -> None:
        """By whom it could be found."""
        for key in self._names.pop(lost, ()):
            if self._phones.get(key) == lost:
                del self._phones[key]
            flows = self._lost.get(key[0])
            if flows is not None:
                flows.discard(lost)
                if not flows:
                    del self._lost[key[0]]


def _names(binding: Binding) -> list[str]:
    return [binding.key, binding.instance] if binding.instance and not binding.reg_id else [binding.key]
