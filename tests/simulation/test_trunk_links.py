"""Links to providers between real endpoints in virtual time: registered, watched, believed, and never tricked."""

import msgspec
import pytest

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.outputs import InviteReceived, LegFailed, RegistrationChanged, TrunkChanged
from softswitch.sip.settings import Account, RegistrationPolicy, SipSettings, Target, TrunkPeer
from softswitch.sip.trunks.health import HealthSettings
from softswitch.sip.trunks.identity import Diversion, read_diversions
from softswitch.sip.trunks.numbers import Habits, NumberTranslation
from softswitch.sip.trunks.trunk_settings import ArrivalRules, LinkSettings
from softswitch.testing.network import Conditions
from softswitch.testing.raw_station import RawStation
from softswitch.testing.sip_pair import ALICE, OFFER, PROVIDER, SWITCH, SipPair, switch_settings
from softswitch.testing.successor import succeed

DOMAIN = "provider.example"
LINK = LinkSettings(
    registrar=f"sip:{DOMAIN}",
    account_uri=f"sip:acc77@{DOMAIN}",
    options_uri=f"sip:{DOMAIN}",
    is_registering=True,
    expires_s=600,
    credentials=Credential(username="auth77", realm="", password="trunk secret"),
)
ACCOUNTS = {"acc77": Account(username="acc77", password="trunk secret")}
STRANGER = HostPort("192.0.2.66", 5060)


def settings_with(link: LinkSettings | None, **peer: object) -> SipSettings:
    trunk = TrunkPeer(name="provider", link=link, **{"addresses": (), **peer})  # pyright: ignore[reportArgumentType]
    return msgspec.structs.replace(switch_settings(), trunks=(trunk,), hosts={DOMAIN: PROVIDER.host})


def pair_with(link: LinkSettings | None = LINK, *, expires_max_s: int = 300, **peer: object) -> SipPair:
    """A switch with a trunk to a provider who has an account for it; started, and some time gone by."""
    pair = SipPair(settings=settings_with(link, **peer))
    pair.provider.update_settings(
        SipSettings(
            domain=DOMAIN,
            user_agent="provider",
            accounts=ACCOUNTS,
            trunks=(TrunkPeer(name="switch", addresses=(SWITCH.host,)),),
            registration=RegistrationPolicy(expires_max_s=expires_max_s),
        )
    )
    pair.switch.trunks.start(pair.now)
    pair.run(2.0)
    return pair


def registering(username: str = "acc77", password: str = "trunk secret") -> LinkSettings:
    return msgspec.structs.replace(LINK, credentials=Credential(username=username, realm="", password=password))


def states(pair: SipPair) -> list[tuple[str, str]]:
    return [(fact.subject, fact.state) for fact in pair.all("switch", TrunkChanged)]


def test_a_trunk_registers_with_digest_and_stays_registered() -> None:
    pair = pair_with(registering())
    assert states(pair) == [("registration", "trying"), ("registration", "registered")]
    (summary,) = pair.switch.trunks.summaries(pair.now)
    assert summary.registration == "registered"
    assert summary.expires_in_s is not None
    assert 297 <= summary.expires_in_s <= 300, "as the provider granted it, not as it was asked for"
    assert not pair.switch.trunks.is_down("provider")
    assert pair.switch.trunks.realm_of("provider") == DOMAIN, "nobody else gets a digest of this password"
    pair.run(3600)
    assert states(pair) == [("registration", "trying"), ("registration", "registered")]
    assert len(pair.provider.bindings(f"acc77@{DOMAIN}")) == 1
    registers = sum(passage.message.startswith(b"REGISTER") for passage in pair.network.transcript)
    assert 24 <= registers <= 36, "refreshed every four minutes, each time challenged"


def test_a_provider_without_addresses_is_not_banned_for_what_others_send_in_its_name() -> None:
    pair = pair_with(registering())
    forged = b"OPTIONS sip:100@switch SIP/2.0\r\nUser-Agent: friendly-scanner\r\n"
    forged += b"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=a\r\nTo: <sip:a@b>\r\nCall-ID: a\r\n"
    flow = Flow(TransportKind.UDP, SWITCH, HostPort(PROVIDER.host, 5062))
    pair.switch.receive_datagram(forged + b"CSeq: 1 OPTIONS\r\n\r\n", flow, pair.now)
    assert pair.switch.bans(pair.now) == []


