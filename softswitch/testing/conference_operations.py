"""Conference rooms as the control socket sees them, with fixed contents."""

import msgspec

from softswitch.control.protocol.replies import ConferenceSet, Refused
from softswitch.control.protocol.requests import OrderConference
from softswitch.control.protocol.rows import ConferenceRow, ParticipantRow
from softswitch.testing.fixed_switch import FixedSwitch


class FixedConferenceOperations(FixedSwitch):
    """The part of `FixedOperations` that is about conferences."""

    def __init__(self) -> None:
        super().__init__()
        self.conference_rows = [
            ConferenceRow(
                room="board",
                name="The board",
                number="8800",
                conference_id="conf-1",
                running_s=125.0,
                maximum=15,
                participants=[
                    ParticipantRow(seat=1, number="201", name="Anna", role="host", is_talking=True, talk_s=61.0),
                    ParticipantRow(seat=2, number="+4930123", is_heard=False, is_silenced=True, joined_s=30.0),
                ],
                calling=["+4930124"],
                is_open=True,
            ),
            ConferenceRow(room="sales", name="Sales", number="8801", maximum=15),
        ]

    def conferences(self) -> list[ConferenceRow]:
        return self.conference_rows

    async def order_conference(self, order: OrderConference) -> ConferenceSet | Refused:
        self.orders.append(("order_conference", order.room, order.action, str(order.seat), order.number))
        for row in self.conference_rows:
            if row.room == order.room and row.conference_id:
                is_locked = order.action == "lock" or (row.is_locked and order.action != "unlock")
                is_over = order.action == "end"
                return ConferenceSet(None if is_over else msgspec.structs.replace(row, is_locked=is_locked))
        return Refused("not_found", f'nobody is in "{order.room}"; `softswitch conferences` lists the rooms')
