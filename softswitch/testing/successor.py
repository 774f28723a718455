"""A SIP endpoint that dies without a word, and another that goes on with what was written down of its legs."""

import msgspec

from softswitch.base.address import TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.base.ids import LegId
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.kept import KeptLeg
from softswitch.sip.settings import SipSettings
from softswitch.testing.sip_pair import SWITCH, SipPair, switch_settings


def write_down(endpoint: SipEndpoint, leg_ids: list[LegId]) -> list[bytes]:
    """What a store would hold of these legs; of those that are over, nothing."""
    kept = [endpoint.keep(leg_id) for leg_id in leg_ids]
    return [msgspec.msgpack.encode(each) for each in kept if each is not None]


def succeed(
    pair: SipPair, written: list[bytes], *, seed: int = 1000, settings: SipSettings | None = None
) -> list[LegId]:
    """The pair's switch is another process from now on; returns the legs it has adopted."""
    wall_offset = pair.clock.wall() - pair.clock.now()
    pair.switch = SipEndpoint(settings or switch_settings(), entropy=SeededEntropy(seed), wall_offset=wall_offset)
    pair.network.cut("switch", pair.now)
    pair.network.attach("switch", pair.switch)
    for kind in TransportKind:
        pair.switch.add_listener(kind, SWITCH)
    legs: list[KeptLeg] = [msgspec.msgpack.decode(each, type=KeptLeg) for each in written]
    return [leg.leg_id for leg in legs if pair.switch.adopt(leg, pair.now)]
