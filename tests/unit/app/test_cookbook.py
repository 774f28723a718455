"""Every recipe of docs/cookbook.md does what it says: its TOML passes the check, its Python runs as a script tells."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from softswitch.app.settings import read
from softswitch.base.errors import ConfigurationError
from softswitch.calls.outcomes import (
    ConferenceOutcome,
    ConferenceReason,
    DialOutcome,
    DialReason,
    LookupAnswer,
    QueueOutcome,
    QueueReason,
    RecordedMessage,
    StreamOutcome,
    StreamReason,
)
from softswitch.calls.settings import Project
from softswitch.calls.voice_box import VoiceBox
from softswitch.cli.check import checked_configuration
from softswitch.dialplan.flows import Dialplan
from softswitch.store.schema import StoredPhone
from softswitch.testing.call import FakeCall
from softswitch.testing.clock import ManualClock
from tests.unit.app.cookbook import PAGE, Recipe, recipes, write_centre

RECIPES = {recipe.name: recipe for recipe in recipes(PAGE.read_text())}
AT_LEAST = 40

SERVED = QueueOutcome(reason=QueueReason.ANSWERED, queue="sales", agent="anna", talk_s=60.0)
CLOSED = QueueOutcome(reason=QueueReason.CLOSED, queue="sales")
FULL = QueueOutcome(reason=QueueReason.FULL, queue="sales")
TALKED = DialOutcome(reason=DialReason.ANSWERED, target="101", talk_s=60.0)
BUSY = DialOutcome(reason=DialReason.BUSY, target="101")
MISSED = DialOutcome(reason=DialReason.NO_ANSWER, target="101")
SAID = RecordedMessage(path="said.wav", duration_s=5.0, size_bytes=1, ended_by="#")
FOUND_OUT = StreamOutcome(reason=StreamReason.STOPPED, program="bot", result={"wants": "sales", "order": "4711"})
LOST_BOT = StreamOutcome(reason=StreamReason.LOST, program="bot", fault="the connection broke")
EVA = "+15550100"
TALKED_ON = msgspec.structs.replace(TALKED, is_time_over=True)
HAS_BOX = {"boxes": [VoiceBox(box="anna", number="101", owner="anna")]}
NIGHT = 1_699_920_000.0
"""Midnight before a Tuesday, UTC."""
NOON = NIGHT + 12 * 3600


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a flow: what the caller does, and what is to come of it (`answer` is left out)."""

    flow: str
    heard: Sequence[str]
    digits: str = ""
    outcomes: Sequence[Any] = ()
    how: Mapping[str, Any] = {}
    """What else `FakeCall` is given."""
    at_wall: float = NOON
    tags: Mapping[str, str] = {}
    scores: Mapping[str, int] = {}
    boost_s: float = 0.0
    requirement: str = ""
    skills: Mapping[str, int] = {}
    record: bool | None = None


