"""Where RTCP goes, as session descriptions say it: on the RTP port (RFC 5761), or on a port of its own (RFC 3605)."""

from softswitch.base.address import HostPort
from softswitch.base.ip_address import read_ip
from softswitch.sip.description.sdp import Line, MediaDescription, address_type

RTCP_MUX: Line = ("a", "rtcp-mux")


def is_muxed(media: MediaDescription) -> bool:
    """Whether this side can have RTP and RTCP on one port."""
    return media.attribute("rtcp-mux") is not None


def answer(offered: MediaDescription) -> list[Line]:
    """Ours, to an offer: agreed if it was offered, and not mentioned otherwise."""
    return [RTCP_MUX] if is_muxed(offered) else []


def rtcp_remote(media: MediaDescription, remote: HostPort | None) -> HostPort | None:
    """What a=rtcp names, with the stream's own address unless it has another; None if it names nothing of use."""
    if remote is None:
        return None
    port, _, rest = (media.attribute("rtcp") or "").strip().partition(" ")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65_536):
        return None
    host = rest.split()[2] if len(rest.split()) == 3 else remote.host
    ip = read_ip(host)
    if ip is None or ip.is_multicast or ip.is_unspecified or address_type(host) != address_type(remote.host):
        return None
    return HostPort(host, int(port))
