"""Which media worker is drained, ended and started anew when, after an upgrade."""

from msgspec.structs import replace

from softswitch import __version__
from softswitch.app.renewal import Drain, Renew, Renewal, Resume, outdated
from softswitch.control.protocol.rows import WorkerRow
from softswitch.testing.operations import FixedOperations


def worker(number: int, **fields: object) -> WorkerRow:
    return replace(WorkerRow(name=f"media-{number}", pid=100 + number, is_connected=True), **fields)


def test_one_after_the_other_is_drained_renewed_and_gets_calls_again() -> None:
    renewal = Renewal(["media-0", "media-1"])
    first, second = worker(0, streams=4), worker(1)
    assert renewal.look([first, second]) == [Drain("media-0")]
    assert renewal.look([replace(first, is_draining=True), second]) == []
    empty = replace(first, is_draining=True, streams=0)
    assert renewal.look([replace(empty, recordings=1), second]) == []
    assert renewal.look([empty, second]) == [Renew("media-0")]
    assert renewal.look([empty, second]) == [], "it has not ended yet"
    assert renewal.look([replace(empty, is_connected=False), second]) == []
    assert renewal.names == ["media-0", "media-1"]
    new = replace(empty, pid=200)
    assert renewal.look([new, second]) == [Resume("media-0")]
    assert renewal.names == ["media-1"]
    assert renewal.look([replace(new, is_draining=False), second]) == [Drain("media-1")]


def test_the_only_worker_is_never_drained() -> None:
    renewal = Renewal(["media-0"])
    assert renewal.look([worker(0, streams=2)]) == []
    assert renewal.look([worker(0)]) == [Renew("media-0")]


def test_a_switch_that_was_started_again_is_told_again_to_drain() -> None:
    renewal = Renewal(["media-0"])
    rows = [worker(0, streams=2), worker(1)]
    assert renewal.look(rows) == [Drain("media-0")]
    assert renewal.look(rows) == [Drain("media-0")]


def test_nothing_is_concluded_from_a_switch_that_does_not_answer() -> None:
    renewal = Renewal(["media-0"])
    assert renewal.look([]) == []
    assert renewal.names == ["media-0"]


def test_a_worker_that_is_configured_no_more_is_left_alone() -> None:
    renewal = Renewal(["media-1", "media-0"])
    assert renewal.look([worker(0)]) == [Renew("media-0")]
    assert renewal.names == ["media-0"]


def test_who_is_left_is_found_by_version() -> None:
    status = FixedOperations().status()
    old, new = worker(0, version="0.0.9"), worker(1, version=__version__)
    status = replace(status, version=__version__, workers=[old, new, worker(2)])
    assert outdated(status) == ["media-0"]
    assert outdated(replace(status, version="0.0.9")) == [], "the switch is not ours"
    renewal = Renewal(["media-1"])
    renewal.add(["media-0", "media-1"])
    assert renewal.names == ["media-1", "media-0"]
