"""Peers that do what no well-behaved stack does, or what ours never does itself: the switch stays right and calm."""

import pytest

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.ids import LegId
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    LegFailed,
    ReinviteAnswered,
    ReinviteConfirmed,
    ReinviteFailed,
    ReinviteReceived,
    ReinviteWithdrawn,
    RequestFinished,
    SecurityEvent,
    SipOutput,
)
from softswitch.sip.sessions.outbound_invite import FORKS_MAX
from softswitch.sip.settings import Target
from softswitch.testing.raw_station import RawStation
from softswitch.testing.sip_pair import ANSWER, OFFER, PROVIDER, SWITCH, SipPair

SDP = "Content-Type: application/sdp"


class Scene(SipPair):
    """The pair with the provider replaced by a raw station; the switch answers calls at once unless told not to."""

    def __init__(self, *, answers: bool = True, sdp: bytes = ANSWER) -> None:
        super().__init__()
        self.raw = RawStation(PROVIDER)
        self.network.attach("raw", self.raw, (TransportKind.UDP, PROVIDER))
        if answers:
            self.rules.append(lambda name, fact, now: self._answer(fact, sdp, now))

    def _answer(self, fact: SipOutput, sdp: bytes, now: float) -> None:
        if isinstance(fact, InviteReceived):
            self.switch.accept(fact.leg_id, sdp, now)

    def send(self, start: str, *extra: str, cseq: str = "", branch: str = "", to_tag: str = "", body: str = "") -> None:
        """A request of the raw peer; what is not given is usual."""
        method = start.partition(" ")[0]
        headers = [
            f"{start} SIP/2.0",
            f"Via: SIP/2.0/UDP {PROVIDER};branch=z9hG4bK{branch or method}",
            "Max-Forwards: 70",
            "From: <sip:555@provider.example>;tag=raw",
            f"To: <sip:100@switch.example>{f';tag={to_tag}' if to_tag else ''}",
            "Call-ID: raw-call",
            f"CSeq: {cseq or '1 ' + method}",
            *extra,
        ]
        self.raw.send(SWITCH, "\n".join(headers), body)
        self.run(0.1)

    def invite(self, *extra: str, body: bytes = OFFER) -> str:
        """Call the switch; returns the To tag it answered with."""
        self.send(
            "INVITE sip:100@switch.example",
            f"Contact: <sip:555@{PROVIDER}>",
            *([SDP] if body else []),
            *extra,
            body=body.decode(),
        )
        return self.raw.responses("INVITE")[-1].to.tag or ""

    def ack(self, tag: str, body: bytes = b"", cseq: int = 1) -> None:
        self.send("ACK sip:switch", *([SDP] if body else []), cseq=f"{cseq} ACK", to_tag=tag, body=body.decode())

    def call_out(self) -> LegId:
        leg_id = self.switch.invite(
            Target(uri=f"sip:555@{PROVIDER}"), from_uri="sip:100@switch.example", sdp=OFFER, now=self.now
        )
        self.run(0.1)
        return leg_id

    def statuses(self, method: str) -> list[int]:
        return [response.status for response in self.raw.responses(method)]


def test_late_offer_is_offered_in_200_and_answered_in_ack() -> None:
    scene = Scene(sdp=OFFER)
    tag = scene.invite(body=b"")
    assert scene.one("switch", InviteReceived).sdp == b""
    assert scene.raw.responses("INVITE")[-1].body == OFFER
    scene.ack(tag, ANSWER)
    assert scene.one("switch", LegConfirmed).sdp == ANSWER


def test_late_offer_in_a_reinvite() -> None:
    scene = Scene()
    tag = scene.invite()
    scene.ack(tag)
    leg_id = scene.one("switch", LegConfirmed).leg_id
    scene.send("INVITE sip:switch", f"Contact: <sip:555@{PROVIDER}>", cseq="2 INVITE", branch="re", to_tag=tag)
    assert scene.one("switch", ReinviteReceived) == ReinviteReceived(leg_id, b"")
    scene.switch.answer_reinvite(leg_id, OFFER, scene.now)
    scene.run(0.1)
    assert scene.raw.responses("INVITE")[-1].body == OFFER
    scene.ack(tag, ANSWER, cseq=2)
    assert scene.one("switch", ReinviteConfirmed) == ReinviteConfirmed(leg_id, ANSWER)


