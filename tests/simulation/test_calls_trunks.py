"""Outside calls through several trunks: the next one when a trunk fails, never when a person declines."""

import os
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from softswitch.calls.outcomes import DialReason
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.dialplan import Call, flow
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegFailed
from softswitch.sip.settings import Account, TrunkPeer
from softswitch.sip.trunks.capacity import CapacitySettings
from softswitch.sip.trunks.identity import IdentityRules
from softswitch.sip.trunks.numbers import Habits, NumberTranslation
from softswitch.sip.trunks.selection import FailoverRule, OutboundRoute
from softswitch.store.schema import Cdr, TrunkTry
from softswitch.testing.ladder import render_ladder
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

GOLDEN = Path(__file__).parents[1] / "golden" / "ladders"
Scenario = Callable[[SimulatedCentre], Awaitable[None]]
NUMBER = "+74951234567"
FIRST, SECOND, NOBODY = "10.0.9.1", "10.0.9.2", "10.0.9.200"
HABITS = Habits(country_code="7", national_prefix="8", international_prefix="810", national_digits=10)


@flow
async def outside(call: Call) -> None:
    outcome = await call.dial(call.called_number)
    call.tag("reason", outcome.reason.value)
    call.tag("status", str(outcome.sip_status))


@flow
async def hidden(call: Call) -> None:
    call.is_caller_hidden = True
    await outside(call)


def trunk(name: str, host: str, **more: object) -> TrunkRoute:
    return TrunkRoute(name=name, host=host, **more)  # pyright: ignore[reportArgumentType]


def peer(name: str, address: str, **limits: float) -> TrunkPeer:
    capacity = msgspec.convert(limits, CapacitySettings)
    return TrunkPeer(name=name, addresses=(address,), capacity=capacity)


@pytest.fixture
def centre(tmp_path: Path) -> Callable[..., SimulatedCentre]:
    def make(
        *trunks: TrunkRoute,
        failover: FailoverRule | None = None,
        peers: tuple[TrunkPeer, ...] = (),
        permitted: frozenset[str] | None = None,
        routes: Mapping[str, str] | None = None,
    ) -> SimulatedCentre:
        trunks = trunks or (trunk("first", FIRST), trunk("second", SECOND))
        names = tuple(each.name for each in trunks)
        settings = CallSettings(
            domain="centre.test",
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path),
            trunks=trunks,
            habits=HABITS,
            outbound=(OutboundRoute(number="!", trunks=names, failover=failover or FailoverRule()),),
        )
        carl = Extension(username="carl", number="110", trunks=frozenset(names) if permitted is None else permitted)
        return SimulatedCentre(
            tmp_path,
            flows={"outside": outside, "hidden": hidden},
            routes=routes or {"!": "outside"},
            phones=[carl],
            settings=settings,
            peers=peers or (peer("first", FIRST), peer("second", SECOND)),
        )

    return make


async def stage(centre: SimulatedCentre) -> tuple[SimulatedPhone, SimulatedPhone, SimulatedPhone]:
    """Both providers, and carl, who is registered."""
    first, second = centre.caller("first"), centre.caller("second")
    assert (first.address.host, second.address.host) == (FIRST, SECOND)
    second.talk_s = first.talk_s = 5.0
    carl = centre.phone("carl")
    assert await carl.register() == 200
    return first, second, carl


async def called(centre: SimulatedCentre, carl: SimulatedPhone, number: str = NUMBER) -> Cdr:
    carl.call(number, password="Secret-123")
    await centre.all_over()
    return centre.cdrs()[-1]


def tries(cdr: Cdr) -> list[tuple[str, int]]:
    return [(each.trunk, each.status) for each in cdr.trunks]


def messages(centre: SimulatedCentre, source: str, destination: str) -> list[Request | Response]:
    parsed = [
        parse(each.message)
        for each in centre.network.transcript
        if (each.source, each.destination) == (source, destination)
    ]
    return [each for each in parsed if isinstance(each, Request | Response)]


def invite_to(centre: SimulatedCentre, name: str) -> Request:
    """The last INVITE a provider got."""
    invites = [
        each for each in messages(centre, "switch", name) if isinstance(each, Request) and each.method == "INVITE"
    ]
    return invites[-1]


