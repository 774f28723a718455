"""Strangers, guessers and scanners: nobody learns who exists, nobody gets in, and nothing grows."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.base.errors import LocalError
from softswitch.sip.authentication.auth_client import answer_challenge
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import (
    Ban,
    BanChanged,
    CloseFlow,
    InviteReceived,
    RegistrationChanged,
    SecurityEvent,
    SipOutput,
    Transmit,
)
from softswitch.sip.routing.server_location import Wanted
from softswitch.sip.security.bans import NEIGHBOURS
from softswitch.sip.settings import (
    AccessList,
    Account,
    GuardSettings,
    RegistrationPolicy,
    SessionLimits,
    SessionPolicy,
    SipSettings,
    Target,
    TrunkPeer,
)
from softswitch.testing.sip_pair import OFFER

HERE = HostPort("198.51.100.1", 5060)
FLOW = Flow(TransportKind.UDP, HERE, HostPort("192.0.2.66", 5060))
STREAM = Flow(TransportKind.TCP, HERE, HostPort("192.0.2.66", 50_000), 4)
ENTROPY = SeededEntropy(9)


def settings(**changes: object) -> SipSettings:
    accounts = {
        "alice": Account(username="alice", password="correct horse"),
        "bob": Account(username="bob", ha1_md5="0" * 32, ha1_sha256="0" * 64),
    }
    base: dict[str, object] = {"domain": "switch.example", "aliases": frozenset({"pbx"}), "accounts": accounts}
    return SipSettings(**(base | changes))  # pyright: ignore[reportArgumentType]


def make_endpoint(**changes: object) -> SipEndpoint:
    endpoint = SipEndpoint(settings(**changes), entropy=SeededEntropy(1), wall_offset=1_000_000.0)
    for kind in TransportKind:
        endpoint.add_listener(kind, HERE)
    return endpoint


@dataclass
class Stranger:
    """Sends single requests and reads the answers."""

    endpoint: SipEndpoint
    flow: Flow = FLOW
    now: float = 1000.0
    number: int = 0

    def ask(self, method: str, user: str, *extra: tuple[str, str], to: str = "", body: bytes = b"") -> Request:
        self.number += 1
        headers = [
            ("via", f"SIP/2.0/{self.flow.kind.value} 192.0.2.66;branch=z9hG4bK{self.number}"),
            ("from", f"<sip:{user}@switch.example>;tag=f"),
            ("to", f"<sip:{to or user}@switch.example>"),
            ("call-id", f"c{self.number}"),
            ("cseq", f"{self.number} {method}"),
            ("contact", f"<sip:{user}@192.0.2.66>"),
            *extra,
        ]
        if body:
            headers.append(("content-type", "application/sdp"))
        return Request(method, "sip:switch.example", headers, body)

    def send(self, request: Request) -> list[SipOutput]:
        self.endpoint.receive_message(request.serialize(), self.flow, self.now)
        return self.endpoint.take_outputs()

    def try_password(
        self, method: str, user: str, password: str, *extra: tuple[str, str], to: str = ""
    ) -> list[SipOutput]:
        """Ask, and answer the challenge."""
        challenge = only_response(self.send(self.ask(method, user)))
        value = answer_challenge(
            challenge.get_all("www-authenticate"), user, password, method, "sip:switch.example", ENTROPY, {}
        )
        assert value is not None
        return self.send(self.ask(method, user, ("authorization", value), *extra, to=to))


def responses(outputs: list[SipOutput]) -> list[Response]:
    parsed = [parse(each.message) for each in outputs if isinstance(each, Transmit)]
    return [each for each in parsed if isinstance(each, Response)]


def only_response(outputs: list[SipOutput]) -> Response:
    (response,) = responses(outputs)
    return response


def shape(response: Response) -> tuple[int, str, tuple[tuple[str, int], ...]]:
    """What an onlooker can tell two answers apart by: status, reason, header names and lengths."""
    return response.status, response.reason, tuple((name, len(value)) for name, value in response.headers)


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS"])
def test_unknown_user_known_user_and_wrong_password_look_the_same(method: str) -> None:
    """alice exists; carol and david, whose names are as long, do not."""
    stranger = Stranger(make_endpoint(), number=100)
    users = ("alice", "carol", "david")
    unasked = {shape(only_response(stranger.send(stranger.ask(method, user)))) for user in users}
    wrong = {shape(only_response(stranger.try_password(method, user, "wrong"))) for user in users}
    assert len(unasked) == 1
    assert unasked == wrong
    assert {status for status, _, _ in wrong} == {401}


def test_a_challenge_leaves_nothing_behind_and_its_repetition_gets_the_same_tag() -> None:
    stranger = Stranger(make_endpoint())
    request = stranger.ask("INVITE", "alice", body=OFFER)
    first, second = (only_response(stranger.send(request)) for _ in range(2))
    assert first.to.tag == second.to.tag
    assert stranger.endpoint.statistics().transactions == 0
    ack = Request("ACK", "sip:switch.example", [*request.headers])
    ack.set("cseq", f"{stranger.number} ACK")
    ack.set("to", first.require("to"))
    assert stranger.send(ack) == []


@pytest.mark.parametrize("algorithms", [("MD5",), ("SHA-256",), ("SHA-256", "MD5")])
def test_the_right_password_registers(algorithms: tuple[str, ...]) -> None:
    stranger = Stranger(make_endpoint(algorithms=algorithms))
    outputs = stranger.try_password("REGISTER", "alice", "correct horse", ("expires", "300"), ("path", "<sip:edge;lr>"))
    response = only_response(outputs)
    assert (response.status, response.get("contact")) == (200, "<sip:alice@192.0.2.66>;expires=300")
    assert response.get("path") == "<sip:edge;lr>"
    (changed,) = [each for each in outputs if isinstance(each, RegistrationChanged)]
    assert changed.aor == "alice@switch.example"
    assert changed.bindings[0].flow == FLOW
    assert stranger.endpoint.bindings("alice@switch.example") == changed.bindings


def test_nobody_registers_for_another_or_elsewhere() -> None:
    stranger = Stranger(make_endpoint())
    outputs = stranger.try_password("REGISTER", "alice", "correct horse", to="bob")
    assert only_response(outputs).status == 403
    assert [each.kind for each in outputs if isinstance(each, SecurityEvent)] == ["forbidden"]
    request = stranger.ask("REGISTER", "alice")
    request.set("to", "<sip:alice@other.example>")
    challenge = only_response(stranger.send(request))
    value = answer_challenge(
        challenge.get_all("www-authenticate"), "alice", "correct horse", "REGISTER", "sip:switch.example", ENTROPY, {}
    )
    request = stranger.ask("REGISTER", "alice", ("authorization", value or ""))
    request.set("to", "<sip:alice@other.example>")
    assert only_response(stranger.send(request)).status == 404
    assert stranger.endpoint.all_bindings() == []


def test_a_wrong_password_is_reported_every_time_and_in_the_end_met_with_silence() -> None:
    stranger = Stranger(make_endpoint(guard=GuardSettings(failures_burst=3.0, failures_per_s=0.1)))
    for _ in range(3):
        outputs = stranger.try_password("REGISTER", "alice", "wrong")
        assert SecurityEvent("authentication", "192.0.2.66", "alice: wrong password") in outputs
    outputs = stranger.send(stranger.ask("REGISTER", "alice"))
    assert responses(outputs) == []
    assert [each.kind for each in outputs if isinstance(each, SecurityEvent)] == ["flood"]
    stranger.now += 10.0
    assert only_response(stranger.send(stranger.ask("REGISTER", "alice"))).status == 401


def test_an_old_nonce_is_called_stale_and_no_offence() -> None:
    stranger = Stranger(make_endpoint())
    challenge = only_response(stranger.send(stranger.ask("REGISTER", "alice")))
    value = answer_challenge(
        challenge.get_all("www-authenticate"), "alice", "correct horse", "REGISTER", "sip:switch.example", ENTROPY, {}
    )
    stranger.now += 10_000.0
    outputs = stranger.send(stranger.ask("REGISTER", "alice", ("authorization", value or "")))
    assert "stale=true" in only_response(outputs).require("www-authenticate")
    assert [each for each in outputs if isinstance(each, SecurityEvent)] == []


@pytest.mark.parametrize(("flow", "closes"), [(FLOW, 0), (STREAM, 1)])
def test_a_scanner_hears_nothing(flow: Flow, closes: int) -> None:
    stranger = Stranger(make_endpoint(), flow)
    outputs = stranger.send(stranger.ask("OPTIONS", "100", ("user-agent", "friendly-scanner")))
    assert responses(outputs) == []
    assert outputs[0] == SecurityEvent("scanner", "192.0.2.66", "friendly-scanner")
    assert isinstance(outputs[1], BanChanged)
    assert outputs[2] == SecurityEvent("banned", "192.0.2.66", "192.0.2.66 for 300 s (scanner, time 1)")
    assert outputs[3:] == [CloseFlow(flow)] * closes
    assert stranger.endpoint.statistics().dropped == 1
    outputs = stranger.send(stranger.ask("OPTIONS", "100", ("user-agent", "Yealink")))
    assert outputs == [CloseFlow(flow)] * closes, "now not even read"
    assert stranger.endpoint.security_counters.unheard == 1


def test_a_guesser_is_banned_and_a_registered_phone_beside_him_is_not() -> None:
    stranger = Stranger(make_endpoint(guard=GuardSettings(ban_after=4, failures_burst=100.0)))
    registered = Stranger(stranger.endpoint, FLOW._replace(remote=HostPort("192.0.2.66", 5099)), number=1000)
    # The first challenge and 19 guesses: five times as many as from an address without a right password.
    guesses = [stranger.try_password("REGISTER", "alice", f"guess {number}") for number in range(2)]
    assert [len(responses(outputs)) for outputs in guesses] == [1, 1]
    assert only_response(registered.try_password("REGISTER", "alice", "correct horse")).status == 200
    while not stranger.endpoint.bans(stranger.now):
        stranger.try_password("REGISTER", "alice", "one more")
    assert responses(stranger.send(stranger.ask("REGISTER", "alice"))) == []
    assert only_response(registered.send(registered.ask("OPTIONS", "alice"))).status in (200, 401)
    stranger.now += 301.0
    assert len(responses(stranger.send(stranger.ask("REGISTER", "alice")))) == 1


def test_a_swarm_of_unanswered_challenges_is_a_scan() -> None:
    """Who asks for one extension after the other and never gives a password is banned, whatever he calls himself."""
    stranger = Stranger(make_endpoint())
    answered = 0
    for number in range(170):
        answered += len(responses(stranger.send(stranger.ask("REGISTER", f"{100 + number}"))))
    assert answered == 164, "160 until the ban, and what is heard of a phone whose address somebody forges"
    (ban,) = stranger.endpoint.bans(stranger.now)
    assert (ban.network, ban.reason) == ("192.0.2.66", "challenge")


FORGERY = GuardSettings(requests_per_s=1e6, burst=1e6, never_ban=("203.0.113.9",))
"""The forger's own address is to stay heard here: from it he learns nonces."""
FORGED = ("scanner", "garbage", "wrong passwords", "unanswered challenges")


