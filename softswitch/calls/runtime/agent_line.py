"""Agents who keep their line open: the phone is off the hook all day, and contacts come without its ringing.

```
 agent_line ──► FREE ──AgentReserved──► with a contact ──the contact is over──► FREE, in a call of its own again
                 └───────────────── he hangs up: logged out ◄────┘
```

When he leaves the desk his line comes from (he logs out there, or in elsewhere, or somebody else sits down) it ends: at
once, or after the contact he has.

An open line is a call of the agent's in which nothing is heard. When the router reserves him he is brought from there
into the contact's call (`fetch`), answered already, and hears a tone, so that he knows. When that call parts from him,
or he ends it with the key "*", he is not hung up: the controller begins the next call of his line, with the flow of the
number he had dialled.
"""

from typing import NoReturn

from softswitch.acd.inputs import AgentLoggedIn, AgentReachable
from softswitch.base.errors import LocalError
from softswitch.calls.kept.kept_verbs import KeptLine
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.taking_over import bring_agent

ZIP_TONE = "tone:beep"
"""What an agent on an open line hears before a contact, where the queue has nothing else for him."""

SILENCE = "tone:0/1000"
"""Packets go on, so that neither his phone nor a firewall gives the line up."""


async def keep_line_open(call: ActiveCall, kept: KeptLine | None = None) -> NoReturn:
    """Until the caller, an agent of ours, hangs up (`CallEnded`) contacts come to him here. He is logged in by it.

    `kept`: his line was open in the switch before. Raises `LocalError` for everybody else, and `MediaUnavailable`.
    """
    party = call.caller
    agent_id = None if party.extension is None else party.extension.agent_id
    if agent_id is None:
        raise LocalError("only an agent can keep a line open: the caller's phone belongs to no [[agent]]")
    lines, acd = call.around.open_lines, call.around.acd
    is_new = kept is None and not lines.is_of(agent_id, party)  # else he comes back from a contact
    if is_new:
        lines.end(agent_id, "the agent has opened another line")
    await call.answer()
    party.open_line = call.record.called_number
    call.exchange.free_line(party)
    if kept is None or call.caller_stream.playing is None:
        call.caller_stream.play([SILENCE], loop=True)
    lines.opened(agent_id, call)
    try:
        acd.apply(AgentReachable(agent_id))
        if is_new:
            acd.apply(AgentLoggedIn(agent_id, by=agent_id))
        while True:
            await call.mailbox.next()
    finally:
        lines.left(agent_id, call)


async def fetch(line: ActiveCall, call: ActiveCall) -> Party:
    """The agent who waits on `line` is in `call` from now on. Raises `LocalError` if he has hung up meanwhile, and
    `MediaUnavailable`."""
    agent = await bring_agent(line, call)
    if agent.stream is not None:
        agent.stream.stop_play()
    return agent
