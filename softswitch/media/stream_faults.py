"""What a worker refuses of a stream's description, whatever else it does: said in words for people."""

from collections.abc import Mapping

from softswitch.base.ip_address import read_ip
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.mixing.gains import gain_fault
from softswitch.media.packets.packetiser import PTIMES_MS
from softswitch.media.protocol import StreamDescription
from softswitch.media.srtp import srtp
from softswitch.media.stream_codec import CodecKey, StreamCodec
from softswitch.media.tick_grid import SAMPLE_RATE_HZ

TIMEOUT_MAX_S = 86_400.0
"""A day, as the configuration allows at most."""


def port_fault(port: int) -> str | None:
    """What is wrong with a stream's port, for people."""
    return None if 1 <= port <= 65534 else f"port {port} is out of range: RTCP needs the next one as well"


def description_fault(
    description: StreamDescription, tables: CodecTables, codecs: Mapping[CodecKey, StreamCodec]
) -> str | None:
    """What is wrong with a description in itself, for people."""
    coded = codecs.get((description.codec, description.clock_rate_hz))
    if coded is None and (description.codec not in tables.names or description.clock_rate_hz != SAMPLE_RATE_HZ):
        there_are = [
            *(f"{name}/{SAMPLE_RATE_HZ}" for name in tables.names),
            *(f"{name}/{rate}" for name, rate in codecs),
        ]
        return f"no codec {description.codec}/{description.clock_rate_hz} is here: there are {', '.join(there_are)}"
    ptimes_ms = PTIMES_MS if coded is None else coded.spec.ptimes_ms
    if description.ptime_ms not in ptimes_ms:
        return f"ptime_ms {description.ptime_ms} is none of {ptimes_ms}"
    if not description.is_program and (fault := port_fault(description.port)) is not None:
        return fault
    if description.is_program and (description.remote is not None or description.codec not in tables.names):
        return "a program's stream has no party, and a codec of the tick"
    if not (0 <= description.payload_type <= 127 and 0 <= (description.telephone_event or 0) <= 127):
        return "a payload type is 0 to 127"
    if not 0.0 <= description.timeout_s <= TIMEOUT_MAX_S:
        return f"timeout_s {description.timeout_s} is not from 0 to {TIMEOUT_MAX_S:.0f}"
    if not 0 <= description.ssrc <= 0xFFFFFFFF:
        return f"ssrc {description.ssrc} has more than 32 bits"
    if fault := gain_fault(description.gain_db) or gain_fault(description.hearing_gain_db):
        return fault
    if description.srtp is not None and (fault := srtp.fault(description.srtp)) is not None:
        return fault
    if description.is_shared and description.learn:
        return "on a shared port nobody's address can be learnt: say learn = False"
    remotes = [remote for remote in (description.remote, description.rtcp_remote) if remote is not None]
    for host, port in [(description.local_ip, 1), *remotes]:
        if read_ip(host) is None or not 1 <= port <= 65535:
            return f"{host} port {port} is no IP address and port"
    for host, _ in remotes:
        if (":" in host) != (":" in description.local_ip):
            return f"{host} cannot be reached from {description.local_ip}: one is IPv4, the other IPv6"
    return None
