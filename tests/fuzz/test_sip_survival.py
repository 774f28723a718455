"""Invariant: the switch may die at any moment of any call, again and again, and go on with what its owner had written
down (whenever a leg tells what he heeds, and after commands that change a call): the peer sees one user agent. Its
calls end, once; a conversation does not end by the death; our numbers in a dialog only ever rise; nothing is left
behind.

And what is written down is what would be kept now: whatever changes without a word is within the leap of numbers.
"""

import random
from collections import Counter
from itertools import product

import msgspec
import pytest

from softswitch.base.address import TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.base.ids import LegId
from softswitch.sip.kept import KeptAttempt, KeptLeg, KeptSession
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import (
    InfoReceived,
    InviteReceived,
    LegEnded,
    LegFailed,
    ReinviteFailed,
    ReinviteReceived,
    ReinviteWithdrawn,
    SipOutput,
)
from softswitch.sip.sessions.dialog import CSEQ_LEAP
from softswitch.sip.settings import SessionPolicy
from softswitch.testing.network import Conditions
from softswitch.testing.sip_pair import ANSWER, OFFER, PROVIDER, SipPair, switch_settings
from softswitch.testing.successor import succeed

POLICIES = [
    SessionPolicy(reliable=reliable, session_expires_s=expires_s)
    for reliable, expires_s in product(("supported", "required"), (0, 90))
]
UNHEEDED = (InfoReceived, ReinviteFailed, ReinviteWithdrawn)
"""With these the owner of calls writes nothing."""
SILENT = ("local_cseq", "remote_cseq")
"""What of a dialog changes without being told."""


class Owner:
    """Runs both endpoints at random, and writes down what the switch keeps."""

    def __init__(self, pair: SipPair, seed: int, policy: SessionPolicy) -> None:
        self.pair = pair
        self.policy = policy
        self.dice = random.Random(seed)
        self.theirs: list[LegId] = []
        self.ours: list[LegId] = []
        self.withdrawn: set[LegId] = set()
        self.offered: list[tuple[str, LegId]] = []
        self.written: dict[LegId, bytes] = {}
        self.generation = 0
        pair.rules.append(self.note)

    def note(self, name: str, fact: SipOutput, now: float) -> None:
        leg_id: LegId | None = getattr(fact, "leg_id", None)
        if isinstance(fact, InviteReceived):
            (self.ours if name == "switch" else self.theirs).append(fact.leg_id)
        if isinstance(fact, ReinviteReceived):
            self.offered.append((name, fact.leg_id))
        if name == "switch" and leg_id is not None and not isinstance(fact, UNHEEDED):
            self.write(leg_id)

    def write(self, leg_id: LegId) -> None:
        kept = self.pair.switch.keep(leg_id)
        if kept is None:
            self.written.pop(leg_id, None)
        else:
            self.written[leg_id] = msgspec.msgpack.encode(kept)

    def call(self) -> None:
        pair, dice = self.pair, self.dice
        if dice.random() < 0.5:
            self.theirs.append(
                pair.provider.invite(
                    pair.target("1"),
                    from_uri="sip:5@p.example",
                    sdp=OFFER if dice.random() < 0.9 else b"",
                    session=self.policy,
                    now=pair.now,
                )
            )
        else:
            leg_id = pair.switch.invite(
                pair.target("5", PROVIDER), from_uri="sip:1@s.example", sdp=OFFER, session=self.policy, now=pair.now
            )
            self.ours.append(leg_id)
            self.write(leg_id)

    def act(self) -> None:
        """Somebody does something to some call, fit or not."""
        pair, dice, now = self.pair, self.dice, self.pair.now
        name, legs = dice.choice((("provider", self.theirs), ("switch", self.ours)))
        endpoint = pair.switch if name == "switch" else pair.provider
        if self.offered and dice.random() < 0.4:
            who, leg_id = self.offered.pop(dice.randrange(len(self.offered)))
            answering = pair.switch if who == "switch" else pair.provider
            if dice.random() < 0.7:
                answering.answer_reinvite(leg_id, ANSWER, now)
            else:
                answering.refuse_reinvite(leg_id, 488, now)
            return
        if not legs:
            return
        leg_id = dice.choice(legs)
        kept = endpoint.keep(leg_id)
        deed = dice.random()
        if deed < 0.3:
            endpoint.reinvite(leg_id, dice.choice((OFFER, ANSWER)), now)
            return
        elif deed < 0.36:
            endpoint.hang_up(leg_id, now, reason="Q.850;cause=31")
        elif isinstance(kept, KeptSession):
            for _ in range(dice.choice((1, 1, 1, 70))):
                endpoint.send_info(leg_id, "application/dtmf", b"1", now)
        elif not isinstance(kept, KeptAttempt):
            if deed < 0.6:
                endpoint.progress(leg_id, dice.choice((180, 183)), dice.choice((None, ANSWER)), now)
            elif deed < 0.95:
                endpoint.accept(leg_id, ANSWER, now)
            else:
                endpoint.reject(leg_id, 486, now=now)
        if name == "switch":
            self.write(leg_id)

    def check_what_is_written(self) -> None:
        for leg_id, written in self.written.items():
            now = self.pair.switch.keep(leg_id)
            before: KeptLeg = msgspec.msgpack.decode(written, type=KeptLeg)
            assert now is not None
            assert comparable(now) == comparable(before)
            if isinstance(now, KeptSession) and isinstance(before, KeptSession):
                assert 0 <= now.dialog.local_cseq - before.dialog.local_cseq < CSEQ_LEAP

    def die(self) -> None:
        pair = self.pair
        self.generation += 1
        written = list(self.written.values())
        talking = {
            leg.leg_id
            for leg in [msgspec.msgpack.decode(each, type=KeptLeg) for each in written]
            if isinstance(leg, KeptAttempt)
        }
        self.withdrawn |= talking
        adopted = succeed(pair, written, seed=5000 + self.generation, settings=switch_settings(self.policy))
        assert set(adopted) == set(self.written)
        for leg_id in talking:
            del self.written[leg_id]
        pair.run(0.0)