def test_a_registered_contact_is_where_calls_come_from_whatever_their_address() -> None:
    pair = pair_with(registering())
    (binding,) = pair.provider.bindings(f"acc77@{DOMAIN}")
    assert ";line=" in binding.contact_uri
    other = RawStation(STRANGER)
    pair.network.attach("other", other, (TransportKind.UDP, STRANGER))
    other.send(SWITCH, invite(binding.contact_uri, to="sip:+74951234567@us.example"), body=OFFER.decode())
    pair.run(1.0)
    arrived = pair.one("switch", InviteReceived)
    assert (arrived.source.kind, arrived.source.name) == ("trunk", "provider")
    assert arrived.called_number == "acc77"
    other.send(SWITCH, invite(binding.contact_uri[:-1] + "x", branch="2"), body=OFFER.decode())
    pair.run(1.0)
    assert [each.status for each in other.responses("INVITE") if each.status > 100] == [401], "a guess is no proof"
    pair.switch.reject(arrived.leg_id, 486, now=pair.now)
    pair.run(60)


def test_who_must_come_encrypted_is_a_stranger_otherwise_whatever_he_knows() -> None:
    account = Account(username="branch", password="between us", is_tls_only=True)
    pair = pair_with(registering(), is_tls_only=True, account=account)
    (binding,) = pair.provider.bindings(f"acc77@{DOMAIN}")
    station = RawStation(STRANGER)
    pair.network.attach("other", station, (TransportKind.UDP, STRANGER))
    station.send(SWITCH, invite(binding.contact_uri), body=OFFER.decode())
    pair.alice.invite(
        Target(uri=f"sip:100@{SWITCH}"),
        from_uri="sip:5551@branch.example",
        sdp=OFFER,
        credentials=Credential(username="branch", realm="", password="between us"),
        now=pair.now,
    )
    pair.run(2.0)
    assert pair.all("switch", InviteReceived) == []
    assert [each.status for each in station.responses("INVITE")] == [401]
    assert pair.one("alice", LegFailed).status == 401


def test_a_refused_account_is_told_in_words_and_not_insisted_on() -> None:
    pair = pair_with(registering(password="wrong"))
    (last,) = pair.all("switch", TrunkChanged)[-1:]
    assert (last.state, last.reason) == ("refused", "401 Unauthorized: wrong username, password or realm")
    assert pair.switch.trunks.is_down("provider")
    pair.run(120)
    registers = sum(passage.message.startswith(b"REGISTER") for passage in pair.network.transcript)
    assert registers == 2, "asked, and asked with the password"


@pytest.mark.parametrize(("password", "is_down"), [("trunk secret", False), ("wrong", True)])
def test_what_the_switch_before_had_registered_is_there_until_the_provider_says_otherwise(
    password: str, is_down: bool
) -> None:
    """Calls that are dialled anew in the moment of a restart go the way they went before, not through another trunk."""
    pair = pair_with(registering())
    succeed(pair, [], settings=settings_with(registering(password=password)))
    pair.switch.trunks.start(pair.now, takes_over=True)
    assert not pair.switch.trunks.is_down("provider")
    pair.run(2.0)
    assert pair.switch.trunks.is_down("provider") is is_down


def test_without_a_switch_before_a_trunk_is_down_until_it_is_registered() -> None:
    pair = SipPair(settings=settings_with(registering()))
    pair.switch.trunks.start(pair.now)
    assert pair.switch.trunks.is_down("provider")


def test_a_provider_that_grants_less_than_he_may_is_asked_for_more() -> None:
    pair = pair_with(msgspec.structs.replace(registering(), expires_s=30), expires_max_s=300)
    (summary,) = pair.switch.trunks.summaries(pair.now)
    assert summary.registration == "registered", "423 with Min-Expires: 60"
    assert summary.expires_in_s is not None
    assert 50 < summary.expires_in_s <= 60


def test_the_registration_is_taken_back_at_the_end() -> None:
    pair = pair_with(registering())
    pair.switch.trunks.stop(pair.now)
    assert not pair.switch.trunks.is_over
    pair.run(5.0)
    assert pair.switch.trunks.is_over
    assert pair.all("provider", RegistrationChanged)[-1].bindings == []
    assert pair.switch.next_timeout() is None or pair.run(60) is None


def test_another_password_after_a_reload_is_taken_up_at_once() -> None:
    pair = pair_with(registering(password="wrong"))
    settings = msgspec.structs.replace(
        switch_settings(),
        trunks=(TrunkPeer(name="provider", addresses=(), link=registering()),),
        hosts={DOMAIN: PROVIDER.host},
    )
    pair.switch.update_settings(settings)
    pair.run(2.0)
    assert pair.switch.trunks.summaries(pair.now)[0].registration == "registered"
    before = len(pair.network.transcript)
    pair.switch.update_settings(settings)
    pair.run(2.0)
    assert len(pair.network.transcript) == before, "what did not change goes on"
    pair.switch.update_settings(msgspec.structs.replace(settings, trunks=()))
    pair.run(5.0)
    assert pair.provider.bindings(f"acc77@{DOMAIN}") == [], "a trunk that is gone is unregistered"
    assert pair.switch.trunks.summaries(pair.now) == []