def test_every_branch_of_a_forked_invite_is_acknowledged_and_all_but_the_first_ended() -> None:
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    for tag in ("one", "two", "one"):
        scene.raw.answer(invite, 200, tag, f"Contact: <sip:{tag}@{PROVIDER}>", SDP, body=ANSWER.decode())
        scene.run(0.1)
    assert scene.one("switch", LegAnswered) == LegAnswered(leg_id, ANSWER)
    assert [ack.to.tag for ack in scene.raw.requests("ACK")] == ["one", "two", "one"]
    (bye,) = scene.raw.requests("BYE")
    assert (bye.to.tag, bye.uri_text) == ("two", f"sip:two@{PROVIDER}")


def test_an_answer_without_sdp_after_early_media_takes_the_early_answer() -> None:
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    scene.raw.answer(invite, 183, "a", f"Contact: <sip:x@{PROVIDER}>", SDP, body=ANSWER.decode())
    scene.raw.answer(invite, 200, "a", f"Contact: <sip:x@{PROVIDER}>")
    scene.run(0.1)
    assert scene.one("switch", LegAnswered) == LegAnswered(leg_id, ANSWER)


def test_route_set_of_a_caller_is_reversed_and_used() -> None:
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    routes = f"Record-Route: <sip:{PROVIDER};lr>, <sip:far.example;lr>"
    scene.raw.answer(invite, 200, "a", routes, "Contact: <sip:bob@10.1.2.3:5099>", SDP, body=ANSWER.decode())
    scene.run(0.1)
    scene.switch.hang_up(leg_id, scene.now)
    scene.run(0.1)
    (bye,) = scene.raw.requests("BYE")
    assert bye.uri_text == "sip:bob@10.1.2.3:5099"
    assert bye.get_all("route") == ["<sip:far.example;lr>", f"<sip:{PROVIDER};lr>"]


def test_a_strict_router_takes_the_place_of_the_request_uri() -> None:
    scene = Scene()
    tag = scene.invite(f"Record-Route: <sip:{PROVIDER}>, <sip:other.example;lr>")
    scene.ack(tag)
    scene.switch.hang_up(scene.one("switch", LegConfirmed).leg_id, scene.now)
    scene.run(0.1)
    (bye,) = scene.raw.requests("BYE")
    assert bye.uri_text == f"sip:{PROVIDER}"
    assert bye.get_all("route") == ["<sip:other.example;lr>", f"<sip:555@{PROVIDER}>"]


def test_a_private_contact_is_answered_at_the_source() -> None:
    """The phone's NAT shows the provider's address; the Contact is the phone's own idea of itself."""
    scene = Scene()
    scene.send("INVITE sip:100@switch.example", "Contact: <sip:555@192.168.1.7:5062>", SDP, body=OFFER.decode())
    tag = scene.raw.responses("INVITE")[-1].to.tag or ""
    scene.ack(tag)
    scene.switch.hang_up(scene.one("switch", LegConfirmed).leg_id, scene.now)
    scene.run(0.1)
    (bye,) = scene.raw.requests("BYE")
    assert bye.uri_text == "sip:555@192.168.1.7:5062"


def test_a_contact_with_another_port_of_the_same_host_is_believed() -> None:
    scene = Scene()
    other = HostPort(PROVIDER.host, 5099)
    elsewhere = RawStation(other)
    scene.network.attach("elsewhere", elsewhere, (TransportKind.UDP, other))
    scene.send("INVITE sip:100@switch.example", f"Contact: <sip:555@{other};transport=UDP>", SDP, body=OFFER.decode())
    scene.ack(scene.raw.responses("INVITE")[-1].to.tag or "")
    scene.switch.hang_up(scene.one("switch", LegConfirmed).leg_id, scene.now)
    scene.run(0.1)
    assert len(elsewhere.requests("BYE")) == 1


