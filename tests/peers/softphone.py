"""A softphone that a test tells what to do, call by call: register, dial, answer, hold, digits, transfer.

It is baresip's stack by PyPI's baresip-python, in a process of its own (softphone_program.py).
"""

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ANSWERS_WITHIN_S = 15.0
TONE_MIN = 1000
"""Of 32,767; silence and comfort noise stay far below."""
ROOT = Path(__file__).parents[2]


class Softphone:
    """Registered when `registered` returns; several are best started first, and waited for together.

    Calls are numbers: those that were dialled or came, from 1 on.
    """

    def __init__(self, directory: Path, username: str, password: str, domain: str) -> None:
        self.username = username
        self._directory = directory
        self._arguments = [username, password, domain, str(directory)]
        self._process: subprocess.Popen[str] | None = None
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._ids = 0
        self.events: list[dict[str, Any]] = []
        """Everything that was told, in order."""
        self._has_come = threading.Condition()

    def start(self) -> "Softphone":
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "output.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.peers.softphone_program", *self._arguments],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def registered(self) -> "Softphone":
        self.wait("ready")
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    # What it does

    def dial(self, number: str) -> int:
        """Returns the call; it need not be answered."""
        return self._ask(do="dial", number=number)["call"]

    def answer(self) -> int:
        """Answer the next call that comes, or has come."""
        call = self.wait("incoming")["call"]
        self._ask(do="answer", call=call)
        return call

    def talk(self, call: int) -> None:
        """Wait until the other side has answered."""
        self._ask(do="talk", call=call)

    def do(self, what: str, call: int, **more: Any) -> str:
        """Returns what went wrong, or ""; a transfer is over when it returns."""
        return self._try(do=what, call=call, **more).get("error", "")

    def hears_a_tone(self, call: int) -> bool:
        """Whether the other side's tone is heard; it has half a second to come through, and another one."""
        return any(self._ask(do="listen", call=call)["level"] > TONE_MIN for _ in range(4))

    def state(self, call: int) -> str:
        return self._ask(do="state", call=call)["state"]

    def wait(self, event: str, call: int | None = None) -> dict[str, Any]:
        """The first event of that name that nobody has waited for."""

        def is_it(each: dict[str, Any]) -> bool:
            return each.get("event") == event and call in (None, each.get("call")) and not each.get("is_taken")

        with self._has_come:
            found = self._has_come.wait_for(lambda: any(map(is_it, self.events)), ANSWERS_WITHIN_S)
            assert found, f"{self.username}: no {event} within {ANSWERS_WITHIN_S} s: {self.story()}"
            taken = next(each for each in self.events if is_it(each))
            taken["is_taken"] = True
            return taken

    def digits(self, call: int) -> str:
        """Those it has heard."""
        return "".join(each["digit"] for each in self.events if each.get("event") == "digit" and each["call"] == call)

    def story(self) -> str:
        path = self._directory / "output.log"
        log = path.read_text("utf-8", "replace") if path.exists() else "not started"
        return "\n".join(map(str, self.events)) + "\n" + log

    # Private

    def _ask(self, **command: Any) -> dict[str, Any]:
        answer = self._try(**command)
        assert "error" not in answer, f"{self.username}: {command}: {answer['error']}"
        return answer

    def _try(self, **command: Any) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._ids += 1
        answers = self._answers[self._ids] = queue.Queue()
        self._process.stdin.write(json.dumps({"id": self._ids, **command}) + "\n")
        self._process.stdin.flush()
        return answers.get(timeout=40.0)

    def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told: dict[str, Any] = json.loads(line)
            if "answers" in told:
                self._answers[told["answers"]].put(told)
            else:
                with self._has_come:
                    self.events.append(told)
                    self._has_come.notify_all()