def forge(attacker: Stranger, what: str) -> None:
    """One packet with somebody else's address, by a stranger who never sees an answer to it."""
    match what:
        case "scanner":
            attacker.send(attacker.ask("OPTIONS", "100", ("user-agent", "friendly-scanner")))
        case "garbage":
            attacker.endpoint.receive_datagram(
                b"INVITE sip:x SIP/2.0\r\nVia: nonsense\r\n\r\n", attacker.flow, attacker.now
            )
            attacker.endpoint.take_outputs()
        case "wrong passwords":
            own = Stranger(attacker.endpoint, FLOW._replace(remote=HostPort("203.0.113.9", 5060)), attacker.now)
            challenge = only_response(own.send(own.ask("REGISTER", "alice")))
            value = answer_challenge(
                challenge.get_all("www-authenticate"), "alice", "x", "REGISTER", "sip:switch.example", ENTROPY, {}
            )
            attacker.send(attacker.ask("REGISTER", "alice", ("authorization", value or "")))
        case _:
            attacker.send(attacker.ask("INVITE", "alice"))


@pytest.mark.parametrize("what", FORGED)
@pytest.mark.parametrize("port", [5060, 5099], ids=["another phone", "the phone itself"])
def test_forged_packets_ban_no_address_with_registered_phones(what: str, port: int) -> None:
    phone = Stranger(make_endpoint(guard=FORGERY), number=1000)
    phone.flow = FLOW._replace(remote=HostPort("192.0.2.66", 5099))
    assert only_response(phone.try_password("REGISTER", "alice", "correct horse")).status == 200
    attacker = Stranger(phone.endpoint, FLOW._replace(remote=HostPort("192.0.2.66", port)), number=5000)
    for _ in range(1000):
        forge(attacker, what)
    assert phone.endpoint.bans(phone.now) == []
    assert only_response(phone.try_password("REGISTER", "alice", "correct horse")).status == 200
    neighbour = Stranger(phone.endpoint, FLOW._replace(remote=HostPort("192.0.2.66", 5123)), number=9000)
    assert only_response(neighbour.try_password("REGISTER", "alice", "correct horse")).status == 200


