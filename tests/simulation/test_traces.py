"""Calls that fail leave their SIP messages in the store; others do not."""

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from softswitch.app.message_operations import FOLLOWERS_MAX, MessageOperations
from softswitch.base.address import TransportKind
from softswitch.base.ids import CallId
from softswitch.calls import limits
from softswitch.calls.runtime import traces
from softswitch.calls.settings import CallSettings, Extension
from softswitch.config.trunk_rows import TrunkRow
from softswitch.control.protocol.replies import Messages, Refused, TraceRows
from softswitch.control.protocol.requests import GetMessages, Trace
from softswitch.dialplan import Call, flow
from softswitch.store.schema import StoredTrace
from softswitch.testing.runtime.centre import TRUNK_NETWORKS, SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SWITCH

HOTLINE = "+18005550100"
Make = Callable[..., SimulatedCentre]


@flow
async def colleague(call: Call) -> None:
    await call.dial("bob")


@flow
async def nobody(call: Call) -> None:
    await call.reject(404)


@pytest.fixture
def make_centre(tmp_path: Path) -> Make:
    def make(**more: object) -> SimulatedCentre:
        settings = CallSettings(domain=DOMAIN, media_ip="10.0.0.1", recordings_directory=str(tmp_path), **more)  # pyright: ignore[reportArgumentType]
        return SimulatedCentre(
            tmp_path,
            flows={"colleague": colleague, "nobody": nobody},
            routes={HOTLINE: "colleague", "999": "nobody"},
            phones=[Extension(username="bob")],
            settings=settings,
        )

    return make


def stored(centre: SimulatedCentre) -> list[StoredTrace]:
    return list(centre.store.traces.ascending())


def start_lines(trace: StoredTrace) -> list[str]:
    lines: list[str] = []
    for each in trace.messages:
        line = each.message.split(b"\r\n")[0].decode().removesuffix(" SIP/2.0").removeprefix("SIP/2.0 ")
        lines.append(f"{'>' if each.is_sent else '<'} {line.partition(' sip:')[0]}")
    return lines


def test_a_call_that_was_refused_leaves_the_messages_of_both_legs(make_centre: Make) -> None:
    centre = make_centre()

    async def scenario(centre: SimulatedCentre) -> None:
        bob = centre.phone("bob")
        assert await bob.register() == 200
        bob.busy_status = 486
        caller = centre.caller("+442071838750")
        caller.call(HOTLINE)
        await centre.until(lambda: not centre.controller.calls and bool(centre.arrivals))
        assert stored(centre) == [], "the last messages may still come"
        await centre.all_over()

    centre.run(scenario)
    (trace,) = stored(centre)
    (cdr,) = centre.cdrs()
    assert (trace.call_id, trace.started_at, trace.left_out) == (cdr.call_id, cdr.started_at, 0)
    assert [(leg.role, leg.party, leg.status, leg.reason) for leg in cdr.sip_legs] == [
        ("caller", "trunk:provider", 0, ""),
        ("called", "bob", 486, "Busy Here"),
    ]
    lines = start_lines(trace)
    assert lines[0] == "< INVITE"
    assert lines[-2:] == ["> 480 Temporarily Unavailable", "< ACK"]
    assert sorted(lines) == sorted(
        [
            "< INVITE",
            "> 100 Trying",
            "> 180 Ringing",
            "> INVITE",
            "< 100 Trying",
            "< 486 Busy Here",
            "> ACK",
            "> 480 Temporarily Unavailable",
            "< ACK",
        ]
    )
    ats = [each.at for each in trace.messages]
    assert ats == sorted(ats)
    assert abs(ats[0] - cdr.started_at) < 1.0


def test_an_ordinary_call_and_one_given_up_leave_none(make_centre: Make) -> None:
    centre = make_centre()

    async def scenario(centre: SimulatedCentre) -> None:
        bob = centre.phone("bob")
        assert await bob.register() == 200
        bob.talk_s = 2.0
        centre.caller("1").call(HOTLINE)
        await centre.sleep(5)
        await centre.all_over()
        bob.answer_after_s = None
        caller = centre.caller("2")
        caller.call(HOTLINE)
        await centre.sleep(1)
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)
    assert [cdr.end_reason for cdr in centre.cdrs()] == ["completed", "abandoned"]
    assert [len(cdr.sip_legs) for cdr in centre.cdrs()] == [2, 2]
    assert stored(centre) == []


