"""Flows are loaded by path; what cannot be loaded is told with file, line and remedy, and all of it at once."""

import inspect
from pathlib import Path

import pytest

from softswitch.dialplan.flows import changed_flows
from softswitch.dialplan.runtime.loader import load_flows, shipped_directory
from softswitch.testing.call import FakeCall

HEAD = "from softswitch.dialplan import Call, flow\n"
GOOD = HEAD + "@flow\nasync def hello(call: Call) -> None:\n    await call.play('{}')\n"


def write(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.write_text(text)
    return path


def test_every_marked_function_is_a_flow_under_its_name(tmp_path: Path) -> None:
    write(tmp_path, "a.py", GOOD.format("one") + "async def not_marked(call): ...\n")
    write(tmp_path, "b.py", "from dataclasses import dataclass\n@dataclass\nclass Plan:\n    name: str = ''\n")
    flows, faults = load_flows([tmp_path])
    assert (sorted(flows), faults) == (["hello"], [])


def test_a_directory_that_is_not_there_has_no_flows(tmp_path: Path) -> None:
    assert load_flows([tmp_path / "none"]) == ({}, [])


def test_the_operators_flow_wins_over_the_shipped_one(tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine", tmp_path / "shipped"
    mine.mkdir()
    shipped.mkdir()
    write(mine, "a.py", GOOD.format("mine"))
    write(shipped, "z.py", GOOD.format("shipped"))
    flows, faults = load_flows([mine, shipped])
    call = FakeCall()
    call.run(flows["hello"])
    assert (faults, call.transcript) == ([], ["answer", "play mine"])


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("x = (\n", 1, "is not Python"),
        ("\nimport no_such_module\n", 2, "fails while it is loaded: ModuleNotFoundError: No module named"),
        ("x = 1\ny = x / 0\n", 2, "fails while it is loaded: ZeroDivisionError"),
        ("import sys\nsys.exit(1)\n", 2, "fails while it is loaded: SystemExit: 1"),
        (HEAD + "@flow\ndef hello(call): ...\n", 2, "is no flow"),
        (HEAD + "@flow\nasync def hello(): ...\n", 2, "is no flow"),
        (HEAD + "@flow\nasync def hello(call, other): ...\n", 2, "is no flow"),
        (HEAD + "@flow\nasync def hello(*, call): ...\n", 2, "is no flow"),
        (HEAD + "@flow\nasync def hello(call):\n    yield 1\n", 2, "is no flow"),
        (HEAD + "@flow\nclass Hello: ...\n", None, "is no flow"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, text: str, line: int | None, reason: str) -> None:
    path = write(tmp_path, "wrong.py", text)
    write(tmp_path, "good.py", GOOD.format("good").replace("hello", "good"))
    flows, faults = load_flows([tmp_path])
    assert list(flows) == ["good"]
    (fault,) = faults
    assert fault.file == (str(path) if line is None else f"{path}:{line}")
    assert fault.reason.startswith(reason)
    assert fault.remedy
    assert "\n" not in str(fault)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_bytes(b"\xff\x00\xfe")
    assert len(load_flows([tmp_path])[1]) == 1


def test_every_fault_at_once(tmp_path: Path) -> None:
    write(tmp_path, "a.py", HEAD + "@flow\ndef one(call): ...\n@flow\nasync def two(): ...\n")
    write(tmp_path, "b.py", "x = (\n")
    assert [fault.key for fault in load_flows([tmp_path])[1]] == ["one", "two", "b"]


def test_two_files_with_a_flow_of_one_name(tmp_path: Path) -> None:
    write(tmp_path, "a.py", GOOD.format("a"))
    write(tmp_path, "b.py", GOOD.format("b"))
    (fault,) = load_flows([tmp_path])[1]
    assert (Path(fault.file).name, fault.key) == ("b.py", "hello")
    assert "a.py" in fault.reason


def test_an_imported_flow_is_not_a_second_one(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "from softswitch.testing.call import FakeCall\n" + GOOD.format("a"))
    flows, faults = load_flows([tmp_path])
    assert (list(flows), faults) == (["hello"], [])


def test_a_reload_sees_a_change_of_the_same_second_and_length_and_old_calls_keep_their_code(tmp_path: Path) -> None:
    write(tmp_path, "a.py", GOOD.format("one"))
    before, _ = load_flows([tmp_path])
    write(tmp_path, "a.py", GOOD.format("two"))
    after, _ = load_flows([tmp_path])
    for flow, played in ((before["hello"], "one"), (after["hello"], "two")):
        call = FakeCall()
        call.run(flow)
        assert call.transcript == ["answer", f"play {played}"]
    assert not list(tmp_path.glob("__pycache__")), "nothing is written beside the files"


def test_a_flows_traceback_names_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, "a.py", GOOD.format("one"))
    flows, _ = load_flows([tmp_path])
    assert inspect.unwrap(flows["hello"]).__code__.co_filename == str(path)


def test_the_shipped_flows_load() -> None:
    flows, faults = load_flows([shipped_directory()])
    assert faults == []
    assert {"hotline", "extension"} <= set(flows)


def test_flows_in_a_folder_are_those_of_a_project(tmp_path: Path) -> None:
    text = "from softswitch.dialplan import Call, flow\n@flow\nasync def hotline(call: Call) -> None: ...\n"
    for place in ("hotline.py", "acme/hotline.py", "__pycache__/old.py", ".git/x.py"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(text)
    flows, faults = load_flows([tmp_path])
    assert (sorted(flows), faults) == (["acme.hotline", "hotline"], [])
    assert flows["acme.hotline"] is not flows["hotline"]


def test_which_flows_changed(tmp_path: Path) -> None:
    text = "from softswitch.dialplan import Call, flow\n@flow\nasync def {}(call: Call) -> None: ...\n"
    for name in ("one", "two", "gone"):
        (tmp_path / f"{name}.py").write_text(text.format(name))
    before, _ = load_flows([tmp_path])
    same, _ = load_flows([tmp_path])
    assert changed_flows(before, same) == []
    (tmp_path / "two.py").write_text("RING_S = 20\n" + text.format("two"))
    (tmp_path / "gone.py").unlink()
    (tmp_path / "new.py").write_text(text.format("new"))
    after, _ = load_flows([tmp_path])
    assert changed_flows(before, after) == ["flows.gone: removed", "flows.new: added", "flows.two: changed"]
