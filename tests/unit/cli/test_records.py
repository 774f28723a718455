"""`softswitch cdr` and `softswitch recordings` over a store on disk, with no switch running."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from softswitch.base.ids import AgentId, CallId, QueueId, RecordingId
from softswitch.cli.main import main
from softswitch.store import open_store
from softswitch.store.schema import Cdr, StoredRecording

AT = 1_700_000_000.0
FILE = "2023/11/14/bac48bfd64bae48a2b94fa3a-1.wav"


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(tmp_path))
    (tmp_path / "softswitch.toml").write_text("")
    return tmp_path


@pytest.fixture
def filled(directory: Path) -> Path:
    store = open_store(str(directory / "store"), report=pytest.fail)
    for number in range(30):
        store.end_call(
            Cdr(
                call_id=CallId(f"c{number}"),
                started_at=AT + number * 60,
                ended_at=AT + number * 60 + 50,
                calling_number=f"+44207183875{number:02}",
                called_number="100",
                queue=QueueId("support"),
                agent=AgentId("anna"),
                queue_wait_s=12,
                talk_s=35,
                end_reason="completed",
                ended_by="caller",
            )
        )
    store.put_recording(
        StoredRecording(
            recording_id=RecordingId("r1"),
            call_id=CallId("bac48bfd64bae48a2b94fa3a"),
            path=str(directory / "recordings" / FILE),
            started_at=AT,
            duration_s=35.2,
            size_bytes=1_126_444,
            agent=AgentId("anna"),
            calling_number="+442071838750",
        )
    )
    store.commit().result(5)
    store.close()
    return directory


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.usefixtures("filled")
def test_the_newest_calls_come_first_and_as_many_as_asked_for() -> None:
    rows = json.loads(run("cdr", "--last", "3", "--json").stdout)
    assert [row["call_id"] for row in rows] == ["c29", "c28", "c27"]
    assert len(json.loads(run("cdr", "--json").stdout)) == 20


@pytest.mark.usefixtures("filled")
def test_the_table_of_calls_fits_80_columns() -> None:
    lines = run("cdr", "--last", "2").stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[2].split()[-6:] == ["100", "support", "anna", "0:12", "0:35", "completed"]


def test_recordings_name_their_files(filled: Path) -> None:
    lines = run("recordings").stdout.splitlines()
    assert FILE in lines[2]
    assert "0:35" in lines[2]
    assert all(len(line) <= 80 for line in lines[:3])
    assert lines[-1] == f"The files are in {filled / 'recordings'}"
    assert json.loads(run("recordings", "--json").stdout)[0]["path"] == str(filled / "recordings" / FILE)


@pytest.mark.usefixtures("filled")
def test_recordings_have_more_columns_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert "1.1 MB" in run("recordings").stdout


def test_a_terminal_that_knows_few_letters_gets_question_marks(directory: Path) -> None:
    store = open_store(str(directory / "store"), report=pytest.fail)
    cdr = Cdr(
        call_id=CallId("c1"),
        started_at=AT,
        ended_at=AT,
        calling_number="Анна",
        called_number="100",
        end_reason="completed",
        ended_by="caller",
    )
    store.end_call(cdr)
    store.close()
    result = CliRunner(charset="latin-1").invoke(main, ["cdr"])
    assert result.exit_code == 0
    assert "????" in result.stdout


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize("command", ["cdr", "recordings"])
def test_a_store_that_is_not_there_yet_is_one_line(command: str) -> None:
    result = run(command)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "no store" in result.stderr


def test_an_empty_store_says_so(directory: Path) -> None:
    open_store(str(directory / "store"), report=pytest.fail).close()
    assert run("cdr").stdout == "No calls have ended yet.\n"
    assert run("recordings").stdout == "No calls have been recorded yet.\n"
    assert run("cdr", "--json").stdout == "[]\n"


def of_projects(directory: Path) -> None:
    store = open_store(str(directory / "store"), report=pytest.fail)
    ended: list[tuple[str, QueueId | None, str, dict[str, str]]] = [
        ("acme", QueueId("support"), "completed", {}),
        ("acme", QueueId("support"), "abandoned", {}),
        ("acme", None, "rejected", {"refused": "max_calls"}),
        ("acme", None, "completed", {}),
        ("bolt", QueueId("sales"), "completed", {}),
        ("", None, "rejected", {}),
    ]
    for number, (project, queue, reason, tags) in enumerate(ended):
        is_answered = reason != "rejected"
        began_at = AT + number
        store.end_call(
            Cdr(
                call_id=CallId(f"c{number}"),
                started_at=began_at,
                answered_at=began_at + 1 if is_answered else None,
                ended_at=began_at + 31,
                calling_number="+1",
                called_number="100",
                project=project,
                queue=queue,
                talk_s=20.0 if reason == "completed" and queue else 0.0,
                end_reason=reason,
                ended_by="caller",
                tags=tags,
            )
        )
        store.put_recording(
            StoredRecording(
                recording_id=RecordingId(f"r{number}"),
                call_id=CallId(f"c{number}"),
                path=f"/r/{number}.wav",
                started_at=began_at,
                duration_s=1.0,
                size_bytes=1,
                project=project,
            )
        )
    store.commit().result(5)
    store.close()


@pytest.mark.parametrize("before", [(), ("--project", "acme")])
def test_records_of_one_project(directory: Path, before: tuple[str, ...]) -> None:
    of_projects(directory)
    after = () if before else ("--project", "acme")
    calls = json.loads(run(*before, "cdr", *after, "--json").stdout)
    assert [row["call_id"] for row in calls] == ["c3", "c2", "c1", "c0"]
    recordings = json.loads(run(*before, "recordings", *after, "--last", "2", "--json").stdout)
    assert [row["recording_id"] for row in recordings] == ["r3", "r2"]


def test_what_the_calls_of_each_project_came_to(directory: Path) -> None:
    of_projects(directory)
    rows = json.loads(run("projects", "stats", "--since", "2023-11-01", "--json").stdout)
    assert [row["project"] for row in rows] == ["", "acme", "bolt"]
    acme = rows[1]
    assert {name: acme[name] for name in ("calls", "in_queues", "elsewhere", "refused", "abandoned_in_queues")} == {
        "calls": 4,
        "in_queues": 2,
        "elsewhere": 1,
        "refused": 1,
        "abandoned_in_queues": 1,
    }
    assert (acme["answered"], acme["talked"], acme["connected_s"], acme["talk_s"]) == (3, 1, 90.0, 20.0)
    (bolt,) = json.loads(run("projects", "stats", "--since", "2023-11-01", "--project", "bolt", "--json").stdout)
    assert bolt["calls"] == 1
    assert run("projects", "stats").stdout == "No calls ended then.\n"


@pytest.mark.usefixtures("filled")
def test_records_are_found_by_time_number_and_outcome() -> None:
    def found(*options: str) -> list[str]:
        return [row["call_id"] for row in json.loads(run("cdr", "--json", *options).stdout)]

    assert found("--number", "+4420718387507") == ["c7"]
    assert found("--number", "44207183875*", "--last", "2") == ["c29", "c28"]
    assert found("--since", "2023-11-14T22:20:00+00:00", "--until", "2023-11-14T22:22:00+00:00") == ["c8", "c7"]
    assert found("--outcome", "abandoned") == found("--queue", "sales") == found("--trunk", "x") == []
    assert run("cdr", "--agent", "ben").stdout == "No call fits.\n"
    assert found("--since", "00:00") == []
    assert len(found("--until", "00:00")) == 20


@pytest.mark.usefixtures("filled")
def test_an_outcome_there_is_not_is_refused_with_those_there_are() -> None:
    for command in (("cdr",), ("cdr", "export")):
        result = run(*command, "--outcome", "busy")
        assert result.exit_code == 2
        assert '"busy" is none: there are answered, unanswered, talked, lost, completed, abandoned' in result.stderr


@pytest.mark.usefixtures("filled")
def test_a_time_that_is_none_is_refused_with_examples() -> None:
    result = run("cdr", "--since", "yesterday")
    assert result.exit_code == 2
    assert "2026-11-29 14:30" in result.stderr
    assert run("cdr", "--legs", "--contacts").exit_code == 2


def test_a_project_is_told_of_its_own_calls_and_their_times_alone(directory: Path) -> None:
    store = open_store(str(directory / "store"), report=pytest.fail)
    for number, project in enumerate(("acme", "beta")):
        store.end_call(
            Cdr(
                call_id=CallId(f"call-{project}"),
                chain_id=CallId("call-acme"),
                started_at=AT + number * 60,
                ended_at=AT + number * 60 + 50,
                calling_number="1",
                called_number="2",
                project=project,
                talk_s=35,
                end_reason="completed",
                ended_by="caller",
            )
        )
    store.commit().result(5)
    store.close()
    whole = json.loads(run("cdr", "--call", "call-beta", "--json").stdout)
    assert ([call["project"] for call in whole["calls"]], whole["times"]["talk_s"]) == (["acme", "beta"], 70)
    own = json.loads(run("--project", "acme", "cdr", "--call", "call-acme", "--json").stdout)
    assert ([call["project"] for call in own["calls"]], own["times"]["talk_s"]) == (["acme"], 35)
    assert {step["call_id"] for step in own["steps"]} == {"call-acme"}
    assert run("--project", "acme", "cdr", "--call", "call-beta").exit_code == 1


@pytest.mark.usefixtures("filled")
def test_a_call_is_told_step_by_step() -> None:
    result = run("cdr", "--call", "c12")
    assert result.exit_code == 0
    assert "calls 100" in result.stdout
    assert "completed, by the caller" in result.stdout
    assert json.loads(run("cdr", "--call", "c12", "--json").stdout)["chain_id"] == "c12"
    missing = run("cdr", "--call", "nobody")
    assert missing.exit_code == 1
    assert "softswitch cdr" in missing.stderr


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("form", "beginning"), [("csv", "call_id,"), ("jsonl", '{"call_id":"c0"')])
def test_records_are_exported_oldest_first(tmp_path: Path, form: str, beginning: str) -> None:
    path = tmp_path / f"out.{form}"
    result = run("cdr", "export", "--format", form, "-o", str(path))
    assert result.exit_code == 0
    assert result.stderr == f"30 rows in {path}\n"
    text = path.read_bytes().decode()
    assert text.startswith(beginning)
    assert run("cdr", "export", "--format", form).stdout.replace("\r", "") == text.replace("\r", "")
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.usefixtures("filled")
def test_an_export_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    result = run("cdr", "export", "-o", str(tmp_path / "no" / "file.csv"))
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
    assert run("cdr", "export", "--format", "parquet").exit_code == 2
    assert run("cdr", "export", "--format", "parquet", "-o", str(tmp_path / "calls.parquet")).exit_code == 0


@pytest.mark.usefixtures("filled")
def test_legs_and_contacts_are_listed_in_columns() -> None:
    assert run("cdr", "--legs").stdout == "No calls have ended yet.\n"
    assert json.loads(run("cdr", "--contacts", "--json").stdout) == []
