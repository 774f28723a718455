"""`softswitch calls why` over a store on disk, with no switch running."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from softswitch.base.ids import CallId
from softswitch.cli.main import main
from softswitch.store import open_store
from softswitch.store.schema import Cdr, Forwarded, StoredTrace, TrunkTry
from softswitch.testing.traced_call import AT, LEGS, refused_call

CALL_ID = CallId("bac48bfd64bae48a2b94fa3a")


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(tmp_path))
    (tmp_path / "softswitch.toml").write_text("")
    store = open_store(str(tmp_path / "store"), report=pytest.fail)
    refused = Cdr(
        call_id=CALL_ID,
        started_at=AT,
        ended_at=AT + 0.6,
        calling_number="+442071838750",
        called_number="100",
        flow="hotline",
        end_reason="rejected",
        ended_by="switch",
        sip_status=480,
        sip_legs=LEGS,
    )
    store.end_call(refused)
    store.traces.put((AT, CALL_ID), StoredTrace(call_id=CALL_ID, started_at=AT, messages=tuple(refused_call())))
    completed = msgspec.structs.replace(
        refused,
        call_id=CallId("c2c2c2c2"),
        started_at=AT + 60,
        answered_at=AT + 61,
        ended_at=AT + 90,
        end_reason="completed",
        sip_status=200,
        sip_legs=(),
    )
    store.end_call(completed)
    faulty = msgspec.structs.replace(
        completed,
        call_id=CallId("f3f3f3f3"),
        started_at=AT - 60,
        fault="Traceback:\n  boom",
        end_reason="failed",
        called_number="200",
    )
    store.end_call(faulty)
    outward = msgspec.structs.replace(
        refused,
        call_id=CallId("d4d4d4d4"),
        started_at=AT - 90,
        called_number="101",
        sip_legs=(),
        forwards=(Forwarded(at=AT, by="101", to="+4420", reason="no_answer"),),
        trunks=(
            TrunkTry(trunk="one", status=503, reason="all 2 channels are in use"),
            TrunkTry(trunk="two", status=0, reason="no response"),
            TrunkTry(trunk="three", status=200),
        ),
        transferred_by="ann",
        transferred_to="110",
        linked_calls=(CALL_ID, CallId("c2c2c2c2")),
        tags={"refused": "phone:anna: this number is not permitted"},
    )
    store.end_call(outward)
    store.commit().result(5)
    store.close()
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["calls", "why", *arguments])


@pytest.mark.parametrize("wanted", ["last", "bac4", CALL_ID, "one@provider", "two"])
def test_a_refused_call_of_yesterday_is_explained(wanted: str) -> None:
    result = run(wanted)
    assert (result.exit_code, result.stderr) == (0, "")
    for expected in (
        f"call        {CALL_ID}",
        "from        +442071838750",
        "through     flow hotline",
        "why         anna refused the call: 486 Busy Here.",
        "cause       Q.850 17 User busy",
        "what to do  Busy: nothing is wrong.",
        "leg         called anna  Call-ID two  486 Busy Here",
        "INVITE sdp",
    ):
        assert expected in result.stdout
    assert ["trunk:provider", "softswitch", "anna"] in [line.split() for line in result.stdout.splitlines()]
    assert all(len(line) <= 80 for line in result.stdout.splitlines() if "│" in line and "Q.850" not in line)


def test_the_newest_call_of_a_number_is_meant() -> None:
    assert json.loads(run("+442071838750", "--json").stdout)["facts"]["call_id"] == "c2c2c2c2"
    assert json.loads(run("200", "--json").stdout)["facts"]["call_id"] == "f3f3f3f3"


def test_a_fault_is_shown_and_missing_messages_are_said_to_be_missing() -> None:
    text = run("f3f3").stdout
    assert "  boom" in text
    assert "Its messages are not there" in text


def test_where_it_was_forwarded_which_trunks_were_tried_and_which_limit_was_met() -> None:
    lines = run("d4d4").stdout.splitlines()
    for expected in (
        "transferred by ann to 110",
        f"linked to   {CALL_ID} c2c2c2c2",
        "forwarded   by 101 to +4420 (no answer)",
        "trunk       one: 503 all 2 channels are in use",
        "trunk       two: no response",
        "trunk       three: 200",
        "limit       phone:anna: this number is not permitted",
    ):
        assert expected in lines


def test_what_to_do_is_wrapped_to_the_terminal() -> None:
    lines = run("d4d4").stdout.splitlines()
    begins = next(number for number, line in enumerate(lines) if line.startswith("what to do"))
    assert len(lines[begins]) <= 80
    assert lines[begins + 1].startswith(" " * 12)
    assert not lines[begins + 2].startswith(" ")


def test_json_is_one_object_with_every_step() -> None:
    document = json.loads(run(CALL_ID, "--json").stdout)
    assert document["refused_by"] == "anna"
    assert [step["label"] for step in document["steps"]][:2] == ["INVITE", "100 Trying"]
    assert document["messages_from"] == "store"


def test_nothing_found_says_where_was_searched() -> None:
    result = run("nobody")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no switch is running" in result.stderr


def test_without_a_store_it_is_one_line(directory: Path) -> None:
    for file in (directory / "store").iterdir():
        file.unlink()
    assert run("last").exit_code == 1
