"""Invariant: with PRACK, UPDATE and session timers on both sides, over a network that loses, doubles and reorders,
whatever both owners do and whenever, every call ends, is told to have ended exactly once on each side, and leaves
nothing behind.
"""

import random
from collections import Counter
from itertools import product

import pytest

from softswitch.base.ids import LegId
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import (
    InviteReceived,
    LegEnded,
    LegFailed,
    ProgressConfirmed,
    ReinviteReceived,
    SipOutput,
)
from softswitch.sip.settings import SessionPolicy
from softswitch.testing.network import Conditions
from softswitch.testing.sip_pair import ANSWER, OFFER, SipPair

POLICIES = [
    SessionPolicy(reliable=reliable, session_expires_s=expires_s)
    for reliable, expires_s in product(("supported", "required"), (0, 90))
]


class Owners:
    """Whoever runs the two endpoints, at random."""

    def __init__(self, pair: SipPair, seed: int) -> None:
        self.pair = pair
        self.dice = random.Random(seed)
        self.legs: dict[str, list[LegId]] = {"provider": [], "switch": []}
        self.offered: list[tuple[str, LegId]] = []
        """Offers of the peer's that nobody has answered yet."""
        pair.rules.append(self.note)

    def note(self, name: str, fact: SipOutput, now: float) -> None:
        match fact:
            case InviteReceived():
                self.legs[name].append(fact.leg_id)
            case ReinviteReceived():
                self.offered.append((name, fact.leg_id))
            case ProgressConfirmed():
                assert fact.sdp
            case _:
                pass

    def call(self, policy: SessionPolicy) -> None:
        sdp = OFFER if self.dice.random() < 0.9 else b""
        leg_id = self.pair.provider.invite(
            self.pair.target("1"), from_uri="sip:5@p.example", sdp=sdp, session=policy, now=self.pair.now
        )
        self.legs["provider"].append(leg_id)

    def act(self) -> None:
        """Somebody does something to some call, fit or not."""
        pair, dice, now = self.pair, self.dice, self.pair.now
        name = dice.choice(("provider", "switch"))
        endpoint: SipEndpoint = getattr(pair, name)
        if self.offered and dice.random() < 0.4:
            who, leg_id = self.offered.pop(dice.randrange(len(self.offered)))
            if dice.random() < 0.7:
                getattr(pair, who).answer_reinvite(leg_id, ANSWER, now)
            else:
                getattr(pair, who).refuse_reinvite(leg_id, 488, now)
            return
        if not self.legs[name]:
            return
        leg_id = dice.choice(self.legs[name])
        deed = dice.random()
        if deed < 0.3:
            endpoint.reinvite(leg_id, dice.choice((OFFER, ANSWER)), now)
        elif deed < 0.4:
            endpoint.hang_up(leg_id, now, reason="Q.850;cause=31")
        elif name == "switch":
            if deed < 0.7:
                endpoint.progress(leg_id, dice.choice((180, 183)), dice.choice((None, ANSWER)), now)
            elif deed < 0.95:
                endpoint.accept(leg_id, ANSWER, now)
            else:
                endpoint.reject(leg_id, 486, now=now)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: f"{policy.reliable}-{policy.session_expires_s}")
@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_everything_at_once_ends_and_leaves_nothing(seed: int, policy: SessionPolicy, loss: float) -> None:
    conditions = Conditions(jitter_s=0.05, loss=loss, duplication=loss / 2, reordering=loss / 2, reorder_s=0.7)
    pair = SipPair(seed=seed, conditions=conditions, session=policy, far_session=policy)
    owners = Owners(pair, seed)
    for _ in range(60):
        if owners.dice.random() < 0.2:
            owners.call(policy)
        owners.act()
        pair.run(owners.dice.choice((0.0, 0.01, 0.05, 0.5, 3.0)))
    pair.run(120.0)
    for name in ("provider", "switch"):
        for leg_id in owners.legs[name]:
            getattr(pair, name).hang_up(leg_id, pair.now)
    pair.run(200.0)
    for name in ("provider", "switch"):
        ends = Counter(
            fact.leg_id for who, fact in pair.facts if who == name and isinstance(fact, LegEnded | LegFailed)
        )
        assert ends.keys() == set(owners.legs[name]), name
        assert set(ends.values()) <= {1}
        left = getattr(pair, name).statistics()
        assert (left.legs, left.dialogs, left.transactions) == (0, 0, 0), f"{name} still holds {left}"
        assert getattr(pair, name).next_timeout() is None, f"{name} still waits for something"
