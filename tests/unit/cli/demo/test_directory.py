"""Whose directory a demo may take, and what it writes there."""

from pathlib import Path

import pytest

from softswitch.app.run_directory import RunDirectory
from softswitch.app.settings import read
from softswitch.base.address import HostPort
from softswitch.base.errors import StartError
from softswitch.cli.demo.directory import MARKER, prepare_directory, write_configuration
from softswitch.cli.failure import Failure


def test_the_configuration_has_no_fault(tmp_path: Path) -> None:
    path = prepare_directory(str(tmp_path / "demo"))
    write_configuration(path, HostPort("127.0.0.1", 15060), range(20000, 22000), "127.0.0.2")
    configuration, dialplan = read(str(path))
    assert len(configuration.agents) >= 12
    assert {queue.id for queue in configuration.queues} >= {"sales", "support"}
    assert configuration.settings.media.port_range == range(20000, 22000)
    assert {"hotline", "russian_hotline", "billing_line"} <= set(dialplan.flows)
    assert configuration.trunks[0].addresses == ("127.0.0.2",)


def test_a_former_demo_is_replaced_but_for_its_cache(tmp_path: Path) -> None:
    former = prepare_directory(str(tmp_path / "demo"))
    for name in ("cache/sounds/a.wav", "recordings/2026/b.wav", "agents.toml"):
        (former / name).parent.mkdir(parents=True, exist_ok=True)
        (former / name).touch()
    assert prepare_directory(str(former)) == former
    assert {path.name for path in former.rglob("*") if path.is_file()} == {MARKER, "a.wav"}


def test_what_no_demo_has_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(Failure, match="is not empty, and no demo has made it: name another --directory"):
        prepare_directory(str(tmp_path))
    assert (tmp_path / "thesis.txt").exists()


def test_a_former_demo_that_still_runs_is_left_alone(tmp_path: Path) -> None:
    former = prepare_directory(str(tmp_path / "demo"))
    run_directory = RunDirectory(str(former / "run"))
    run_directory.lock()
    with pytest.raises(StartError, match="stop it first"):
        prepare_directory(str(former))
    run_directory.unlock()


def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="choose a shorter --directory"):
        prepare_directory(str(tmp_path / ("long" * 30)))


def test_without_a_wish_it_is_a_fresh_one() -> None:
    first, second = prepare_directory(None), prepare_directory(None)
    try:
        assert first != second
        assert [path.name for path in first.iterdir()] == [MARKER]
    finally:
        for path in (first, second):
            (path / MARKER).unlink()
            path.rmdir()
