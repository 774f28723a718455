"""A browser's phone as a peer: SIP over a WebSocket, written as text the way JsSIP does and read without our parser.

Nothing in it leads back to the browser: Via and Contact name a host in `.invalid` (RFC 7118 section 5), and whoever
wants to reach it has its connection. The sound is somebody else's (rtp_phone.py).
"""

import hashlib
import re
import secrets
import ssl
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.peers.loopback import own_address
from tests.peers.rtp_phone import PAYLOAD_TYPES, RtpPhone

COMES_WITHIN_S = 10.0
ALLOWED = "INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY"
PAGE = "https://phone.example"


@dataclass(frozen=True, slots=True)
class Text:
    """One SIP message as it came."""

    text: str

    @property
    def first_line(self) -> str:
        return self.text.partition("\r\n")[0]

    @property
    def status(self) -> int:
        """0 for a request."""
        return int(self.first_line.split()[1]) if self.first_line.startswith("SIP/2.0 ") else 0

    @property
    def request(self) -> str:
        """Its method; "" for a response."""
        return "" if self.status else self.first_line.partition(" ")[0]

    @property
    def body(self) -> str:
        return self.text.partition("\r\n\r\n")[2]

    def headers(self, name: str) -> list[str]:
        head = self.text.partition("\r\n\r\n")[0]
        return re.findall(rf"^{name}:[ \t]*(.*?)[ \t]*\r?$", head, re.MULTILINE | re.IGNORECASE)

    def header(self, name: str) -> str:
        """The first of that name; "" if there is none."""
        return next(iter(self.headers(name)), "")


@dataclass(slots=True)
class WebCall:
    """A dialog (RFC 3261 section 12) from the browser's side."""

    call_id: str
    ours: str
    """Our From or To, tag and all."""
    theirs: str
    target: str
    cseq: int
    sound: RtpPhone


