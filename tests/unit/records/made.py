"""Records for tests: what a switch would have written."""

from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.store.schema import Cdr, ContactStay, LegFacts, SipLeg, TrunkTry

AT = 1_700_000_000.0


def cdr(call_id: str = "c1", at: float = AT, **changes: object) -> Cdr:
    """A caller from outside waits 10 s, talks to ann for 40 s."""
    facts: dict[str, object] = {
        "call_id": CallId(call_id),
        "chain_id": CallId(call_id),
        "started_at": at,
        "answered_at": at + 1,
        "ended_at": at + 60,
        "calling_number": "+442071838750",
        "called_number": "100",
        "project": "acme",
        "queue": QueueId("support"),
        "agent": AgentId("ann"),
        "queue_wait_s": 10.0,
        "ring_s": 4.0,
        "talk_s": 40.0,
        "hold_s": 5.0,
        "end_reason": "completed",
        "ended_by": "caller",
        "cause": 16,
        "trunk": "provider",
        "scores": {"csat": 5},
        "tags": {"topic": "bill"},
        "legs": (
            LegFacts(role="caller", party="trunk:provider", leg_id="a", mos=4.1, talk_ratio=0.4, talk_s=10),
            LegFacts(role="called", party="ann", leg_id="b", mos=3.9, remote_mos=3.5, talk_ratio=0.6, talk_s=15),
        ),
        "sip_legs": (
            SipLeg(
                sip_call_id="x", role="caller", party="trunk:provider", leg_id="a", number="+442071838750",
                began_at=at, answered_at=at + 1, ended_at=at + 60, ended_by="party", cause=16,
            ),
            SipLeg(
                sip_call_id="y", role="called", party="ann", leg_id="b", number="201", agent=AgentId("ann"),
                began_at=at + 6, ringing_at=at + 7, answered_at=at + 11, ended_at=at + 51, ended_by="switch", cause=16,
            ),
        ),
        "stays": (
            ContactStay(
                queue=QueueId("support"), began_at=at + 1, ended_at=at + 51, outcome="answered",
                agent=AgentId("ann"), wait_s=10.0, ring_s=4.0, talk_s=40.0, hold_s=5.0, wrap_up_s=7.0,
                disposition="solved",
            ),
        ),
    }  # fmt: skip
    return Cdr(**{**facts, **changes})  # pyright: ignore[reportArgumentType]


def outbound(call_id: str = "o1", at: float = AT, *, number: str = "+4930123", seconds: float = 30.0) -> Cdr:
    """Phone 201 calls a number outside for so long."""
    return cdr(
        call_id,
        at,
        ended_at=at + 5 + seconds,
        answered_at=at + 5,
        calling_number="201",
        called_number=number,
        queue=None,
        agent=None,
        queue_wait_s=0.0,
        talk_s=seconds,
        trunk="",
        trunks=(TrunkTry(trunk="provider", status=200),),
        legs=(),
        scores={},
        stays=(),
        sip_legs=(
            SipLeg(
                sip_call_id="x", role="caller", party="account:201", leg_id="a", number="201",
                began_at=at, answered_at=at + 5, ended_at=at + 5 + seconds, ended_by="party", cause=16,
            ),
            SipLeg(
                sip_call_id="y", role="called", party="trunk:provider", leg_id="b", number=number,
                began_at=at + 1, ringing_at=at + 2, answered_at=at + 5, ended_at=at + 5 + seconds, ended_by="switch",
                cause=16,
            ),
        ),
    )  # fmt: skip