def test_responses_go_to_the_source_and_say_so() -> None:
    scene = Scene()
    scene.raw.send(
        SWITCH,
        """OPTIONS sip:switch SIP/2.0
        Via: SIP/2.0/UDP 10.9.9.9:7777;branch=z9hG4bKx;rport
        From: <sip:a@b>;tag=1
        To: <sip:switch>
        Call-ID: o
        CSeq: 1 OPTIONS""",
    )
    scene.run(0.1)
    via = scene.raw.responses("OPTIONS")[0].top_via
    assert (via.received, via.rport) == (PROVIDER.host, PROVIDER.port)


@pytest.mark.parametrize(
    ("start", "extra", "to_tag", "status"),
    [
        ("OPTIONS sip:x@switch", (), "", 200),
        ("OPTIONS sip:x@switch", (), "unknown", 481),
        ("BYE sip:x@switch", (), "unknown", 481),
        ("BYE sip:x@switch", (), "", 481),
        ("CANCEL sip:x@switch", (), "", 481),
        ("MESSAGE sip:x@switch", (), "", 405),
        ("DANCE sip:x@switch", (), "", 501),
        ("INVITE http://x/", (), "", 416),
        ("INVITE sips:x@switch", (), "", 416),
        ("INVITE sip:x@switch", ("Require: 100rel, precondition",), "", 420),
        ("INVITE sip:x@switch", ("Content-Type: text/plain",), "", 415),
        ("INVITE sip:x@switch", ("Content-Type: application/sdp", "Content-Encoding: gzip"), "", 415),
        ("INVITE sip:x@switch", ("From: <sip:again@x>;tag=2",), "", 400),
        ("REGISTER sip:switch", (), "", 401),
    ],
)
def test_what_cannot_be_done_gets_the_rfcs_answer(start: str, extra: tuple[str, ...], to_tag: str, status: int) -> None:
    scene = Scene()
    body = "v=0\r\n" if any(line.startswith("Content-Type") for line in extra) else ""
    scene.send(start, *extra, to_tag=to_tag, body=body)
    (response,) = scene.raw.received
    assert getattr(response, "status", None) == status
    expected = {405: ("allow", "INVITE"), 501: ("allow", "INVITE"), 415: ("accept", "application/sdp")}
    expected |= {420: ("unsupported", "precondition"), 401: ("www-authenticate", 'Digest realm="switch.example"')}
    if status in expected:
        name, start_of_value = expected[status]
        assert response.require(name).startswith(start_of_value)
    assert scene.all("switch", InviteReceived) == []


def test_an_invite_that_may_go_no_further_is_refused() -> None:
    scene = Scene()
    scene.raw.send(
        SWITCH,
        """INVITE sip:100@switch SIP/2.0
        Via: SIP/2.0/UDP 203.0.113.5;branch=z9hG4bKx
        Max-Forwards: 0
        From: <sip:a@b>;tag=1
        To: <sip:switch>
        Call-ID: o
        CSeq: 1 INVITE""",
    )
    scene.run(0.1)
    assert scene.statuses("INVITE") == [483]


def test_a_request_that_came_by_two_ways_is_answered_once() -> None:
    scene = Scene(answers=False)
    scene.send("INVITE sip:100@switch", SDP, branch="way1", body=OFFER.decode())
    scene.send("INVITE sip:100@switch", SDP, branch="way2", body=OFFER.decode())
    assert scene.statuses("INVITE") == [100, 482]
    assert len(scene.all("switch", InviteReceived)) == 1


def test_within_a_dialog_the_sequence_must_grow_but_a_bye_is_always_obeyed() -> None:
    scene = Scene()
    tag = scene.invite()
    scene.ack(tag)
    scene.send("INFO sip:switch", cseq="9 INFO", to_tag=tag)
    scene.send("INFO sip:switch", cseq="8 INFO", branch="again", to_tag=tag)
    assert scene.statuses("INFO") == [200, 500]
    scene.send("BYE sip:switch", cseq="2 BYE", to_tag=tag)
    assert scene.statuses("BYE") == [200]
    assert scene.one("switch", LegEnded).by == "remote"


