"""Who exists cannot be learnt, passwords cannot be guessed at leisure, and no stranger's call leaves for a trunk."""

import socket
import statistics
import time

import pytest

from softswitch.base.entropy import SystemEntropy
from softswitch.sip.authentication.auth_client import answer_challenge
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.parser import parse
from tests.integration.attack.arena import CARRIER, GOOD_HOST, PASSWORD, Arena, Attacker, cancel_of, sdp, traceback_of

pytestmark = pytest.mark.network

WRONG = "not-this-1234"
NOISE = ("via", "www-authenticate", "call-id", "cseq", "from", "to")


def outline(answer: Response | None) -> object:
    """What of an answer may not tell one user from another."""
    assert answer is not None
    challenges = [value.partition("nonce=")[0] for value in answer.get_all("www-authenticate")]
    lengths = [len(value) for value in answer.get_all("www-authenticate")]
    kept = [each for each in answer.headers if each[0] not in NOISE]
    return answer.status, answer.reason, kept, challenges, lengths, [name for name, _ in answer.headers]


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE", "BYE"])
def test_an_unknown_user_looks_like_a_wrong_password(arena: Arena, method: str) -> None:
    with Attacker(arena, "127.0.0.80") as one, Attacker(arena, "127.0.0.81") as other:
        first = one.authorized(one.request(method, user="agent0"), "agent0", WRONG)
        second = other.authorized(other.request(method, user="nobody"), "nobody", WRONG)
        assert outline(first) == outline(second)


def test_an_unknown_user_takes_as_long_as_a_wrong_password(arena: Arena) -> None:
    """The medians of answers in alternation differ by less than a quarter."""
    took: dict[str, list[float]] = {"agent0": [], "nobody": []}
    for round_ in range(10):
        with Attacker(arena, f"127.0.2.{round_ + 1}") as guesser:
            challenge = guesser.ask(guesser.request("REGISTER"))
            assert challenge is not None
            for _ in range(12):
                for user, times in took.items():
                    request = guesser.request("REGISTER", user=user)
                    asked = guesser.with_password(request, challenge, user, WRONG)
                    began_at = time.perf_counter()
                    assert guesser.ask(asked) is not None
                    times.append(time.perf_counter() - began_at)
    known, unknown = (statistics.median(times) for times in took.values())
    assert abs(known - unknown) < 0.25 * max(known, unknown), (known, unknown)


@pytest.mark.parametrize("is_registered", [False, True])
def test_passwords_are_not_guessed_at_leisure(arena: Arena, is_registered: bool) -> None:
    """A phone that is registered itself is a guesser like any other."""
    with Attacker(arena, f"127.0.0.{83 + is_registered}") as guesser:
        if is_registered:
            guesser.register()
        challenge = guesser.ask(guesser.request("REGISTER"))
        assert challenge is not None
        answered = 0
        for number in range(60):
            request = guesser.with_password(
                guesser.request("REGISTER", user="agent0"), challenge, "agent0", f"{number}"
            )
            answered += guesser.ask(request, 0.05) is not None
        assert 20 < answered <= 32, f"{answered} of 60 guesses were answered"


