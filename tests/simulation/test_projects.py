"""Two client companies, one dialplan: whose a call is, what it hears, and how many each may have."""

from pathlib import Path

import msgspec
import pytest

from softswitch.acd.events import ContactAbandoned as Abandoned
from softswitch.acd.events import ContactQueued as Queued
from softswitch.acd.inputs import ContactQueued, ContactWithdrawn
from softswitch.acd.model import Agent, Channel, Queue
from softswitch.acd.reporting.intervals import Intervals, fold_all
from softswitch.app.belongings import SwitchBelongings
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, CallId, ContactId, QueueId
from softswitch.calls.boosts import number_list
from softswitch.calls.callback_book import CallbackTerms
from softswitch.calls.caller_lists import CallerList
from softswitch.calls.settings import CallSettings, Extension, Project, QueueTreatment, RecordingPolicy, TrunkRoute
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived
from softswitch.store.schema import Cdr
from softswitch.testing.call import FakeSounds
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

ACME = Project(id="acme", name="Acme Ltd", language="ru", music="polka", calls_max=2, status_when_full=486)
BOLT = Project(id="bolt", name="Bolt GmbH", calling_number="+4930500", recording=RecordingPolicy.NEVER)
NUMBERS = {"100": "acme", "200": "bolt"}


class ProjectSounds(FakeSounds):
    """Whose file it is, in front of its name."""

    def __init__(self, project: str = "", own_music: str = "") -> None:
        self.project, self.own_music = project, own_music

    def resolve(self, name: str, language: str) -> str:
        return f"{self.project}/{language}/{name}"

    def music(self, name: str) -> str:
        return f"music {self.own_music or name}"

    def for_project(self, project: str, music: str) -> "ProjectSounds":
        return ProjectSounds(project, music)


@flow
async def hotline(call: Call) -> None:
    await call.play("greeting/welcome")
    await call.queue("support")


@flow
async def extension(call: Call) -> None:
    await call.dial(call.called_number)


@flow
async def of_others(call: Call) -> None:
    await call.queue("bolt.support")


def centre_of(
    directory: Path, *projects: Project, numbers: dict[str, str] | None = None, phones: tuple[Extension, ...] = ()
) -> SimulatedCentre:
    queues = {"acme.support": "acme", "bolt.support": "bolt", "support": ""}
    treatments = {name: QueueTreatment(project=owner, recording=None) for name, owner in queues.items()}
    trunk = TrunkRoute(name="provider", host="10.0.9.3", prefix="0")
    settings = CallSettings(
        domain=DOMAIN,
        media_ip="10.0.0.1",
        recordings_directory=str(directory),
        projects={each.id: each for each in projects or (ACME, BOLT)},
        queues=treatments,
        trunks=(trunk,),
    )
    return SimulatedCentre(
        directory,
        flows={"hotline": hotline, "extension": extension, "of_others": of_others},
        routes={"100": "hotline", "200": "hotline", "300": "hotline", "0!": "extension", "400": "of_others"},
        projects=NUMBERS if numbers is None else numbers,
        queues=[Queue(queue_id=QueueId(name), wrap_up_s=10.0) for name in queues],
        agents=[Agent(agent_id=AgentId("anna"), queues=(QueueId("acme.support"), QueueId("bolt.support")))],
        phones=phones,
        settings=settings,
        sounds=ProjectSounds(),
    )


def calls_from(centre: SimulatedCentre, caller: str, number: str) -> SimulatedPhone:
    phone = centre.caller(caller)
    phone.call(number)
    return phone


def by_caller(centre: SimulatedCentre) -> dict[str, Cdr]:
    return {cdr.calling_number: cdr for cdr in centre.cdrs()}