def test_serial_forking_with_failover_to_the_second_trunk(centre: Callable[..., SimulatedCentre]) -> None:
    made = centre()

    async def scenario(centre: SimulatedCentre) -> None:
        first, _, carl = await stage(centre)
        first.busy_status = 503
        cdr = await called(centre, carl)
        assert cdr.trunks == (
            TrunkTry(trunk="first", status=503, reason="Service Unavailable"),
            TrunkTry(trunk="second", status=200),
        )
        assert cdr.talk_s == pytest.approx(5.0, abs=0.1)
        summaries = {each.name: each for each in centre.endpoint.trunks.summaries(centre.clock.now())}
        assert summaries["first"].last_failure == "503 Service Unavailable to INVITE"
        assert (summaries["second"].calls_out, summaries["second"].used_out) == (1, 0)

    made.run(scenario)
    of_calls = [each for each in made.network.transcript if not re.search(rb"CSeq: \d+ REGISTER", each.message)]
    text = render_ladder(of_calls, of_calls[0].sent_at)
    path = GOLDEN / "serial_forking_with_failover_to_the_second_trunk.txt"
    if os.environ.get("SOFTSWITCH_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize(
    ("status", "reason"), [(486, DialReason.BUSY), (603, DialReason.DECLINED), (404, DialReason.UNREACHABLE)]
)
def test_a_person_who_declines_is_not_rung_by_another_trunk(
    centre: Callable[..., SimulatedCentre], status: int, reason: DialReason
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, second, carl = await stage(centre)
        first.busy_status = status
        cdr = await called(centre, carl)
        assert tries(cdr) == [("first", status)]
        assert cdr.tags == {"reason": reason.value, "status": str(status)}
        assert not second.seen(InviteReceived)

    centre().run(scenario)


def test_silence_leads_to_the_next_trunk_within_seconds(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        _, second, carl = await stage(centre)
        began_at = centre.clock.now()
        carl.call(NUMBER, password="Secret-123")
        await centre.until(lambda: bool(second.seen(InviteReceived)))
        assert centre.clock.now() - began_at == pytest.approx(5.0, abs=0.2)
        await centre.all_over()
        assert tries(centre.cdrs()[-1]) == [("silent", 0), ("second", 200)]

    centre(trunk("silent", NOBODY), trunk("second", SECOND)).run(scenario)


def test_a_silent_trunk_is_tried_last_from_the_third_time_on(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        _, _, carl = await stage(centre)
        cdrs = [await called(centre, carl) for _ in range(4)]
        assert tries(cdrs[2]) == [("silent", 0), ("second", 200)]
        # all_over() waits for longer than the half minute after which a dead trunk gets another chance.
        assert tries(cdrs[3])[-1] == ("second", 200)

    centre(
        trunk("silent", NOBODY),
        trunk("second", SECOND),
        peers=(peer("silent", NOBODY), peer("second", SECOND)),
    ).run(scenario)


def test_a_trunk_that_is_the_last_has_all_the_time_there_is(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        _, _, carl = await stage(centre)
        cdr = await called(centre, carl)
        assert tries(cdr) == [("silent", 487)], "given up when it had rung for as long as the flow says"

    centre(trunk("silent", NOBODY)).run(scenario)


def test_a_trunk_that_puts_nobody_through_is_left(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, _, carl = await stage(centre)
        first.rings, first.answer_after_s = False, None
        cdr = await called(centre, carl)
        assert cdr.trunks[0] == TrunkTry(trunk="first", status=0, reason="no progress")
        assert tries(cdr)[1:] == [("second", 200)]
        assert not centre.endpoint.trunks.is_down("first"), "it has answered, if not with much"

    centre(failover=FailoverRule(no_progress_s=8.0)).run(scenario)


@pytest.mark.parametrize("quirks", [frozenset[str](), frozenset({"ignore_183_without_sdp"})])
def test_183_without_sound_is_progress_unless_a_provider_is_known_for_it(
    centre: Callable[..., SimulatedCentre], quirks: frozenset[str]
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, second, carl = await stage(centre)
        first.rings, first.answer_after_s = False, None
        carl.call(NUMBER, password="Secret-123")
        await centre.until(lambda: bool(first.seen(InviteReceived)))
        assert first.leg is not None
        first.endpoint.progress(first.leg, 183, None, centre.clock.now())
        centre.flush()
        await centre.sleep(10)
        assert bool(second.seen(InviteReceived)) is bool(quirks)
        await centre.all_over()

    centre(trunk("first", FIRST, quirks=quirks), trunk("second", SECOND), failover=FailoverRule(no_progress_s=3.0)).run(
        scenario
    )


def test_once_it_rings_there_is_no_other_trunk(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, second, carl = await stage(centre)
        first.answer_after_s = None
        carl.call(NUMBER, password="Secret-123")
        await centre.until(lambda: bool(first.seen(InviteReceived)))
        await centre.sleep(3)
        assert first.leg is not None
        first.endpoint.reject(first.leg, 503, now=centre.clock.now())
        centre.flush()
        await centre.all_over()
        assert tries(centre.cdrs()[-1]) == [("first", 503)]
        assert not second.seen(InviteReceived)

    centre(failover=FailoverRule(no_response_s=1.0, no_progress_s=1.0)).run(scenario)


def test_permission_is_asked_of_every_trunk(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, second, carl = await stage(centre)
        second.busy_status = 503
        cdr = await called(centre, carl)
        assert tries(cdr) == [("second", 503)], "never through the one he may not use"
        assert not first.seen(InviteReceived)
        centre.caller("+15550123").call(NUMBER)
        await centre.all_over()
        assert centre.cdrs()[-1].tags["reason"] == DialReason.FORBIDDEN.value
        assert centre.cdrs()[-1].trunk == "first", "a stranger at a trunk's address, and still not permitted"

    peers = (TrunkPeer(name="first", addresses=("10.0.9.0/24",)), peer("second", "10.1.9.2"))
    centre(permitted=frozenset({"second"}), peers=peers).run(scenario)


def test_a_full_trunk_is_passed_over_and_the_last_refusal_is_503(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, second, carl = await stage(centre)
        second.talk_s = None
        first.busy_status = 503
        carl.call(NUMBER, password="Secret-123")
        await centre.until(lambda: second.is_answered)
        other = centre.phone("carl", place="home")
        other.call(NUMBER, password="Secret-123")
        await centre.until(lambda: bool(other.seen(LegFailed)))
        second.hang_up()
        await centre.all_over()
        cdr = next(each for each in centre.cdrs() if each.tags["reason"] == "unreachable")
        assert tries(cdr) == [("first", 503), ("second", 503)]
        assert cdr.trunks[1].reason == "all 1 channels are in use"
        assert cdr.tags["status"] == "503"
        summaries = {each.name: each for each in centre.endpoint.trunks.summaries(centre.clock.now())}
        assert (summaries["second"].used_out, summaries["second"].refused) == (0, 1)

    centre(peers=(peer("first", FIRST), peer("second", SECOND, both_max=1))).run(scenario)


def test_callers_from_a_full_trunk_are_told_so(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, _, carl = await stage(centre)
        first.call("110")
        await centre.until(lambda: bool(carl.seen(InviteReceived)))
        third = centre.caller("third")
        third.call("110")
        await centre.until(lambda: bool(third.seen(LegFailed)))
        refusal = next(
            each for each in messages(centre, "switch", "third") if isinstance(each, Response) and each.status == 503
        )
        assert refusal.get("warning") == '399 centre.test "all 1 channels for calls from there are in use"'
        assert refusal.get("retry-after") == "5"
        first.hang_up()
        await centre.all_over()
        third.call("110")
        await centre.until(lambda: bool(third.seen(LegAnswered)))
        third.hang_up()
        await centre.all_over()

    peers = (TrunkPeer(name="first", addresses=("10.0.9.0/24",), capacity=CapacitySettings(in_max=1)),)
    centre(peers=peers).run(scenario)


def test_numbers_and_identity_go_out_as_the_provider_wants_them(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        _, _, carl = await stage(centre)
        await called(centre, carl, "84951234567")
        invite = invite_to(centre, "first")
        assert invite.uri_text == f"sip:74951234567@{FIRST};user=phone"
        assert invite.from_.uri_text == "sip:acc77@provider.example"
        assert invite.get("p-preferred-identity") == "<sip:74950000000@provider.example;user=phone>"
        assert invite.contacts[0].user == "acc77"

    numbers = NumberTranslation(ours=HABITS, theirs=HABITS, send_as="e164")
    identity = IdentityRules(
        domain="provider.example", header="p-preferred-identity", account="acc77", has_user_phone=True
    )
    centre(
        trunk(
            "first",
            FIRST,
            numbers=numbers,
            identity=identity,
            username="acc77",
            calling_number="+74950000000",
            quirks=frozenset({"contact_user", "user_phone"}),
        )
    ).run(scenario)


def test_a_proxy_is_the_way_to_the_providers_domain(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        _, _, carl = await stage(centre)
        await called(centre, carl)
        invite = invite_to(centre, "first")
        assert invite.uri_text == f"sip:{NUMBER}@provider.example"
        assert invite.get("route") == f"<sip:{FIRST};lr>"

    centre(trunk("first", FIRST, domain="provider.example")).run(scenario)


def test_who_hides_his_number_is_anonymous_to_whoever_is_not_trusted(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, _, carl = await stage(centre)
        first.busy_status = 503
        await called(centre, carl)
        trusted = invite_to(centre, "first")
        assert trusted.get("p-asserted-identity") == "<sip:110@centre.test>"
        assert trusted.get("privacy") == "id"
        untrusted = invite_to(centre, "second")
        assert untrusted.from_.uri_text == "sip:anonymous@anonymous.invalid"
        assert "110" not in untrusted.require("from").partition(";tag=")[0]
        assert untrusted.get("p-asserted-identity") is None

    rules = IdentityRules(domain="centre.test", header="p-asserted-identity")
    centre(
        trunk("first", FIRST, identity=rules),
        trunk("second", SECOND, identity=msgspec.structs.replace(rules, is_trusted=False)),
        routes={"!": "hidden"},
    ).run(scenario)


def test_a_hidden_caller_is_anonymous_on_a_colleagues_phone(
    centre: Callable[..., SimulatedCentre],
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, _, carl = await stage(centre)
        leg = first.endpoint.invite(
            first._target("sip:110@centre.test"),  # pyright: ignore[reportPrivateUsage]
            from_uri="sip:anonymous@anonymous.invalid",
            from_display="Anonymous",
            sdp=b"v=0\r\no=- 1 1 IN IP4 10.0.9.1\r\ns=-\r\nc=IN IP4 10.0.9.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
            headers=[("p-asserted-identity", '"Dora" <tel:+74957654321>'), ("privacy", "id")],
            now=centre.clock.now(),
        )
        centre.flush()
        await centre.until(lambda: bool(carl.seen(InviteReceived)))
        first.endpoint.hang_up(leg, centre.clock.now())
        centre.flush()
        await centre.all_over()
        invite = invite_to(centre, "carl")
        assert str(invite.from_).startswith('"Anonymous" <sip:anonymous@anonymous.invalid>')
        assert centre.cdrs()[-1].calling_number == "+74957654321", "the switch's own records know"
        assert centre.cdrs()[-1].trunk == "first"

    centre().run(scenario)


def test_a_challenge_is_answered_for_the_trunks_realm_alone(centre: Callable[..., SimulatedCentre]) -> None:
    """A provider who demands a password for calls, and one whose customer asks for it."""

    async def scenario(centre: SimulatedCentre) -> None:
        first, _, carl = await stage(centre)
        settings = first.endpoint._core.settings  # pyright: ignore[reportPrivateUsage]
        first.endpoint.update_settings(
            msgspec.structs.replace(
                settings,
                trunks=(),
                realm="provider.example",
                accounts={"acc77": Account(username="acc77", password="trunk secret")},
            )
        )
        assert tries(await called(centre, carl)) == [("first", 200)]
        first.endpoint.update_settings(msgspec.structs.replace(settings, trunks=(), realm="evil.example"))
        assert tries(await called(centre, carl)) == [("first", 401), ("second", 200)]
        assert invite_to(centre, "first").get("authorization") is None

    credentials = Credential(username="acc77", realm="provider.example", password="trunk secret")
    centre(trunk("first", FIRST, credentials=credentials), trunk("second", SECOND)).run(scenario)


def test_calls_go_by_way_of_the_proxies_that_a_registrar_has_named(centre: Callable[..., SimulatedCentre]) -> None:
    named = "<sip:orig@10.0.9.77;lr>"

    async def scenario(centre: SimulatedCentre) -> None:
        first, _, carl = await stage(centre)
        links = centre.endpoint.trunks._links  # pyright: ignore[reportPrivateUsage]
        links["first"].service_route = links["second"].service_route = (named,)
        await called(centre, carl)
        routes = invite_to(centre, "first").get_all("route")
        assert routes == [f"<sip:{FIRST};lr>", named], "the host that is configured comes first"
        first.busy_status = 503
        await called(centre, carl)
        assert invite_to(centre, "second").get("route") is None, "only where the quirk says so"

    centre(trunk("first", FIRST, quirks=frozenset({"service_route"})), trunk("second", SECOND)).run(scenario)