def comparable(kept: KeptLeg) -> object:
    """Without what changes in silence."""
    plain = msgspec.to_builtins(kept)
    for name in SILENT:
        plain.get("dialog", {}).pop(name, None)
    if plain["type"] == "attempt":
        plain["forks"] = [{name: fork[name] for name in fork if name not in SILENT} for fork in plain.get("forks", ())]
    return plain


def numbers_rise(pair: SipPair) -> None:
    """Of new requests (not of their repetitions, which have the branch of the first) that have reached the provider."""
    last: dict[tuple[str, str], int] = {}
    seen: set[str] = set()
    for passage in pair.network.transcript:
        message = parse(passage.message)
        if passage.source != "switch" or not isinstance(message, Request) or message.method in ("ACK", "CANCEL"):
            continue
        if message.branch in seen:
            continue
        seen.add(message.branch)
        key = (message.call_id, message.from_.tag or "")
        assert message.cseq.number > last.get(key, -1), message
        last[key] = message.cseq.number


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: f"{policy.reliable}-{policy.session_expires_s}")
@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_the_peer_sees_one_user_agent(seed: int, policy: SessionPolicy, loss: float) -> None:
    conditions = Conditions(jitter_s=0.05, loss=loss, duplication=loss / 2, reordering=loss / 2, reorder_s=0.7)
    pair = SipPair(seed=seed, conditions=conditions, session=policy, far_session=policy)
    owner = Owner(pair, seed, policy)
    for _ in range(60):
        if owner.dice.random() < 0.2:
            owner.call()
        owner.act()
        pair.run(owner.dice.choice((0.0, 0.01, 0.05, 0.5, 3.0)))
        owner.check_what_is_written()
        if owner.dice.random() < 0.15:
            owner.die()
    pair.run(120.0)
    for leg_id in owner.theirs:
        pair.provider.hang_up(leg_id, pair.now)
    for leg_id in owner.ours:
        pair.switch.hang_up(leg_id, pair.now)
    pair.run(200.0)
    numbers_rise(pair)
    ends = {
        name: Counter(fact.leg_id for who, fact in pair.facts if who == name and isinstance(fact, LegEnded | LegFailed))
        for name in ("provider", "switch")
    }
    assert ends["provider"].keys() == set(owner.theirs)
    assert set(ends["provider"].values()) <= {1}
    assert ends["switch"].keys() >= set(owner.ours) - owner.withdrawn
    assert set(ends["switch"].values()) <= {1}
    for station in (pair.switch, pair.provider):
        left = station.statistics()
        assert (left.legs, left.dialogs, left.transactions) == (0, 0, 0), f"{station} still holds {left}"
        assert station.next_timeout() is None


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("is_caller", [True, False])
@pytest.mark.parametrize("kind", [TransportKind.UDP, TransportKind.TCP])
def test_a_conversation_never_ends_by_a_death(seed: int, is_caller: bool, kind: TransportKind) -> None:
    """Deaths every few seconds, offers from both sides all the time: nobody is hung up before the end."""
    policy = SessionPolicy(session_expires_s=90)
    pair = SipPair(seed=seed, session=policy, far_session=policy, kind=kind)
    dice = random.Random(seed)

    def agree(name: str, fact: SipOutput, now: float) -> None:
        endpoint = pair.switch if name == "switch" else pair.provider
        if isinstance(fact, InviteReceived):
            endpoint.accept(fact.leg_id, ANSWER, now)
        if isinstance(fact, ReinviteReceived):
            endpoint.answer_reinvite(fact.leg_id, ANSWER, now)

    pair.rules.append(agree)
    owner = Owner(pair, seed, policy)
    if is_caller:
        owner.ours.append(
            pair.switch.invite(
                pair.target("5", PROVIDER), from_uri="sip:1@s.example", sdp=OFFER, session=policy, now=pair.now
            )
        )
    else:
        owner.theirs.append(
            pair.provider.invite(pair.target("1"), from_uri="sip:5@p.example", sdp=OFFER, session=policy, now=pair.now)
        )
    pair.run(1.0)
    (ours,), (theirs,) = owner.ours, owner.theirs
    entropy = SeededEntropy(seed)
    for _ in range(60):
        if dice.random() < 0.5:
            pair.switch.reinvite(ours, OFFER, pair.now)
            owner.write(ours)
        else:
            pair.provider.reinvite(theirs, OFFER, pair.now)
        pair.run(entropy.uniform(0.0, 0.05))
        owner.write(ours)
        owner.die()
        pair.run(entropy.uniform(2.5, 5.0))
    assert [fact for _, fact in pair.facts if isinstance(fact, LegEnded)] == []
    pair.switch.hang_up(ours, pair.now)
    pair.run(60.0)
    ended = pair.one("provider", LegEnded)
    assert (ended.leg_id, ended.by) == (theirs, "remote")
