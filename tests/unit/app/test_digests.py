"""Digests: a client hears of each of its calls once, at its times, whatever the switch has been doing meanwhile."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from softswitch.app.digest_text import LINES_MAX, Digest
from softswitch.app.digests import Digests, DigestTerms
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, CallId
from softswitch.calls.conferences.times import read_time
from softswitch.store import Store, memory_store
from softswitch.store.schema import Cdr
from softswitch.store.voicemail_schema import StoredMail
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop

HOUR_S = 3600.0


def at(day: int, hour: int, minute: int = 0) -> float:
    """In November 2026, whose ninth is a Monday; London's clock is UTC then."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp()


def terms(*texts: str, project: str = "acme") -> DigestTerms:
    times = tuple(time for text in texts if (time := read_time(text, "Europe/London")))
    assert len(times) == len(texts)
    return DigestTerms(
        project=project, name="Acme Ltd", to="office@acme.example", language="en", timezone="Europe/London", times=times
    )


def a_call(started_at: float, *, talk_s: float = 0.0, project: str = "acme", **changes: object) -> Cdr:
    known = {
        "call_id": CallId(f"{project}-{started_at}"),
        "calling_number": "+15550100",
        "called_number": "100",
        "end_reason": "completed" if talk_s else "abandoned",
        "ended_by": "caller",
        "agent": AgentId("ann") if talk_s else None,
        "ended_at": started_at + 30 + talk_s,
        **changes,
    }
    return Cdr(started_at=started_at, talk_s=talk_s, project=project, **known)  # pyright: ignore[reportArgumentType]


class Office:
    """A switch with nothing but digests, in virtual time; `wanted` may change, and so may the switch."""

    def __init__(self, *wanted: DigestTerms) -> None:
        self.wanted = list(wanted)
        self.clock = ManualClock(wall=at(9, 9))
        self.loop = VirtualLoop(self.clock)
        self.store: Store = memory_store()
        self.mails: list[StoredMail] = []
        self.put: Callable[[StoredMail], None] = self.mails.append
        self.digests = self.made()

    def made(self) -> Digests:
        return Digests(self.store, self.clock, self.loop, lambda: self.wanted, put=lambda mail: self.put(mail))

    def start(self) -> None:
        self.digests.refresh()

    def restart(self, *, away_s: float) -> None:
        self.loop.run_until_complete(self.digests.stop())
        self.clock.advance(away_s)
        self.digests = self.made()
        self.start()

    def called(self, cdr: Cdr) -> None:
        self.store.cdrs.put((cdr.started_at, cdr.call_id), cdr)

    def until(self, wall: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(wall - self.clock.wall()))

    def lines(self) -> list[list[str]]:
        """The calls of each mail, by their time."""
        return [[line for line in mail.text.splitlines() if line.startswith("2026")] for mail in self.mails]


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office(terms("mon-fri 18:00"))
    made.start()
    yield made
    made.loop.run_until_complete(made.digests.stop())
    made.loop.close()


def test_what_a_client_reads(office: Office) -> None:
    office.called(a_call(at(9, 10), talk_s=192, calling_name="Eva"))
    office.called(a_call(at(9, 11), tags={"voicemail": "acme.secretary m1"}))
    office.called(a_call(at(9, 12), calling_number="", end_reason="rejected"))
    office.called(a_call(at(9, 13), tags={"voicemail": "acme.secretary too short"}))
    office.called(a_call(at(9, 14), project="bolt"))
    office.until(at(9, 17, 59))
    assert office.mails == []
    office.until(at(9, 18, 1))
    (mail,) = office.mails
    assert (mail.to, mail.subject) == (("office@acme.example",), "Acme Ltd: calls until 2026-11-09 18:00")
    assert mail.text.splitlines() == [
        "Calls for Acme Ltd from 2026-11-09 09:00 to 2026-11-09 18:00.",
        "",
        "calls: 4",
        "answered: 1",
        "left a message: 1",
        "refused: 1",
        "neither: 1",
        "",
        "2026-11-09 10:00  +15550100 (Eva)  talked 3:12 with ann",
        "2026-11-09 11:00  +15550100  left a message",
        "2026-11-09 12:00  number withheld  refused",
        "2026-11-09 13:00  +15550100  hung up",
    ]


