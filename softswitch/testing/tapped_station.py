"""A station of a FakeNetwork whose messages are logged, as `SipDriver` logs those of a switch."""

from softswitch.base.address import Flow
from softswitch.base.clock import Clock
from softswitch.sip.outputs import SipOutput, Transmit
from softswitch.sip.tracing.message_log import MessageLog
from softswitch.testing.network import Station


class TappedStation:
    """Stands before `station` on the network."""

    def __init__(self, station: Station, messages: MessageLog, clock: Clock) -> None:
        self._station = station
        self._messages = messages
        self._clock = clock
        self.flow_closed = station.flow_closed
        self.flow_failed = station.flow_failed
        self.next_timeout = station.next_timeout
        self.handle_timeout = station.handle_timeout

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        self._messages.add(now, False, flow, data)
        self._station.receive_datagram(data, flow, now)

    def receive_message(self, data: bytes, flow: Flow, now: float) -> None:
        self._messages.add(now, False, flow, data)
        self._station.receive_message(data, flow, now)

    def take_outputs(self) -> list[SipOutput]:
        outputs = self._station.take_outputs()
        for output in outputs:
            if isinstance(output, Transmit):
                self._messages.add(self._clock.now(), True, output.flow, output.message)
        return outputs