def test_a_call_that_its_flow_refused_is_kept_at_the_stop_at_once(make_centre: Make) -> None:
    centre = make_centre()

    async def scenario(centre: SimulatedCentre) -> None:
        centre.caller("1").call("999")
        await centre.until(lambda: not centre.controller.calls and bool(centre.arrivals))
        centre.traces.stop()
        assert len(stored(centre)) == 1
        await centre.all_over()

    centre.run(scenario)
    (trace,) = stored(centre)
    assert "> 404 Not Found" in start_lines(trace)


def test_the_newest_traces_are_kept_and_none_for_longer_than_wanted(
    make_centre: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "PRUNE_AFTER", 1)
    centre = make_centre(traces_max=3, trace_days=1.0)

    async def scenario(centre: SimulatedCentre) -> None:
        centre.traces.start()
        for number in range(6):
            centre.caller(str(number)).call("999")
            await centre.all_over()
        assert [each.started_at for each in stored(centre)] == [cdr.started_at for cdr in centre.cdrs()[-3:]]
        await centre.sleep(25 * 3600)
        assert stored(centre) == []
        centre.traces.stop()

    centre.run(scenario)


def test_none_are_kept_if_none_are_wanted(make_centre: Make) -> None:
    centre = make_centre(traces_max=0)

    async def scenario(centre: SimulatedCentre) -> None:
        centre.caller("1").call("999")
        await centre.all_over()

    centre.run(scenario)
    assert stored(centre) == []


def test_when_everything_fails_some_calls_are_passed_over(make_centre: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "FAILURES_WAITING_MAX", 2)
    centre = make_centre()

    async def scenario(centre: SimulatedCentre) -> None:
        for number in range(5):
            centre.caller(str(number)).call("999")
        await centre.all_over()

    centre.run(scenario)
    assert len(stored(centre)) == 2
    assert centre.traces.passed_over == 3


def test_secrets_do_not_reach_the_store(make_centre: Make) -> None:
    centre = make_centre()

    async def scenario(centre: SimulatedCentre) -> None:
        bob = centre.phone("bob")
        assert await bob.register() == 200
        bob.call("999", password="Secret-123")
        await centre.all_over()

    centre.run(scenario)
    (trace,) = stored(centre)
    (cdr,) = centre.cdrs()
    assert cdr.sip_legs[0].party == "account:bob"
    invites = [each.message for each in trace.messages if each.message.startswith(b"INVITE")]
    assert len(invites) == 2, "the one that was challenged as well"
    assert re.search(rb'response="\*+"', invites[1])


def test_the_legs_of_a_call_that_rings_phone_after_phone_are_bounded(make_centre: Make) -> None:
    @flow
    async def stubborn(call: Call) -> None:
        for _ in range(limits.SIP_LEGS_MAX + 10):
            await call.dial("bob")

    centre = make_centre()
    centre.dialplan = msgspec.structs.replace(centre.dialplan, flows={**centre.dialplan.flows, "colleague": stubborn})

    async def scenario(centre: SimulatedCentre) -> None:
        bob = centre.phone("bob")
        assert await bob.register() == 200
        bob.busy_status = 486
        centre.caller("1").call(HOTLINE)
        await centre.sleep(10)
        await centre.all_over()

    centre.run(scenario)
    (cdr,) = centre.cdrs()
    assert len(cdr.sip_legs) == limits.SIP_LEGS_MAX
    assert cdr.sip_legs[0].role == "caller"


def follow(centre: SimulatedCentre, request: Trace) -> "tuple[asyncio.Task[None], list[TraceRows | Refused]]":
    """A follower, and the frames he gets."""
    frames: list[TraceRows | Refused] = []

    async def read() -> None:
        async for frame in operations(centre).trace(request):
            frames.append(frame)

    return asyncio.get_running_loop().create_task(read()), frames


def operations(centre: SimulatedCentre) -> MessageOperations:
    return MessageOperations(centre, lambda: [TrunkRow(name="provider", host="", addresses=TRUNK_NETWORKS)])


def seen(frames: Sequence[TraceRows | Refused]) -> list[tuple[str, str]]:
    """Party and first word of each message."""
    rows = [row for frame in frames if isinstance(frame, TraceRows) for row in frame.rows]
    return [(row.party, row.message.message.removeprefix(b"SIP/2.0 ").split()[0].decode()) for row in rows]


