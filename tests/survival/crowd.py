"""The test's end of a crowd of phones (crowd_program.py): commands, and what came of them."""

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.peers.loopback import own_address

ROOT = Path(__file__).parents[2]
ANSWERS_WITHIN_S = 120.0
VOICES_FROM_HZ, VOICES_BELOW_HZ = 400, 3300
MUSIC_HZ, QUESTION_HZ = 300, 350
"""What those who wait hear, and what a menu asks."""


class CrowdLine(msgspec.Struct, frozen=True, kw_only=True):
    """A call at one phone; `username` is empty for a caller from outside. `state`: dialling, ringing, talking, ended.

    `is_to_end`: the crowd was told to end it, and its BYE was answered with `goodbye` (0: not yet, or not at all),
    which was known at `goodbye_at`.
    `faults` are what no phone may be told. `answered_at` is when the switch had said for certain that they talk: with
    its 200, or with its ACK.
    """

    line: int
    username: str
    calling: str
    called: str
    state: str
    status: int
    ended_by: str
    reason: str
    began_at: float
    answered_at: float
    ended_at: float
    is_to_end: bool
    goodbye: int
    goodbye_at: float
    faults: list[str]
    sip_call_id: str

    @property
    def is_lost(self) -> bool:
        """Nobody wanted that."""
        return self.state == "ended" and not self.is_to_end


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """What a line was sent since the mark (voices.py). `heard` and `hears` are numbers of lines, or a frequency of
    something else below nought."""

    packets: int
    gap_ms: float
    silence_ms: float
    missing: int
    backward: int
    jumps: int
    skips: int
    ssrcs: int
    heard: set[int]
    hears: set[int]


class Hearings(msgspec.Struct, frozen=True, kw_only=True):
    """`late_ms` is how long the crowd itself was late at most: what it measures is no better than that."""

    lines: dict[int, Hearing]
    strangers: int
    late_ms: float


class Crowd:
    """A context manager. `voices` is how many calls there can be at a time."""

    def __init__(self, directory: Path, domain: str, *, voices: int) -> None:
        self.callers_host, self.phones_host = own_address(), own_address()
        self._directory = directory
        step = max(4, (VOICES_BELOW_HZ - VOICES_FROM_HZ) // voices)
        self._order = {
            "domain": domain,
            "phones_host": self.phones_host,
            "callers_host": self.callers_host,
            "sound_host": own_address(),
            "hertz": [VOICES_FROM_HZ + step * number for number in range(voices)],
            "others": [MUSIC_HZ, QUESTION_HZ],
        }
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._ids = 0
        self._lock = threading.Lock()

    def __enter__(self) -> "Crowd":
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "crowd.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.survival.crowd_program"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        is_ready = self._answers[0] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._say(self._order)
        is_ready.get(timeout=ANSWERS_WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def log(self) -> str:
        return (self._directory / "crowd.log").read_text("utf-8", "replace")

    # What it does

    def register(self, names: Sequence[str], password: str) -> None:
        answers = self.ask("register", names=list(names), password=password)
        assert set(answers) <= {200}, dict(zip(names, answers, strict=True))

    def dial(self, calls: Sequence[Mapping[str, str]], *, pace_s: float = 0.01) -> list[int]:
        """Each call has a `number`, and `calling` (from outside) or `username`. Returns the lines' numbers."""
        return self.ask("dial", calls=[dict(each) for each in calls], pace_s=pace_s)

    def let_ring(self, names: Sequence[str]) -> None:
        """Phones that are not picked up."""
        self.ask("let ring", names=list(names))

    def pick_up(self, names: Sequence[str]) -> None:
        """Whatever rings at these phones now, or later."""
        self.ask("pick up", names=list(names))

    def lines(self) -> list[CrowdLine]:
        return msgspec.convert(self.ask("lines"), list[CrowdLine])

    def mark(self) -> None:
        """Measure from now on."""
        self.ask("mark")

    def listen(self) -> Hearings:
        """What was heard since the mark."""
        return msgspec.convert(self.ask("listen"), Hearings, strict=False)

    def hang_up(self, lines: Sequence[int]) -> dict[int, int]:
        """What each BYE was answered with; 0: nothing. Of calls that were over before nothing is said."""
        return {int(line): status for line, status in self.ask("hang up", lines=list(lines)).items()}

    def press(self, line: int, keys: str) -> None:
        self.ask("press", line=line, keys=keys)

    def reinvite(self, lines: Sequence[int], direction: str = "sendrecv") -> dict[int, int]:
        """What each re-INVITE was answered with; 0: nothing."""
        answers = self.ask("reinvite", lines=list(lines), direction=direction)
        return {int(line): status for line, status in answers.items()}

    def probe(self, lines: Sequence[int], *, every_s: float = 0.05, within_s: float = 30.0) -> float:
        """When the first request in one of these dialogs was answered, in monotonic seconds; 0: none was."""
        return self.ask("probe", lines=list(lines), every_s=every_s, within_s=within_s)["answered_at"]

    def pick_up_within(self, names: Sequence[str], seconds: float) -> None:
        """From now on not at once, but by chance within so long."""
        self.ask("delay", names=list(names), within_s=seconds)

    def begin_traffic(
        self, numbers: Sequence[str], *, menus: Sequence[str], calls_per_s: float, talk_s: float, seed: int
    ) -> None:
        """People call these numbers, talk and hang up, until the end of traffic."""
        habits = {"numbers": list(numbers), "menus": list(menus), "calls_per_s": calls_per_s, "talk_s": talk_s}
        self.ask("traffic", habits={**habits, "seed": seed})

    def end_traffic(self) -> list[str]:
        """When the last of them has hung up, the numbers they have called from."""
        return self.ask("end traffic")

    def forget(self) -> list[CrowdLine]:
        """Lines that are over, BYE and all; they are not listed any more."""
        over = [line for line in self.lines() if line.state == "ended" and (line.goodbye or not line.is_to_end)]
        self.ask("forget", lines=[line.line for line in over])
        return over

    def ladder(self, line: CrowdLine) -> str:
        """Its SIP messages."""
        return "\n".join(self.ask("ladder", sip_call_id=line.sip_call_id))

    def ask(self, what: str, **more: Any) -> Any:
        with self._lock:
            self._ids += 1
            number = self._ids
            answers = self._answers[number] = queue.Queue()
        self._say({"id": number, "do": what, **more})
        answer = answers.get(timeout=ANSWERS_WITHIN_S)
        assert "error" not in answer, f"{what}: {answer['error']}"
        return answer["result"]

    # Private

    def _say(self, command: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told: dict[str, Any] = json.loads(line)
            self._answers.pop(told["answers"]).put(told)