@pytest.mark.parametrize("what", FORGED)
def test_a_phone_whose_address_was_forged_before_it_came_registers_and_ends_the_ban(what: str) -> None:
    attacker = Stranger(make_endpoint(guard=FORGERY), number=5000)
    for _ in range(200):
        forge(attacker, what)
    assert [ban.network for ban in attacker.endpoint.bans(attacker.now)] in ([], ["192.0.2.66"])
    phone = Stranger(attacker.endpoint, FLOW._replace(remote=HostPort("192.0.2.66", 5099)), attacker.now + 20.0)
    assert only_response(phone.try_password("REGISTER", "alice", "correct horse")).status == 200
    assert phone.endpoint.bans(phone.now) == []
    over_tcp = Stranger(attacker.endpoint, STREAM, phone.now, number=9000)
    assert only_response(over_tcp.send(over_tcp.ask("OPTIONS", "alice"))).status == 401


def test_forged_neighbours_ban_no_neighbourhood() -> None:
    endpoint = make_endpoint()
    for number in range(20):
        flow = FLOW._replace(remote=HostPort(f"192.0.2.{100 + number}", 5060))
        forge(Stranger(endpoint, flow), "scanner")
    assert len(endpoint.bans(1000.0)) == 20
    phone = Stranger(endpoint)
    assert only_response(phone.try_password("REGISTER", "alice", "correct horse")).status == 200


