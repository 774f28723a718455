"""What final statuses and ends mean for whoever runs the switch, and what to do about them.

Advice is given only where the cause is known to lie there; where it may be several things, all are named.
"""

BY_PARTY = {
    401: "It wants a password, or refuses ours: check username and password of the trunk in trunks.toml.",
    403: "It does not permit this call: a number that is barred, a calling number that is not ours to show, an account "
    "that is blocked or unpaid. Ask there, naming the Call-ID; set calling_number of the trunk if it wants its own.",
    404: "It does not know this number. Compare how it was sent with what is wanted there (+442071838750, "
    "00442071838750 or 02071838750?), and the prefix in trunks.toml.",
    408: "It found nobody in time.",
    410: "The number has been given up.",
    415: "It does not understand what we sent. If it is a phone, update it; compare codecs on both sides.",
    420: "It lacks, or wants, an extension of SIP: see Unsupported in its answer (`--messages` of `softswitch trace`).",
    421: "It insists on an extension of SIP: see Require in its answer (`--messages` of `softswitch trace`).",
    480: "Nobody could be reached there: a phone that is off, not registered or not to be disturbed.",
    481: "It had forgotten the call: it was restarted, or its messages took another way.",
    482: "The call came back to where it had been: a forwarding in a circle.",
    483: "The call went from switch to switch without end: look for a forwarding or a route in a circle.",
    484: "The number is incomplete, or not written as it wants it.",
    486: "Busy: nothing is wrong. Call waiting, a forwarding on busy or a queue may help.",
    487: "The call was withdrawn before it was answered.",
    488: "No codec or no encryption in common: compare codecs and srtp here with what it can do.",
    500: "A fault on its side. If it lasts, tell them, naming the Call-ID.",
    501: "It does not know this kind of request.",
    502: "Something behind it is out of order.",
    503: "It is overloaded, out of service, or all its lines are taken: a second trunk for the route helps.",
    504: "Something behind it did not answer in time.",
    600: "Busy everywhere: nothing is wrong.",
    603: "Declined: a person, a do-not-disturb, or a provider who believes the call to be unwanted.",
    604: "The number exists nowhere.",
    606: "No codec or no encryption in common: compare codecs and srtp here with what it can do.",
    607: "The called person does not want calls from this number.",
    608: "A provider's filter rejected the call as unwanted; Call-Info in its answer may say where to complain.",
}
"""A final answer that came from a phone or a trunk."""

BY_SWITCH = {
    400: "What came could not be read: see the request (`softswitch trace --messages`), and update the device.",
    401: "The phone did not prove who it is: check its user name and password with those in agents.toml.",
    403: "The caller may not do this: trunks.toml says who may use a trunk, and from which addresses a trunk calls.",
    404: "No flow is there for this number: see numbers.toml; `softswitch check` says what is in it.",
    408: "The caller's phone never answered, or nothing was heard of it any more.",
    480: "The flow ended without an answer: whoever was called did not answer, or nobody is registered there "
    "(`softswitch registrations`).",
    488: "No codec or no encryption in common with the caller: compare codecs and srtp with what his side can do.",
    500: "A fault of ours: of a flow (its traceback is below), or in the switch; the log says more.",
    503: "The switch took no more calls: [limits] calls, no media worker with room (`softswitch media`), an "
    "overload, or it was stopping. `softswitch status` shows which.",
}
"""What the switch answered the caller, where nobody else had refused before."""

NOBODY_CALLED = (
    "Nobody was called: no phone is registered where the flow wanted to call (`softswitch registrations`), the number "
    "is no extension and no trunk leads there, nobody may call there, or the flow calls nobody; and then it ended "
    "without an answer."
)
SILENT_PARTY = (
    "No answer to our INVITE came at all: it is switched off or not reachable from here, or a firewall or NAT drops "
    "what comes back. If it is a phone, see how old its registration is; `softswitch trace --peer` shows "
    "what still comes."
)
BROKEN_PARTY = "No way led there: no connection could be opened, or no route or listener of ours leads to it."

BY_END = {
    "abandoned": "The caller hung up while he waited: nothing is wrong with the signalling.",
    "overflowed": "No agent became free in time: see the queue's max_wait_s and overflow, and `softswitch queues`.",
    "media timeout": "Voice stopped coming: a network that broke, a phone that died, or a firewall or NAT between its "
    "RTP and our ports ([media] ports, advertised_ip).",
    "transferred": "Who called, or whoever he talked to, went on in another call: `linked_calls` of its record "
    "(`softswitch cdr --json`) says which, and `softswitch calls why` what became of that one.",
    "stopped": "It was ended from outside: `softswitch calls hangup`, or the switch stopped.",
    "switch restarted": "The switch died while the call was in progress; its log before that says why.",
    "failed": "Something of ours failed: see the fault below, and the log.",
}
"""For what is known of the end alone (`Cdr.end_reason`)."""


def advice_by_party(status: int) -> str:
    """For a final answer from outside; classes stand in for what is not listed."""
    if status == 407:
        status = 401
    if 300 <= status < 400:
        return "It sent the call elsewhere, and that was not followed."
    return BY_PARTY.get(status) or BY_PARTY[500 if status < 600 and status >= 500 else 603 if status >= 600 else 480]


def advice_by_switch(status: int) -> str:
    if status == 407:
        status = 401
    return BY_SWITCH.get(status, "The flow refused the call with this status on purpose.")