def test_each_call_is_told_once_on_the_day_it_ended(office: Office) -> None:
    office.called(a_call(at(9, 17, 59), talk_s=600))
    office.until(at(9, 18, 1))
    office.called(a_call(at(10, 10)))
    office.until(at(10, 18, 1))
    assert office.lines() == [
        [],
        ["2026-11-09 17:59  +15550100  talked 10:00 with ann", "2026-11-10 10:00  +15550100  hung up"],
    ]


def test_nothing_is_sent_at_the_weekend_and_monday_has_it_all(office: Office) -> None:
    office.until(at(13, 18, 1))
    sent = len(office.mails)
    office.called(a_call(at(14, 12)))
    office.called(a_call(at(15, 12)))
    office.until(at(16, 17))
    assert len(office.mails) == sent
    office.until(at(16, 18, 1))
    assert [line[:16] for line in office.lines()[-1]] == ["2026-11-14 12:00", "2026-11-15 12:00"]


def test_a_time_that_passed_while_the_switch_was_down_is_made_up_for(office: Office) -> None:
    office.until(at(9, 18, 1))
    office.called(a_call(at(9, 19)))
    office.until(at(9, 20))
    office.restart(away_s=36 * HOUR_S)
    office.until(at(11, 8, 1))
    assert [line[:16] for line in office.lines()[-1]] == ["2026-11-09 19:00"]
    assert len(office.mails) == 2
    office.restart(away_s=60.0)
    office.until(at(11, 12))
    assert len(office.mails) == 2, "none is sent twice"


def test_who_wants_digests_from_now_on_hears_of_no_former_calls(office: Office) -> None:
    office.called(a_call(at(9, 8), project="bolt"))
    office.until(at(9, 12))
    office.wanted.append(terms("daily 15:00", project="bolt"))
    office.digests.refresh()
    office.called(a_call(at(9, 14), project="bolt"))
    office.until(at(9, 15, 1))
    assert [line[:16] for line in office.lines()[-1]] == ["2026-11-09 14:00"]
    office.wanted.clear()
    office.digests.refresh()
    office.until(at(12, 12))
    assert len(office.mails) == 1
    assert list(office.store.digests.ascending()) == []


def test_what_fails_is_tried_again_an_hour_later(office: Office) -> None:
    def refuse(mail: StoredMail) -> None:
        raise LocalError("no")

    office.put = refuse
    office.until(at(9, 18, 30))
    office.put = office.mails.append
    office.until(at(9, 19, 1))
    assert len(office.mails) == 1


def test_a_busy_day_has_an_end() -> None:
    digest = Digest("acme", "Acme Ltd", language="ru", timezone="UTC", since=at(9, 0), until=at(10, 0))
    for number in range(LINES_MAX + 7):
        digest.add(a_call(at(9, 1) + number))
    text = digest.mail("office@acme.example", at(10, 0)).text
    assert text.count("разговора не было") == LINES_MAX
    assert "... и ещё 7." in text
    assert f"звонков: {LINES_MAX + 7}" in text


def test_what_a_phone_calls_itself_stays_on_its_line() -> None:
    digest = Digest("acme", "Acme Ltd", language="en", timezone="UTC", since=at(9, 0), until=at(10, 0))
    digest.add(a_call(at(9, 1), calling_name="Eva\r\n2026-11-09 02:00  +1900  talked 9:59"))
    assert len([line for line in digest.mail("x@y", 0.0).text.splitlines() if line.startswith("2026")]) == 1