def test_an_invented_nonce_finds_out_no_password() -> None:
    stranger = Stranger(make_endpoint())
    answers = set[tuple[object, ...]]()
    for password in ("correct horse", "wrong"):
        challenge = f'Digest realm="switch.example", nonce="{"0" * 40}", qop="auth", algorithm=MD5'
        value = answer_challenge([challenge], "alice", password, "REGISTER", "sip:switch.example", ENTROPY, {})
        answers.add(
            shape(only_response(stranger.send(stranger.ask("REGISTER", "alice", ("authorization", value or "")))))
        )
    assert len(answers) == 1


def test_an_operator_bans_and_lifts() -> None:
    stranger = Stranger(make_endpoint())
    stranger.endpoint.ban("192.0.2.0/24", 60.0, "rude", stranger.now)
    (changed,) = stranger.endpoint.take_outputs()
    assert isinstance(changed, BanChanged)
    assert responses(stranger.send(stranger.ask("OPTIONS", "alice"))) == []
    assert len(stranger.endpoint.lift_bans("192.0.2.66", stranger.now)) == 1
    assert len(responses(stranger.send(stranger.ask("OPTIONS", "alice")))) == 1


def test_a_denied_network_is_not_read_and_is_logged() -> None:
    stranger = Stranger(make_endpoint(access=(AccessList(allow=("10.0.0.0/8",)),)))
    outputs = stranger.send(stranger.ask("OPTIONS", "alice"))
    assert outputs == [SecurityEvent("denied", "192.0.2.66", "to UDP 198.51.100.1:5060")]
    assert stranger.send(stranger.ask("OPTIONS", "alice")) == []
    assert stranger.endpoint.security_counters.denied == 2