def test_a_dead_provider_is_found_out_and_believed_again_after_two_answers() -> None:
    watched = msgspec.structs.replace(LINK, is_registering=False, health=HealthSettings(options_every_s=30.0))
    pair = pair_with(watched)
    assert states(pair) == [("health", "up")]
    assert (pair.switch.trunks.summaries(pair.now)[0].round_trip_ms or 0) == pytest.approx(20.0)
    pair.network.conditions = Conditions(loss=1.0)
    pair.run(30 + 3 * (32 + 5))
    assert states(pair)[1:] == [("health", "down")]
    assert pair.all("switch", TrunkChanged)[-1].reason == "OPTIONS: no answer"
    assert pair.switch.trunks.is_down("provider")
    pair.network.conditions = Conditions()
    pair.run(60 + 10)
    assert states(pair)[2:] == [("health", "up")]
    pair.switch.trunks.stop(pair.now)


def test_without_a_way_to_the_provider_nothing_loops() -> None:
    nowhere = msgspec.structs.replace(LINK, registrar="sip:nowhere.invalid", options_uri="sip:nowhere.invalid")
    pair = pair_with(msgspec.structs.replace(nowhere, health=HealthSettings(options_every_s=30.0)))
    pair.run(600)
    (summary,) = pair.switch.trunks.summaries(pair.now)
    assert (summary.registration, summary.health) == ("trying", "down")
    assert summary.registration_reason == "No Route to Target"
    assert len(pair.all("switch", TrunkChanged)) == 3


def test_a_challenge_from_elsewhere_is_not_answered() -> None:
    """A called party, or anybody who has seen our branch, asks for the digest of the trunk's password."""
    pair = pair_with(None)
    pair.network.attach("provider", provider := RawStation(PROVIDER), (TransportKind.UDP, PROVIDER))
    pair.network.attach("stranger", stranger := RawStation(STRANGER), (TransportKind.UDP, STRANGER))
    realm_bound = Credential(username="auth77", realm=DOMAIN, password="trunk secret")
    pair.switch.invite(
        Target(uri=f"sip:112@{PROVIDER}"), from_uri="sip:1@x", sdp=OFFER, credentials=realm_bound, now=pair.now
    )
    pair.run(0.3)
    (request,) = provider.requests("INVITE")
    via = f"Via: {request.require('via')}"
    stranger.send(
        SWITCH,
        f"""SIP/2.0 401 Unauthorized
        {via}
        From: {request.require("from")}
        To: {request.require("to")};tag=z
        Call-ID: {request.call_id}
        CSeq: {request.require("cseq")}
        WWW-Authenticate: Digest realm="{DOMAIN}", nonce="1"
        """,
    )
    pair.run(0.1)
    assert not provider.requests("ACK")
    assert not any(each.get("authorization") for each in provider.requests("INVITE"))
    provider.answer(request, 407, "t", 'Proxy-Authenticate: Digest realm="evil.example", nonce="1"')
    pair.run(1.0)
    assert not any(each.get("proxy-authorization") for each in provider.requests("INVITE")), "another realm"
    assert pair.one("switch", LegFailed).status == 407
    pair.run(60)


def test_another_switch_proves_who_it_is_with_a_password() -> None:
    account = Account(username="branch", password="between us")
    pair = pair_with(None, account=account)
    leg = pair.alice.invite(
        Target(uri=f"sip:100@{SWITCH}"),
        from_uri="sip:5551@branch.example",
        sdp=OFFER,
        credentials=Credential(username="branch", realm="", password="between us"),
        now=pair.now,
    )
    pair.run(1.0)
    arrived = pair.one("switch", InviteReceived)
    assert (arrived.source.kind, arrived.source.name, arrived.calling_number) == ("trunk", "provider", "5551")
    pair.alice.hang_up(leg, pair.now)
    pair.alice.request(
        "REGISTER",
        Target(uri="sip:switch.example", flow=Flow(TransportKind.UDP, ALICE, SWITCH)),
        from_uri="sip:branch@switch.example",
        to_uri="sip:branch@switch.example",
        credentials=Credential(username="branch", realm="", password="between us"),
        now=pair.now,
    )
    pair.run(60)
    assert pair.switch.all_bindings() == [], "a trunk is no phone"


