"""What a leg does when its peer is heard along another flow, or the connection to him breaks (sip/returning.py)."""

from abc import ABC, abstractmethod
from typing import cast

from softswitch.base.address import Flow
from softswitch.sip.core import SipCore
from softswitch.sip.sessions.dialog import Dialog


class FollowingLeg(ABC):
    """A leg in one dialog, and a `Follower` of its peer's connection. `source` is the flow he was last heard on."""

    __slots__ = ("_core", "_dialog", "source")

    def __init__(self, core: SipCore, dialog: Dialog, source: Flow) -> None:
        self._core = core
        self._dialog = dialog
        self.source = source
        core.returning.follow(source, self)
        self._look_up_again()

    @abstractmethod
    def _go_on(self, now: float) -> None:
        """`source` is another connection, or the one there was is lost."""

    @property
    def sip_call_id(self) -> str:
        return self._dialog.call_id

    @property
    def flows(self) -> tuple[Flow, ...]:
        return self._dialog.flow, self.source

    # Inputs from whoever knows about connections (Follower)

    def connection_broken(self, now: float) -> None:
        dialog, before = self._dialog, self.source
        self._follow(self._core.way_again(before.broken(), dialog.remote_target, dialog.routes))
        self._look_up_again()
        if dialog.flow == before:
            dialog.go_by(self.source)
        self._go_on(now)

    def move_to(self, flow: Flow, now: float) -> None:
        """The peer is there now; nothing happens if he was."""
        if flow == self.source:
            return
        core, before = self._core, self.source
        self._follow(flow)
        core.route(self._dialog, flow)
        if before.is_lost:
            core.transactions.move(before, flow)
            core.returning.is_back(before, flow, now)
            self._go_on(now)

    def _look_up_again(self) -> None:
        """One who has said by a name where he listens is called there, as soon as it is known where that leads."""
        core, dialog, lost = self._core, self._dialog, self.source

        def found(flow: Flow, now: float) -> None:
            if cast("object", core.dialogs.get(dialog.id)) is self and self.source == lost:
                self.move_to(flow, now)

        core.look_up_again(lost, dialog.remote_target, dialog.routes, found)

    def _follow(self, flow: Flow) -> None:
        self._core.returning.leave(self.source, self)
        self.source = flow
        self._core.returning.follow(flow, self)
        if self._dialog.watch is not None:
            self._dialog.watch.changed()
