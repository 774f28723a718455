"""Asks name servers for whoever is to be called: runs the search of server_location.py, and never waits long.

Answers are kept for as long as their owner says, within bounds; so is the news that there is none. When no name server
answers, an answer that has run out is better than nothing: a trunk must not be lost with its provider's name server.
Names in /etc/hosts are what that file says, and nobody is asked.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
import msgspec
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.entropy import Entropy
from softswitch.base.log import get_logger
from softswitch.sip.limits import DNS_RECORDS_MAX
from softswitch.sip.routing.server_location import (
    Destination,
    Naptr,
    Question,
    QuestionKind,
    Record,
    Srv,
    Wanted,
    locate,
)
from softswitch.sip.runtime.limits import (
    ANSWER_KEPT_MAX_S,
    ANSWER_KEPT_MIN_S,
    ANSWERS_REMEMBERED_MAX,
    NO_ANSWER_KEPT_S,
    SEARCH_TIMEOUT_S,
    SEARCHES_MAX,
)

log = get_logger("dns")

HOSTS_FILE = Path("/etc/hosts")
SOCKET_OPENS_WITHIN_S = 0.05


class _Answer(msgspec.Struct, frozen=True):
    records: tuple[Record, ...]
    good_until: float


class ServerResolver:
    """`servers` are name servers, with a port if it is not 53; empty: those of the system."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        entropy: Entropy,
        servers: Sequence[HostPort] = (),
        hosts_file: Path = HOSTS_FILE,
    ) -> None:
        self._loop = loop
        self._entropy = entropy
        self._hosts_file = hosts_file
        self._hosts: dict[str, tuple[str, ...]] = {}
        self._hosts_changed_at = -1.0
        self._answers: dict[Question, _Answer] = {}
        self._asking: dict[Question, asyncio.Future[tuple[Record, ...]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._resolver = _make_resolver(servers)

    def use(self, servers: Sequence[HostPort]) -> None:
        """Ask others from now on; what is known is forgotten."""
        self._resolver = _make_resolver(servers)
        self._answers.clear()

    def locate(
        self,
        wanted: Wanted,
        kinds: Sequence[TransportKind],
        families: Sequence[QuestionKind],
        deliver: Callable[[tuple[Destination, ...]], None],
    ) -> None:
        """Search; `deliver` gets the destinations later, none if there are none or the search took too long."""
        if len(self._tasks) >= SEARCHES_MAX:
            self._loop.call_soon(deliver, ())
            return
        task = self._loop.create_task(self._locate(wanted, kinds, families, deliver))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self, timeout_s: float) -> None:
        """Wait until all searches are over, but no longer than that."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)

    async def stop(self) -> None:
        """Ask no more, and wait until the sockets are closed."""
        tasks = list(self._tasks)
        if not tasks:
            return
        # Cancelled while it opens its socket, a question would leave that open.
        await asyncio.wait(tasks, timeout=SOCKET_OPENS_WITHIN_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Private

    async def _locate(
        self,
        wanted: Wanted,
        kinds: Sequence[TransportKind],
        families: Sequence[QuestionKind],
        deliver: Callable[[tuple[Destination, ...]], None],
    ) -> None:
        search = locate(wanted, kinds, families, self._entropy)
        destinations: tuple[Destination, ...] = ()
        deadline = self._loop.time() + SEARCH_TIMEOUT_S
        try:
            questions = next(search)
            while True:
                records = await asyncio.gather(*(self._ask(question, deadline) for question in questions))
                questions = search.send(dict(zip(questions, records, strict=True)))
        except StopIteration as end:
            destinations = end.value
        if not destinations:
            log.warning("no address", host=wanted.host)
        deliver(destinations)

    async def _ask(self, question: Question, deadline: float) -> tuple[Record, ...]:
        """What is known, or what a name server says; nothing if none answers in time."""
        pinned = self._pinned(question.name)
        if pinned is not None:
            return tuple(each for each in pinned if question.kind == ("AAAA" if ":" in each else "A"))
        now = self._loop.time()
        known = self._answers.get(question)
        if known is not None and now < known.good_until:
            return known.records
        asked = self._asking.get(question)
        if asked is not None:
            return await asyncio.shield(asked)
        future: asyncio.Future[tuple[Record, ...]] = self._loop.create_future()
        self._asking[question] = future
        records: tuple[Record, ...] = ()
        try:
            records = await self._fetch(question, deadline, known)
        finally:
            del self._asking[question]
            future.set_result(records)
        return records

    async def _fetch(self, question: Question, deadline: float, known: _Answer | None) -> tuple[Record, ...]:
        lifetime_s = max(0.1, deadline - self._loop.time())
        kept_s = NO_ANSWER_KEPT_S
        records: tuple[Record, ...] = ()
        try:
            name = dns.name.from_text(question.name)
            answer = await self._resolver.resolve(
                name, question.kind, raise_on_no_answer=False, search=False, lifetime=lifetime_s
            )
            records = _records(answer)
            if records:
                kept_s = float(answer.chaining_result.minimum_ttl)
        except dns.resolver.NXDOMAIN:
            pass
        except (dns.exception.DNSException, OSError, ValueError) as error:
            # A name that is none (ValueError, UnicodeError) comes here as well: kept like any other without an answer.
            if known is not None:
                records = known.records
            log.debug("no answer", question=question.name, record=question.kind, fault=str(error))
        self._keep(question, records, min(max(kept_s, ANSWER_KEPT_MIN_S), ANSWER_KEPT_MAX_S))
        return records

    def _keep(self, question: Question, records: tuple[Record, ...], seconds: float) -> None:
        if len(self._answers) >= ANSWERS_REMEMBERED_MAX and question not in self._answers:
            self._answers.pop(next(iter(self._answers)))
        self._answers[question] = _Answer(records, self._loop.time() + seconds)

    def _pinned(self, name: str) -> tuple[str, ...] | None:
        """What /etc/hosts says of a name; read again when it has changed."""
        try:
            changed_at = self._hosts_file.stat().st_mtime
            if changed_at != self._hosts_changed_at:
                self._hosts = _read_hosts(self._hosts_file.read_text("utf-8", "replace"))
                self._hosts_changed_at = changed_at
        except OSError:
            self._hosts = {}
        host = name.lower()
        while host.startswith("_"):  # the service before the name
            host = host.partition(".")[2]
        return self._hosts.get(host)


def _make_resolver(servers: Sequence[HostPort]) -> dns.asyncresolver.Resolver:
    if not servers:
        try:
            return dns.asyncresolver.Resolver()
        except dns.resolver.NoResolverConfiguration:
            pass  # no /etc/resolv.conf: nobody to ask, until one is named
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = [dns.nameserver.Do53Nameserver(server.host, server.port) for server in servers]
    return resolver


def _records(answer: dns.resolver.Answer) -> tuple[Record, ...]:
    records: list[Record] = []
    found = cast(list[object], list(answer.rrset or ()))
    for record in found[:DNS_RECORDS_MAX]:
        if isinstance(record, SRV):
            records.append(Srv(record.priority, record.weight, record.port, _text(record.target)))
        elif isinstance(record, NAPTR):
            flags, service = record.flags.decode("ascii", "replace"), record.service.decode("ascii", "replace")
            records.append(Naptr(record.order, record.preference, flags, service, _text(record.replacement)))
        elif isinstance(record, (A, AAAA)):
            records.append(record.address)
    return tuple(records)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _read_hosts(text: str) -> dict[str, tuple[str, ...]]:
    hosts: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        for name in names:
            hosts[name.lower()] = (*hosts.get(name.lower(), ()), address)
    return hosts