@pytest.mark.parametrize(
    ("start", "extra", "status"),
    [
        ("OPTIONS sip:switch", (), 200),
        ("UPDATE sip:switch", (), 200),
        ("PRACK sip:switch", ("RAck: 1 1 INVITE",), 481),
        ("PRACK sip:switch", ("RAck: 1",), 400),
        ("DANCE sip:switch", (), 501),
        ("REGISTER sip:switch", (), 405),
        ("INFO sip:switch", ("Require: recipients",), 420),
        ("INVITE sip:switch", ("Content-Type: text/plain",), 415),
    ],
)
def test_within_a_dialog_what_cannot_be_done_gets_its_answer_and_the_call_goes_on(
    start: str, extra: tuple[str, ...], status: int
) -> None:
    scene = Scene()
    tag = scene.invite()
    scene.ack(tag)
    method = start.partition(" ")[0]
    scene.send(start, *extra, cseq=f"2 {method}", branch="in", to_tag=tag, body="x" if "INVITE" in start else "")
    assert scene.statuses(method)[-1] == status
    assert scene.all("switch", LegEnded) == []


def test_a_second_reinvite_before_the_first_is_answered_gets_500() -> None:
    scene = Scene()
    tag = scene.invite()
    scene.ack(tag)
    for number in (2, 3):
        scene.send(
            "INVITE sip:switch", SDP, cseq=f"{number} INVITE", branch=f"re{number}", to_tag=tag, body=OFFER.decode()
        )
    refused = scene.raw.responses("INVITE")[-1]
    assert refused.status == 500
    assert 0 <= int(refused.require("retry-after")) <= 10
    assert len(scene.all("switch", ReinviteReceived)) == 1


def test_a_reinvite_that_overtakes_the_ack_gets_491() -> None:
    scene = Scene()
    tag = scene.invite()
    scene.send("INVITE sip:switch", SDP, cseq="2 INVITE", branch="re", to_tag=tag, body=OFFER.decode())
    assert scene.statuses("INVITE")[-1] == 491


def test_a_cancelled_reinvite_gets_487_and_the_call_goes_on() -> None:
    scene = Scene()
    tag = scene.invite()
    scene.ack(tag)
    scene.send("INVITE sip:switch", SDP, cseq="2 INVITE", branch="re", to_tag=tag, body=OFFER.decode())
    scene.send("CANCEL sip:switch", cseq="2 CANCEL", branch="re", to_tag=tag)
    assert scene.statuses("CANCEL") == [200]
    assert scene.statuses("INVITE")[-1] == 487
    leg_id = scene.one("switch", LegConfirmed).leg_id
    assert scene.one("switch", ReinviteWithdrawn).leg_id == leg_id
    scene.switch.answer_reinvite(leg_id, ANSWER, scene.now)
    scene.run(0.1)
    assert scene.statuses("INVITE")[-1] == 487
    assert scene.all("switch", LegEnded) == []


def test_bye_in_an_early_dialog_withdraws_the_invite() -> None:
    scene = Scene(answers=False)
    scene.send("INVITE sip:100@switch.example", f"Contact: <sip:555@{PROVIDER}>", SDP, body=OFFER.decode())
    leg_id = scene.one("switch", InviteReceived).leg_id
    scene.switch.progress(leg_id, 180, None, scene.now)
    scene.run(0.1)
    tag = scene.raw.responses("INVITE")[-1].to.tag or ""
    scene.send("OPTIONS sip:switch", cseq="2 OPTIONS", to_tag=tag)
    scene.send("INVITE sip:switch", cseq="3 INVITE", branch="second", to_tag=tag)
    scene.send("INFO sip:switch", cseq="2 INFO", to_tag=tag)
    assert (scene.statuses("OPTIONS"), scene.statuses("INFO")) == ([200], [500])
    scene.send("BYE sip:switch", cseq="4 BYE", to_tag=tag)
    assert scene.statuses("BYE") == [200]
    assert scene.statuses("INVITE") == [100, 180, 500, 487]
    assert scene.one("switch", LegEnded) == LegEnded(leg_id, "remote", "bye", 487)


