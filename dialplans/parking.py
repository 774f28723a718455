"""Parking: a caller is put into a slot with a number, and fetched from any phone by dialling that number.

In numbers.toml, for the slots of softswitch.toml ([parking] slots = "701-720"):

    [[route]]
    number = "700"                  # transfer a caller here, blind or attended
    flow = "park"

    [[route]]
    number = "7xx"                  # dial the slot: the most exact route wins, so 700 is not meant
    flow = "retrieve"

Who transfers a caller attended hears the slot's number; so does who transfers him blind, if his phone waits for the
outcome. When nobody fetches the caller in time ([parking] timeout_s), the phone that has parked him rings.
"""

from softswitch.dialplan import Call, ParkReason, flow

ROUNDS_MAX = 10
"""How often the phone that has parked a caller rings before he is asked to call again."""


@flow
async def park(call: Call) -> None:
    for _ in range(ROUNDS_MAX):
        parked = await call.park()
        if parked.reason is ParkReason.RETRIEVED:
            return
        if parked.reason is ParkReason.FULL:
            await call.play("parking/full")
        if not parked.parked_by or (await call.dial(parked.parked_by)).is_answered:
            return
    await call.play("connect/no-answer")


@flow
async def retrieve(call: Call) -> None:
    if not await call.retrieve(call.called_number):
        await call.play("parking/nobody-there")
