"""Which legs each extension has at this moment, ringing or answered, in which calls: whether it is busy is a look-up.

The caller's leg counts from his INVITE, others from theirs, each until SIP says that it has ended.
"""

from collections.abc import Callable

from softswitch.base.ids import CallId, LegId


class ExtensionLegs:
    """By user name."""

    __slots__ = ("_calls", "_owners", "_when_changed")

    def __init__(self) -> None:
        self._calls: dict[str, dict[LegId, CallId]] = {}
        self._owners: dict[LegId, str] = {}
        self._when_changed: Callable[[str], None] | None = None

    def when_changed(self, callback: Callable[[str], None]) -> None:
        """Who wants to know, by user name, that somebody has his first leg, or none any more."""
        self._when_changed = callback

    def began(self, username: str, leg_id: LegId, call_id: CallId) -> None:
        """A leg of this extension, in this call from now on."""
        self._owners[leg_id] = username
        legs = self._calls.setdefault(username, {})
        legs[leg_id] = call_id
        if len(legs) == 1 and self._when_changed is not None:
            self._when_changed(username)

    def ended(self, leg_id: LegId) -> None:
        """A leg is over, whosever it was."""
        username = self._owners.pop(leg_id, None)
        if username is None:
            return
        legs = self._calls[username]
        del legs[leg_id]
        if not legs:
            del self._calls[username]
            if self._when_changed is not None:
                self._when_changed(username)

    def of(self, username: str) -> dict[LegId, CallId]:
        """Its legs, each with its call, in the order in which they began."""
        return dict(self._calls.get(username, {}))

    def calls_of(self, username: str, *, but: CallId) -> int:
        """In how many calls it is, besides one. Several phones that ring for one call are one."""
        return len(set(self._calls.get(username, {}).values()) - {but})

    @property
    def count(self) -> int:
        return len(self._owners)