def test_an_ack_with_the_branch_of_its_invite_is_taken_for_what_it_is() -> None:
    scene = Scene()
    tag = scene.invite()
    scene.send("ACK sip:switch", cseq="1 ACK", branch="INVITE", to_tag=tag)
    assert len(scene.all("switch", LegConfirmed)) == 1
    scene.run(5.0)
    assert scene.statuses("INVITE") == [100, 200]


def test_a_peer_older_than_the_standard_is_matched_without_branch() -> None:
    scene = Scene(answers=False)
    for _ in range(2):
        scene.raw.send(
            SWITCH,
            f"""INVITE sip:100@switch SIP/2.0
            Via: SIP/2.0/UDP {PROVIDER}
            From: <sip:a@b>
            To: <sip:100@switch>
            Call-ID: old
            CSeq: 1 INVITE
            Contact: <sip:a@{PROVIDER}>""",
        )
        scene.run(0.1)
    leg_id = scene.one("switch", InviteReceived).leg_id
    scene.switch.reject(leg_id, 486, now=scene.now)
    scene.run(0.1)
    tag = scene.raw.responses("INVITE")[-1].to.tag
    scene.raw.send(
        SWITCH,
        f"""ACK sip:100@switch SIP/2.0
        Via: SIP/2.0/UDP {PROVIDER}
        From: <sip:a@b>
        To: <sip:100@switch>;tag={tag}
        Call-ID: old
        CSeq: 1 ACK""",
    )
    scene.run()
    assert scene.statuses("INVITE") == [100, 100, 486]


def test_a_wrong_answer_to_our_invite_is_dropped() -> None:
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    for broken in ("Contact: <sip:bad uri>", "Record-Route: no-uri"):
        scene.raw.answer(invite, 200, "a", broken, SDP, body=ANSWER.decode())
    scene.run(0.1)
    assert scene.all("switch", LegAnswered) == []
    scene.raw.answer(invite, 603, "a")
    scene.run(0.1)
    assert scene.one("switch", LegFailed) == LegFailed(leg_id, 603, "Whatever")


@pytest.mark.parametrize(("status", "ends"), [(481, True), (408, True), (500, False)])
def test_a_refused_reinvite_of_ours_ends_the_call_only_if_the_dialog_is_gone(status: int, ends: bool) -> None:
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    scene.raw.answer(invite, 200, "a", f"Contact: <sip:x@{PROVIDER}>", SDP, body=ANSWER.decode())
    scene.run(0.1)
    scene.switch.reinvite(leg_id, OFFER, scene.now)
    scene.run(0.1)
    scene.raw.answer(scene.raw.requests("INVITE")[-1], status, "a")
    scene.run(0.1)
    assert len(scene.all("switch", LegEnded)) == ends
    assert len(scene.raw.requests("BYE")) == ends


def test_a_repeated_2xx_to_our_reinvite_is_acknowledged_again() -> None:
    scene = Scene()
    leg_id = scene.call_out()
    scene.raw.answer(
        scene.raw.requests("INVITE")[0], 200, "a", f"Contact: <sip:x@{PROVIDER}>", SDP, body=ANSWER.decode()
    )
    scene.run(0.1)
    scene.switch.reinvite(leg_id, OFFER, scene.now)
    scene.run(0.1)
    for _ in range(2):
        scene.raw.answer(scene.raw.requests("INVITE")[1], 200, "a", SDP, body=ANSWER.decode())
        scene.run(0.1)
    assert [ack.cseq.number for ack in scene.raw.requests("ACK")] == [1, 2, 2]


def test_garbage_gets_silence_and_a_fault_gets_its_name() -> None:
    scene = Scene()
    for garbage in (
        b"\x00\x01\x02",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"",
        b"\0\0\0\0",
        b"SIP/2.0 200 OK\r\n\r\n",
    ):
        scene.raw.send_bytes(SWITCH, garbage)
    scene.run(0.1)
    assert scene.raw.received == []
    scene.send("INVITE sip:100@switch", cseq="1 BYE")
    (response,) = scene.raw.received
    assert repr(response) == "<SIP/2.0 400 CSeq Method Does Not Match Request>"
    assert scene.switch.statistics().faults == 4