def test_one_flow_serves_both_each_in_its_own_queue_and_language(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, second = calls_from(centre, "+1", "100"), calls_from(centre, "+2", "200")
        await centre.sleep(5)
        calls = {call.record.calling_number: call for call in centre.controller.calls.values()}
        assert (calls["+1"].record.queue, calls["+2"].record.queue) == ("acme.support", "bolt.support")
        assert centre.project_calls.counts == {"acme": 1, "bolt": 1}
        played = str(centre.media_commands)
        assert "acme/ru/greeting/welcome" in played
        assert "bolt/en/greeting/welcome" in played
        assert "music polka" in played
        first.hang_up()
        second.hang_up()
        await centre.all_over()
        assert {number: cdr.project for number, cdr in by_caller(centre).items()} == {"+1": "acme", "+2": "bolt"}

    centre_of(tmp_path).run(scenario)


def test_a_call_to_a_number_of_nobody_is_that_of_the_queue_it_enters(tmp_path: Path) -> None:
    @flow
    async def to_acme(call: Call) -> None:
        await call.queue("acme.support")

    async def scenario(centre: SimulatedCentre) -> None:
        line = calls_from(centre, "+1", "300")
        await centre.sleep(5)
        (call,) = centre.controller.calls.values()
        assert (call.record.project, call.language) == ("acme", "en")
        line.hang_up()
        await centre.all_over()
        assert by_caller(centre)["+1"].project == "acme"

    centre = centre_of(tmp_path)
    centre.dialplan = type(centre.dialplan)(centre.dialplan.numbers, {"hotline": to_acme}, {})
    centre.run(scenario)


def test_a_further_call_is_refused_and_counted_and_the_others_untouched(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        lines = [calls_from(centre, f"+{number}", "100") for number in range(3)]
        other = calls_from(centre, "+9", "200")
        await centre.sleep(5)
        assert centre.project_calls.refused == {"acme": 1}
        assert centre.project_calls.counts == {"acme": 2, "bolt": 1}
        lines[0].hang_up()
        await centre.sleep(1)
        again = calls_from(centre, "+5", "100")
        await centre.sleep(5)
        assert centre.project_calls.counts == {"acme": 2, "bolt": 1}
        for line in (lines[1], other, again):
            line.hang_up()
        await centre.all_over()
        refused = by_caller(centre)["+2"]
        assert (refused.sip_status, refused.end_reason, refused.project) == (486, "rejected", "acme")
        assert refused.tags == {"refused": "max_calls"}

    centre_of(tmp_path).run(scenario)


def test_the_queue_of_another_project_is_no_place_for_a_call(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        calls_from(centre, "+1", "400")
        await centre.all_over()
        cdr = by_caller(centre)["+1"]
        assert 'the queue "bolt.support" belongs to project bolt, and this call is for acme' in cdr.fault

    centre_of(tmp_path, numbers={"400": "acme"}).run(scenario)


@pytest.mark.parametrize(("number", "recorded"), [("100", 1), ("200", 0)])
def test_whether_a_conversation_is_recorded_is_said_by_its_project(tmp_path: Path, number: str, recorded: int) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("anna")
        line = calls_from(centre, "+1", number)
        await centre.until(lambda: any(call.conversation for call in centre.controller.calls.values()))
        await centre.sleep(5)
        line.hang_up()
        await centre.all_over()
        recordings = list(centre.store.recordings.ascending())
        assert [each.project for each in recordings] == [NUMBERS[number]] * recorded

    centre_of(tmp_path).run(scenario)


def test_who_is_told_of_the_recording_is_told_once(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        line = calls_from(centre, "+1", "100")
        await centre.sleep(10)
        line.hang_up()
        await centre.all_over()
        assert str(centre.media_commands).count("acme/en/notice") == 1

    centre_of(tmp_path, Project(id="acme", recording_notice="notice")).run(scenario)


def test_what_an_agent_calls_while_he_wraps_up_is_for_the_same_project(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("anna")
        line = calls_from(centre, "+1", "200")
        await centre.until(lambda: any(call.conversation for call in centre.controller.calls.values()))
        line.hang_up()
        await centre.sleep(2)
        provider = centre.caller("0123")
        centre.phone("anna").call("0123", password="Secret-123")
        await centre.sleep(5)
        (call,) = centre.controller.calls.values()
        assert call.record.project == "bolt"
        (arrived,) = provider.seen(InviteReceived)
        assert isinstance(arrived, InviteReceived)
        assert arrived.calling_number == "+4930500"
        call.hang_up_from_outside("enough")
        await centre.all_over()
        centre.phone("anna").call("0123", password="Secret-123")
        await centre.sleep(5)
        (call,) = centre.controller.calls.values()
        assert call.record.project == "acme", "he wraps nothing up, and is acme's first"
        call.hang_up_from_outside("enough")
        await centre.all_over()

    phone = Extension(
        username="anna", agent_id=AgentId("anna"), projects=("acme", "bolt"), trunks=frozenset({"provider"})
    )
    centre_of(tmp_path, phones=(phone,)).run(scenario)


def test_whose_everything_is_while_it_happens(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        owners = SwitchBelongings(centre)
        acme, bolt = calls_from(centre, "+1", "100"), calls_from(centre, "+2", "200")
        await centre.sleep(5)
        calls = {call.record.calling_number: call.call_id for call in centre.controller.calls.values()}
        assert [owners.of_call(calls[number]) for number in ("+1", "+2")] == ["acme", "bolt"]
        assert [owners.of_contact(ContactId(calls[number])) for number in ("+1", "+2")] == ["acme", "bolt"]
        centre.acd.apply(ContactQueued(ContactId("mail"), QueueId("bolt.support"), channel=Channel.EMAIL))
        assert owners.of_contact(ContactId("mail")) == "bolt"
        assert [owners.of_queue(QueueId(name)) for name in ("acme.support", "support", "x")] == ["acme", "", None]
        assert [owners.of_phone(name) for name in ("hall", "sip:hall@" + DOMAIN, "anna", "x")] == [
            "bolt",
            "bolt",
            "",
            None,
        ]
        assert [owners.of_agent(AgentId(name)) for name in ("anna", "x")] == ["", None]
        assert owners.has_project("acme")
        assert not owners.has_project("acne")
        assert [number for number in ("100", "200", "300", "hall", "anna") if owners.may_reach("acme", number)] == [
            "100",
            "300",
            "anna",
        ]
        assert owners.of_call(CallId("x")) is owners.of_contact(ContactId("x")) is owners.of_callback("x") is None
        centre.acd.apply(ContactWithdrawn(ContactId("mail")))
        acme.hang_up()
        bolt.hang_up()
        await centre.all_over()

    centre = centre_of(tmp_path, phones=(Extension(username="hall", projects=("bolt",)),))
    centre.settings = msgspec.structs.replace(centre.settings, agent_projects={AgentId("anna"): ()})
    centre.run(scenario)


def test_who_is_transferred_stays_in_his_project_unless_the_number_is_of_another(tmp_path: Path) -> None:
    @flow
    async def on(call: Call) -> None:
        await call.transfer("300")

    async def scenario(centre: SimulatedCentre) -> None:
        line = calls_from(centre, "+1", "100")
        await centre.sleep(8)
        assert [call.record.project for call in centre.controller.calls.values()] == ["acme"]
        assert centre.project_calls.counts == {"acme": 1}
        line.hang_up()
        await centre.all_over()
        assert [(cdr.called_number, cdr.project) for cdr in centre.cdrs()] == [("100", "acme"), ("300", "acme")]

    centre = centre_of(tmp_path)
    flows = {**centre.dialplan.flows, "acme.hotline": on, "hotline": hotline}
    centre.dialplan = type(centre.dialplan)(centre.dialplan.numbers, flows, {})
    centre.run(scenario)


def test_events_of_a_call_in_a_queue_of_nobodys_are_its_projects(tmp_path: Path) -> None:
    @flow
    async def shared(call: Call) -> None:
        await call.queue("support")

    async def scenario(centre: SimulatedCentre) -> None:
        lines = [calls_from(centre, "+1", "100"), calls_from(centre, "+2", "300")]
        await centre.sleep(5)
        for line in lines:
            line.hang_up()
        await centre.all_over()
        told = {each.event.contact_id: each.project for each in centre.diary if isinstance(each.event, Queued)}
        abandoned = {each.event.contact_id: each.project for each in centre.diary if isinstance(each.event, Abandoned)}
        assert sorted(told.values()) == ["", "acme"]
        assert abandoned == told
        (interval,) = fold_all(centre.diary, Intervals(0.0, centre.clock.wall() + 1, None), centre.clock.wall())
        assert [tally.project for tally in interval.queues if tally.queue_id == "support"] == [""], "it is nobody's"

    centre = centre_of(tmp_path)
    centre.dialplan = type(centre.dialplan)(centre.dialplan.numbers, {"hotline": shared}, {})
    centre.settings = msgspec.structs.replace(
        centre.settings, queues={"support": QueueTreatment(), "bolt.support": QueueTreatment(project="bolt")}
    )
    centre.run(scenario)


def test_lists_and_call_backs_are_the_projects_own(tmp_path: Path) -> None:
    heard: list[str] = []

    @flow
    async def asks(call: Call) -> None:
        listed = call.listed("vip")
        heard.append("" if listed is None else listed.note)
        assert await call.request_callback("0123", "support")
        with pytest.raises(LocalError, match="belongs to project bolt"):
            call.listed("theirs")

    async def scenario(centre: SimulatedCentre) -> None:
        calls_from(centre, "+1", "100")
        await centre.sleep(3)
        (callback,) = centre.callbacks.listing()
        assert (callback.project, callback.queue_id) == ("acme", "acme.support")
        assert heard == ["ours"]
        assert not any(cdr.fault for cdr in centre.cdrs())
        centre.callbacks.cancel(callback.callback_id, "test")
        await centre.all_over()

    centre = centre_of(tmp_path)
    centre.dialplan = type(centre.dialplan)(centre.dialplan.numbers, {"hotline": asks}, {})
    lists = {
        "vip": CallerList(name="everybody's"),
        "acme.vip": CallerList(name="ours", numbers=number_list(["1"]), notes={"1": "ours"}, project="acme"),
        "theirs": CallerList(name="theirs", project="bolt"),
    }
    queues = {
        name: msgspec.structs.replace(treatment, callbacks=CallbackTerms())
        for name, treatment in centre.settings.queues.items()
    }
    centre.settings = msgspec.structs.replace(centre.settings, caller_lists=lists, queues=queues)
    centre.run(scenario)
