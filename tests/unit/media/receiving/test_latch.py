from softswitch.base.address import HostPort
from softswitch.media.receiving.latch import BARRED_S, SETTLING_S, SourceLatch

SDP = HostPort("192.0.2.1", 4000)
NAT = HostPort("203.0.113.9", 61_234)
OTHER = HostPort("198.51.100.66", 5)
SSRC = 77


def learn(latch: SourceLatch, source: HostPort, now: float, *, sequence: int = 10, ssrc: int = SSRC) -> list[bool]:
    """Four packets, 20 ms apart."""
    return [latch.receive(source, ssrc, (sequence + n) & 0xFFFF, now + 0.02 * n) for n in range(4)]


def test_the_address_of_the_sdp_is_accepted_at_once_and_final() -> None:
    latch = SourceLatch(SDP, learn=True)
    assert latch.destination() == SDP
    assert latch.final_source(0.0) is None
    assert latch.receive(SDP, SSRC, 1, 0.0)
    assert latch.source == SDP
    assert latch.final_source(0.0) == SDP


def test_another_source_is_learnt_with_its_fourth_packet_in_sequence() -> None:
    latch = SourceLatch(SDP, learn=True)
    assert learn(latch, NAT, 0.0, sequence=65_534) == [False, False, False, True]
    assert latch.destination() == NAT
    assert latch.final_source(1.0) is None
    assert latch.final_source(0.06 + SETTLING_S) == NAT


def test_a_burst_is_not_learnt() -> None:
    latch = SourceLatch(SDP, learn=True)
    assert not any(latch.receive(OTHER, SSRC, n, 0.001 * n) for n in range(20))


def test_packets_out_of_sequence_or_of_two_sources_are_not_learnt() -> None:
    latch = SourceLatch(SDP, learn=True)
    assert not any(latch.receive(OTHER, SSRC, 2 * n, 0.02 * n) for n in range(20))
    assert not any(latch.receive((NAT, OTHER)[n % 2], SSRC, n, 0.02 * n) for n in range(20))
    assert not any(latch.receive(OTHER, n, n, 0.02 * n) for n in range(20))


def test_nothing_is_known_before_the_sdp_but_a_source_can_be_learnt() -> None:
    latch = SourceLatch(None, learn=True)
    assert latch.destination() is None
    assert learn(latch, NAT, 0.0)[-1]
    assert latch.destination() == NAT


def test_the_sdp_address_takes_over_from_a_learnt_source() -> None:
    latch = SourceLatch(SDP, learn=True)
    learn(latch, OTHER, 0.0)
    assert latch.receive(SDP, SSRC + 1, 1, 0.5)
    assert latch.source == SDP
    assert not latch.receive(OTHER, SSRC, 14, 0.52)


def test_without_learning_only_the_sdp_address_counts() -> None:
    latch = SourceLatch(SDP, learn=False)
    assert latch.final_source(0.0) == SDP
    assert not any(learn(latch, NAT, 0.0))
    assert latch.receive(SDP, SSRC, 1, 1.0)
    assert latch.destination() == SDP


def test_a_new_port_of_the_same_nat_needs_the_ssrc_and_the_sequence() -> None:
    latch = SourceLatch(SDP, learn=True)
    learn(latch, NAT, 0.0)
    latch.reopen(SSRC, 700)
    moved = HostPort(NAT.host, NAT.port + 1)
    assert not latch.receive(OTHER, SSRC + 1, 701, 10.0)
    assert not latch.receive(OTHER, SSRC, 701 + 536, 10.0)
    assert not any(learn(latch, OTHER, 10.0, ssrc=SSRC + 1))
    assert latch.receive(moved, SSRC, 705, 10.0)
    assert latch.destination() == moved
    assert latch.receive(moved, SSRC, 706, 10.02)
    assert not latch.receive(NAT, SSRC, 5000, 10.04)