class WebPhone:
    """Connected when made, until `close`. What a browser does by itself it does by itself: BYE and the like get 200."""

    def __init__(self, url: str, username: str, password: str, domain: str, trusted: ssl.SSLContext | None) -> None:
        """`url` is of "ws:" or "wss:"; `trusted` knows who signs the certificate of the latter."""
        self._url = url
        self._trusted = trusted
        self._username = username
        self._password = password
        self._domain = domain
        self._via = "WSS" if trusted is not None else "WS"
        self._host = f"{secrets.token_hex(6)}.invalid"
        self._contact = f"<sip:{secrets.token_hex(4)}@{self._host};transport=ws>"
        self._instance = uuid.uuid4().urn
        self._story: list[str] = []
        self._heard: list[Text] = []
        """What has come and was not waited for yet."""
        self._has_come = threading.Condition()
        self._connect()

    def close(self) -> None:
        """As when the page is left: no REGISTER takes anything back."""
        self._page.close()
        self._thread.join()

    def connect_again(self, within_s: float) -> None:
        """The connection is gone, and there is another as soon as somebody listens: the page is the same."""
        self.close()
        gives_up_at = time.monotonic() + within_s
        while True:
            try:
                self._connect()
            except OSError:
                assert time.monotonic() < gives_up_at, f"nobody listens at {self._url}"
                time.sleep(0.1)
            else:
                return

    def story(self) -> str:
        """Everything it has said and heard."""
        return "\n".join(self._story)

    # What its user does

    def register(self) -> list[int]:
        """Returns the answers' statuses."""
        own = f"<sip:{self._username}@{self._domain}>"
        _, statuses = self._ask(
            "REGISTER",
            f"sip:{self._domain}",
            call_id=secrets.token_hex(11),
            from_=f"{own};tag={secrets.token_hex(5)}",
            to=own,
            more=[
                f'Contact: {self._contact};+sip.ice;reg-id=1;+sip.instance="<{self._instance}>";expires=600',
                "Expires: 600",
            ],
        )
        return statuses

    def dial(self, number: str, sound: RtpPhone) -> WebCall:
        """Call, and wait until somebody has answered."""
        target = f"sip:{number}@{self._domain}"
        from_ = f"<sip:{self._username}@{self._domain}>;tag={secrets.token_hex(5)}"
        call_id = secrets.token_hex(11)
        answer, _ = self._ask(
            "INVITE",
            target,
            call_id=call_id,
            from_=from_,
            to=f"<{target}>",
            more=[f"Contact: {self._contact[:-1]};ob>", "Content-Type: application/sdp"],
            body=_description(sound),
        )
        assert answer.status == 200, answer.first_line
        call = WebCall(call_id, from_, answer.header("To"), _uri(answer.header("Contact")), _cseq(answer), sound)
        self._send(self._begin("ACK", call.target, call_id, from_, call.theirs, call.cseq))
        sound.dial(*_sound_address(answer.body))
        return call

    def answer(self, sound: RtpPhone) -> WebCall:
        """Take the call that comes, and wait until that is acknowledged."""
        invite = self._wait(lambda message: message.request == "INVITE", "an INVITE")
        assert invite.header("Via").startswith(f"SIP/2.0/{self._via} ")
        tag = secrets.token_hex(5)
        self._respond(invite, "180 Ringing", tag=tag)
        self._respond(invite, "200 OK", tag=tag, body=_description(sound))
        self._wait(lambda message: message.request == "ACK", "an ACK")
        sound.dial(*_sound_address(invite.body))
        ours = f"{invite.header('To')};tag={tag}"
        return WebCall(invite.header("Call-ID"), ours, invite.header("From"), _uri(invite.header("Contact")), 0, sound)

    def hang_up(self, call: WebCall) -> None:
        call.cseq += 1
        self._send(self._begin("BYE", call.target, call.call_id, call.ours, call.theirs, call.cseq))
        assert self._final("BYE", call.call_id, call.cseq).status == 200

    def wait_for_bye(self, call: WebCall) -> None:
        self._wait(lambda message: message.request == "BYE" and message.header("Call-ID") == call.call_id, "a BYE")

    def invites(self) -> int:
        """Calls that have come, taken or not."""
        return sum(each.startswith("< INVITE ") for each in self._story)

    # Private

    def _connect(self) -> None:
        self._page = ExitStack()
        self._socket = self._page.enter_context(
            connect(
                self._url,
                ssl=self._trusted,
                subprotocols=[Subprotocol("sip")],
                origin=Origin(PAGE),
                user_agent_header="Mozilla/5.0",
                proxy=None,
                source_address=(own_address(), 0),
            )
        )
        assert self._socket.subprotocol == "sip"
        self._thread = threading.Thread(target=self._listen, name=f"web phone {self._username}")
        self._thread.start()

    def _ask(
        self, method: str, target: str, *, call_id: str, from_: str, to: str, more: list[str], body: str = ""
    ) -> tuple[Text, list[int]]:
        """Send a request, and again with credentials if they are wanted; the last answer, and the statuses of all."""
        proof: list[str] = []
        statuses: list[int] = []
        for cseq in (1, 2):
            head = self._begin(method, target, call_id, from_, to, cseq)
            self._send([*head, *proof, *more], body)
            answer = self._final(method, call_id, cseq)
            statuses.append(answer.status)
            if answer.status not in (401, 407):
                return answer, statuses
            if method == "INVITE":
                # The ACK of a refusal belongs to the INVITE's transaction: the same branch (RFC 3261 section 17.1.1.3).
                ack = self._begin("ACK", target, call_id, from_, answer.header("To"), cseq)
                self._send([ack[0], head[1], *ack[2:]])
            proof = [self._proof(answer, method, target)]
        raise AssertionError(f"{self._username} is challenged twice: {statuses}")

    def _proof(self, challenge: Text, method: str, target: str) -> str:
        """Digest with MD5, the one all browsers' phones know (RFC 2617 section 3.2.2)."""
        name, header = ("WWW-Authenticate", "Authorization")
        if challenge.status == 407:
            name, header = ("Proxy-Authenticate", "Proxy-Authorization")
        asked = next(each for each in challenge.headers(name) if "algorithm=MD5" in each)
        wanted = dict(re.findall(r'(\w+)="([^"]*)"', asked))
        nonce, realm, cnonce = wanted["nonce"], wanted["realm"], secrets.token_hex(4)
        secret = _md5(f"{self._username}:{realm}:{self._password}")
        response = _md5(f"{secret}:{nonce}:00000001:{cnonce}:auth:{_md5(f'{method}:{target}')}")
        return (
            f'{header}: Digest algorithm=MD5, username="{self._username}", realm="{realm}", nonce="{nonce}", '
            f'uri="{target}", response="{response}", qop=auth, cnonce="{cnonce}", nc=00000001'
        )

    def _begin(self, method: str, target: str, call_id: str, from_: str, to: str, cseq: int) -> list[str]:
        return [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/{self._via} {self._host};branch=z9hG4bK{secrets.randbelow(10**7)}",
            "Max-Forwards: 69",
            f"To: {to}",
            f"From: {from_}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            f"Allow: {ALLOWED}",
            "Supported: outbound",
            "User-Agent: JsSIP 3.10.1",
        ]

    def _respond(self, request: Text, status: str, tag: str = "", body: str = "") -> None:
        lines = [f"SIP/2.0 {status}"]
        lines += [f"Via: {via}" for via in request.headers("Via")]
        lines += [f"To: {request.header('To')}" + (f";tag={tag}" if tag else ""), f"From: {request.header('From')}"]
        lines += [f"Call-ID: {request.header('Call-ID')}", f"CSeq: {request.header('CSeq')}"]
        lines += [f"Contact: {self._contact}", "Supported: outbound"]
        self._send(lines + (["Content-Type: application/sdp"] if body else []), body)

    def _send(self, lines: list[str], body: str = "") -> None:
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        self._story.append(f"> {text}")
        self._socket.send(text)

    def _final(self, method: str, call_id: str, cseq: int) -> Text:
        """The final answer to a request of ours."""

        def is_it(message: Text) -> bool:
            about = (message.header("Call-ID"), message.header("CSeq"))
            return message.status >= 200 and about == (call_id, f"{cseq} {method}")

        return self._wait(is_it, f"the answer to {method}")

    def _wait(self, is_it: Callable[[Text], bool], what: str) -> Text:
        """The first message of that kind that nobody has waited for."""

        def found() -> Text | None:
            return next(filter(is_it, self._heard), None)

        with self._has_come:
            message = self._has_come.wait_for(found, COMES_WITHIN_S)
            assert message is not None, f"{self._username}: not within {COMES_WITHIN_S} s: {what}\n{self.story()}"
            self._heard.remove(message)
            return message

    def _listen(self) -> None:
        try:
            for octets in self._socket:
                assert isinstance(octets, str), "a browser's phone wants text"
                message = Text(octets)
                self._story.append(f"< {octets}")
                if message.request not in ("", "INVITE", "ACK"):
                    self._respond(message, "200 OK")
                with self._has_come:
                    self._heard.append(message)
                    self._has_come.notify_all()
        except ConnectionClosed:
            pass


def _description(sound: RtpPhone) -> str:
    payload_type = PAYLOAD_TYPES[sound.codec]
    return (
        f"v=0\r\no=- 1 1 IN IP4 {sound.host}\r\ns=-\r\nc=IN IP4 {sound.host}\r\nt=0 0\r\n"
        f"m=audio {sound.port} RTP/AVP {payload_type}\r\na=rtpmap:{payload_type} {sound.codec}/8000\r\na=ptime:20\r\n"
    )


def _sound_address(description: str) -> tuple[str, int]:
    host = re.search(r"^c=IN IP4 (\S+)", description, re.MULTILINE)
    port = re.search(r"^m=audio (\d+) RTP/AVP ", description, re.MULTILINE)
    assert host is not None, description
    assert port is not None, description
    return host[1], int(port[1])


def _uri(contact: str) -> str:
    return contact.partition("<")[2].partition(">")[0]


def _cseq(message: Text) -> int:
    return int(message.header("CSeq").split()[0])


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
