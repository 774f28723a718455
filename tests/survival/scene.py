"""A centre in which everything is in progress, whose processes are killed; and what its people heard of it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from softswitch.base.ids import AgentId
from softswitch.control.protocol.replies import AgentSet, SupervisionSet
from softswitch.control.protocol.requests import SetAgent, Supervise
from softswitch.store.schema import Cdr
from tests.peers.loopback import own_address
from tests.survival.belongings import belongings
from tests.survival.centre import (
    CHIEF,
    CHIEF_NUMBER,
    MENU,
    PASSWORD,
    RECORDED,
    RINGING,
    ROOM,
    TALK,
    WAITING,
    Centre,
    Sizes,
)
from tests.survival.crowd import MUSIC_HZ, QUESTION_HZ, Crowd, CrowdLine, Hearing
from tests.survival.picture import Picture, take_picture

SETTLED_WITHIN_S = 20.0
BACK_WITHIN_S = 30.0
UPGRADED_WITHIN_S = 120.0
HEARD_AFTER_S = 2.1
"""Two whole seconds of sound, whatever came before them."""
WRITTEN_S = 0.1
"""Who has talked for longer when the switch dies is written down."""
SOUND_WITHIN_S = 8.0
TOLD_FROM_MS = 60.0
UNSAVED_S = 1.0
"""What a worker has not written yet dies with it."""
OK, BUSY = 200, 503
SUPERVISOR = "supervisor"
KINDS = {
    TALK: "talking",
    RECORDED: "recorded",
    RINGING: "ringing",
    WAITING: "waiting",
    MENU: "menu",
    ROOM: "conference",
}
"""What a call is for, by the number called."""


class Aftermath(msgspec.Struct, kw_only=True):
    """What a death has cost. Gaps are of the lines on which somebody speaks, or music plays, all the time.

    `back_s` is until the switch answered at its control socket, and everything that was killed was there again.
    `lost` are lines that were established: somebody ended them, or `refused` a request in their dialog with this status
    (0: did not answer). `foreign` is what somebody heard who should not, by line; `deaf` what he should hear now, and
    does not. `missing` packets were left out somewhere. `breaks` are lines whose packets did not go on as they must.
    """

    killed: tuple[str, ...]
    back_s: float
    lost: list[CrowdLine]
    refused: dict[int, int]
    gaps_ms: dict[str, float]
    silences_ms: dict[str, float]
    missing: int
    foreign: dict[int, set[int]]
    deaf: dict[int, set[int]]
    breaks: dict[int, str]
    faults: list[str]
    late_ms: float
    withheld_ms: float
    """How long the processes that were started again waited for the processor: that is no fault of theirs."""

    @property
    def lines_lost(self) -> int:
        return len({line.line for line in self.lost} | self.refused.keys())

    @property
    def gap_ms(self) -> float:
        """The longest there was."""
        return max(self.gaps_ms.values(), default=0.0)

    @property
    def silence_ms(self) -> float:
        """The longest in which a voice, or music, was not to be heard."""
        return max(self.silences_ms.values(), default=0.0)

    @property
    def is_sound(self) -> bool:
        """Everybody was told, and hears, what he should, and has heard nobody else."""
        return not (self.faults or self.breaks or self.foreign or self.deaf)

    def told(self) -> str:
        """In a few lines for people."""
        words = [f"{'+'.join(self.killed)}: back after {self.back_s:.2f} s"]
        words.append(f"{self.lines_lost} lines lost, gap {self.gap_ms:.0f} ms, silence {self.silence_ms:.0f} ms")
        words.append(
            f"{self.missing} packets missing; crowd late {self.late_ms:.0f} ms, {self.withheld_ms:.0f} withheld"
        )
        words += [f"lost: {each}" for each in self.lost[:3]]
        if self.gap_ms > TOLD_FROM_MS:
            words.append(f"gaps: {self.gaps_ms}")
        for name in ("refused", "foreign", "deaf", "breaks", "faults"):
            if some := getattr(self, name):
                words.append(f"{name}: {str(some)[:600]}")
        return "\n  ".join(words)


class Scene:
    """A context manager; the centre runs, and nobody has called yet. `fill` makes it busy."""

    def __init__(self, directory: Path, sizes: Sizes, *, workers: int = 2) -> None:
        self.sizes = sizes
        host = own_address()
        self.crowd = Crowd(directory / "crowd", host, voices=sizes.voices)
        self.centre = Centre(directory / "centre", sizes, self.crowd.callers_host, host, workers=workers)
        self.kinds: dict[int, str] = {}
        """What each line is for; "agent" is somebody who was called."""
        self.dialled = 0
        self.deaths: list[float] = []
        """When switches died, in seconds since 1970."""
        self.steady: set[int] = set()
        """Lines that are looked at and listened to; others come and go."""
        self.known_lost: set[int] = set()
        self.hole_s = 0.1
        """So much may be missing of a recording by now, where nothing but its worker had died."""

    def __enter__(self) -> "Scene":
        self.crowd.__enter__()
        try:
            self.centre.start()
            self.crowd.register(self.centre.phones, PASSWORD)
            self.idle = belongings(self.centre)
            """What there is while nobody calls."""
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.centre.stop()
        finally:
            self.crowd.__exit__(kind, error, traceback)

    # The beginning

    def fill(self) -> None:
        """Calls of all kinds are in progress, as many as `sizes` says."""
        sizes = self.sizes
        self.crowd.let_ring(self.centre.agents["ringing"])
        for number, count in (
            (ROOM, sizes.conference),
            (TALK, sizes.talking),
            (RECORDED, sizes.recorded),
            (RINGING, sizes.ringing),
            (WAITING, sizes.waiting),
            (MENU, sizes.menu),
        ):
            self.call(number, count)
        for caller, called in zip(self.centre.desks[::2], self.centre.desks[1::2], strict=True):
            (line,) = self.crowd.dial([{"number": self.centre.number_of(called), "username": caller}])
            self.kinds[line] = "dialled"
            self.dialled += 1
        self.centre.wait_until(self._is_full, SETTLED_WITHIN_S)
        self._supervise()
        self.settle()

    def settle(self) -> None:
        """Whoever talks now goes on doing so, and hears whom he should."""
        self.steady = {line.line for line in self.crowd.lines() if line.state in ("talking", "ringing")}
        self.centre.wait_until(lambda: not any(self._hears_wrong().values()), SETTLED_WITHIN_S)

    def call(self, number: str, count: int) -> list[int]:
        """Callers from outside, one after another; their lines."""
        first = self.dialled + 1
        calls = [{"number": number, "calling": f"+1555{each:05}"} for each in range(first, first + count)]
        lines = self.crowd.dial(calls, pace_s=0.02)
        self.dialled += count
        self.kinds |= dict.fromkeys(lines, KINDS[number])
        return lines

    def talking_agents(self) -> list[CrowdLine]:
        """Lines of those who were called, and talk."""
        return [
            line
            for line in self.crowd.lines()
            if line.username and line.line not in self.kinds and line.state == "talking"
        ]

    def picture(self) -> Picture:
        return take_picture(self.centre)

    def lines(self, *kinds: str) -> list[int]:
        """Callers' lines of these kinds."""
        return [line for line, kind in self.kinds.items() if kind in kinds]

    # Death

    def kill(self, *names: str) -> Aftermath:
        """`kill -9` of these processes at once, and a look at everything when they are back."""
        return self.kill_while(lambda: None, *names)[1]

    def kill_while(self, then: Callable[[], None], *names: str) -> tuple[float, Aftermath]:
        """The same, and `then` is called at once; with the instant of the death, in monotonic seconds."""
        self.crowd.mark()
        before = {name: self.pid(name) for name in names}
        assert all(before.values()), f"not running: {before}"
        killed_at = time.monotonic()
        if "switch" in names:
            self.deaths.append(time.time())
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        then()
        if SUPERVISOR in names:
            self.centre.bury_supervisor()
            self.centre.start()
        self.centre.wait_until(lambda: self._is_back(before), BACK_WITHIN_S)
        back_s = time.monotonic() - killed_at
        withheld_s = sum(map(waited_s, (self.pid(name) for name in names)))
        time.sleep(HEARD_AFTER_S)
        self._wait_for_sound()
        after = self.look(names, back_s)
        after.withheld_ms = 1000 * withheld_s
        if any(name in self.centre.workers for name in names):
            self.hole_s += after.silence_ms / 1000 + UNSAVED_S
        if "switch" in names:
            after.refused = self.refused()
        return killed_at, after

    def upgrade(self, python: Path) -> Aftermath:
        """`softswitch upgrade` to this installation, and the same look."""
        self.crowd.mark()
        arguments = [str(python), "-P", "-m", "softswitch", "upgrade", str(self.centre.directory)]
        began_at = time.monotonic()
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=UPGRADED_WITHIN_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        took_s = time.monotonic() - began_at
        withheld_s = waited_s(self.pid("switch"))
        time.sleep(HEARD_AFTER_S)
        self._wait_for_sound()
        after = self.look(["upgrade"], took_s)
        after.withheld_ms = 1000 * withheld_s
        after.refused = self.refused()
        return after

    def refused(self) -> dict[int, int]:
        """Everybody who talks asks to go on as he does: who was answered with something else than 200."""
        talking = [line.line for line in self.crowd.lines() if line.state == "talking" and line.line in self.steady]
        return {line: status for line, status in self.crowd.reinvite(talking).items() if status != OK}

    def calls_lost(self, after: Aftermath) -> int:
        """A call may have lost both its ends, and its supervisor."""
        ends = {line.line for line in after.lost} | after.refused.keys()
        return len({self._caller(line) for line in self.crowd.lines() if line.line in ends})

    def _caller(self, line: CrowdLine) -> str:
        if line.username == CHIEF:
            return self.supervised
        return line.calling or self.centre.number_of(line.username)

    def look(self, killed: Sequence[str] = (), back_s: float = 0.0) -> Aftermath:
        """What there is to see and hear since the mark."""
        heard = self.crowd.listen()
        lines = [line for line in self.crowd.lines() if line.line in self.steady]
        expected = self.expected(lines)
        lost = [line for line in lines if line.is_lost and line.answered_at and line.line not in self.known_lost]
        self.known_lost |= {line.line for line in lost}
        steady = [number for number, voices in expected.items() if voices and self._kind(number) != "menu"]
        return Aftermath(
            killed=tuple(killed),
            back_s=back_s,
            lost=lost,
            refused={},
            gaps_ms=self._longest({each: heard.lines[each].gap_ms for each in steady if each in heard.lines}),
            silences_ms=self._longest({each: heard.lines[each].silence_ms for each in steady if each in heard.lines}),
            missing=sum(heard.lines[each].missing for each in steady if each in heard.lines),
            foreign={
                number: each.heard - expected[number]
                for number, each in heard.lines.items()
                if number in expected and each.heard - expected[number]
            },
            deaf={number: wrong for number, wrong in self._deaf(expected, heard.lines).items() if wrong},
            breaks={number: text for number, each in heard.lines.items() if (text := _break(each))},
            faults=[
                f"line {line.line} ({line.username or line.calling}): {each}" for line in lines for each in line.faults
            ],
            late_ms=heard.late_ms,
            withheld_ms=0.0,
        )

    def is_written(self, line: CrowdLine) -> bool:
        """It was answered, and had been for a moment when the switch died next.

        A phone that rang for a switch that died is rung anew by the next one, or another is; what it says to the
        former call is nothing that could be lost.
        """
        since = line.began_at if line.username else line.answered_at
        return line.answered_at > 0 and not any(since < death < line.answered_at + WRITTEN_S for death in self.deaths)

    def story(self, calling: str, former: Sequence[CrowdLine] = ()) -> str:
        """All lines of who called from this number, those forgotten too, with their SIP messages."""
        lines = {line.line: line for line in [*former, *self.crowd.lines()] if line.calling == calling}
        return "\n".join(f"{line}\n{self.crowd.ladder(line)}" for line in lines.values())

    def pid(self, name: str) -> int:
        return self.centre.supervisor_pid if name == SUPERVISOR else self.centre.pid(name)

    def expected(self, lines: Iterable[CrowdLine]) -> dict[int, set[int]]:
        """Whom each line that talks is to hear: lines' numbers, or a frequency below nought."""
        talking = [line for line in lines if line.state == "talking"]
        members = {line.line for line in talking if self._kind(line.line) == "conference"}
        agents = {line.calling: line.line for line in talking if line.username and line.line not in self.kinds}
        desks = {line.username: line.line for line in talking if line.username in self.centre.desks}
        expected: dict[int, set[int]] = {}
        for line in talking:
            match self._kind(line.line):
                case "conference":
                    expected[line.line] = members - {line.line}
                case "dialled":
                    called = self.centre.desks[self.centre.desks.index(line.username) + 1]
                    expected[line.line] = {desks[called]} if called in desks else set()
                    if called in desks:
                        expected[desks[called]] = {line.line}
                case "chief":
                    expected[line.line] = self._supervised(talking)
                case "agent":
                    continue
                case _ if line.calling in agents:
                    agent = agents[line.calling]
                    expected[line.line], expected[agent] = {agent}, {line.line}
                case "menu":
                    expected[line.line] = {-QUESTION_HZ}
                case _:
                    expected[line.line] = {-MUSIC_HZ}
        return expected

    # Private

    def _wait_for_sound(self) -> None:
        """On a busy machine a packet is late now and then, and a second of sound not clear."""
        deadline = time.monotonic() + SOUND_WITHIN_S
        while time.monotonic() < deadline:
            if not any(self._hears_wrong().values()):
                return
            time.sleep(0.25)

    def _longest(self, times_ms: dict[int, float]) -> dict[str, float]:
        """By the kind of call."""
        longest: dict[str, float] = {}
        for line, time_ms in times_ms.items():
            kind = self._kind(line)
            longest[kind] = max(longest.get(kind, 0.0), time_ms)
        return longest

    def _kind(self, line: int) -> str:
        return self.kinds.get(line, "agent")

    def _is_full(self) -> bool:
        lines = self._dial_again(self.crowd.lines())
        sizes = self.sizes
        served = sizes.talking + sizes.recorded + sizes.dialled
        assert not [line for line in lines if line.state == "ended"], [each for each in lines if each.state == "ended"]
        talking = sum(line.state == "talking" for line in lines)
        ringing = sum(line.state == "ringing" and bool(line.username) for line in lines)
        return talking == sizes.calls + served and ringing == sizes.ringing

    def _dial_again(self, lines: list[CrowdLine]) -> list[CrowdLine]:
        """Whom the switch was too busy for. Returns the others."""
        refused = [line for line in lines if line.status == BUSY and not line.answered_at and line.line in self.kinds]
        if refused:
            self.crowd.forget()
        for line in refused:
            (number,) = self.crowd.dial([{"number": line.called, "calling": line.calling, "username": line.username}])
            self.kinds[number] = self.kinds.pop(line.line)
        return [line for line in lines if line not in refused]

    def _supervise(self) -> None:
        """The chief listens to the first who talks, who is to be heard by nobody but the agent."""
        (first, *_) = self.lines("talking")
        caller = next(line for line in self.crowd.lines() if line.line == first)
        with self.centre.control() as client:
            call = next(row for row in client.calls() if row.calling_number == caller.calling)
            client.ask(Supervise(call.call_id, CHIEF_NUMBER), SupervisionSet)
        self.supervised = caller.calling
        self.centre.wait_until(self._is_supervised, SETTLED_WITHIN_S)

    def _is_supervised(self) -> bool:
        found = [line.line for line in self.crowd.lines() if line.username == CHIEF and line.state == "talking"]
        self.kinds |= dict.fromkeys(found, "chief")
        return bool(found)

    def _supervised(self, talking: Sequence[CrowdLine]) -> set[int]:
        return {line.line for line in talking if line.calling == self.supervised and line.username != CHIEF}

    def _hears_wrong(self) -> dict[int, set[int]]:
        heard = self.crowd.listen().lines
        expected = self.expected(line for line in self.crowd.lines() if line.line in self.steady)
        wrong = self._deaf(expected, heard)
        for number, voices in expected.items():
            if number in heard:
                wrong[number] |= heard[number].hears - voices
        return wrong

    def _deaf(self, expected: dict[int, set[int]], heard: dict[int, Hearing]) -> dict[int, set[int]]:
        """Whom each does not hear whom he should. A menu has asked its question, and is silent."""
        return {
            number: voices - heard[number].hears if number in heard and self._kind(number) != "menu" else set()
            for number, voices in expected.items()
        }

    def _is_back(self, before: dict[str, int]) -> bool:
        if any(self.pid(name) in (0, pid) for name, pid in before.items()):
            return False
        status = self.centre.status()
        if status is None or ("switch" in before and status.pid == before["switch"]):
            return False
        workers = {row.name: row for row in status.workers}
        return all(row.is_connected for row in workers.values())

    # The end

    def clear(self) -> None:
        """After the end: the centre is as it was before `fill`."""
        self.crowd.forget()
        self.kinds, self.steady = {}, set()
        with self.centre.control() as client:
            for name in self.centre.agents["waiting"]:
                client.ask(SetAgent(AgentId(name), "logout"), AgentSet)

    def _log_in(self, names: Iterable[str]) -> None:
        with self.centre.control() as client:
            for name in names:
                client.ask(SetAgent(AgentId(name), "login"), AgentSet)

    def serve(self) -> None:
        """Nobody waits, chooses or rings any more: all talk to an agent, and hear him."""
        self.crowd.pick_up(self.centre.agents["ringing"])
        self._log_in(self.centre.agents["waiting"])
        for line in self.lines("menu"):
            self.crowd.press(line, "2")

        def is_served() -> bool:
            lines = self.crowd.lines()
            expected = self.expected(lines)
            alone = [number for number, voices in expected.items() if min(voices, default=-1) < 0]
            rings = [line for line in lines if line.state == "ringing"]
            return not alone and not rings

        self.centre.wait_until(is_served, SETTLED_WITHIN_S)
        self.settle()

    def served_in_turn(self, cdrs: Sequence[Cdr]) -> bool:
        """The first agent who had logged in got whoever had waited longest in the queue `waiting`, and so on."""
        waited = sorted((cdr for cdr in cdrs if cdr.called_number == WAITING), key=lambda cdr: cdr.started_at)
        return [cdr.agent for cdr in waited] == self.centre.agents["waiting"][: len(waited)]

    def end(self) -> list[str]:
        """Everybody hangs up, callers and agents by turns; what is left or wrong then."""
        pairs = [line for line in self.crowd.lines() if line.state == "talking" and self.is_written(line)]
        both = {line.calling for line in pairs if line.username and line.line not in self.kinds}
        hanging = [
            line.line
            for line in pairs
            if line.calling not in both or bool(line.username) is (int(line.calling[-1]) % 2 == 0)
        ]
        answers = self.crowd.hang_up(hanging)
        found = [
            f"line {line} ({self._kind(line)}): BYE was answered with {status}"
            for line, status in answers.items()
            if status != OK
        ]
        try:
            self.centre.wait_until(self._is_over, SETTLED_WITHIN_S)
        except TimeoutError:
            found += self._left()
        return found

    def _left(self) -> list[str]:
        status = self.centre.status()
        assert status is not None
        with self.centre.control() as client:
            found = [f"call left: {row}" for row in client.calls()]
            found += [f"contact left: {row}" for row in client.contacts()]
            found += [f"conference left: {row}" for row in client.conferences() if row.participants]
            found += [
                f"{row.agent_id} is {row.state}" for row in client.agents() if row.state not in ("ready", "logged_out")
            ]
        found += [
            f"{row.name} has {row.streams} streams, {row.recordings} recordings left"
            for row in status.workers
            if row.streams or row.recordings
        ]
        found += [
            f"line {line.line} of {line.username or line.calling} is still {line.state}"
            for line in self.crowd.lines()
            if line.state != "ended" and self.is_written(line)
        ]
        return found

    def _is_over(self) -> bool:
        return not self._left()


def waited_s(pid: int) -> float:
    """How long the first thread of a process was ready to run, and did not (the kernel's schedstat)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def _break(heard: Hearing) -> str:
    """Packets never go back, nor do they change their source."""
    parts = (("backward", heard.backward), ("jumps", heard.jumps), ("ssrcs", heard.ssrcs))
    return ", ".join(f"{name} {count}" for name, count in parts if count)
