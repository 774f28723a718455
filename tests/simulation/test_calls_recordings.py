"""What is recorded of a call, and what is left out: policies, masks, files begun on demand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.settings import CallSettings, QueueTreatment, RecordingPolicy
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import Recording, StartRecording
from softswitch.store.schema import RecordingMask, StoredRecording
from softswitch.testing.runtime.centre import SimulatedCentre

Make = Callable[..., SimulatedCentre]


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def refused(call: Call) -> None:
    await call.queue("support", record=False)


@flow
async def payment(call: Call) -> None:
    await call.start_recording()
    await call.pause(10)
    await call.mask_recording(5)
    await call.pause(10)
    await call.mask_recording()
    await call.pause(2)
    await call.resume_recording()
    await call.queue("support")
    await call.pause(3)
    await call.stop_recording()
    await call.pause(3)


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    def make(
        policy: RecordingPolicy = RecordingPolicy.ALWAYS, number: RecordingPolicy | None = None
    ) -> SimulatedCentre:
        settings = CallSettings(
            domain="centre.test",
            media_ip="10.0.0.1",
            recordings_directory="/nowhere",
            mask_max_s=30.0,
            queues={"support": QueueTreatment(recording=policy, beep_every_s=15.0)},
        )
        return SimulatedCentre(
            tmp_path,
            flows={each.__name__: each for each in (support, refused, payment)},
            routes={"100": "support", "200": "refused", "300": "payment"},
            queues=[Queue(queue_id=QueueId("support"), skills={"support": 3})],
            agents=[Agent(agent_id=AgentId("ann"), skills={"support": 5})],
            settings=settings,
            record=None if number is None else number.value,
        )

    return make


async def talking(centre: SimulatedCentre, number: str = "100", talk_s: float = 20.0) -> ActiveCall:
    """A call whose caller talks to Ann for `talk_s` seconds from now on."""
    await centre.log_in("ann")
    centre.phone("ann").talk_s = talk_s
    centre.caller("+15550123").call(number)
    await centre.until(lambda: any(call.conversation for call in centre.controller.calls.values()))
    await centre.sleep(0.1)  # the worker is told
    (call,) = centre.controller.calls.values()
    return call


def files(centre: SimulatedCentre) -> list[StoredRecording]:
    return list(centre.store.recordings.ascending())


def described(centre: SimulatedCentre) -> Recording:
    (recording,) = centre.worker.description.recordings.values()
    return recording


def test_a_masked_conversation_says_so_in_the_index_and_goes_on_by_itself(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        await centre.sleep(4)
        now = centre.clock.now()
        assert call.recordings.mask(6.0, "operator otto") == 6.0
        assert call.recordings.is_masked
        await centre.sleep(1)
        assert described(centre).masked_until == pytest.approx(now + 6.0)
        assert described(centre).beep_every_s == 15.0
        await centre.sleep(6)
        assert not call.recordings.is_masked
        await centre.all_over()
        (file,) = files(centre)
        (mask,) = file.masks
        assert (mask.from_s, mask.until_s) == pytest.approx((4.0, 10.0), abs=0.2)
        assert mask.by == "operator otto"
        assert (file.agent, file.queue) == ("ann", "support")

    centre().run(scenario)


def test_a_mask_is_no_longer_than_the_settings_allow_and_ends_with_the_call(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        assert call.recordings.mask(None, "flow") == 30.0
        assert call.recordings.mask(3600.0, "flow") == 30.0
        await centre.all_over()
        (file,) = files(centre)
        assert file.masks[-1].until_s == pytest.approx(file.duration_s, abs=0.5)

    centre().run(scenario)


def test_the_mask_holds_in_the_worker_that_takes_over(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        call.recordings.mask(10.0, "flow")
        await centre.sleep(1)
        centre.worker_dies()
        await centre.sleep(1)
        centre.worker_returns()
        await centre.until(lambda: bool(centre.worker.description.recordings))
        assert described(centre).masked_until == call.recordings.masked_until
        await centre.all_over()

    centre().run(scenario)


def test_a_flow_records_the_whole_call_with_whoever_joins_and_masks_it(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre, "300")
        assert described(centre).right is not None
        await centre.until(lambda: call.conversation is None)
        await centre.sleep(0.1)
        assert described(centre).right is None
        await centre.all_over()
        (file,) = files(centre)
        assert file.duration_s == pytest.approx(10 + 10 + 2 + 20 + 3, abs=3)
        assert file.agent == "ann"
        rounded = [RecordingMask(from_s=round(m.from_s), until_s=round(m.until_s), by=m.by) for m in file.masks]
        assert rounded == [
            RecordingMask(from_s=10, until_s=15, by="flow"),
            RecordingMask(from_s=20, until_s=22, by="flow"),
        ]
        (cdr,) = centre.cdrs()
        assert cdr.recordings == (file.path,)

    centre().run(scenario)


def test_on_demand_means_when_somebody_asks(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        await centre.sleep(5)
        assert not centre.worker.description.recordings
        assert call.recordings.start()
        assert call.recordings.start(), "asking twice is fine"
        await centre.sleep(5)
        call.recordings.stop()
        await centre.all_over()
        (file,) = files(centre)
        assert file.duration_s == pytest.approx(5, abs=0.2)

    centre(RecordingPolicy.ON_DEMAND).run(scenario)


@pytest.mark.parametrize("number", ["100", "200"])
def test_what_is_never_recorded_is_not_even_on_demand(centre: Make, number: str) -> None:
    """By the queue's policy, or because the flow says that this caller does not want it."""

    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre, number)
        assert not call.recordings.start()
        await centre.all_over()
        assert files(centre) == []

    centre(RecordingPolicy.NEVER if number == "100" else RecordingPolicy.ALWAYS).run(scenario)


@pytest.mark.parametrize("policy", [RecordingPolicy.ALWAYS, RecordingPolicy.NEVER])
def test_the_number_called_decides_over_the_queue(centre: Make, policy: RecordingPolicy) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        assert call.recordings.is_compulsory is (policy is RecordingPolicy.ALWAYS)
        await centre.all_over()
        assert bool(files(centre)) is (policy is RecordingPolicy.ALWAYS)

    other = RecordingPolicy.NEVER if policy is RecordingPolicy.ALWAYS else RecordingPolicy.ALWAYS
    centre(other, policy).run(scenario)


def test_a_caller_who_hangs_up_ends_the_recording_of_his_call(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call("300")
        await centre.until(lambda: any(isinstance(c, StartRecording) for c in centre.media_commands))
        await centre.sleep(5)
        caller.hang_up()
        await centre.all_over()
        (file,) = files(centre)
        assert file.duration_s == pytest.approx(5, abs=0.5)

    centre().run(scenario)


def test_a_file_that_could_not_be_begun_is_not_said_to_be_recorded(centre: Make) -> None:
    """Masking changes recordings that are there, and one that is refused can be asked for again."""

    async def scenario(centre: SimulatedCentre) -> None:
        carry_out = centre.worker.refuse
        centre.worker.refuse = lambda command: (
            "no space left on device" if isinstance(command, StartRecording) else carry_out(command)
        )
        call = await talking(centre)
        assert call.recordings.current is None
        centre.worker.refuse = carry_out
        call.recordings.mask(2.0, "operator otto")
        await centre.sleep(0.1)
        assert centre.worker.description.recordings == {}
        assert call.recordings.start()
        await centre.sleep(0.1)
        assert described(centre) == call.recordings.current
        await centre.all_over()
        first, second = files(centre)
        assert (first.fault, first.size_bytes, second.fault) == ("no space left on device", 0, "")

    centre().run(scenario)