class Carrier:
    """Where calls to the outside would arrive."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(CARRIER)

    def __enter__(self) -> "Carrier":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def is_called(self, within_s: float = 0.3) -> bool:
        self.socket.settimeout(within_s)
        try:
            data, switch = self.socket.recvfrom(65535)
        except TimeoutError:
            return False
        invite = parse(data)
        assert isinstance(invite, Request)
        self.socket.sendto(make_response(invite, 503, to_tag="busy").serialize(), switch)
        return True


OUTSIDE = "+4930123456"


@pytest.mark.parametrize(
    ("uri", "headers"),
    [
        (f"sip:{OUTSIDE}@{{switch}}", []),
        (f"sip:{OUTSIDE}@{{switch}}", [("from", "<sip:reception@127.0.0.1>;tag=1")]),
        (f"sip:{OUTSIDE}@{CARRIER}", []),
        (f"sip:{OUTSIDE}@198.51.100.1", [("route", f"<sip:{CARRIER};lr>")]),
        (f"sip:{OUTSIDE}@{{switch}}", [("route", f"<sip:{{switch}};lr>, <sip:{CARRIER};lr>")]),
        (f"sip:{OUTSIDE};phone-context=x@{{switch}}", [("p-asserted-identity", "<sip:reception@127.0.0.1>")]),
        (f"tel:{OUTSIDE}", []),
        ("sip:%2B4930123456@{switch}", [("referred-by", "<sip:reception@127.0.0.1>")]),
        (f"sip:190@{{switch}};maddr={CARRIER.host}", [("contact", f"<sip:{OUTSIDE}@{CARRIER}>")]),
    ],
)
@pytest.mark.parametrize("who", ["stranger", "trunk", "mallory"])
def test_no_call_leaves_for_a_trunk(arena: Arena, who: str, uri: str, headers: list[tuple[str, str]]) -> None:
    host = {"stranger": "127.0.0.86", "trunk": GOOD_HOST, "mallory": "127.0.0.87"}[who]
    switch = str(arena.address)
    with Carrier() as carrier, Attacker(arena, host) as attacker:
        filled = [(name, value.format(switch=switch)) for name, value in headers]
        invite = attacker.request("INVITE", uri.format(switch=switch), *filled, body=sdp(host, 4000))
        answer = attacker.authorized(invite) if who == "mallory" else attacker.ask(invite, 0.5)
        if "190" not in uri:
            assert answer is not None
            assert answer.status in (401, 403, 404), answer.status
        assert not carrier.is_called(0.05)
    arena.end_calls_to("190")


def test_a_permitted_caller_reaches_the_trunk(arena: Arena) -> None:
    """What the test before would overlook if the way out were blocked for all."""
    with Carrier() as carrier, Attacker(arena, "127.0.0.88") as attacker:
        uri = f"sip:{OUTSIDE}@{arena.address}"
        invite = attacker.request("INVITE", uri, user="reception", body=sdp("127.0.0.88", 4000))
        challenge = attacker.ask(invite)
        assert challenge is not None
        attacker.send(attacker.with_password(invite, challenge, "reception", PASSWORD))
        assert carrier.is_called()
    arena.end_calls_to(OUTSIDE)


@pytest.mark.parametrize("method", ["REFER", "MESSAGE", "SUBSCRIBE", "PUBLISH", "NOTIFY"])
def test_nobody_is_called_by_other_methods(arena: Arena, method: str) -> None:
    with Carrier() as carrier, Attacker(arena, GOOD_HOST) as trunk:
        answer = trunk.ask(trunk.request(method, "", ("refer-to", f"<sip:{OUTSIDE}@{CARRIER}>")))
        assert answer is not None
        assert answer.status in (403, 405, 481, 489, 501)
        assert not carrier.is_called(0.05)


class Called:
    """Mallory's phone is called, and answers as the test says."""

    def __init__(self, arena: Arena, host: str) -> None:
        self.arena = arena
        self.phone = Attacker(arena, host)
        self.caller = Attacker(arena, GOOD_HOST)

    def __enter__(self) -> "Called":
        self._unregister()
        self.phone.register()
        return self

    def __exit__(self, *_: object) -> None:
        self._unregister()
        self.phone.socket.close()
        self.caller.socket.close()
        self.arena.end_calls_to("300")

    def _unregister(self) -> None:
        self.phone.authorized(self.phone.request("REGISTER", "", ("contact", "*"), ("expires", "0")))

    def ring(self) -> Request:
        host = self.caller.address.host
        self.caller.send(self.caller.request("INVITE", f"sip:300@{self.arena.address}", body=sdp(host, 4000)))
        invite = self.next_request()
        assert invite is not None
        assert invite.method == "INVITE"
        return invite

    def next_request(self, timeout_s: float = 1.0) -> Request | None:
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            message = self.phone.receive(left_s)
            if isinstance(message, Request):
                return message
        return None

    def answer(
        self, invite: Request, status: int, *headers: tuple[str, str], tag: str = "t", body: bytes = b""
    ) -> None:
        response = Response(status, "Well")
        response.headers = [each for each in invite.headers if each[0] in ("via", "from", "call-id", "cseq")]
        response.headers.append(("to", f"{invite.get('to')};tag={tag}"))
        response.headers += [("contact", f"<sip:mallory@{self.phone.address}>"), *headers]
        if body:
            response.headers.append(("content-type", "application/sdp"))
        response.body = body
        self.phone.send(response.serialize())