@pytest.mark.parametrize(
    "restriction", [{"is_tls_only": True}, {"allowed_from": ("10.0.0.0/8",)}], ids=["encryption", "network"]
)
@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
def test_where_an_account_may_not_come_from_its_password_is_a_wrong_one(
    restriction: dict[str, object], method: str
) -> None:
    accounts = {
        "alice": Account(username="alice", password="correct horse", **restriction),  # pyright: ignore[reportArgumentType]
        "bob": Account(username="bob", password="correct horse"),
    }
    refused, wrong, nobody = (
        Stranger(make_endpoint(accounts=accounts)).try_password(method, user, password)
        for user, password in (("alice", "correct horse"), ("bob", "wrong"), ("nobody", "wrong"))
    )
    outlines = [
        (response.status, response.reason, [name for name, _ in response.headers])
        for response in map(only_response, (refused, wrong, nobody))
    ]
    assert outlines[0] == outlines[1] == outlines[2]
    assert outlines[0][0] == 401


def test_a_trunk_that_must_come_encrypted_is_a_stranger_otherwise() -> None:
    trunks = (TrunkPeer(name="provider", addresses=("192.0.2.66",), is_tls_only=True),)
    stranger = Stranger(make_endpoint(trunks=trunks))
    assert only_response(stranger.send(stranger.ask("INVITE", "100"))).status == 401


def test_nobody_is_made_longer_by_our_answers_but_who_is_registered() -> None:
    """STUN on the SIP port: the answer is longer than the request, whose source may be forged."""
    stranger = Stranger(make_endpoint())
    binding = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"a" * 12
    stranger.endpoint.receive_datagram(binding, FLOW, stranger.now)
    assert stranger.endpoint.take_outputs() == []
    assert only_response(stranger.try_password("REGISTER", "alice", "correct horse")).status == 200
    stranger.endpoint.receive_datagram(binding, FLOW, stranger.now)
    assert len(stranger.endpoint.take_outputs()) == 1


def test_an_event_with_a_nul_in_it_is_echoed_and_costs_nobody_anything() -> None:
    watcher = Stranger(make_endpoint())
    challenge = only_response(watcher.send(watcher.ask("SUBSCRIBE", "alice")))
    value = answer_challenge(
        challenge.get_all("www-authenticate"),
        "alice",
        "correct horse",
        "SUBSCRIBE",
        "sip:alice@switch.example",
        ENTROPY,
        {},
    )
    request = watcher.ask("SUBSCRIBE", "alice", ("authorization", value or ""))
    request.headers.append(("event", 'presence;id="\\\0"'))
    packet = request.serialize().replace(b"SUBSCRIBE sip:switch", b"SUBSCRIBE sip:alice@switch", 1)
    watcher.endpoint.receive_message(packet, FLOW, watcher.now)
    assert only_response(watcher.endpoint.take_outputs()).status == 200
    watcher.endpoint.handle_timeout(watcher.now + 1.0)
    assert any(b'id="\\\0"' in each.message for each in watcher.endpoint.take_outputs() if isinstance(each, Transmit))


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE", "BYE", "INFO", "NONSENSE"])
def test_an_answer_to_a_stranger_tells_nothing_of_us(method: str) -> None:
    """No product, no version, no address of ours, no name of anybody."""
    stranger = Stranger(make_endpoint())
    answer = only_response(stranger.send(stranger.ask(method, "alice")))
    told = {name for name, _ in answer.headers} - {"via", "from", "to", "call-id", "cseq"}
    assert told <= {"www-authenticate", "allow", "content-length"}
    text = answer.serialize().lower()
    assert b"softswitch" not in text
    assert HERE.host.encode() not in text


def test_a_flood_is_cut_off_but_registered_phones_are_not() -> None:
    stranger = Stranger(make_endpoint(guard=GuardSettings(requests_per_s=1.0, burst=5.0)))
    registered = Stranger(stranger.endpoint, FLOW._replace(remote=HostPort("192.0.2.66", 5099)), number=1000)
    assert only_response(registered.try_password("REGISTER", "alice", "correct horse")).status == 200
    answers = [len(responses(stranger.send(stranger.ask("INVITE", "alice")))) for _ in range(10)]
    assert answers == [1] * 3 + [0] * 7
    assert len(responses(registered.send(registered.ask("OPTIONS", "alice")))) == 1


