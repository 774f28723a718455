"""Where the server of a name is (RFC 3263), worked out from answers somebody else fetches.

`locate` is a generator: it yields the questions it has, all to be asked at once, is sent their answers, and returns the
destinations to be tried, in order. An answer that is missing counts as empty: no name server answers, no such name.

| the URI has                     | asked                                     | transport and port              |
|---------------------------------|-------------------------------------------|---------------------------------|
| an explicit port (4.2)          | A, AAAA                                   | its own, else UDP (sips: TLS)   |
| a transport, no port (4.2)      | SRV of that transport                     | from SRV                        |
| neither (4.1)                   | NAPTR, and what SRV records it names;     | from NAPTR and SRV              |
|                                 | without NAPTR the SRV of every transport  | from SRV; UDP first             |
| any of these, but no SRV (4.2)  | A, AAAA                                   | its own, the default port       |

SRV records of the lowest priority go first, among equals the heavier ones more often (RFC 2782). A record whose target
is "." says that the service is not there.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.entropy import Entropy
from softswitch.sip.limits import DESTINATIONS_MAX, DNS_RECORDS_MAX

QuestionKind = Literal["NAPTR", "SRV", "A", "AAAA"]


class Question(NamedTuple):
    kind: QuestionKind
    name: str


class Naptr(NamedTuple):
    order: int
    preference: int
    flags: str
    service: str
    replacement: str


class Srv(NamedTuple):
    priority: int
    weight: int
    port: int
    target: str


Record = Naptr | Srv | str
"""An address is text."""
Answers = Mapping[Question, Sequence[Record]]


class Destination(NamedTuple):
    """One server to be tried."""

    kind: TransportKind
    remote: HostPort


class Wanted(NamedTuple):
    """Who is looked for. `kind` and `port` are None where the URI does not say; `is_secure` is a sips URI."""

    host: str
    port: int | None = None
    kind: TransportKind | None = None
    is_secure: bool = False


Search = Generator[tuple[Question, ...], Answers, tuple[Destination, ...]]

_SERVICES = {
    "sip+d2u": TransportKind.UDP,
    "sip+d2t": TransportKind.TCP,
    "sips+d2t": TransportKind.TLS,
}
_SRV_PREFIXES = {
    TransportKind.UDP: "_sip._udp.",
    TransportKind.TCP: "_sip._tcp.",
    TransportKind.TLS: "_sips._tcp.",
}
"""In the order in which they are tried when nobody says what to prefer: what most providers have first."""


class _Service(NamedTuple):
    """A name whose SRV records lead to servers of a transport."""

    kind: TransportKind
    name: str


def locate(
    wanted: Wanted, kinds: Sequence[TransportKind], families: Sequence[QuestionKind], entropy: Entropy
) -> Search:
    """The search for `wanted` by somebody who speaks `kinds` and reaches `families` ("A", "AAAA")."""
    fallback = wanted.kind or (TransportKind.TLS if wanted.is_secure else TransportKind.UDP)
    usable = [kind for kind in _SRV_PREFIXES if kind in kinds and (kind is TransportKind.TLS or not wanted.is_secure)]
    found: list[tuple[TransportKind, str, int]] = []
    if wanted.port is None:
        services = yield from _services(wanted, usable)
        found = yield from _servers(services, entropy)
    if not found:
        found = [(fallback, wanted.host, wanted.port or fallback.default_port)] if fallback in kinds else []
    return (yield from _addresses(found, families))


def _services(
    wanted: Wanted, usable: Sequence[TransportKind]
) -> Generator[tuple[Question, ...], Answers, list[_Service]]:
    if wanted.kind is not None:
        known = wanted.kind in usable
        return [_Service(wanted.kind, _SRV_PREFIXES[wanted.kind] + wanted.host)] if known else []
    question = Question("NAPTR", wanted.host)
    answers = yield (question,)
    rules = [record for record in answers.get(question, ()) if isinstance(record, Naptr)][:DNS_RECORDS_MAX]
    services = [
        _Service(kind, rule.replacement)
        for rule in sorted(rules, key=lambda rule: (rule.order, rule.preference))
        if rule.flags.lower() == "s" and (kind := _SERVICES.get(rule.service.lower())) in usable and kind is not None
    ]
    return services or [_Service(kind, _SRV_PREFIXES[kind] + wanted.host) for kind in usable]


def _servers(
    services: Sequence[_Service], entropy: Entropy
) -> Generator[tuple[Question, ...], Answers, list[tuple[TransportKind, str, int]]]:
    if not services:
        return []
    answers = yield tuple(dict.fromkeys(Question("SRV", service.name) for service in services))
    return [
        (service.kind, record.target, record.port)
        for service in services
        for record in in_order(answers.get(Question("SRV", service.name), ()), entropy)
        if record.target not in ("", ".")
    ][:DESTINATIONS_MAX]


def _addresses(
    servers: Sequence[tuple[TransportKind, str, int]], families: Sequence[QuestionKind]
) -> Generator[tuple[Question, ...], Answers, tuple[Destination, ...]]:
    if not servers:
        return ()
    answers = yield tuple(dict.fromkeys(Question(family, name) for _, name, _ in servers for family in families))
    found = [
        Destination(kind, HostPort(address, port))
        for kind, name, port in servers
        for family in families
        for address in answers.get(Question(family, name), ())
        if isinstance(address, str)
    ]
    return tuple(dict.fromkeys(found))[:DESTINATIONS_MAX]


def in_order(records: Iterable[Record], entropy: Entropy) -> list[Srv]:
    """SRV records as they are to be tried: by priority, among equals drawn by weight (RFC 2782)."""
    known = [record for record in records if isinstance(record, Srv)][:DNS_RECORDS_MAX]
    ordered: list[Srv] = []
    for priority in sorted({record.priority for record in known}):
        # Those without weight come first, so that they have a small chance of being drawn.
        left = sorted((record for record in known if record.priority == priority), key=lambda record: record.weight)
        while left:
            mark = entropy.uniform(0.0, float(sum(record.weight for record in left)))
            total = 0.0
            for record in left:
                total += record.weight
                if total >= mark:
                    break
            else:
                record = left[-1]
            left.remove(record)
            ordered.append(record)
    return ordered
