"""Whether a caller's SDP tells for certain where his voice comes from.

Then his stream may share a port with others, which are told apart by just that address, and nothing need be learnt. It
is certain when the configuration says so of the trunk he calls from, except when his address is a private one and his
signalling came from a public one: then there is a NAT in between, and his packets come from elsewhere.
"""

from ipaddress import ip_address

from softswitch.base.address import HostPort
from softswitch.calls.leg import Leg
from softswitch.calls.settings import CallSettings
from softswitch.sip.description.offer_answer import Answer, answer_offer

_ANY_PORT = 9


def certain_address(leg: Leg, offer: bytes, signalling: HostPort, settings: CallSettings) -> HostPort | None:
    """The address in the offer if it is certain. `signalling` is where the caller's INVITE came from."""
    if leg.party not in settings.sharing_parties:
        return None
    local = HostPort(settings.media_ip, _ANY_PORT)
    answer = answer_offer(offer, leg.capabilities, local, session_id=0, version=0)
    remote = answer.audio.remote if isinstance(answer, Answer) else None
    if remote is None or (_is_private(remote.host) and not _is_private(signalling.host)):
        return None
    return remote


def _is_private(host: str) -> bool:
    return ip_address(host).is_private