def test_what_is_said_to_a_call_whose_2xx_waits_for_a_prack_is_no_fault() -> None:
    """Its owner has answered it; when the peer gets to know is the peer's business."""
    trunks = (TrunkPeer(name="provider", addresses=("192.0.2.66",), session=SessionPolicy(reliable="supported")),)
    caller = Stranger(make_endpoint(trunks=trunks))
    outputs = caller.send(caller.ask("INVITE", "alice", ("require", "100rel"), body=OFFER))
    (invite,) = [each for each in outputs if isinstance(each, InviteReceived)]
    endpoint, now = caller.endpoint, caller.now
    with pytest.raises(LocalError, match="not answered yet"):
        endpoint.send_info(invite.leg_id, "application/dtmf-relay", b"Signal=1", now)
    endpoint.progress(invite.leg_id, 183, OFFER, now)
    endpoint.accept(invite.leg_id, OFFER, now)
    endpoint.take_outputs()
    endpoint.send_info(invite.leg_id, "application/dtmf-relay", b"Signal=1", now)
    assert endpoint.refer(invite.leg_id, "sip:9@x.example", now, referred_by="sip:a@b.example") is None
    assert endpoint.take_outputs() == []


def test_an_account_claims_nothing_that_only_providers_are_believed() -> None:
    claims = [("diversion", "<sip:+74950000001@x>"), ("history-info", "<sip:1@x>;index=1"), ("subject", "hello")]
    claims.append(("p-asserted-identity", "<sip:+74950000001@x>"))
    outputs = Stranger(make_endpoint()).try_password("INVITE", "alice", "correct horse", *claims)
    (invite,) = [each for each in outputs if isinstance(each, InviteReceived)]
    assert invite.headers == {"subject": "hello"}
    trunk = Stranger(make_endpoint(trunks=(TrunkPeer(name="provider", addresses=("192.0.2.66",)),)))
    (invite,) = [each for each in trunk.send(trunk.ask("INVITE", "alice", *claims)) if isinstance(each, InviteReceived)]
    assert invite.headers.keys() == {name for name, _ in claims}


def test_an_account_calls_under_its_own_name() -> None:
    stranger = Stranger(make_endpoint())
    outputs = stranger.try_password("INVITE", "alice", "correct horse")
    (invite,) = [each for each in outputs if isinstance(each, InviteReceived)]
    assert (invite.source.kind, invite.source.name, invite.calling_number) == ("account", "alice", "alice")


@pytest.mark.parametrize("limits", [SessionLimits(sessions_max=0), SessionLimits(transactions_max=0)])
def test_a_full_switch_says_so(limits: SessionLimits) -> None:
    stranger = Stranger(make_endpoint(limits=limits))
    response = only_response(stranger.try_password("INVITE", "alice", "correct horse"))
    assert (response.status, response.get("retry-after")) == (503, "5")


def test_an_overloaded_switch_refuses_calls_but_registers_phones() -> None:
    stranger = Stranger(make_endpoint())
    for _ in range(6):
        stranger.now += 0.1
        stranger.endpoint.note_load(1.0, 0.5, stranger.now)
    assert stranger.endpoint.admission_rate_per_s
    stranger.send(stranger.ask("INVITE", "alice"))
    refused = only_response(stranger.send(stranger.ask("INVITE", "alice")))
    assert (refused.status, refused.get("retry-after"), refused.to.tag) == (503, "5", "overload")
    assert stranger.endpoint.security_counters.overloaded >= 1
    assert only_response(stranger.try_password("REGISTER", "alice", "correct horse")).status == 200
    while stranger.endpoint.admission_rate_per_s:
        stranger.now += 0.1
        stranger.endpoint.note_load(0.1, 0.0, stranger.now)
    stranger.endpoint.drain(True)
    assert only_response(stranger.try_password("INVITE", "alice", "correct horse")).status == 503
    stranger.endpoint.drain(False)
    assert responses(stranger.try_password("INVITE", "alice", "correct horse"))[0].status == 100


