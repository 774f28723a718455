"""A call centre in real processes: `softswitch serve` on an address of its own, with agents, queues and a trunk."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from softswitch.control.protocol.rows import CallRow
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.store.schema import Cdr, StoredRecording
from softswitch.testing.certificates import Authority
from softswitch.testing.runtime.running import RunningSwitch
from tests.peers.loopback import own_address

PASSWORD = "Blue-Heron-17"
SETTLED_WITHIN_S = 5.0
CALLERS = 40
PHONES = ("reception", "kitchen", "lobby")

DESK = '''
from softswitch.dialplan import Call, flow


@flow
async def desk(call: Call) -> None:
    """No greeting, no menu: the first agent who is free."""
    await call.queue("support")
'''

SHORT_PROMPTS = (
    "greeting/welcome",
    "greeting/recording-notice",
    "greeting/goodbye",
    "menu/sales-or-support",
    "survey/question",
    "survey/thanks",
)
"""What the hotline says to every caller, replaced by recordings of 0.2 s so that a test is not mostly greeting."""


class Centre(RunningSwitch):
    """Agents are called agent1 … and have the numbers 201 …; `phones` are no agents, the first may call outside.

    100 is the hotline; 102 leads straight to whoever is free in support.
    `carrier_host` is where our calls to the outside go.
    """

    def __init__(
        self,
        directory: Path,
        *,
        agents: int = 4,
        phones: Sequence[str] = PHONES,
        srtp: Mapping[str, str] | None = None,
        dtmf: Mapping[str, str] | None = None,
        workers: int = 1,
        tls: Authority | None = None,
    ) -> None:
        """`srtp` and `dtmf` have the settings of these names of agents, phones and trunk, where they are others.

        With `tls` the centre listens with TLS and for browsers as well, and shows a certificate of this authority.
        """
        self._srtp = srtp or {}
        self._dtmf = dtmf or {}
        self._workers = workers
        self.host = own_address()
        self._tls = tls.issue("centre", [self.host]) if tls is not None else None
        self._caller_hosts = [own_address() for _ in range(CALLERS)]
        self.carrier_host = own_address()
        self._calls_before: set[str] = set()
        self._log_begins_at = 0
        self.agents = [f"agent{number}" for number in range(1, agents + 1)]
        self._phones = phones
        super().__init__(directory, self._files())
        for name in SHORT_PROMPTS:
            path = directory / "sounds" / "en" / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, np.full(1600, 0.001, dtype=np.float32))

    def caller_host(self) -> str:
        """One of the trunk's addresses that no other caller has had."""
        return self._caller_hosts.pop()

    def mark(self) -> None:
        """What has been up to now is forgotten: records and log begin here."""
        self._calls_before = {cdr.call_id for cdr in self._all_cdrs()}
        self._log_begins_at = len(super().log())

    # What has happened since the mark

    def calls(self) -> list[CallRow]:
        """In progress."""
        with self.control() as client:
            return client.calls()

    def agent_states(self) -> dict[str, str]:
        """As the switch sees them; "no phone" where none is registered."""
        with self.control() as client:
            return {row.agent_id: row.state if row.is_registered else "no phone" for row in client.agents()}

    def cdrs(self) -> list[Cdr]:
        """Oldest first."""
        return [cdr for cdr in self._all_cdrs() if cdr.call_id not in self._calls_before]

    def recordings(self) -> list[StoredRecording]:
        with self.store() as store:
            return [each for each in store.recordings.ascending() if each.call_id not in self._calls_before]

    def log(self) -> str:
        return super().log()[self._log_begins_at :]

    def settled(self, calls: int) -> list[Cdr]:
        """Wait until `calls` calls have been and none is in progress, and their recordings are in the index; their
        records, oldest first."""

        def is_settled() -> bool:
            files = sum(len(cdr.recordings) for cdr in self.cdrs())
            return not self.calls() and len(self.cdrs()) >= calls and len(self.recordings()) >= files

        self.wait_until(is_settled, SETTLED_WITHIN_S)
        return self.cdrs()

    def settled_call(self) -> Cdr:
        """The record of the one call there has been."""
        (cdr,) = self.settled(1)
        return cdr

    def wait_for_agents(self, names: Sequence[str], state: str = "ready") -> None:
        self.wait_until(lambda: all(self.agent_states()[name] == state for name in names), SETTLED_WITHIN_S)

    def _all_cdrs(self) -> list[Cdr]:
        with self.store() as store:
            return list(store.cdrs.ascending())

    # How it is set up

    def _listen(self) -> list[str]:
        listeners = [f"udp:{self.host}:5060", f"tcp:{self.host}:5060"]
        if self._tls is not None:
            listeners += [f"tls:{self.host}:5061", f"ws:{self.host}:8088", f"wss:{self.host}:8089"]
        return listeners

    def _files(self) -> Mapping[str, str]:
        agents = "\n".join(
            f"""
            [[agent]]
            id = "{name}"
            password = "{PASSWORD}"
            number = "{200 + number}"
            skills = {{sales = 5, support = 5}}
            auto_login = true
            srtp = "{self._srtp.get(name, "off")}"
            dtmf = "{self._dtmf.get(name, "auto")}"
            """
            for number, name in enumerate(self.agents, start=1)
        )
        phones = "\n".join(
            f"""
            [[phone]]
            id = "{name}"
            password = "{PASSWORD}"
            number = "{110 + number}"
            srtp = "{self._srtp.get(name, "off")}"
            dtmf = "{self._dtmf.get(name, "auto")}"
            """
            for number, name in enumerate(self._phones)
        )
        queues = "\n".join(
            f"""
            [[queue]]
            id = "{name}"
            skills = {{{name} = 1}}
            ring_timeout_s = 10
            wrap_up_s = 0
            """
            for name in ("sales", "support")
        )
        return {
            "softswitch.toml": f"""
            [sip]
            domain = "{self.host}"
            listen = {self._listen()}
            [tls]
            certificate = "{self._tls.certificate if self._tls else ""}"
            private_key = "{self._tls.private_key if self._tls else ""}"
            [media]
            ip = "{self.host}"
            voice_from = "anywhere" # baresip sends from 127.0.0.1, whatever its SDP says
            workers = {self._workers}
            [shutdown]
            grace_s = 1
            """,
            "agents.toml": agents + phones,
            "queues.toml": queues,
            "numbers.toml": """
            [[route]]
            number = "100"
            flow = "hotline"
            [[route]]
            number = "102"
            flow = "desk"
            [[route]]
            number = "xxx"
            flow = "extension"
            [[route]]
            number = "+49!"
            flow = "extension"
            """,
            "schedules.toml": """
            [[schedule]]
            id = "office"
            hours = {"daily" = ["00:00-24:00"]}
            """,
            "trunks.toml": f"""
            [[trunk]]
            name = "carrier"
            addresses = {self._caller_hosts}
            host = "{self.carrier_host}"
            prefix = "+"
            options_s = 0
            permitted_callers = ["{self._phones[0]}"]
            dtmf = "{self._dtmf.get("carrier", "auto")}"
            """,
            "dialplans/desk.py": DESK,
        }
