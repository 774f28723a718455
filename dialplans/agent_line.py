"""An agent dials this and does not hang up: queues' calls come to him on the open line, without ringing, after a tone.

In numbers.toml:

    [[route]]
    number = "*88"
    flow = "agent_line"

He is logged in while the line is open, and logged out when he hangs up. What else he hears before each caller says
`agent_hears` of the queue. With the key "*" he ends a caller's call and keeps his line; his wrap-up begins then, as on
a phone that rings.
"""

from softswitch.base.errors import LocalError
from softswitch.dialplan import Call, flow


@flow
async def agent_line(call: Call) -> None:
    try:
        await call.agent_line()
    except LocalError:
        await call.play("phone/not-possible")