SCRIPTS: dict[str, list[Script]] = {
    "A bot finds out what a caller wants": [
        Script(
            flow="shop",
            heard=["stream bot", "queue sales"],
            outcomes=[FOUND_OUT, SERVED],
            tags={"order": "4711"},
        ),
        Script(flow="shop", heard=["stream bot", "queue support"], outcomes=[LOST_BOT, SERVED]),
    ],
    "Conversations are written down while they last": [
        Script(
            flow="support",
            heard=["play queue/recording-notice", "start_stream notes both", "queue support"],
            outcomes=[SERVED],
        ),
    ],
    "Who calls while we are closed pays nothing for hearing so": [
        Script(flow="shop", heard=["play greeting/welcome", "queue sales"], outcomes=[SERVED]),
        Script(flow="shop", heard=["play greeting/closed", "reject 480"], at_wall=NIGHT),
    ],
    "Something is announced until a certain day": [
        Script(
            flow="shop",
            heard=["play text Until the seventh of January all bears are half price.", "queue sales"],
            outcomes=[SERVED],
        ),
        Script(flow="shop", heard=["queue sales"], outcomes=[SERVED], at_wall=1_900_000_000.0),
    ],
    "Callers hear until when we are open": [
        Script(flow="hours", heard=["play text We are open time 09:00 text to time 18:00"]),
    ],
    "A menu in Python, with what needs thought": [
        Script(
            flow="main",
            heard=["play menu/sales-or-support", "queue sales"],
            digits="1",
            outcomes=[SERVED],
            tags={"chosen": "1"},
        ),
        Script(
            flow="main",
            heard=["play menu/sales-or-support", "play menu/sales-or-support", "queue support"],
            outcomes=[SERVED],
            tags={"chosen": "by default"},
        ),
        Script(flow="main", heard=["play menu/sales-or-support", "transfer 100"], digits="0"),
    ],
    "Callers leave a meter reading by keypad": [
        Script(
            flow="meter",
            heard=[
                "play text Your customer number, please",
                "play text Your reading, please",
                "play digits 4711 text If that is right, press one.",
                "look_up readings customer=17 reading=4711",
                "play greeting/thank-you",
            ],
            digits="17#4711#1",
            outcomes=[LookupAnswer(fields={"ok": True})],
        ),
        Script(
            flow="meter",
            heard=[
                "play text Your customer number, please",
                "play text Your reading, please",
                "play digits 4711 text If that is right, press one.",
            ],
            digits="17#4711#2",
        ),
        Script(
            flow="meter",
            heard=[
                "play text Your customer number, please",
                "play text Your reading, please",
                "play digits 4711 text If that is right, press one.",
                "look_up readings customer=17 reading=4711",
                "play fault/technical",
            ],
            digits="17#4711#1",
            outcomes=[LookupAnswer(fault="no answer")],
        ),
    ],
    "Callers hear their balance": [
        Script(
            flow="balance",
            heard=["look_up billing", "play text Your balance is money 12.50 USD"],
            outcomes=[LookupAnswer(fields={"balance": "12.50"})],
        ),
        Script(flow="balance", heard=["look_up billing", "queue support"], outcomes=[LookupAnswer(), SERVED]),
    ],
    "Who speaks the caller's language answers": [
        Script(
            flow="support",
            heard=["play shop/languages", "queue support"],
            digits="2",
            outcomes=[SERVED],
            requirement="german >= 3",
        ),
    ],
    "Another way for each reason of not being served": [
        Script(
            flow="sales",
            heard=["queue sales", "play survey/question", "play survey/thanks"],
            digits="4",
            outcomes=[SERVED],
            scores={"satisfaction": 4},
        ),
        Script(flow="sales", heard=["queue sales", "play greeting/closed"], outcomes=[CLOSED]),
        Script(
            flow="sales",
            heard=[
                "queue sales",
                "play voicemail/leave-message",
                "play tone beep",
                "record",
                "play voicemail/saved greeting/goodbye",
            ],
            outcomes=[FULL, SAID],
            tags={"message": "said.wav"},
        ),
    ],
    "First the desk, then the mobile as well": [
        Script(flow="anna", heard=["dial 101 +15550123 delayed through 101"], outcomes=[TALKED]),
        Script(
            flow="anna",
            heard=[
                "dial 101 +15550123 delayed through 101",
                "play voicemail/person-at digits 101 voicemail/cannot-answer voicemail/leave-message",
                "play tone:beep",
                "record",
                "play voicemail/review",
                "play voicemail/saved",
            ],
            outcomes=[MISSED, SAID],
            how=HAS_BOX,
            tags={"voicemail": "anna message-1"},
        ),
    ],
    "Whoever is called hears who it is and may decline": [
        Script(
            flow="doctor",
            heard=[
                "play text Please say your name, then press the pound key.",
                "play tone beep",
                "record",
                "dial 101 screened",
            ],
            outcomes=[SAID, TALKED],
        ),
        Script(
            flow="doctor",
            heard=[
                "play text Please say your name, then press the pound key.",
                "play tone beep",
                "record",
                "dial 101 screened",
                "play voicemail/leave-message",
                "play tone beep",
                "record",
                "play voicemail/saved greeting/goodbye",
            ],
            outcomes=[SAID, MISSED, SAID],
            tags={"message": "said.wav"},
        ),
    ],
    "Free conversations end after ten minutes": [
        Script(flow="advice", heard=["dial 101 600s"], outcomes=[TALKED]),
        Script(
            flow="advice",
            heard=["dial 101 600s", "play survey/question", "play survey/thanks"],
            digits="3",
            outcomes=[TALKED_ON],
            scores={"advice": 3},
        ),
    ],
    "The provider connects the caller elsewhere, and the line is free": [
        Script(flow="moved", heard=["play text We have moved. You are being connected.", "send_away +493012345678"]),
        Script(
            flow="moved",
            heard=[
                "play text We have moved. You are being connected.",
                "send_away +493012345678",
                "dial +493012345678 through 100",
            ],
            outcomes=[TALKED],
            how={"sends_away": False},
        ),
    ],
    "A busy number is not the end": [
        Script(flow="boss", heard=["dial 101", "play connect/busy", "dial 100"], outcomes=[BUSY, TALKED]),
        Script(flow="boss", heard=["dial 101", "reject 480"], outcomes=[MISSED]),
    ],
    "One number for people and for fax machines": [
        Script(flow="to_fax", heard=["dial 190"], outcomes=[TALKED], tags={"fax_machine": "answered"}),
    ],
    "Who is busy or away takes a message": [
        Script(flow="anna", heard=["dial 101"], outcomes=[TALKED]),
        Script(
            flow="anna",
            heard=[
                "dial 101",
                "play voicemail/person-at digits 101 voicemail/on-the-phone voicemail/leave-message",
                "play tone:beep",
                "record",
                "play voicemail/review",
                "play voicemail/saved",
            ],
            outcomes=[BUSY, SAID],
            how=HAS_BOX,
            tags={"voicemail": "anna message-1", "message": "message-1"},
        ),
    ],
    "Who finds the room full talks to reception": [
        Script(
            flow="meeting",
            heard=["conference board", "dial 100"],
            outcomes=[ConferenceOutcome(reason=ConferenceReason.FULL), TALKED],
        ),
        Script(flow="meeting", heard=["conference board"], outcomes=[ConferenceOutcome(reason=ConferenceReason.ENDED)]),
    ],
    "A trainer follows one agent through the day": [
        Script(flow="follow_anna", heard=["supervise 101 listen follow"], how={"phone": StoredPhone(username="chief")}),
        Script(flow="follow_anna", heard=["supervise 101 listen follow", "play phone/not-possible"]),
    ],
    "Who calls at night is called back in the morning": [
        Script(
            flow="night",
            heard=["play greeting/closed callback/confirm", "request_callback  sales", "play callback/promised"],
            digits="1",
        ),
        Script(flow="night", heard=["play greeting/closed callback/confirm"]),
    ],
    "Callers rate the call": [
        Script(
            flow="support",
            heard=["queue support", "play survey/question", "play survey/thanks"],
            digits="5",
            outcomes=[SERVED],
            scores={"satisfaction": 5},
        ),
    ],
    "Several questions, and a comment": [
        Script(
            flow="support",
            heard=[
                "queue support",
                "play survey/invitation survey/some-questions",
                "play survey/solved",
                "play survey/satisfaction",
                "play survey/recommend",
                "play survey/comment",
                "play tone beep",
                "record",
                "play survey/thank-you",
            ],
            digits="149",
            outcomes=[SERVED, SAID],
            scores={"solved": 1, "satisfaction": 4, "recommend": 9},
            tags={"comment": "said.wav"},
        ),
    ],
    "Some numbers are refused": [
        Script(flow="shop", heard=["reject 603"], how={"lists": {"blocked": {EVA: ""}}}),
        Script(flow="shop", heard=["queue sales"], outcomes=[SERVED], how={"lists": {"blocked": {}}}),
    ],
    "Callers take themselves off our lists": [
        Script(
            flow="no_more_calls",
            heard=[
                "play shop/press-one-for-no-more-calls",
                "enlist no-more-calls +15550100",
                "play text You will not be called again.",
            ],
            digits="1",
            how={"lists": {"no-more-calls": {}}},
        ),
        Script(
            flow="no_more_calls",
            heard=["play shop/press-one-for-no-more-calls", "play shop/press-one-for-no-more-calls"],
            how={"lists": {"no-more-calls": {}}},
        ),
    ],
    "The CRM says who calls": [
        Script(
            flow="support",
            heard=["look_up crm", "queue support"],
            outcomes=[LookupAnswer(fields={"id": "C-17", "vip": True, "agent": "anna"}), SERVED],
            boost_s=120,
            tags={"customer": "C-17"},
        ),
        Script(
            flow="support",
            heard=["look_up crm", "queue support"],
            outcomes=[LookupAnswer(), SERVED],
            tags={"customer": ""},
        ),
    ],
    "Callers from one region reach their own team": [
        Script(
            flow="support",
            heard=["queue support"],
            outcomes=[SERVED],
            how={"regions": {"+1555": "bavaria"}},
            skills={"bavarian": 1},
        ),
        Script(flow="support", heard=["queue support"], outcomes=[SERVED]),
    ],
    "A caller hears his own name": [
        Script(
            flow="shop",
            heard=["play text Good day, Eva.", "queue sales"],
            outcomes=[SERVED],
            how={"lists": {"customers": {EVA: "Eva"}}},
        ),
        Script(flow="shop", heard=["queue sales"], outcomes=[SERVED], how={"lists": {"customers": {}}}),
    ],
    "Callers are asked whether they may be recorded": [
        Script(
            flow="advice", heard=["play shop/may-we-record", "queue sales"], digits="1", outcomes=[SERVED], record=True
        ),
        Script(
            flow="advice",
            heard=["play shop/may-we-record", "play shop/may-we-record", "queue sales"],
            outcomes=[SERVED],
            record=False,
        ),
    ],
    "A card number is in no recording": [
        Script(
            flow="pay",
            heard=["start_recording", "mask_recording 60", "play shop/card-number", "resume_recording"],
            digits="4111111111111111",
            tags={"card": "given"},
        ),
        Script(
            flow="pay",
            heard=["start_recording", "mask_recording 60", "play shop/card-number", "resume_recording"],
            digits="4111",
            tags={"card": "not given"},
        ),
    ],
    "One client's greeting is longer": [
        Script(
            flow="client_line",
            heard=["play greeting/welcome", "play text Ask for our new catalogue.", "queue sales"],
            outcomes=[SERVED],
            how={"project": Project(id="toys")},
        ),
        Script(flow="client_line", heard=["play greeting/welcome", "queue sales"], outcomes=[SERVED]),
    ],
}
"""By the headings of the recipes that have Python."""


