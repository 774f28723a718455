"""PyPI's baresip as the phones of colleagues: hold, digits, transfers, as its own stack does and judges them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from softswitch.store.schema import Cdr
from tests.peers.centre import PASSWORD, PHONES, Centre
from tests.peers.program import left_out
from tests.peers.softphone import Softphone
from tests.peers.stage import Evidence

pytestmark = [pytest.mark.peers, pytest.mark.network]

NUMBERS = {"reception": "110", "kitchen": "111", "lobby": "112"}


@pytest.fixture(scope="module")
def told() -> Evidence:
    return []


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, told: Evidence) -> Iterator[Centre]:
    """With two media workers, so that parties of two calls must be brought together."""
    centre = Centre(tmp_path_factory.mktemp("softphones"), agents=1, workers=2)
    told.append(("serve.log", centre.log))
    centre.start()
    yield centre
    centre.stop()
    assert "Traceback" not in centre.log(), centre.log()


@pytest.fixture
def phones(running: Centre, tmp_path: Path, evidence: Evidence) -> Iterator[list[Softphone]]:
    """reception, kitchen, lobby, registered."""
    if find_spec("baresip") is None:
        left_out("baresip-python is not installed: pip install --group peers")
    running.mark()
    running.wait_until(lambda: is_idle(running), 10.0)  # else both calls may come to one worker
    phones = [Softphone(tmp_path / name, name, PASSWORD, running.host) for name in PHONES]
    evidence.append(("serve.log", running.log))
    for phone in phones:
        evidence.append((phone.username, phone.story))
    try:
        for phone in phones:
            phone.start()
        yield [phone.registered() for phone in phones]
    finally:
        for phone in phones:
            phone.stop()


def is_idle(running: Centre) -> bool:
    status = running.status()
    return status is not None and not any(worker.streams for worker in status.workers)


def connected(caller: Softphone, called: Softphone) -> tuple[int, int]:
    outgoing = caller.dial(NUMBERS[called.username])
    incoming = called.answer()
    caller.talk(outgoing)
    called.wait("CALL_ESTABLISHED", incoming)  # the ACK is there
    return outgoing, incoming


def check_linked(records: list[Cdr], by: str) -> None:
    first, second = sorted(records, key=lambda cdr: cdr.started_at)
    assert (first.end_reason, first.transferred_by) == ("transferred", by)
    assert first.linked_calls == (second.call_id,)
    assert second.linked_calls == (first.call_id,)
    assert second.transferred_by == by
    assert first.fault == second.fault == ""


def test_hold_resume_and_digits(running: Centre, phones: list[Softphone]) -> None:
    reception, kitchen, _ = phones
    mine, theirs = connected(reception, kitchen)
    assert reception.do("hold", mine) == ""
    assert reception.do("resume", mine) == ""
    assert reception.do("press", mine, digits="12#") == ""
    kitchen.wait("digit", theirs)
    kitchen.wait("digit", theirs)
    kitchen.wait("digit", theirs)
    assert kitchen.digits(theirs) == "12#"
    assert kitchen.do("hang_up", theirs) == ""
    reception.wait("CALL_CLOSED", mine)
    cdr = running.settled_call()
    assert (cdr.end_reason, cdr.ended_by) == ("completed", "agent")
    assert cdr.hold_s > 0


def test_blind_transfer(running: Centre, phones: list[Softphone]) -> None:
    reception, kitchen, lobby = phones
    mine, theirs = connected(reception, kitchen)
    answering = _beside(lobby.answer)
    assert kitchen.do("transfer", theirs, to=NUMBERS["lobby"]) == ""
    at_lobby = answering()
    assert kitchen.state(theirs) == "closed"
    assert reception.state(mine) == "established"
    assert reception.hears_a_tone(mine)
    assert lobby.hears_a_tone(at_lobby)
    assert lobby.do("hang_up", at_lobby) == ""
    reception.wait("CALL_CLOSED", mine)
    check_linked(running.settled(2), "kitchen")


def test_blind_transfer_by_the_caller(running: Centre, phones: list[Softphone]) -> None:
    reception, kitchen, lobby = phones
    mine, theirs = connected(reception, kitchen)
    answering = _beside(lobby.answer)
    assert reception.do("transfer", mine, to=NUMBERS["lobby"]) == ""
    at_lobby = answering()
    assert kitchen.state(theirs) == "established"
    assert kitchen.hears_a_tone(theirs)
    assert lobby.hears_a_tone(at_lobby)
    assert lobby.do("hang_up", at_lobby) == ""
    kitchen.wait("CALL_CLOSED", theirs)
    check_linked(running.settled(2), "reception")


def test_a_transfer_that_is_refused_leaves_all_as_it_was(running: Centre, phones: list[Softphone]) -> None:
    reception, kitchen, _ = phones
    mine, theirs = connected(reception, kitchen)
    assert "603" in kitchen.do("transfer", theirs, to="nobody")
    assert kitchen.state(theirs) == reception.state(mine) == "established"
    assert reception.do("hang_up", mine) == ""
    kitchen.wait("CALL_CLOSED", theirs)
    assert running.settled_call().end_reason == "completed"


def test_attended_transfer(running: Centre, phones: list[Softphone]) -> None:
    reception, kitchen, lobby = phones
    mine, theirs = connected(reception, kitchen)
    assert kitchen.do("hold", theirs) == ""
    asked, at_lobby = connected(kitchen, lobby)
    assert kitchen.do("transfer", theirs, to_call=asked) == ""
    kitchen.wait("CALL_CLOSED", asked)
    assert kitchen.state(theirs) == "closed"
    assert reception.state(mine) == lobby.state(at_lobby) == "established"
    assert reception.hears_a_tone(mine)
    assert lobby.hears_a_tone(at_lobby)
    for who, call, whom, at in ((reception, mine, lobby, at_lobby), (lobby, at_lobby, reception, mine)):
        assert who.do("press", call, digits="5") == ""
        whom.wait("digit", at)
    assert reception.story().count("\nINVITE sip:reception@") == 1, "his sound has another address now"
    assert lobby.do("hang_up", at_lobby) == ""
    reception.wait("CALL_CLOSED", mine)
    records = running.settled(2)
    check_linked(records, "kitchen")
    first, second = sorted(records, key=lambda cdr: cdr.started_at)
    assert first.ring_s + first.talk_s + second.talk_s == pytest.approx(second.ended_at - first.started_at, abs=1.0)
    assert second.ring_s + second.consult_s + second.talk_s == pytest.approx(
        second.ended_at - second.started_at, abs=1.0
    )
    assert 0 < second.consult_s < first.hold_s < first.talk_s


def _beside(work: Callable[[], int]) -> Callable[[], int]:
    """Begin it, and come back for its result."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return lambda: future.result(30)