@pytest.mark.parametrize("status", [401, 407])
def test_a_called_phone_gets_no_digest(arena: Arena, status: int) -> None:
    with Called(arena, "127.0.0.90") as called:
        invite = called.ring()
        name = "www-authenticate" if status == 401 else "proxy-authenticate"
        called.answer(invite, status, (name, 'Digest realm="127.0.0.1",nonce="n",algorithm=MD5,qop="auth"'))
        for _ in range(2):
            request = called.next_request(0.3)
            assert request is None or request.get("authorization") is request.get("proxy-authorization") is None
        answer = called.caller.response()
        assert answer is not None
        assert answer.status == 404


@pytest.mark.parametrize("status", [300, 301, 302, 305, 380, 600, 604, 699])
def test_a_called_phone_diverts_nobody(arena: Arena, status: int) -> None:
    with Carrier() as carrier, Called(arena, "127.0.0.91") as called:
        called.answer(called.ring(), status, ("contact", f"<sip:{OUTSIDE}@{CARRIER}>"), ("diversion", "<sip:a@b>"))
        answer = called.caller.response()
        assert answer is not None
        assert answer.status == 404
        assert not carrier.is_called(0.1)


def test_floods_by_a_called_phone_are_borne(arena: Arena) -> None:
    """1xx without an end, hundreds of answers with tags of their own, each with another place to be."""
    with Carrier() as carrier, Called(arena, "127.0.0.92") as called:
        invite = called.ring()
        for number in range(500):
            called.answer(invite, 180 + number % 4, tag=f"p{number}", body=b"v=0\r\nrubbish" * (number % 3))
        for number in range(300):
            body = sdp("127.0.0.92", 4002) if number < 2 else b"x"
            called.answer(invite, 200, tag=f"f{number}", body=body)
        answer = called.caller.response()
        assert answer is not None
        assert answer.status == 200
        for number in range(100):
            called.answer(invite, 200, tag=f"g{number}", body=b"")
            called.answer(invite, 404, tag=f"g{number}")
        assert not carrier.is_called(0.05)
        assert arena.answers_within_s() < 1.0
    assert "Traceback" not in arena.log(), traceback_of(arena.log())


def test_a_captured_answer_is_good_once(arena: Arena) -> None:
    with Attacker(arena, "127.0.0.93") as phone, Attacker(arena, "127.0.0.94") as listener:
        challenge = phone.ask(phone.request("REGISTER"))
        assert challenge is not None
        value = answer_challenge(
            challenge.get_all("www-authenticate"),
            "mallory",
            PASSWORD,
            "REGISTER",
            f"sip:{arena.address}",
            SystemEntropy(),
            {},
        )
        assert value is not None
        first = phone.ask(phone.request("REGISTER", "", ("authorization", value)))
        second = listener.ask(listener.request("REGISTER", "", ("authorization", value)))
        assert first is not None
        assert second is not None
        assert (first.status, second.status) == (200, 401)


def test_who_guesses_a_branch_neither_cancels_nor_overhears(arena: Arena) -> None:
    """Branches of simple phones can be guessed; requests that use them come from the wrong address."""
    with (
        Attacker(arena, GOOD_HOST) as trunk,
        Attacker(arena, "127.0.0.95") as stranger,
        Called(arena, "127.0.0.96") as called,
    ):
        invite = trunk.request("INVITE", f"sip:300@{arena.address}", body=sdp(GOOD_HOST, 4000))
        trunk.send(invite)
        rung = called.next_request()
        assert rung is not None
        called.answer(rung, 180)
        answer = stranger.ask(cancel_of(invite), 0.3)
        assert answer is None or answer.status == 481
        stranger.send(invite)
        assert stranger.receive(0.2) is None
        called.answer(rung, 200, body=sdp("127.0.0.96", 4002))
        answer = trunk.response()
        assert answer is not None
        assert answer.status == 200
        assert stranger.receive(0.2) is None