def test_who_follows_a_number_sees_all_legs_of_its_calls_and_no_others(make_centre: Make) -> None:
    centre = make_centre()

    async def scenario(centre: SimulatedCentre) -> None:
        bob = centre.phone("bob")
        assert await bob.register() == 200
        bob.busy_status = 486
        task, frames = follow(centre, Trace(number=HOTLINE))
        await centre.sleep(0.5)
        centre.caller("+442071838750").call(HOTLINE)
        centre.caller("2").call("999")
        await centre.sleep(3)
        task.cancel()
        await centre.all_over()
        parties = [party for party, _ in seen(frames)]
        assert seen(frames)[0] == ("trunk:provider", "INVITE")
        assert ("bob", "486") in seen(frames)
        assert set(parties) == {"trunk:provider", "bob"}
        assert ("trunk:provider", "404") not in seen(frames)
        assert TraceRows([]) in frames, "signs of life"
        calls = {row.call_id for frame in frames if isinstance(frame, TraceRows) for row in frame.rows}
        assert calls == {cdr.call_id for cdr in centre.cdrs() if cdr.called_number == HOTLINE}

    centre.run(scenario)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Trace(peer="bob"), {"bob"}),
        (Trace(peer="provider"), {"trunk:provider"}),
        (Trace(peer="trunk:provider"), {"trunk:provider"}),
        (Trace(peer="192.0.2.77"), set[str]()),
        (Trace(number="bob", peer="bob"), {"bob"}),
        (Trace(sip_call_ids=["nobody's"]), set[str]()),
        (Trace(), {"bob", "trunk:provider"}),
    ],
)
def test_what_memory_holds_is_filtered_in_the_switch(make_centre: Make, request_: Trace, expected: set[str]) -> None:
    centre = make_centre()

    async def scenario(centre: SimulatedCentre) -> None:
        bob = centre.phone("bob")
        assert await bob.register() == 200
        bob.busy_status = 486
        centre.caller("1").call(HOTLINE)
        await centre.all_over()
        request = msgspec.structs.replace(request_, is_from_memory=True, is_following=False)
        task, frames = follow(centre, request)
        await task
        assert {party for party, _ in seen(frames)} == expected
        last = frames[-1]
        assert isinstance(last, TraceRows)
        assert last.is_last

    centre.run(scenario)


def test_there_are_at_most_so_many_followers_and_their_places_are_given_back(make_centre: Make) -> None:
    centre = make_centre()

    async def scenario(centre: SimulatedCentre) -> None:
        look = operations(centre)
        running = [look.trace(Trace()) for _ in range(FOLLOWERS_MAX)]
        for frames in running:
            assert isinstance(await anext(frames), TraceRows)
        assert isinstance(await anext(look.trace(Trace())), Refused)
        await running[0].aclose()
        assert isinstance(await anext(look.trace(Trace())), TraceRows)
        for frames in running[1:]:
            await frames.aclose()

    centre.run(scenario)


def test_a_slow_reader_is_told_how_many_messages_he_missed(make_centre: Make) -> None:
    centre = make_centre()

    async def scenario(centre: SimulatedCentre) -> None:
        frames = operations(centre).trace(Trace())
        assert isinstance(await anext(frames), TraceRows)
        flow = centre.phone("bob").endpoint.flow_to(TransportKind.UDP, SWITCH)
        for number in range(70 * 18):
            centre.messages.add(centre.clock.now(), False, flow, b"OPTIONS %d" % number + b"x" * 60_000)
        frame = await anext(frames)
        assert isinstance(frame, TraceRows)
        assert frame.lost > 100
        assert frame.lost + len(centre.messages) == 70 * 18
        await frames.aclose()

    centre.run(scenario)


def test_messages_of_a_call_in_progress_and_about_a_number_are_found(make_centre: Make) -> None:
    centre = make_centre()

    async def scenario(centre: SimulatedCentre) -> None:
        bob = centre.phone("bob")
        assert await bob.register() == 200
        bob.call("999", password="wrong")
        await centre.sleep(1)
        found = await operations(centre).messages(GetMessages(number="999"))
        assert isinstance(found, Messages)
        assert found.messages[0].message.startswith(b"INVITE")
        caller = centre.caller("+442071838750")
        caller.call(HOTLINE)
        await centre.sleep(0.5)
        (call_id,) = centre.controller.calls
        found = await operations(centre).messages(GetMessages(call_id=call_id))
        assert isinstance(found, Messages)
        assert [leg.party for leg in found.sip_legs] == ["trunk:provider", "bob"]
        assert len(found.messages) >= 4
        assert isinstance(await operations(centre).messages(GetMessages(call_id=CallId("gone"))), Refused)
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)
