"""What must hold for trunks: who may call in, and who may call out."""

import os
import re
from ipaddress import IPv4Network, IPv6Network

from softswitch.config.addresses import is_host, parse_network
from softswitch.config.check_settings import check_distinct, check_session_timer
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.rows import TrunkRow

EVERYBODY = "*"
_PREFIX = re.compile(r"\+?[0-9]*")


def check_trunks(draft: Draft) -> None:
    faults = draft.fault_lists["trunks.toml"]
    agents, phones = draft.names("agents.toml", "agent"), draft.names("agents.toml", "phone")
    callers = None if agents is None or phones is None else agents | phones
    names: set[str] = set()
    networks: list[tuple[str, IPv4Network | IPv6Network]] = []
    for index, row in draft.trunks:
        if row.name in names:
            reason = f'there is a trunk "{row.name}" already'
            faults.add(("trunk", index, "name"), reason, "Give it a name of its own")
        names.add(row.name)
        _check_addresses(index, row, networks, faults)
        _check_outbound(index, row, callers, faults)
        _check_tls(index, row, draft, faults)
        check_distinct(row.codecs, ("trunk", index, "codecs"), faults)
        check_session_timer(row.session_timer_s, ("trunk", index, "session_timer_s"), faults)


def _check_addresses(
    index: int, row: TrunkRow, networks: list[tuple[str, IPv4Network | IPv6Network]], faults: FaultList
) -> None:
    """Each address belongs to one trunk, and none is the whole Internet."""
    for position, text in enumerate(row.addresses):
        path = ("trunk", index, "addresses", position)
        network = parse_network(text)
        if network is None:
            faults.add(path, f'"{text}" is no address and no network', 'Write "203.0.113.5" or "198.51.100.0/24"')
            continue
        if network.prefixlen == 0:
            reason = f'"{text}" is the whole Internet: anybody could call as this provider'
            faults.add(path, reason, "Write the addresses the provider has told you")
            continue
        for owner, other in networks:
            if _overlap(network, other):
                faults.add(path, f'"{text}" overlaps with {other} of trunk "{owner}"', "Give each address to one trunk")
        networks.append((row.name, network))


def _overlap(network: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    if isinstance(network, IPv4Network):
        return isinstance(other, IPv4Network) and network.overlaps(other)
    return isinstance(other, IPv6Network) and network.overlaps(other)


def _check_outbound(index: int, row: TrunkRow, callers: set[str] | None, faults: FaultList) -> None:
    if not row.host and not row.addresses:
        reason = "it has neither addresses to be called from nor a host to call"
        faults.add(("trunk", index, "addresses"), reason, "Write one of them")
    if row.host and not is_host(row.host):
        reason = f'"{row.host}" is no address and no host name'
        faults.add(("trunk", index, "host"), reason, 'Write "sip.provider.example"; the port has a key of its own')
    if row.permitted_callers and not row.host:
        faults.add(("trunk", index, "host"), "callers are permitted, but there is no host to call", "Write host = ...")
    if not _PREFIX.fullmatch(row.prefix):
        faults.add(("trunk", index, "prefix"), f'"{row.prefix}" is no beginning of a number', 'Write digits: "+7"')
    if bool(row.username) != bool(row.password):
        missing = "password" if row.username else "username"
        faults.add(("trunk", index, missing), "it is missing beside its other half", "Write both, or neither")
    for position, caller in enumerate(row.permitted_callers):
        if callers is not None and caller != EVERYBODY and caller not in callers:
            remedy = did_you_mean(caller, callers, 'Write ids of agents.toml, or "*" for everybody who is registered')
            faults.add(("trunk", index, "permitted_callers", position), f'nobody has the id "{caller}"', remedy)


def _check_tls(index: int, row: TrunkRow, draft: Draft, faults: FaultList) -> None:
    if row.transport == "tls" and not any(each.startswith("tls:") for each in draft.settings.sip.listen):
        reason = "the provider is reached by TLS, but [sip] listen has no TLS"
        faults.add(("trunk", index, "transport"), reason, 'Add "tls:0.0.0.0:5061" to it, and a certificate to [tls]')
    if not row.tls_ca:
        return
    # Imported here, as in check_tls.py.
    from softswitch.sip.runtime.tls import TlsContexts, TlsFault, TlsPeer, TlsSettings

    ca = os.path.abspath(os.path.join(draft.directory, os.path.expanduser(row.tls_ca)))
    try:
        TlsContexts(TlsSettings(peers={row.host: TlsPeer(ca=ca)}))
    except TlsFault as fault:
        faults.add(("trunk", index, "tls_ca"), fault.reason, fault.remedy)
