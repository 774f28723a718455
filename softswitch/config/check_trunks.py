"""What must hold for trunks: who may call in, and who may call out."""

import os
import re
from ipaddress import IPv4Network, IPv6Network

from softswitch.config.addresses import is_host, parse_network
from softswitch.config.check_settings import check_distinct, check_session_timer
from softswitch.config.conversion import FaultList, KeyPath, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.trunk_rows import NumberRuleRow, TrunkRow
from softswitch.sip.trunks.numbers import pattern_fault, replacement_fault

EVERYBODY = "*"
PREFIX_DIGITS_MAX = 8
"""The longest international prefix, with the carrier's own digits in it."""
_PREFIX = re.compile(r"\+?[0-9]*")


def check_trunks(draft: Draft) -> None:
    faults = draft.fault_lists["trunks.toml"]
    agents, phones = draft.names("agents.toml", "agent"), draft.names("agents.toml", "phone")
    callers = None if agents is None or phones is None else agents | phones
    names: set[str] = set()
    phones_names = {each.username or each.id for _, each in (*draft.agents, *draft.phones)}
    networks: list[tuple[str, IPv4Network | IPv6Network]] = []
    for key in ("country_code", "national_prefix", "international_prefix"):
        value: str = getattr(draft.settings.numbers, key)
        _check_dialling_digits(value, ("numbers", key), draft.fault_lists["softswitch.toml"])
    for index, row in draft.trunks:
        if row.name in names:
            reason = f'there is a trunk "{row.name}" already'
            faults.add(("trunk", index, "name"), reason, "Give it a name of its own")
        names.add(row.name)
        _check_addresses(index, row, networks, faults)
        _check_outbound(index, row, callers, faults)
        _check_tls(index, row, draft, faults)
        _check_account(index, row, phones_names, faults)
        if row.accept_username:
            phones_names.add(row.accept_username)
        _check_numbers(index, row, faults)
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
    if not row.host and not row.addresses and not row.accept_username:
        reason = "it has neither addresses to be called from nor a host to call"
        faults.add(("trunk", index, "addresses"), reason, "Write one of them")
    if row.host and not is_host(row.host):
        reason = f'"{row.host}" is no address and no host name'
        faults.add(("trunk", index, "host"), reason, 'Write "sip.provider.example"; the port has a key of its own')
    if row.permitted_callers and not row.host:
        faults.add(("trunk", index, "host"), "callers are permitted, but there is no host to call", "Write host = ...")
    if not _PREFIX.fullmatch(row.prefix):
        faults.add(("trunk", index, "prefix"), f'"{row.prefix}" is no beginning of a number', 'Write digits: "+7"')
    if row.domain and not is_host(row.domain):
        faults.add(("trunk", index, "domain"), f'"{row.domain}" is no host name', 'Write "sip.provider.example"')
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


def _check_account(index: int, row: TrunkRow, phones: set[str], faults: FaultList) -> None:
    """Who we are there, and who he is here."""
    for name, secret in (("username", "password"), ("accept_username", "accept_password")):
        if bool(getattr(row, name)) != bool(getattr(row, secret)):
            missing = secret if getattr(row, name) else name
            faults.add(("trunk", index, missing), "it is missing beside its other half", "Write both, or neither")
    if row.register and not (row.host and row.username):
        missing = "username" if row.host else "host"
        faults.add(("trunk", index, missing), "without it there is nothing to register", f"Write {missing} = ...")
    for quirk in ("from_user_is_account", "contact_user", "options_to_account"):
        if quirk in row.quirks and not row.username:
            path = ("trunk", index, "quirks", row.quirks.index(quirk))
            faults.add(path, f'"{quirk}" is about the account, and there is none', "Write username = ...")
    if "service_route" in row.quirks and not row.register:
        path = ("trunk", index, "quirks", row.quirks.index("service_route"))
        faults.add(path, '"service_route" is told with a registration, and there is none', "Write register = true")
    if row.accept_username in phones:
        reason = f'"{row.accept_username}" is the user name of a phone, or of another trunk'
        faults.add(("trunk", index, "accept_username"), reason, "Give the other switch a name of its own")
    if row.options_bad and (row.options_s == 0 or not row.host):
        faults.add(("trunk", index, "options_bad"), "no OPTIONS are sent", "Write options_s = 30")
    check_distinct(row.quirks, ("trunk", index, "quirks"), faults)


def _check_numbers(index: int, row: TrunkRow, faults: FaultList) -> None:
    for key in ("country_code", "national_prefix", "international_prefix"):
        _check_dialling_digits(getattr(row, key), ("trunk", index, key), faults)
    for position, rule in enumerate(row.rules):
        _check_rule(rule, ("trunk", index, "rules", position), faults)


def _check_dialling_digits(value: str | None, path: KeyPath, faults: FaultList) -> None:
    """A country code or a prefix."""
    if value and not (value.isascii() and value.isdecimal() and len(value) <= PREFIX_DIGITS_MAX):
        faults.add(path, f'"{value}" is not made of a few digits', 'Write "7", "8", "810" or "00"')


def _check_rule(rule: NumberRuleRow, path: KeyPath, faults: FaultList) -> None:
    if not rule.pattern:
        if rule.replace:
            faults.add((*path, "replace"), "it replaces no pattern", "Write pattern = '...' as well, or add = \"...\"")
        elif not rule.strip and not rule.add:
            faults.add((*path, "number"), "the rule changes nothing", "Write strip, add, or pattern and replace")
        return
    if rule.prefix or rule.strip or rule.add:
        faults.add((*path, "pattern"), "there are prefix, strip or add beside it", "Write the one or the others")
    elif fault := pattern_fault(rule.pattern):
        faults.add((*path, "pattern"), fault, "Write a simple expression, as '8([0-9]{10})'")
    elif fault := replacement_fault(rule.pattern, rule.replace):
        faults.add((*path, "replace"), fault, "Write \\1 for the first group of the pattern")
