"""A dialog (RFC 3261 section 12): who talks to whom under which tags, the route between them, and the two sequences.

The identity is Call-ID, our tag and the peer's tag. The route set is fixed when the dialog is made: the caller's is the
response's Record-Route reversed, the callee's is the request's in order. The remote target is the peer's Contact, which
a re-INVITE may change. Nothing of one dialog ever appears in another: a back-to-back call has two, unrelated.

From and To are kept as header values, tags included, just as the peer saw them first.
"""

from collections.abc import Sequence
from typing import Protocol

from softswitch.base.address import Flow
from softswitch.sip.kept import KeptDialog, text_of, wire
from softswitch.sip.messages.message import Request, Response

DialogId = tuple[str, str, str]
"""Call-ID, our tag, the peer's tag (empty for a peer older than RFC 3261)."""

MAX_FORWARDS = "70"

CSEQ_LEAP = 100
"""How far our numbers leap in a dialog that another process had: those of its last requests may not have been kept."""

CSEQ_TOLD_EVERY = 50
"""So often it is told that our numbers have gone on: well within the leap."""


class DialogWatch(Protocol):
    """Who keeps what outlives the process."""

    def changed(self) -> None: ...


class Dialog:
    __slots__ = (
        "call_id",
        "flow",
        "local_cseq",
        "local_party",
        "local_tag",
        "remote_cseq",
        "remote_party",
        "remote_tag",
        "remote_target",
        "routes",
        "watch",
    )

    def __init__(
        self,
        *,
        call_id: str,
        local_party: str,
        local_tag: str,
        remote_party: str,
        remote_tag: str,
        local_cseq: int,
        remote_cseq: int | None,
        remote_target: str,
        routes: Sequence[str],
        flow: Flow,
    ) -> None:
        self.call_id = call_id
        self.local_party = local_party
        self.local_tag = local_tag
        self.remote_party = remote_party
        self.remote_tag = remote_tag
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq
        """None until the peer has sent a request within the dialog."""
        self.remote_target = remote_target
        self.routes = list(routes)
        self.flow = flow
        """The path to the peer: next_hop.py says which."""
        self.watch: DialogWatch | None = None
        """Is told what becomes different."""

    @classmethod
    def of_caller(cls, invite: Request, response: Response, flow: Flow) -> "Dialog":
        """Section 12.1.2: we sent `invite`, and this valid response to it came along `flow`."""
        contacts = response.contacts
        return cls(
            call_id=invite.call_id,
            local_party=invite.require("from"),
            local_tag=invite.from_.tag or "",
            remote_party=response.require("to"),
            remote_tag=response.to.tag or "",
            local_cseq=invite.cseq.number,
            remote_cseq=None,
            remote_target=contacts[0].uri_text if contacts else invite.uri_text,
            routes=response.get_all("record-route")[::-1] if response.get("record-route") else (),
            flow=flow,
        )

    @classmethod
    def of_callee(cls, invite: Request, local_tag: str, flow: Flow) -> "Dialog":
        """Section 12.1.1: this valid INVITE came along `flow`, and we answer it with `local_tag`."""
        contacts = invite.contacts
        return cls(
            call_id=invite.call_id,
            local_party=f"{invite.require('to')};tag={local_tag}",
            local_tag=local_tag,
            remote_party=invite.require("from"),
            remote_tag=invite.from_.tag or "",
            local_cseq=0,
            remote_cseq=invite.cseq.number,
            remote_target=contacts[0].uri_text if contacts else invite.from_.uri_text,
            routes=invite.get_all("record-route") if invite.get("record-route") else (),
            flow=flow,
        )

    @classmethod
    def adopt(cls, kept: KeptDialog, flow: Flow) -> "Dialog":
        """Go on with what another process had, along `flow`."""
        return cls(
            call_id=text_of(kept.call_id),
            local_party=text_of(kept.local_party),
            local_tag=text_of(kept.local_tag),
            remote_party=text_of(kept.remote_party),
            remote_tag=text_of(kept.remote_tag),
            local_cseq=kept.local_cseq + CSEQ_LEAP,
            remote_cseq=kept.remote_cseq,
            remote_target=text_of(kept.remote_target),
            routes=[text_of(route) for route in kept.routes],
            flow=flow,
        )

    def keep(self) -> KeptDialog:
        return KeptDialog(
            call_id=wire(self.call_id),
            local_party=wire(self.local_party),
            local_tag=wire(self.local_tag),
            remote_party=wire(self.remote_party),
            remote_tag=wire(self.remote_tag),
            local_cseq=self.local_cseq,
            remote_cseq=self.remote_cseq,
            remote_target=wire(self.remote_target),
            routes=tuple([wire(route) for route in self.routes]),
            flow=self.flow,
        )

    @property
    def id(self) -> DialogId:
        return (self.call_id, self.local_tag, self.remote_tag)

    def make_request(self, method: str, via: str, *, cseq: int | None = None) -> Request:
        """A request within the dialog (section 12.2.1.1). `cseq` is given for the ACK of a 2xx; else it is the next."""
        if cseq is None:
            cseq = self.next_cseq()
        uri, routes = self._uri_and_routes()
        request = Request(method, uri)
        request.headers = [
            ("via", via),
            ("max-forwards", MAX_FORWARDS),
            *[("route", route) for route in routes],
            ("from", self.local_party),
            ("to", self.remote_party),
            ("call-id", self.call_id),
            ("cseq", f"{cseq} {method}"),
        ]
        return request

    def next_cseq(self) -> int:
        """The number of our next request, be it one repeated after a challenge."""
        self.local_cseq += 1
        if self.local_cseq % CSEQ_TOLD_EVERY == 0 and self.watch is not None:
            self.watch.changed()
        return self.local_cseq

    def confirm(self, answered: "Dialog") -> None:
        """The early dialog has become this one: the 2xx sets route and target anew (section 13.2.2.4)."""
        self.routes = answered.routes
        self.remote_target = answered.remote_target
        self.remote_party = answered.remote_party

    def refresh_target(self, message: Request | Response) -> None:
        """The Contact of a re-INVITE, or of its 2xx, is where the peer is from now on (section 12.2)."""
        contacts = message.contacts
        if contacts and contacts[0].uri_text != self.remote_target:
            self.remote_target = contacts[0].uri_text
            if self.watch is not None:
                self.watch.changed()

    def go_by(self, flow: Flow) -> None:
        """The path to the peer is this one from now on."""
        if flow != self.flow:
            self.flow = flow
            if self.watch is not None:
                self.watch.changed()

    def _uri_and_routes(self) -> tuple[str, list[str]]:
        """Section 12.2.1.1; a first route without `lr` is a strict router: it takes the place of the Request-URI."""
        if not self.routes:
            return self.remote_target, []
        if is_loose(self.routes[0]):
            return self.remote_target, self.routes
        return route_uri(self.routes[0]), [*self.routes[1:], f"<{self.remote_target}>"]


def route_uri(route: str) -> str:
    """The URI of a Route value: in angle brackets, or bare (then what follows a semicolon is its own)."""
    _, bracket, rest = route.partition("<")
    return rest.partition(">")[0] if bracket else route


def is_loose(route: str) -> bool:
    """Whether a route's URI has the parameter `lr` (with or without a value, in any case)."""
    return any(part.partition("=")[0].strip(" \t").lower() == "lr" for part in route_uri(route).split(";")[1:])
