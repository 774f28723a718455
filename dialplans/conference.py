"""Telephone conferences: everybody dials one number, types a PIN, and is in the room.

In numbers.toml:

    [[route]]
    number = "8800"                 # one room's own number
    flow = "conference"

    [[route]]
    number = "+18005550188"         # or one number for all rooms: the PIN tells which
    flow = "conference"

The rooms, their PINs and who is called for them stand in conferences.toml; the keys in docs/conferences.md.
"""

from softswitch.dialplan import Call, flow


@flow
async def conference(call: Call) -> None:
    await call.conference()