def test_multipart_bodies_are_searched_for_sdp() -> None:
    scene = Scene(answers=False)
    body = (
        "preamble\r\n--b1\r\nContent-Type: application/isup\r\n\r\nxx\r\n"
        f"--b1\r\nContent-Type: application/sdp\r\n\r\n{OFFER.decode()}\r\n--b1--\r\n"
    )
    scene.send("INVITE sip:100@switch", 'Content-Type: multipart/mixed;boundary="b1"', body=body)
    assert scene.one("switch", InviteReceived).sdp == OFFER


def test_the_trunks_assertion_goes_before_its_from() -> None:
    scene = Scene(answers=False)
    asserted = 'P-Asserted-Identity: "Anna" <sip:+49170@provider.example>, <tel:+49170>'
    scene.send("INVITE sip:+4930123;phone-context=x@switch", asserted, "X-Customer: 7", "Subject: hello")
    invite = scene.one("switch", InviteReceived)
    assert (invite.calling_number, invite.calling_name, invite.called_number) == ("+49170", "Anna", "+4930123")
    assert (invite.headers["x-customer"], invite.headers["subject"]) == ("7", "hello")
    assert invite.max_forwards == 69


def test_a_leg_answers_challenges_with_the_credentials_it_was_given() -> None:
    """The trunk challenges INVITE, re-INVITE and BYE; each is sent again under the next number."""
    scene = Scene()
    leg_id = scene.switch.invite(
        Target(uri=f"sip:555@{PROVIDER}"),
        from_uri="sip:100@switch.example",
        sdp=OFFER,
        credentials=Credential(username="trunk", realm="provider", password="secret"),
        now=scene.now,
    )
    for method in ("INVITE", "re-INVITE", "BYE"):
        if method == "re-INVITE":
            scene.switch.reinvite(leg_id, OFFER, scene.now)
        elif method == "BYE":
            scene.switch.hang_up(leg_id, scene.now)
        method = method.removeprefix("re-")
        scene.run(0.1)
        asked = scene.raw.requests(method)[-1]
        challenge = f'Digest realm="provider", nonce="{asked.cseq.number}", qop="auth", algorithm=SHA-256'
        scene.raw.answer(asked, 407, "a", f"Proxy-Authenticate: {challenge}")
        scene.run(0.1)
        again = scene.raw.requests(method)[-1]
        assert again.cseq.number == asked.cseq.number + 1
        assert f'nonce="{asked.cseq.number}"' in again.require("proxy-authorization")
        scene.raw.answer(again, 200, "a", f"Contact: <sip:x@{PROVIDER}>", SDP, body=ANSWER.decode())
        scene.run(0.1)
    assert scene.raw.requests("ACK")[-1].get("proxy-authorization") is not None
    scene.run()
    assert scene.switch.statistics().transactions == scene.switch.statistics().dialogs == 0


def test_a_leg_without_credentials_does_not_answer_a_challenge() -> None:
    scene = Scene()
    scene.call_out()
    challenge = 'Proxy-Authenticate: Digest realm="switch.example", nonce="n", qop="auth"'
    scene.raw.answer(scene.raw.requests("INVITE")[0], 407, "a", challenge)
    scene.run(0.1)
    assert scene.one("switch", LegFailed).status == 407
    assert len(scene.raw.requests("INVITE")) == 1


def test_a_lost_connection_ends_what_waits_on_it() -> None:
    pair = SipPair(kind=TransportKind.TCP)
    leg_id = pair.provider.invite(pair.target("1"), from_uri="sip:5@p.example", sdp=OFFER, now=pair.now)
    pair.run(0.1)
    number = pair.provider.request("OPTIONS", pair.target("1"), from_uri="sip:5@p.example", now=pair.now)
    pair.network.send("provider", pair.flow(PROVIDER, HostPort("192.0.2.222", 5060)), b"x", pair.now)
    (connection,) = pair.network.connections
    pair.network.close(connection, pair.now)
    pair.run(0.001)
    assert pair.one("provider", LegFailed) == LegFailed(leg_id, 503, "Connection Failed")
    assert pair.one("provider", RequestFinished) == RequestFinished(number, 503, "Connection Failed")


