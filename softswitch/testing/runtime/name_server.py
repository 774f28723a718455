"""A name server on loopback for tests: says what it is told, counts what it was asked, and can fall silent."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from softswitch.base.address import HostPort


class NameServer(asyncio.DatagramProtocol):
    """`zone` maps "SRV _sip._udp.provider.example" to records as zone files write them."""

    def __init__(self, zone: Mapping[str, Sequence[str]], *, ttl_s: int = 300) -> None:
        self.zone = dict(zone)
        self.ttl_s = ttl_s
        self.is_silent = False
        self.asked: Counter[str] = Counter()
        self.address = HostPort("", 0)
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self, host: str = "127.0.0.1") -> HostPort:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        self._transport = transport
        bound = transport.get_extra_info("sockname")
        self.address = HostPort(bound[0], bound[1])
        return self.address

    def stop(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        query = dns.message.from_wire(data)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True)
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked[f"{kind} {name}"] += 1
        if self.is_silent or self._transport is None:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        records = self.zone.get(f"{kind} {name}", ())
        if records:
            rrset = dns.rrset.from_text_list(question.name, self.ttl_s, "IN", kind, list(records))
            answer.answer.append(rrset)
        elif not any(key.endswith(f" {name}") for key in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)