def test_an_overloaded_switch_does_not_flood_whose_address_is_forged() -> None:
    stranger = Stranger(make_endpoint(guard=GuardSettings(requests_per_s=1.0, burst=5.0)))
    for _ in range(6):
        stranger.now += 0.1
        stranger.endpoint.note_load(1.0, 0.5, stranger.now)
    answered = sum(len(responses(stranger.send(stranger.ask("INVITE", "alice")))) for _ in range(100))
    assert answered <= 6
    assert stranger.endpoint.security_counters.overloaded >= 90


def test_a_trunk_known_by_name_is_heard_like_any_other() -> None:
    """What its name leads to is not denied, and not banned."""
    trunks = (TrunkPeer(name="provider", addresses=()),)
    stranger = Stranger(make_endpoint(trunks=trunks, access=(AccessList(allow=("10.0.0.0/8",)),)))
    core = stranger.endpoint._core  # pyright: ignore[reportPrivateUsage]
    assert stranger.send(stranger.ask("OPTIONS", "alice"))[:-1] == []
    core.trunks.learn("provider", ["192.0.2.66"])
    assert only_response(stranger.send(stranger.ask("OPTIONS", "alice"))).status == 200
    stranger.endpoint.ban("192.0.2.0/24", 60.0, "rude", stranger.now)
    stranger.endpoint.take_outputs()
    assert only_response(stranger.send(stranger.ask("OPTIONS", "alice"))).status == 200


def test_who_was_a_trunk_by_its_former_name_is_a_stranger() -> None:
    old, new = (
        (TrunkPeer(name="provider", addresses=(), server=Wanted(host)),) for host in ("old.example", "new.example")
    )
    former = Stranger(make_endpoint(trunks=old))
    former.endpoint._core.trunks.learn("provider", ["192.0.2.66"])  # pyright: ignore[reportPrivateUsage]
    former.endpoint.update_settings(settings(trunks=old))
    assert only_response(former.send(former.ask("OPTIONS", "alice"))).status == 200
    former.endpoint.update_settings(settings(trunks=new))
    assert only_response(former.send(former.ask("OPTIONS", "alice"))).status == 401


def test_a_reload_changes_accounts_and_keeps_registrations() -> None:
    stranger = Stranger(make_endpoint())
    stranger.try_password("REGISTER", "alice", "correct horse")
    stranger.endpoint.update_settings(
        settings(
            accounts={"carol": Account(username="carol", password="another horse")},
            registration=RegistrationPolicy(expires_max_s=100),
            realm="new realm",
        )
    )
    assert len(stranger.endpoint.bindings("alice@switch.example")) == 1
    assert only_response(stranger.try_password("REGISTER", "alice", "correct horse")).status == 401
    response = only_response(stranger.try_password("REGISTER", "carol", "another horse"))
    assert (response.status, response.get("contact")) == (200, "<sip:carol@192.0.2.66>;expires=100")
    stranger.endpoint.unregister("alice@switch.example")
    assert [each for each in stranger.endpoint.take_outputs() if isinstance(each, RegistrationChanged)] == [
        RegistrationChanged("alice@switch.example", [])
    ]


def test_restored_bindings_are_known_and_streams_are_opened_anew() -> None:
    stranger = Stranger(make_endpoint(), STREAM)
    stranger.try_password("REGISTER", "alice", "correct horse")
    saved = stranger.endpoint.all_bindings()
    reborn = make_endpoint()
    assert reborn.restore_bindings(saved, now=5.0, wall=stranger.now + 1_000_000.0) == ["alice@switch.example"]
    assert reborn.take_outputs() == []
    (binding,) = reborn.bindings("alice@switch.example")
    assert binding.flow == Flow(TransportKind.UDP, HERE, HostPort("192.0.2.66", 5060))
    moved = Flow(TransportKind.UDP, HostPort("198.51.100.200", 5060), binding.flow.remote)
    reborn.invite(Target(uri=binding.contact_uri, flow=moved), from_uri="sip:5@x", sdp=b"", now=5.0)
    (invite,) = reborn.take_outputs()
    assert isinstance(invite, Transmit)
    assert invite.flow.local == HERE
    reborn.flow_failed(invite.flow, 5.0)
    reborn.handle_timeout(5.0 + 3600.0)
    assert reborn.take_outputs()[-1:] == [RegistrationChanged("alice@switch.example", [])]