def test_provisional_responses_do_not_finish_a_plain_request() -> None:
    scene = Scene()
    number = scene.switch.request("OPTIONS", scene.target("x", PROVIDER), from_uri="sip:switch@x", now=scene.now)
    scene.run(0.1)
    (options,) = scene.raw.requests("OPTIONS")
    scene.raw.answer(options, 100, "a")
    scene.raw.answer(options, 200, "a", "Server: raw")
    scene.run(0.1)
    finished = scene.one("switch", RequestFinished)
    assert (finished.request_id, finished.status) == (number, 200)
    assert ("server", "raw") in finished.headers


def test_provisional_responses_to_bye_and_reinvite_change_nothing() -> None:
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    scene.raw.answer(invite, 200, "a", f"Contact: <sip:x@{PROVIDER}>", SDP, body=ANSWER.decode())
    scene.run(0.1)
    scene.switch.hang_up(leg_id, scene.now)
    scene.switch.hang_up(leg_id, scene.now)
    scene.run(0.1)
    (bye,) = scene.raw.requests("BYE")
    scene.raw.answer(bye, 100, "a")
    scene.run(0.1)
    assert scene.switch.statistics().dialogs == 1
    scene.raw.answer(bye, 481, "a")
    scene.run(0.1)
    assert scene.switch.statistics().dialogs == 0


def test_a_bye_that_nobody_answers_is_given_up() -> None:
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    scene.raw.answer(invite, 200, "a", f"Contact: <sip:x@{PROVIDER}>", SDP, body=ANSWER.decode())
    scene.run(0.1)
    scene.switch.hang_up(leg_id, scene.now)
    scene.run()
    assert len(scene.raw.requests("BYE")) == 11
    assert scene.switch.statistics().dialogs == 0


def test_a_reinvite_answered_after_the_end_is_acknowledged_all_the_same() -> None:
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    scene.raw.answer(invite, 200, "a", f"Contact: <sip:x@{PROVIDER}>", SDP, body=ANSWER.decode())
    scene.run(0.1)
    scene.switch.reinvite(leg_id, OFFER, scene.now)
    scene.run(0.1)
    scene.switch.hang_up(leg_id, scene.now)
    scene.run(0.1)
    scene.raw.answer(scene.raw.requests("INVITE")[-1], 200, "a", SDP, body=ANSWER.decode())
    scene.raw.answer(scene.raw.requests("BYE")[-1], 200, "a")
    scene.run()
    assert [ack.cseq.number for ack in scene.raw.requests("ACK")] == [1, 2]
    assert scene.all("switch", ReinviteAnswered) == []
    assert (scene.switch.statistics().dialogs, scene.switch.statistics().transactions) == (0, 0)


def test_after_the_end_only_bye_is_understood() -> None:
    scene = Scene()
    tag = scene.invite()
    scene.switch.hang_up(scene.one("switch", InviteReceived).leg_id, scene.now)
    scene.send("OPTIONS sip:switch", cseq="2 OPTIONS", to_tag=tag)
    scene.send("BYE sip:switch", cseq="3 BYE", to_tag=tag)
    assert (scene.statuses("OPTIONS"), scene.statuses("BYE")) == ([481], [200])
    assert len(scene.all("switch", LegEnded)) == 1


def test_a_bye_before_the_ack_ends_the_repetitions() -> None:
    scene = Scene()
    tag = scene.invite()
    scene.send("BYE sip:switch", cseq="3 BYE", to_tag=tag)
    scene.run()
    assert scene.statuses("INVITE") == [100, 200]
    assert scene.one("switch", LegEnded).by == "remote"


