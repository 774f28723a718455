"""What keeps a version from taking over, said before anything is touched."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from softswitch.acd.snapshot_rows import VERSION
from softswitch.app.fitness import changes_of, faults_of, steps_of
from softswitch.app.settings import read
from softswitch.base.errors import StartError
from softswitch.calls.kept.kept_call import KEPT_VERSION
from softswitch.control.protocol.replies import Status
from softswitch.media.protocol import PROTOCOL_VERSION
from softswitch.store.schema import SCHEMA_VERSION
from softswitch.testing.operations import FixedOperations


@pytest.fixture
def status() -> Status:
    return FixedOperations().status()


def test_a_switch_of_the_same_kind_hands_over(status: Status) -> None:
    assert faults_of(status) == []


def test_workers_of_another_protocol_are_refused_with_what_to_do(status: Status) -> None:
    (fault,) = faults_of(replace(status, media_protocol=PROTOCOL_VERSION + 1))
    assert f"speak protocol {PROTOCOL_VERSION + 1}" in fault
    assert "stop the switch at a quiet hour" in fault


def test_calls_that_are_kept_in_another_way_are_refused(status: Status) -> None:
    (fault,) = faults_of(replace(status, kept_version=KEPT_VERSION + 1))
    assert f"(version {KEPT_VERSION + 1})" in fault


def test_a_router_that_cannot_be_read_would_lose_places(status: Status) -> None:
    (fault,) = faults_of(replace(status, router_version=VERSION + 1))
    assert "queues and agents" in fault


def test_a_switch_from_before_upgrades_is_refused(status: Status) -> None:
    (fault,) = faults_of(replace(status, media_protocol=0, kept_version=0))
    assert "cannot hand its calls over" in fault


def test_a_store_that_refuses_would_lose_calls(status: Status) -> None:
    (fault,) = faults_of(replace(status, store=replace(status.store, fault="disk full")))
    assert "disk full" in fault


def test_a_switch_that_is_being_stopped_is_not_upgraded(status: Status) -> None:
    (fault,) = faults_of(replace(status, is_draining=True))
    assert "being stopped" in fault


def test_an_older_version_refuses_a_newer_store() -> None:
    assert steps_of(SCHEMA_VERSION) == []
    assert steps_of(0) == [], "there is none yet"
    with pytest.raises(StartError, match=f"schema {SCHEMA_VERSION + 1}.*newer version"):
        steps_of(SCHEMA_VERSION + 1)


def test_a_worker_that_carries_calls_must_not_be_left_out(status: Status, tmp_path: Path) -> None:
    (tmp_path / "softswitch.toml").write_text(
        '[sip]\nlisten = ["udp:192.0.2.5:5060", "tcp:192.0.2.5:5060"]\n'
        '[store]\ndirectory = "/srv/switch/store"\n[media]\nworkers = 1\n'
    )
    configuration = read(str(tmp_path))[0]
    assert changes_of(configuration, status) == [], "the second one has nothing to do"
    first, second = status.workers
    busy = replace(status, workers=[first, replace(second, streams=2)])
    (fault,) = changes_of(configuration, busy)
    assert "[media] workers is 1 now, and calls hang on media-1" in fault