def test_a_browser_is_not_there_after_a_restart() -> None:
    stranger = Stranger(make_endpoint(), STREAM._replace(kind=TransportKind.WSS))
    stranger.try_password("REGISTER", "alice", "correct horse")
    saved = stranger.endpoint.all_bindings()
    assert len(saved) == 1
    assert make_endpoint().restore_bindings(saved, now=5.0, wall=stranger.now + 1_000_000.0) == []


@pytest.mark.parametrize("kind", [TransportKind.TCP, TransportKind.TLS])
@pytest.mark.parametrize(
    ("source", "contact", "path", "is_there"),
    [
        ("8.8.4.4", "sip:alice@8.8.4.4:5070;transport=tcp", (), True),
        ("8.8.4.4", "sip:alice@10.0.0.9:5070;transport=tcp", (), False),
        ("8.8.4.4", "sip:alice@10.0.0.9:5070;transport=tcp", ("<sip:10.0.0.7;transport=tcp;lr>",), True),
        ("10.0.0.7", "sip:alice@10.0.0.9:5070;transport=tcp", (), True),
    ],
)
def test_a_phone_behind_nat_is_not_there_after_a_restart_before_it_has_connected_again(
    kind: TransportKind, source: str, contact: str, path: tuple[str, ...], is_there: bool
) -> None:
    """Its own address is nobody's, or somebody else's, where we are: a call would wait for it in vain, or go astray."""
    stranger = Stranger(make_endpoint(), STREAM._replace(kind=kind, remote=HostPort(source, 50_000)))
    stranger.try_password("REGISTER", "alice", "correct horse")
    saved = [replace(each, contact_uri=contact, path=path) for each in stranger.endpoint.all_bindings()]
    reborn = make_endpoint()
    restored = reborn.restore_bindings(saved, now=5.0, wall=stranger.now + 1_000_000.0)
    assert bool(restored) is bool(reborn.bindings("alice@switch.example")) is is_there


def neighbours_are_banned(endpoint: SipEndpoint, wall: float) -> None:
    ban = Ban(network="192.0.2.0/24", since_wall=wall, until_wall=wall + 600.0, reason=NEIGHBOURS)
    assert endpoint.restore_bans([ban], wall - 1_000_000.0) == 1


def an_office_comes_back(endpoint: SipEndpoint, wall: float) -> None:
    """All its phones have lost their connections with the process, and ask before the first of them answers."""
    for port in range(200):
        flow = STREAM._replace(remote=HostPort("192.0.2.66", 51_000 + port), connection=2 * port + 100)
        phone = Stranger(endpoint, flow, wall - 1_000_000.0, number=1000 * port)
        assert only_response(phone.send(phone.ask("REGISTER", "alice"))).status == 401


@pytest.mark.parametrize("what_happens", [neighbours_are_banned, an_office_comes_back])
@pytest.mark.parametrize("kind", [TransportKind.TCP, TransportKind.WSS])
def test_phones_whose_connections_are_gone_are_at_home_where_they_were(
    what_happens: Callable[[SipEndpoint, float], None], kind: TransportKind
) -> None:
    """Nobody is registered along a connection of before, but it is known whence: bans are as they would have been."""
    flow = STREAM._replace(kind=kind)
    stranger = Stranger(make_endpoint(), flow)
    stranger.try_password("REGISTER", "alice", "correct horse")
    saved = [replace(each, contact_uri="sip:alice@10.0.0.9") for each in stranger.endpoint.all_bindings()]
    reborn = make_endpoint(guard=GuardSettings(burst=1000.0))
    wall = stranger.now + 1_000_000.0
    reborn.restore_bindings(saved, now=stranger.now, wall=wall)
    what_happens(reborn, wall)
    back = Stranger(reborn, flow._replace(connection=6), stranger.now, number=500_000)
    assert only_response(back.try_password("REGISTER", "alice", "correct horse")).status == 200


def test_a_closed_connection_takes_its_phone_with_it() -> None:
    stranger = Stranger(make_endpoint(), STREAM)
    stranger.try_password("REGISTER", "alice", "correct horse")
    stranger.endpoint.flow_closed(STREAM, stranger.now)
    assert stranger.endpoint.take_outputs() == [RegistrationChanged("alice@switch.example", [])]
