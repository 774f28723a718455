"""`softswitch simulate` over a configuration and a store on disk, with no switch running."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.cli.main import main
from softswitch.store import open_store
from softswitch.store.schema import Cdr

AT = 1_700_000_000.0


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(tmp_path))
    (tmp_path / "softswitch.toml").write_text("")
    (tmp_path / "queues.toml").write_text(
        '[[queue]]\nid = "sales"\nskills = {sales = 3}\n[[queue]]\nid = "support"\nskills = {support = 3}\n'
    )
    (tmp_path / "agents.toml").write_text(
        '[[agent]]\nid = "anna"\npassword = "fd8e31c0a2b94f77"\nskills = {sales = 5}\n'
        '[[agent]]\nid = "boris"\npassword = "fd8e31c0a2b94f77"\nskills = {sales = 5, support = 5}\n'
    )
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["simulate", *arguments])


def report(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.output)
    return document


def test_a_report_for_people(directory: Path) -> None:
    result = run("--calls", "60", "--hours", "2", "--queue", "sales", "--agents", "sales=4")
    assert result.exit_code == 0, result.output
    assert "60 calls in 1:59:40" in result.output
    for words in ("Level: answered within T", "sales.1", "sales: 60 calls, 4.0 agents", "Erlang A"):
        assert words in result.output


def test_it_is_not_for_one_project(directory: Path) -> None:
    result = CliRunner().invoke(main, ["--project", "acme", "simulate", "--calls", "60"])
    assert result.exit_code == 1
    assert "leave out --project" in result.output


def test_the_configured_agents_and_both_queues(directory: Path) -> None:
    document = report("--calls", "40", "--hours", "4", "--talk", "120", "--patience", "inf")
    assert {row["queue_id"] for row in document["queues"]} == {"sales", "support"}
    assert sum(row["offered"] for row in document["queues"]) == 40
    assert {row["agent_id"] for row in document["agents"]} == {"anna", "boris"}
    assert [row["queue_ids"] for row in document["comparisons"]] == [["sales", "support"]], "boris serves both"
    assert document["comparisons"][0]["erlang_a"] is None, "nobody hangs up"


def test_the_seed_makes_other_callers(directory: Path) -> None:
    def offered(seed: str) -> list[int]:
        return [row["offered"] for row in report("--calls", "60", "--seed", seed)["intervals"]]

    assert offered("1") == offered("1") != offered("2")


def test_calls_from_a_file(directory: Path) -> None:
    (directory / "calls.csv").write_text("at,queue,talk_s\n09:00,sales,60\n09:10,support,60\n")
    document = report("--arrivals", str(directory / "calls.csv"), "--interval", "60")
    assert [(row["queue_id"], row["from_s"], row["answered"]) for row in document["intervals"]] == [
        ("sales", 32400.0, 1),
        ("support", 32400.0, 1),
    ]


def test_a_forecast_and_shifts_from_files(directory: Path) -> None:
    (directory / "forecast.csv").write_text("from,queue,calls\n08:00,sales,12\n08:30,sales,24\n")
    (directory / "shifts.csv").write_text("agent,from,until\nanna,08:00,09:00\nboris,08:30,12:00\n")
    document = report(
        "--forecast", str(directory / "forecast.csv"), "--shifts", str(directory / "shifts.csv"), "--talk", "60"
    )
    assert [row["from_s"] for row in document["intervals"]][:2] == [28800.0, 30600.0]
    there_s = {row["agent_id"]: row["logged_in_s"] for row in document["agents"]}
    assert there_s["boris"] < there_s["anna"] <= 3600.0 + 70.0


def test_the_calls_that_were_recorded(directory: Path) -> None:
    store = open_store(str(directory / "store"), report=pytest.fail)
    for number in range(50):
        is_lost = number % 10 == 0
        store.end_call(
            Cdr(
                call_id=CallId(f"c{number}"),
                started_at=AT + number * 90,
                ended_at=AT + number * 90 + (30 if is_lost else 130),
                calling_number="1",
                called_number="100",
                queue=QueueId("sales"),
                agent=None if is_lost else AgentId("anna"),
                queue_wait_s=30 if is_lost else 10,
                talk_s=0 if is_lost else 120,
                end_reason="abandoned" if is_lost else "completed",
                ended_by="caller",
            )
        )
    store.commit().result(5)
    store.close()
    document = report("--from", "cdr")
    assert document["calls"] == 50
    assert document["comparisons"][0]["handle_s"] == pytest.approx(130.0, abs=1.0), "120 of talk, 10 of wrap-up"
    day = report("--from", "cdr", "--day", "2023-11-14")
    assert 0 < day["calls"] <= 50
    nothing = run("--from", "cdr", "--day", "1999-01-01")
    assert nothing.exit_code == 2
    assert "no recorded call has come into a queue on 1999-01-01" in nothing.output


def test_how_many_agents_it_takes(directory: Path) -> None:
    arguments = ("--calls", "400", "--hours", "4", "--queue", "sales", "--staff", "80/20")
    document = report(*arguments)
    assert document["service_level"] >= 0.8
    assert len(document["report"]["agents"]) == document["agents"]
    result = run(*arguments)
    assert f"{document['agents']} agents for 80 % within 20 s" in result.output
    assert f"by Erlang C {document['erlang_c']}" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say once where calls come from"),
        (["--calls", "5", "--from", "cdr"], "--from cdr and --calls"),
        (["--calls", "5", "--day", "2026-01-01"], "--day goes with --from cdr"),
        (["--from", "cdr", "--queue", "sales"], "--queue goes with --calls"),
        (["--calls", "5", "--staff", "80/20", "--agents", "5"], "leave out --agents"),
        (["--calls", "5", "--staff", "80"], "80/20 means"),
        (["--calls", "5", "--queue", "elsewhere"], 'no queue "elsewhere"'),
        (["--calls", "5", "--talk", "long"], "is no duration"),
        (["--calls", "5", "--agents", "nobody"], 'no queue "nobody"'),
        (["--from", "cdr", "--day", "today"], "is no day"),
    ],
)
def test_what_cannot_be_run_says_what_to_write(directory: Path, arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output
