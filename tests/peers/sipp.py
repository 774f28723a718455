"""SIPp as a peer: one scenario of ours in one process, and everything it said and heard."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.peers.loopback import own_address
from tests.peers.program import Program, program_path, wait_until

SCENARIOS = Path(__file__).parent / "scenarios"
PORT = 5060
LISTENS_WITHIN_S = 5.0
CALLS_SHOWN = 3

_TRACED = re.compile(
    r"^-{20,} (?P<day>\S+)\s(?P<time>\S+)\s+(?:UDP|TCP) message (?P<way>sent|received)[^\n]*\n\n"
    r"(?P<text>.*?)(?=^-{20,} |\Z)",
    re.MULTILINE | re.DOTALL,
)

_ERROR = re.compile(r"\d{4}-\d\d-\d\d\t[\d:.]+\t[\d.]+: ")

# What SIPp notes beside its errors: a time-out or a request that a scenario provides for.
_PROVIDED_FOR = ("jumping to label", "using the out-of-call scenario")


@dataclass(frozen=True, slots=True)
class Traced:
    """One SIP message of SIPp's trace. `at` is in epoch seconds."""

    at: float
    is_sent: bool
    text: str

    @property
    def first_line(self) -> str:
        return self.text.split("\n", 1)[0].strip()

    @property
    def is_request(self) -> bool:
        return not self.first_line.startswith("SIP/2.0 ")

    @property
    def method(self) -> str:
        """Of the request, or of the request it answers."""
        return self.header("CSeq").partition(" ")[2]

    @property
    def status(self) -> int:
        """0 for a request."""
        return 0 if self.is_request else int(self.first_line.split()[1])

    @property
    def body(self) -> str:
        return self.text.replace("\r\n", "\n").partition("\n\n")[2]

    def header(self, name: str) -> str:
        """The first header of that name, "" if there is none."""
        found = re.search(rf"^{name}\s*:\s*(.*?)\s*$", self.text, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""

    def sdp(self, kind: str) -> list[str]:
        """The values of the SDP lines of a kind: "o", "m", "a" …"""
        return [line[2:].strip() for line in self.body.split("\n") if line.startswith(f"{kind}=")]


@dataclass(slots=True, kw_only=True)
class Sipp:
    """A scenario that runs. `calls` are made (or taken) in all, `rate` per second.

    `keys` are the scenario's own [keywords]; `rows` of fields are handed to the calls one after another. `speech` is
    what a scenario with rtp_stream says, µ-law. `called` is a second scenario for calls that come while the first runs.
    """

    scenario: str
    directory: Path
    remote: str = ""
    address: str = ""
    calls: int = 1
    rate: float = 10.0
    transport: str = "u1"
    talk_ms: int = 1000
    number: str = "100"
    keys: dict[str, str] = field(default_factory=dict[str, str])
    rows: Sequence[Sequence[str]] = ()
    speech: bytes = b""
    called: str = ""
    _program: Program | None = None

    def start(self) -> "Sipp":
        self.address = self.address or own_address()
        self.directory.mkdir(parents=True)
        for name in filter(None, (self.scenario, self.called)):
            shutil.copy(SCENARIOS / f"{name}.xml", self.directory)
        (self.directory / "speech.ulaw").write_bytes(self.speech)
        self._program = Program(self._arguments(), self.directory)
        return self

    def wait(self, timeout_s: float = 30.0) -> None:
        """Until all calls are over, each as the scenario wants it. Raises `AssertionError` with a ladder."""
        assert self._program is not None, "wait() comes after start()"
        try:
            exit_code = self._program.wait(timeout_s)
        except subprocess.TimeoutExpired:
            exit_code = -1
        how = "did not end" if exit_code < 0 else f"ended with {exit_code}"
        unexpected = self.errors()
        assert exit_code == 0, f"SIPp's {self.scenario} {how}\n{unexpected}"
        assert not unexpected, f"SIPp's {self.scenario} did not expect\n{unexpected}"

    def listening(self) -> "Sipp":
        """Wait until it can be called."""
        assert self._program is not None, "listening() comes after start()"
        wait_until(self._is_listening, LISTENS_WITHIN_S, f"SIPp's {self.scenario} listens at {self.address}")
        return self

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()

    # What happened

    def messages(self) -> list[Traced]:
        """All of them, in order."""
        path = self.directory / "messages.log"
        text = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n") if path.exists() else ""
        return [
            Traced(at=_epoch_s(found["day"], found["time"]), is_sent=found["way"] == "sent", text=found["text"])
            for found in _TRACED.finditer(text)
        ]

    def received(self, method: str, status: int = 0) -> list[Traced]:
        """Requests of a method that came, or responses of that status to such a request of ours."""
        return [each for each in self.messages() if not each.is_sent and (each.method, each.status) == (method, status)]

    def sent(self, method: str, status: int = 0) -> list[Traced]:
        return [each for each in self.messages() if each.is_sent and (each.method, each.status) == (method, status)]

    def errors(self) -> str:
        """What SIPp did not expect, in its own words."""
        path = self.directory / "errors.log"
        entries = _ERROR.split(path.read_text("utf-8", "replace"))[1:] if path.exists() else []
        return "\n".join(entry.strip() for entry in entries if not any(words in entry for words in _PROVIDED_FOR))

    def ladder(self) -> str:
        """The messages as a ladder, call by call, those that SIPp complains of first; and SIPp's last words."""
        calls: dict[str, list[str]] = {}
        for each in self.messages():
            arrow = "->" if each.is_sent else "<-"
            line = f"    {each.at % 1000:7.3f} {arrow} {each.first_line}  ({each.header('CSeq')})"
            calls.setdefault(each.header("Call-ID"), []).append(line)
        errors = self.errors()
        lines = [f"{self.scenario} at {self.address}, {len(calls)} calls"]
        for call_id in sorted(calls, key=lambda each: each not in errors)[:CALLS_SHOWN]:
            lines += [f"  Call-ID {call_id}", *calls[call_id]]
        if self._program is not None:
            lines += [errors, self._program.output()[-1200:]]
        return "\n".join(lines)

    # Private

    def _arguments(self) -> list[str]:
        arguments = [program_path("sipp", "sip-tester"), *([f"{self.remote}:{PORT}"] if self.remote else [])]
        arguments += ["-sf", f"{self.scenario}.xml", "-i", self.address, "-p", str(PORT), "-mi", self.address]
        arguments += ["-m", str(self.calls), "-r", str(self.rate), "-l", str(max(self.calls, 10))]
        arguments += ["-t", self.transport, "-s", self.number, "-d", str(self.talk_ms)]
        arguments += ["-nostdin", "-skip_rlimit", "-timeout", "60s", "-timeout_error"]
        arguments += ["-trace_msg", "-message_file", "messages.log", "-trace_err", "-error_file", "errors.log"]
        for key, value in self.keys.items():
            arguments += ["-key", key, value]
        if self.rows:
            lines = ["SEQUENTIAL", *(";".join(row) for row in self.rows)]
            (self.directory / "rows.csv").write_text("\n".join(lines) + "\n")
            arguments += ["-inf", "rows.csv"]
        if self.called:
            arguments += ["-oocsf", f"{self.called}.xml"]
        return arguments

    def _is_listening(self) -> bool:
        """Its socket is in the kernel's table."""
        packed = "".join(f"{int(part):02X}" for part in reversed(self.address.split(".")))
        table = Path("/proc/net", "tcp" if self.transport.startswith("t") else "udp").read_text("ascii")
        return f" {packed}:{PORT:04X} " in table


def _epoch_s(day: str, time: str) -> float:
    """SIPp writes local time."""
    return datetime.fromisoformat(f"{day} {time}").timestamp()
