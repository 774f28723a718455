"""A phone with lamps: subscribes to how others are, takes every NOTIFY, publishes its own presence."""

from typing import NamedTuple

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.authentication.auth_client import answer_challenge
from softswitch.sip.messages.message import Request, Response
from softswitch.testing.raw_station import RawStation


class Told(NamedTuple):
    """What one NOTIFY said."""

    state: str
    body: str
    content_type: str = ""


class Watcher(RawStation):
    """One account's device at `local`. It answers challenges with its password, and NOTIFYs with `answer_status`."""

    def __init__(
        self,
        local: HostPort,
        switch: HostPort,
        domain: str,
        username: str,
        password: str,
        kind: TransportKind = TransportKind.UDP,
    ) -> None:
        super().__init__(local, kind)
        self._kind = kind
        self.told: list[Told] = []
        self.answer_status: int | None = 200
        """None: NOTIFYs are not answered at all."""
        self.etag = ""
        self._switch = switch
        self._domain = domain
        self._username = username
        self._password = password
        self._entropy = SeededEntropy(int.from_bytes(f"{username} {local}".encode(), "big"))
        self._cseq = 0
        self._pending: tuple[str, str, str, str, dict[str, str], str] = ("", "", "", "", {}, "")
        self._dialogs: dict[str, tuple[str, str]] = {}
        """Call-ID and the switch's To, by what is watched."""

    @property
    def statuses(self) -> list[int]:
        """Of all answers to our SUBSCRIBEs and PUBLISHes, challenges left out."""
        return [each.status for each in self.received if isinstance(each, Response) and each.status != 401]

    def subscribe(
        self, event: str, resource: str, *, expires: int = 600, headers: dict[str, str] | None = None
    ) -> None:
        """A first subscription, or one more of the same."""
        more = {"Event": event, "Expires": str(expires), **(headers or {})}
        to = f"<sip:{resource}@{self._domain}>"
        self._begin("SUBSCRIBE", f"sip:{resource}@{self._domain}", to, self._entropy.token(64), more, "")

    def has_dialog(self, resource: str) -> bool:
        """Whether a subscription to it was ever accepted."""
        return f"sip:{resource}@{self._domain}" in self._dialogs

    def refresh(self, event: str, resource: str, *, expires: int = 600) -> None:
        """Within the dialog of the last subscription to it; with `expires` 0 its end."""
        call_id, to = self._dialogs[f"sip:{resource}@{self._domain}"]
        self._begin("SUBSCRIBE", f"sip:{self._switch}", to, call_id, {"Event": event, "Expires": str(expires)}, "")

    def publish(self, body: str = "", *, expires: int = 600, headers: dict[str, str] | None = None) -> None:
        """Our own presence; the last SIP-ETag goes with it."""
        more = {"Event": "presence", "Expires": str(expires)}
        if self.etag:
            more["SIP-If-Match"] = self.etag
        if body:
            more["Content-Type"] = "application/pidf+xml"
        more |= headers or {}
        uri = f"sip:{self._username}@{self._domain}"
        self._begin("PUBLISH", uri, f"<{uri}>", self._entropy.token(64), more, body)

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        super().receive_datagram(data, flow, now)
        message = self.received[-1]
        if isinstance(message, Request):
            if message.method == "NOTIFY":
                body = message.body.decode()
                self.told.append(Told(message.require("subscription-state"), body, message.content_type))
                if self.answer_status is not None:
                    self.answer(message, self.answer_status, "watcher")
        elif message.status == 401:
            method, uri, *_ = self._pending
            challenges = message.get_all("www-authenticate")
            value = answer_challenge(challenges, self._username, self._password, method, uri, self._entropy, {})
            assert value is not None
            self._say(authorization=value)
        elif message.cseq.method == "SUBSCRIBE" and message.status == 200:
            self._dialogs.setdefault(self._pending[1], (message.call_id, message.require("to")))
        elif message.cseq.method == "PUBLISH":
            self.etag = message.get("sip-etag") or ""

    # Private

    def _begin(self, method: str, uri: str, to: str, call_id: str, headers: dict[str, str], body: str) -> None:
        self._pending = (method, uri, to, call_id, headers, body)
        self._say()

    def _say(self, authorization: str = "") -> None:
        method, uri, to, call_id, headers, body = self._pending
        self._cseq += 1
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self._kind.value} {self.local};rport;branch=z9hG4bK{self._entropy.token(64)}",
            "Max-Forwards: 70",
            f"From: <sip:{self._username}@{self._domain}>;tag=w{call_id[:8]}",
            f"To: {to}",
            f"Call-ID: {call_id}",
            f"CSeq: {self._cseq} {method}",
            f"Contact: <sip:{self._username}@{self.local}>",
            *[f"{name}: {value}" for name, value in headers.items()],
        ]
        if authorization:
            lines.append(f"Authorization: {authorization}")
        self.send(self._switch, "\n".join(lines), body)
