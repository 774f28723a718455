"""How long the peer of a stream connection may be silent, and whether the connection is there for anything.

| along the connection                                     | silence allowed                                    |
|----------------------------------------------------------|----------------------------------------------------|
| a flow of RFC 5626 is registered: its phone was told     | Flow-Timer and FLOW_GRACE_S, if it has ever sent a |
| how often to show that it is there                       | keep-alive (it need not, and some do not)          |
| a phone is registered, a call or a subscription goes on, | as long as the transport allows any                |
| we wait for an answer, or it is a trunk's                |                                                    |
| none of these                                            | a stranger's: it need not be there                 |
"""

from collections.abc import Iterable
from math import inf

from softswitch.base.address import Flow
from softswitch.sip.core import SipCore
from softswitch.sip.registration.registrar import Registrar

FLOW_GRACE_S = 30.0
"""What RFC 5626 leaves the server to add to Flow-Timer: a keep-alive that was lost is repeated in that time."""


def patience(core: SipCore, registrar: Registrar, flows: Iterable[Flow]) -> dict[Flow, float]:
    """In seconds, of each flow that is no stranger's."""
    allowed: dict[Flow, float] = {}
    others: list[Flow] = []
    for flow in flows:
        if registrar.knows(flow):
            told_s = core.settings.registration.flow_timer_s + FLOW_GRACE_S
            allowed[flow] = told_s if registrar.is_outbound(flow) else inf
        elif core.trunks.sender(flow) is not None or core.transactions.awaits_answer(flow):
            allowed[flow] = inf
        else:
            others.append(flow)
    if others:
        in_use = {flow for user in core.dialogs.values() for flow in user.flows}
        allowed.update((flow, inf) for flow in others if flow in in_use)
    return allowed
