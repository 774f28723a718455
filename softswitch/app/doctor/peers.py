"""Who the switch must reach, and where others are told to reach it: trunks, mail, services, NAT."""

import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from softswitch.app.doctor.finding import Finding, Subject
from softswitch.config import Configuration

CONNECTING_S = 3.0

Resolve = Callable[[str], list[str]]
"""The addresses of a name; raises `OSError`."""


class Service(msgspec.Struct, frozen=True):
    """Somebody outside who is asked over TCP."""

    what: str
    host: str
    port: int
    remedy: str


def nat_findings(configuration: Configuration, resolve: Resolve) -> Iterator[Finding]:
    """Whether those outside are told an address they can reach. `configuration` has the machine's own address."""
    sip, media = configuration.settings.sip, configuration.settings.media
    if not _is_address(media.sdp_ip) or not ip_address(media.sdp_ip).is_private:
        yield Finding("nat", "good", f"voice is asked for at {media.sdp_ip}")
    else:
        outside = [trunk.name for trunk in configuration.trunks if trunk.host and _is_public(trunk.host, resolve)]
        words = f"voice is asked for at {media.sdp_ip}, a private address"
        if outside:
            yield Finding(
                "nat",
                "warning",
                f"{words}, and {', '.join(outside)} is outside: providers that do not look where packets come from "
                "will send their callers' voice nowhere",
                "Set [sip] advertised_ip and [media] advertised_ip to the public address, and forward the ports there",
            )
        else:
            yield Finding("nat", "good", f"{words}, which is right for phones in the same network")
    if sip.advertised_ip and not media.advertised_ip:
        yield Finding(
            "nat",
            "warning",
            "[sip] advertised_ip is set and [media] advertised_ip is not: there will be calls without sound",
            "Set both to the public address",
        )
    if not _is_address(sip.domain):
        try:
            resolve(sip.domain)
        except OSError:
            yield Finding(
                "nat",
                "warning",
                f"phones register at {sip.domain}, and this machine cannot find such a name",
                "Make an A or SRV record for it, or set [sip] domain to an address",
            )


def services(configuration: Configuration) -> Iterator[Service]:
    """Whom a connection is tried to."""
    mail = configuration.settings.mail
    if mail.server:
        port = mail.port or {"starttls": 587, "tls": 465, "none": 25}[mail.security]
        yield Service("mail", mail.server, port, "Correct [mail] server, or let the firewall pass it")
    for trunk in configuration.trunks:
        if trunk.host and trunk.transport in ("tcp", "tls"):
            port = trunk.port or (5061 if trunk.transport == "tls" else 5060)
            yield Service(f"trunk {trunk.name}", trunk.host, port, "See trunks.toml, the provider, and the firewall")
    for lookup in configuration.lookups:
        host, port = _of_url(lookup.url)
        yield Service(f"lookup {lookup.id}", host, port, "Correct its url in lookups.toml, or start that service")
    for queue in configuration.queues:
        if queue.hook is not None:
            host, port = _of_url(queue.hook.url)
            yield Service(f"hook of queue {queue.id}", host, port, "Correct its url, or start that service")
    if homer := configuration.settings.trace.homer:
        yield Service("homer", homer.rpartition(":")[0].strip("[]"), 0, "Correct [trace] homer")


def name_findings(configuration: Configuration, resolve: Resolve) -> Iterator[Finding]:
    """Whether the names of trunks lead anywhere; SRV records are asked when calls are made."""
    for trunk in configuration.trunks:
        if trunk.host and not _is_address(trunk.host) and trunk.port:
            yield _named(f"trunk {trunk.name}", trunk.host, resolve, "Correct its host in trunks.toml, or the DNS")


def connecting_finding(service: Service, connect: Callable[[str, int], None]) -> Finding:
    """`connect` raises `OSError`. Without a port only the name is looked up, by `connect` as well."""
    words = f"{service.what}: {service.host}" + (f":{service.port}" if service.port else "")
    try:
        connect(service.host, service.port)
    except OSError as error:
        return Finding("peers", "warning", f"{words} cannot be reached: {_reason(error)}", service.remedy)
    return Finding("peers", "good", f"{words} answers" if service.port else f"{words} is known")


def resolve_name(host: str) -> list[str]:
    """By the system's resolver."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)]


def connect_once(host: str, port: int) -> None:
    """A TCP connection that is closed at once; with port 0 the name alone."""
    if port:
        socket.create_connection((host, port), timeout=CONNECTING_S).close()
    else:
        resolve_name(host)


def _named(what: str, host: str, resolve: Resolve, remedy: str) -> Finding:
    subject: Subject = "peers"
    try:
        found = resolve(host)
    except OSError as error:
        return Finding(subject, "warning", f"{what}: there is no address of {host}: {_reason(error)}", remedy)
    return Finding(subject, "good", f"{what}: {host} is {', '.join(dict.fromkeys(found))}")


def _is_public(host: str, resolve: Resolve) -> bool:
    if _is_address(host):
        return ip_address(host).is_global
    try:
        return any(ip_address(found).is_global for found in resolve(host))
    except (OSError, ValueError):
        return False


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _of_url(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error) or "no answer").lower()
