"""What one call needs of all the others when a party goes from one to another. The controller is it."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Literal, Protocol

from softswitch.base.ids import LegId
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.party import Party

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall
    from softswitch.calls.runtime.completing import CallCompletion


class Exchange(Protocol):
    @property
    def completion(self) -> "CallCompletion":
        """Calls to people who were busy."""
        ...

    def call_of(self, leg_id: LegId) -> "ActiveCall | None":
        """The call a leg is in."""
        ...

    def moved(self, party: Party, call: "ActiveCall") -> None:
        """A party has come to `call`: what happens to his leg and his stream is for it from now on."""
        ...

    def begin(self, caller: Party, record: CallRecord, *, before: "ActiveCall") -> "ActiveCall":
        """A new call with somebody who was in the call `before` until now; its flow is not yet started."""
        ...

    def stand_in_left(self, party: Party, by: Literal["remote", "local"]) -> None:
        """Who stands for somebody in a second call is there no more, as if his phone had hung up, or been hung up."""
        ...

    def originate(self, record: CallRecord) -> "ActiveCall":
        """A call that has no caller yet: whoever is rung for it and answers is (`ActiveCall.begin_with`)."""
        ...

    def start_flow(self, call: "ActiveCall") -> None:
        """Run the flow of the number called."""
        ...

    def run_flow(self, call: "ActiveCall", name: str) -> None:
        """Run the flow of this name, whatever number was called."""
        ...

    def has_flow(self, name: str) -> bool: ...

    def is_routed(self, number: str) -> bool:
        """Whether there is a flow for a number."""
        ...

    def is_reachable(self, number: str) -> bool:
        """Whether there is a flow for a number, or an extension with that number or name."""
        ...

    def free_line(self, party: Party) -> None:
        """The agent whose leg it is, is no longer busy with it."""
        ...

    def keep_line(self, party: Party, before: "ActiveCall") -> bool:
        """An agent on an open line is done with `before` and waits for the next contact.

        False if he is to be hung up.
        """
        ...

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Let this go on beside the flows."""
        ...
