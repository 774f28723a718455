"""Calls whose parties want their sound encrypted, or cannot; and what the workers are told of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent, HangUp, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import PutStream, SrtpKeys, StreamDescription, WorkerStatistics
from softswitch.sip.description.sdes import Sdes, SrtpPolicy
from softswitch.sip.outputs import LegAnswered, LegFailed, ReinviteAnswered
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN

HOTLINE = "+18005550100"

Make = Callable[..., SimulatedCentre]


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number)


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    """One whose phones carl (110) and dora (111) are "preferred" and "required"; the trunk's calls are in the clear."""

    def make(**srtp_of_trunks: SrtpPolicy) -> SimulatedCentre:
        return SimulatedCentre(
            tmp_path,
            flows={"colleague": colleague},
            routes={"!": "colleague"},
            queues=[Queue(queue_id=QueueId("support"), name="", skills={}, overflow=HangUp())],
            agents=[Agent(agent_id=AgentId("ann"), name="", skills={}, queues=None)],
            phones=[
                Extension(username="carl", number="110", srtp="preferred"),
                Extension(username="dora", number="111", srtp="required"),
            ],
            settings=CallSettings(
                domain=DOMAIN, media_ip="10.0.0.1", recordings_directory=str(tmp_path), srtp_of_trunks=srtp_of_trunks
            ),
        )

    return make


def described(centre: SimulatedCentre) -> dict[str, list[StreamDescription]]:
    """Every description of each stream that knew its party, by that party's address."""
    streams: dict[str, list[StreamDescription]] = {}
    for command in centre.media_commands:
        if isinstance(command, PutStream) and command.stream.remote is not None:
            streams.setdefault(command.stream.remote.host, []).append(command.stream)
    return streams


def test_each_side_of_a_call_is_encrypted_by_itself_and_its_keys_outlast_hold(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        dora, caller = centre.phone("dora"), centre.caller("+15550123")
        dora.sdes = Sdes("preferred", centre.entropy)
        assert await dora.register() == 200
        caller.call("111")
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        dora.hold("sendonly")
        await centre.until(lambda: len(dora.seen(ReinviteAnswered)) == 1)
        dora.hold("sendrecv")
        await centre.until(lambda: len(dora.seen(ReinviteAnswered)) == 2)
        caller.hang_up()
        await centre.all_over()
        streams = described(centre)
        assert [each.srtp for each in streams[caller.address.host]] == [None]
        agreed = [each.srtp for each in streams[dora.address.host]]
        assert len(agreed) == 3
        assert isinstance(agreed[0], SrtpKeys)
        assert agreed == agreed[:1] * 3

    centre().run(scenario)


def test_a_preference_is_met_where_the_other_side_can_and_dropped_where_not(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl = centre.phone("carl")
        assert await carl.register() == 200
        for able in (False, True):
            carl.sdes = Sdes("preferred", centre.entropy) if able else Sdes("off")
            caller = centre.caller("+15550123" if able else "+15550124")
            caller.call("110")
            await centre.until(lambda caller=caller: bool(caller.seen(LegAnswered)))
            caller.hang_up()
            await centre.all_over()
        assert [each.srtp is not None for each in described(centre)[carl.address.host]] == [False, True]

    centre().run(scenario)


def test_who_must_have_srtp_and_has_not_is_told_so_in_a_warning(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call("110")
        await centre.until(lambda: bool(caller.seen(LegFailed)))
        (failed,) = caller.seen(LegFailed)
        assert isinstance(failed, LegFailed)
        assert (failed.status, failed.reason) == (488, "SRTP Required")
        answers = [each.message for each in centre.network.transcript if each.message.startswith(b"SIP/2.0 488")]
        assert answers
        assert f'Warning: 399 {DOMAIN} "only encrypted sound'.encode().lower() in answers[0].lower()
        await centre.all_over()

    centre(provider="required").run(scenario)


def test_when_every_worker_has_enough_to_do_callers_are_asked_to_come_again(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.sleep(1)
        caller = centre.caller("+15550123")
        for cpu in (0.95, 0.2):
            centre.worker.emit(WorkerStatistics(0, 0, 0.0, 0.0, 0, 0, 0, 0, 0.0, cpu))
            await centre.sleep(1)
            caller.call("110")
            await centre.sleep(5)
        refused, unreachable = caller.seen(LegFailed)
        assert isinstance(refused, LegFailed)
        assert (refused.status, refused.retry_after) == (503, 5)
        assert isinstance(unreachable, LegFailed)
        assert unreachable.status == 480
        await centre.all_over()

    centre().run(scenario)