def test_what_a_provider_writes_is_read_by_his_rules() -> None:
    habits = Habits(country_code="7", national_prefix="8", international_prefix="810", national_digits=10)
    numbers = NumberTranslation(ours=habits, theirs=habits, receive_as="+e164")
    rules = ArrivalRules(called_number_from="to", numbers=numbers)
    pair = pair_with(None, addresses=(PROVIDER.host,), arrival=rules)
    station = RawStation(PROVIDER)
    pair.network.attach("provider", station, (TransportKind.UDP, PROVIDER))
    text = invite(f"sip:acc77@{SWITCH}", to="sip:84951234567@us.example")
    text += "P-Asserted-Identity: <tel:88121234567>\nPrivacy: id\nDiversion: <sip:200@a>;reason=user-busy\n"
    station.send(SWITCH, text + "Diversion: <sip:100@a>;reason=no-answer", body=OFFER.decode())
    pair.run(1.0)
    arrived = pair.one("switch", InviteReceived)
    assert (arrived.called_number, arrived.calling_number) == ("+74951234567", "+78121234567")
    assert arrived.is_caller_hidden
    assert read_diversions(arrived.headers) == (Diversion("100", "no-answer"), Diversion("200", "user-busy"))
    pair.switch.reject(arrived.leg_id, 486, now=pair.now)
    pair.run(60)


def test_an_untrusted_provider_asserts_nothing() -> None:
    pair = pair_with(None, addresses=(PROVIDER.host,), arrival=ArrivalRules(is_trusted=False))
    station = RawStation(PROVIDER)
    pair.network.attach("provider", station, (TransportKind.UDP, PROVIDER))
    text = invite(f"sip:100@{SWITCH}") + "P-Asserted-Identity: <tel:+1>\n"
    station.send(SWITCH, text, body=OFFER.decode())
    pair.run(1.0)
    assert pair.one("switch", InviteReceived).calling_number == "5551"
    pair.switch.reject(pair.one("switch", InviteReceived).leg_id, 486, now=pair.now)
    pair.run(60)


def invite(uri: str, *, to: str = "sip:100@us.example", branch: str = "1") -> str:
    return f"""INVITE {uri} SIP/2.0
        Via: SIP/2.0/UDP {STRANGER};branch=z9hG4bK{branch};rport
        Max-Forwards: 70
        From: <sip:5551@provider.example>;tag=f
        To: <{to}>
        Call-ID: {branch}@there
        CSeq: 1 INVITE
        Contact: <sip:{STRANGER}>
        Content-Type: application/sdp
        """


@pytest.mark.parametrize(
    ("told", "known"),
    [
        (("<sip:orig@scscf.example;lr>, <sip:other.example;lr>", "<sip:third.example;lr>"), 3),
        (("<sip:strict.example>",), 0),
        (("<sip:one.example;lr>", "<sip:"), 0),
        (("<sip:one.example;lr>",) * 9, 0),
        ((), 0),
    ],
)
def test_the_service_route_a_registrar_names_is_known(told: tuple[str, ...], known: int) -> None:
    registrar = RawStation(STRANGER)
    link = msgspec.structs.replace(LINK, registrar=f"sip:{STRANGER}", credentials=None)
    pair = pair_with(link)
    pair.network.attach("registrar", registrar, (TransportKind.UDP, STRANGER))
    pair.run(3.0)  # until it is sent again
    (register,) = registrar.requests("REGISTER")
    contact = f"contact: {register.require('contact')};expires=300"
    registrar.answer(register, 200, "r", contact, *(f"service-route: {value}" for value in told))
    pair.run(1.0)
    route = pair.switch.trunks.service_route_of("provider")
    assert len(route) == known
    assert route[:1] == (("<sip:orig@scscf.example;lr>",) if known else ())
    assert pair.switch.trunks.service_route_of("nobody") == ()
    pair.switch.update_settings(
        msgspec.structs.replace(switch_settings(), trunks=(TrunkPeer(name="provider", link=LINK, addresses=()),))
    )
    pair.run(1.0)
    assert pair.switch.trunks.service_route_of("provider") == (), "another registrar has named none"


def test_the_next_process_has_the_same_contact_at_the_provider() -> None:
    """Two of them would have him send every call twice, and those for the dead one to nobody."""
    pair = pair_with(registering())
    (before,) = pair.provider.bindings(f"acc77@{DOMAIN}")
    succeed(pair, [], settings=settings_with(registering()))
    pair.switch.trunks.start(pair.now)
    other = RawStation(STRANGER)
    pair.network.attach("other", other, (TransportKind.UDP, STRANGER))
    other.send(SWITCH, invite(before.contact_uri), body=OFFER.decode())
    pair.run(2.0)
    (after,) = pair.provider.bindings(f"acc77@{DOMAIN}")
    assert after.contact_uri == before.contact_uri
    assert pair.one("switch", InviteReceived).source.name == "provider"
