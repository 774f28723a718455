"""What the transports need of the driver."""

from collections.abc import Iterable
from typing import Protocol

from softswitch.base.address import Flow
from softswitch.sip.messages.grammar import Malformed


class Receiver(Protocol):
    """Takes what arrives; never raises."""

    def receive_datagram(self, data: bytes, flow: Flow) -> None: ...
    def receive_message(self, data: bytes, flow: Flow) -> None: ...
    def receive_malformed(self, fault: Malformed, flow: Flow) -> None: ...
    def flow_closed(self, flow: Flow) -> None: ...
    def flow_failed(self, flow: Flow) -> None: ...

    def patience(self, flows: Iterable[Flow]) -> dict[Flow, float]:
        """See `softswitch.sip.patience`: what is not in it is a stranger's."""
        ...