def test_after_a_new_sdp_the_old_source_must_not_win() -> None:
    latch = SourceLatch(SDP, learn=True)
    learn(latch, NAT, 0.0)
    new = HostPort("192.0.2.50", 6000)
    assert latch.describe(new, learn=True, now=10.0)
    assert latch.destination() == new
    assert not any(learn(latch, NAT, 10.0))
    assert latch.receive(new, SSRC, 1, 10.2)
    assert latch.source == new


def test_a_source_whose_sdp_changed_but_not_its_nat_is_heard_again_after_a_while() -> None:
    latch = SourceLatch(SDP, learn=True)
    learn(latch, NAT, 0.0)
    latch.describe(HostPort("192.0.2.1", 4002), learn=True, now=10.0)
    assert learn(latch, NAT, 10.0 + BARRED_S)[-1]


def test_the_same_sdp_again_changes_nothing() -> None:
    latch = SourceLatch(SDP, learn=True)
    learn(latch, NAT, 0.0)
    assert not latch.describe(SDP, learn=True, now=1.0)
    assert latch.source == NAT
    assert latch.describe(SDP, learn=False, now=2.0)
    assert latch.destination() == SDP


def test_a_source_is_learnt_only_from_the_hosts_of_sdp_and_signalling() -> None:
    latch = SourceLatch(SDP, learn=True, learn_from=NAT.host)
    assert not any(learn(latch, OTHER, 0.0))
    assert learn(latch, HostPort(SDP.host, 9), 1.0)[-1]
    latch = SourceLatch(SDP, learn=True, learn_from=NAT.host)
    assert learn(latch, NAT, 0.0)[-1]
    latch = SourceLatch(None, learn=True, learn_from="")
    assert not any(learn(latch, NAT, 0.0))
    assert latch.describe(SDP, learn=True, learn_from="", now=1.0)
    assert not any(learn(latch, NAT, 1.0))
    assert latch.receive(SDP, SSRC, 1, 2.0)


def test_a_party_that_is_heard_may_move_to_any_host_if_it_goes_on_with_its_numbers() -> None:
    latch = SourceLatch(SDP, learn=True, learn_from=NAT.host)
    learn(latch, NAT, 0.0)
    assert not latch.receive(OTHER, SSRC + 1, 14, 1.0)
    assert latch.receive(OTHER, SSRC, 14, 1.0)


def test_what_is_no_sound_of_the_party_proves_nothing() -> None:
    """Comfort noise, keep-alives, another codec."""
    latch = SourceLatch(SDP, learn=True)
    assert not any(latch.receive(NAT, SSRC, n, 0.02 * n, is_proof=False) for n in range(20))
    assert latch.source is None
    assert latch.strangers == 20


def test_it_does_not_disturb_the_proof_either() -> None:
    latch = SourceLatch(SDP, learn=True)
    proofs = [True, False, True, False, False, True, True]
    heard = [latch.receive(NAT, SSRC, n, 0.02 * n, is_proof=proof) for n, proof in enumerate(proofs)]
    assert heard == [False] * 6 + [True]
    assert latch.receive(NAT, SSRC, 7, 0.2, is_proof=False)


def test_no_other_port_is_taken_for_the_party_s_by_a_keep_alive() -> None:
    latch = SourceLatch(SDP, learn=True)
    learn(latch, NAT, 0.0)
    latch.reopen(SSRC, 13)
    moved = HostPort(NAT.host, NAT.port + 1)
    assert not latch.receive(moved, SSRC, 14, 10.0, is_proof=False)
    assert not latch.receive(SDP, SSRC, 14, 10.0, is_proof=False)
    assert latch.source == NAT
    assert latch.receive(moved, SSRC, 15, 10.02)


def test_the_sdp_address_needs_no_proof_while_nobody_is_heard() -> None:
    latch = SourceLatch(SDP, learn=True)
    assert latch.receive(SDP, SSRC, 1, 0.0, is_proof=False)
    assert latch.source == SDP
