"""From the rows of trunks.toml to what the SIP endpoint and calls want to be told of providers."""

from msgspec import structs

from softswitch.base.address import TransportKind
from softswitch.calls.settings import TrunkRoute, proxy_route, server_uri
from softswitch.config import Configuration
from softswitch.config.addresses import is_ip
from softswitch.config.settings import NumbersSection
from softswitch.config.trunk_rows import NumberRuleRow, OutboundRow, TrunkRow
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.messages.uri import SipUri
from softswitch.sip.routing.server_location import Wanted
from softswitch.sip.settings import Account, SessionPolicy, TrunkPeer
from softswitch.sip.trunks.capacity import CapacitySettings
from softswitch.sip.trunks.health import HealthSettings
from softswitch.sip.trunks.identity import IdentityRules
from softswitch.sip.trunks.numbers import Habits, NumberRule, NumberTranslation
from softswitch.sip.trunks.selection import FailoverRule, OutboundRoute, compact_pattern
from softswitch.sip.trunks.trunk_settings import ArrivalRules, LinkSettings

OPTIONS_EVERY_S = 60.0
"""To a provider of whom nothing else is said: a dead one is known before most calls would find out."""


def trunk_peer(row: TrunkRow, configuration: Configuration) -> TrunkPeer:
    """What the endpoint knows of a trunk."""
    return TrunkPeer(
        name=row.name,
        addresses=row.addresses,
        server=_server(row),
        session=trunk_session(row),
        is_tls_only=row.tls_only,
        account=_account(row),
        link=_link(row, configuration) if row.host else None,
        capacity=CapacitySettings(
            both_max=row.channels, in_max=row.channels_in, out_max=row.channels_out, out_per_s=row.calls_per_s
        ),
        arrival=ArrivalRules(
            called_number_from=row.called_number_from,
            is_trusted=row.trusted,
            numbers=_numbers(row, configuration),
        ),
    )


def trunk_route(row: TrunkRow, configuration: Configuration) -> TrunkRoute:
    """How calls through a trunk that has a host are made."""
    return TrunkRoute(
        name=row.name,
        host=row.host,
        port=row.port,
        transport=row.transport,
        domain=row.domain,
        prefix=row.prefix,
        calling_number=row.calling_number,
        username=row.username,
        credentials=_credentials(row),
        numbers=_numbers(row, configuration),
        identity=IdentityRules(
            domain=_domain(row) if _is_customer(row) else configuration.settings.sip.domain,
            header=row.identity,
            is_trusted=row.trusted,
            diversion=row.diversion,
            account=row.username if "from_user_is_account" in row.quirks else "",
            is_tel="tel_identity" in row.quirks,
            has_user_phone="user_phone" in row.quirks,
        ),
        quirks=frozenset(row.quirks),
    )


def trunk_session(row: TrunkRow) -> SessionPolicy:
    return SessionPolicy(
        reliable=row.prack, session_expires_s=row.session_timer_s, follows_redirects=row.follow_redirects
    )


def outbound_route(row: OutboundRow) -> OutboundRoute:
    return OutboundRoute(
        number=compact_pattern(row.number),
        trunks=row.trunks,
        weights=row.weights,
        failover=FailoverRule(
            statuses=frozenset(row.failover_on),
            no_response_s=row.no_response_s,
            no_progress_s=row.no_progress_s,
        ),
    )


def habits(section: NumbersSection) -> Habits:
    return Habits(
        country_code=section.country_code,
        national_prefix=section.national_prefix,
        international_prefix=section.international_prefix,
        national_digits=section.national_digits,
    )


def _link(row: TrunkRow, configuration: Configuration) -> LinkSettings:
    """The provider's domain with our account at it; by way of the host if that is another one."""
    domain = _domain(row)
    at = SipUri(host=domain) if row.domain else server_uri(row.host, row.port, row.transport)
    ours = SipUri(user=row.username or None, host=domain if row.username else configuration.settings.sip.domain)
    account = row.username if "options_to_account" in row.quirks else None
    return LinkSettings(
        registrar=str(at),
        account_uri=str(ours),
        options_uri=str(SipUri(user=account, host=at.host, port=at.port, params=at.params)),
        route=(proxy_route(row.host, row.port, row.transport),) if row.domain else (),
        is_registering=row.register,
        expires_s=row.register_s,
        credentials=_credentials(row),
        health=HealthSettings(
            options_every_s=OPTIONS_EVERY_S if row.options_s is None else row.options_s,
            is_answer_certain=row.options_s is not None,
            bad_statuses=frozenset(row.options_bad),
            down_after=row.down_after,
            up_after=row.up_after,
        ),
    )


def _server(row: TrunkRow) -> Wanted | None:
    """Whose addresses are the provider's, where he has told none."""
    if row.addresses or not row.host or is_ip(row.host):
        return None
    kind = None if row.transport == "auto" else TransportKind[row.transport.upper()]
    return Wanted(row.host.lower(), row.port or None, kind)


def _account(row: TrunkRow) -> Account | None:
    """Who another switch proves to be."""
    if not row.accept_username:
        return None
    return Account(username=row.accept_username, password=row.accept_password, is_tls_only=row.tls_only)


def _is_customer(row: TrunkRow) -> bool:
    """We call as somebody of the provider's domain, and not as a domain of our own."""
    return bool(row.domain) or row.register or "from_user_is_account" in row.quirks


def _domain(row: TrunkRow) -> str:
    return row.domain or row.host


def _credentials(row: TrunkRow) -> Credential | None:
    if not row.username:
        return None
    return Credential(username=row.auth_username or row.username, realm=row.realm, password=row.password)


def _numbers(row: TrunkRow, configuration: Configuration) -> NumberTranslation:
    ours = habits(configuration.settings.numbers)
    written = {name: getattr(row, name) for name in Habits.__struct_fields__ if getattr(row, name) is not None}
    theirs = structs.replace(ours, **written)
    return NumberTranslation(
        ours=ours,
        theirs=theirs,
        send_as=row.send_numbers_as,
        receive_as=row.receive_numbers_as,
        rules=tuple(_rule(rule) for rule in row.rules),
    )


def _rule(row: NumberRuleRow) -> NumberRule:
    return NumberRule(
        number=row.number, prefix=row.prefix, strip=row.strip, add=row.add, pattern=row.pattern, replace=row.replace
    )