def test_a_bye_withdraws_the_peers_unanswered_reinvite() -> None:
    scene = Scene()
    tag = scene.invite()
    scene.ack(tag)
    scene.send("INVITE sip:switch", SDP, cseq="2 INVITE", branch="re", to_tag=tag, body=OFFER.decode())
    scene.send("BYE sip:switch", cseq="3 BYE", to_tag=tag)
    assert scene.statuses("INVITE")[-1] == 487


def test_more_forks_than_anybody_has_phones_are_ignored() -> None:
    scene = Scene()
    scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    for number in range(FORKS_MAX + 5):
        scene.raw.answer(invite, 200, f"t{number}", f"Contact: <sip:x@{PROVIDER}>", SDP, body=ANSWER.decode())
    scene.run(0.1)
    assert len(scene.raw.requests("ACK")) == FORKS_MAX


def test_faults_of_strangers_are_answered_only_so_often() -> None:
    scene = Scene()
    stranger = RawStation(HostPort("192.0.2.77", 5060))
    scene.network.attach("stranger", stranger, (TransportKind.UDP, stranger.local))
    for number in range(300):
        stranger.send_bytes(
            SWITCH, f"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{number}\r\n\r\n".encode()
        )
    scene.run(0.1)
    assert len(stranger.received) == 200
    events = scene.all("switch", SecurityEvent)
    assert [(event.kind, event.source) for event in events] == [("malformed", "192.0.2.77"), ("banned", "192.0.2.77")]


def test_a_peer_that_moves_is_followed() -> None:
    """A re-INVITE from another address with another Contact: what comes after goes there."""
    scene = Scene()
    tag = scene.invite()
    scene.ack(tag)
    moved = RawStation(HostPort("203.0.113.6", 5062))
    scene.network.attach("moved", moved, (TransportKind.UDP, moved.local))
    moved.send(
        SWITCH,
        f"""INVITE sip:switch SIP/2.0
        Via: SIP/2.0/UDP 203.0.113.6:5062;branch=z9hG4bKmoved
        From: <sip:555@provider.example>;tag=raw
        To: <sip:100@switch.example>;tag={tag}
        Call-ID: raw-call
        CSeq: 2 INVITE
        Contact: <sip:555@203.0.113.6:5062>
        {SDP}""",
        OFFER.decode(),
    )
    scene.run(0.1)
    leg_id = scene.one("switch", LegConfirmed).leg_id
    scene.switch.answer_reinvite(leg_id, ANSWER, scene.now)
    scene.run(0.1)
    scene.switch.hang_up(leg_id, scene.now)
    moved.send(
        SWITCH,
        f"""ACK sip:switch SIP/2.0
        Via: SIP/2.0/UDP 203.0.113.6:5062;branch=z9hG4bKack
        From: <sip:555@provider.example>;tag=raw
        To: <sip:100@switch.example>;tag={tag}
        Call-ID: raw-call
        CSeq: 2 ACK""",
    )
    scene.run(0.1)
    (bye,) = moved.requests("BYE")
    assert bye.uri_text == "sip:555@203.0.113.6:5062"


def test_a_peer_that_is_silent_to_a_plain_request() -> None:
    scene = Scene()
    number = scene.switch.request("OPTIONS", Target(uri="sip:192.0.2.250"), from_uri="sip:switch@x", now=scene.now)
    scene.run()
    assert scene.one("switch", RequestFinished) == RequestFinished(number, 408, "Request Timeout")


def test_a_reinvite_challenged_without_credentials_is_refused() -> None:
    scene = Scene()
    leg_id = scene.call_out()
    (invite,) = scene.raw.requests("INVITE")
    scene.raw.answer(invite, 200, "a", f"Contact: <sip:x@{PROVIDER}>", SDP, body=ANSWER.decode())
    scene.run(0.1)
    scene.switch.reinvite(leg_id, OFFER, scene.now)
    scene.run(0.1)
    scene.raw.answer(scene.raw.requests("INVITE")[-1], 100, "a")
    scene.raw.answer(scene.raw.requests("INVITE")[-1], 401, "a", 'WWW-Authenticate: Digest realm="x", nonce="n"')
    scene.run(0.1)
    assert scene.one("switch", ReinviteFailed) == ReinviteFailed(leg_id, 401)