def script_ids() -> list[tuple[str, int]]:
    return [(name, place) for name, scripts in SCRIPTS.items() for place in range(len(scripts))]


def loaded(directory: Path, recipe: Recipe) -> Dialplan:
    write_centre(directory, recipe)
    checked_configuration(str(directory))
    return read(str(directory))[1]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_passes_the_check(tmp_path: Path, name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.files or recipe.python, "there is nothing to cook with"
    loaded(tmp_path, recipe)


@pytest.mark.parametrize(("name", "place"), script_ids())
def test_python_runs_as_its_script_tells(tmp_path: Path, name: str, place: int) -> None:
    script = SCRIPTS[name][place]
    dialplan = loaded(tmp_path, RECIPES[name])
    call = FakeCall(digits=script.digits, outcomes=script.outcomes, **script.how)
    call.clock = ManualClock(wall=script.at_wall)
    call.run(dialplan.flows[script.flow], flows=dialplan.flows, schedules=dialplan.schedules)
    assert [line for line in call.transcript if line != "answer"] == script.heard
    assert (call.record.tags, call.record.scores) == (script.tags, script.scores)
    if call.queue_wishes:
        wishes = call.queue_wishes[-1]
        asked = wishes.boost_s, wishes.requirement, wishes.skills, wishes.record
        assert asked == (script.boost_s, script.requirement, script.skills, script.record)


def test_all_python_has_a_script_and_no_script_is_left_over() -> None:
    assert {name for name, recipe in RECIPES.items() if recipe.python} == SCRIPTS.keys()


def test_every_flow_of_a_recipe_is_run_by_some_script() -> None:
    for name, scripts in SCRIPTS.items():
        flows = re.findall(r"^@flow\nasync def (\w+)", RECIPES[name].python, re.MULTILINE)
        assert set(flows) == {script.flow for script in scripts}, name


def test_there_are_as_many_as_promised_and_each_once() -> None:
    headings = re.findall(r"^### (.*)$", PAGE.read_text(), re.MULTILINE)
    assert len(headings) == len(set(headings)) >= AT_LEAST
    assert headings == list(RECIPES)


def test_recipes_are_short() -> None:
    for recipe in RECIPES.values():
        for text in (*recipe.files.values(), recipe.python):
            assert len([line for line in text.splitlines() if line.strip()]) <= 20, recipe.name


def test_groups_of_recipes_are_all_in_the_list_at_the_top() -> None:
    page = PAGE.read_text()
    groups = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert re.findall(r"\[([^\]]+)\]\(#", page.partition("\n## ")[0]) == groups


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ('### A\n```toml\n# queues.toml\n[[queue]]\nid = "x"\nmusik = "harp"\n```\n', "musik"),
        ('### A\n```toml\n# queues.toml\n[[queue]]\nid = "x"\noverflow = "flow:nobody"\n```\n', "nobody"),
        ('### A\n```toml\n# numbers.toml\n[[route]]\nnumber = "5"\nflow = "nobody"\n```\n', "nobody"),
        ("### A\n```python\nfrom softswitch.dialplan import Call, flaw\n```\n", "flaw"),
    ],
)
def test_a_recipe_that_does_not_fit_is_found(tmp_path: Path, page: str, fault: str) -> None:
    (recipe,) = recipes(page)
    with pytest.raises(ConfigurationError, match=fault):
        loaded(tmp_path, recipe)


@pytest.mark.parametrize("page", ['### A\n```toml\n[[queue]]\nid = "x"\n```\n', "### A\n```\nqueue\n```\n"])
def test_a_block_that_belongs_nowhere_is_found(page: str) -> None:
    with pytest.raises(ValueError, match=r"no file is named|no language"):
        list(recipes(page))
