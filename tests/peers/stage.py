"""Where the peers of one test stand: each has a directory, is shown if the test fails, and is ended after it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.peers.baresip import Baresip
from tests.peers.centre import PASSWORD, Centre
from tests.peers.rtp_phone import RtpPhone
from tests.peers.sipp import Sipp

Evidence = list[tuple[str, Callable[[], str]]]


class Stage:
    """`evidence` grows with every peer: a title, and what tells of it."""

    def __init__(self, directory: Path, evidence: Evidence) -> None:
        self._directory = directory
        self._evidence = evidence
        self._ends: list[Callable[[], None]] = []

    def close(self) -> None:
        """End every peer; phones take their registrations back, so their switch had better be there still."""
        while self._ends:
            self._ends.pop()()

    def sipp(self, scenario: str, **settings: Any) -> Sipp:
        """Start a scenario; `settings` are the fields of `Sipp`."""
        peer = Sipp(scenario=scenario, directory=self._new_directory(scenario), **settings)
        self._evidence.append((f"SIPp {scenario}", peer.ladder))
        self._ends.append(peer.stop)
        return peer.start()

    def register(self, centre: Centre, names: Sequence[str], *, password: str = PASSWORD) -> str:
        """Register accounts at one address, each with its own digest; returns the address their phones are at."""
        return self.register_at(centre.host, names, password=password)

    def register_at(self, host: str, names: Sequence[str], *, password: str = PASSWORD) -> str:
        """The same with any switch."""
        rows = credentials(names, password)
        registering = self.sipp("register", remote=host, calls=len(rows), rows=rows, rate=50)
        registering.wait()
        return registering.address

    def baresip(self, **settings: Any) -> Baresip:
        """Start one; `settings` are the fields of `Baresip`."""
        peer = Baresip(directory=self._new_directory("baresip"), **settings)
        self._evidence.append((f"baresip {peer.username}", peer.story))
        self._ends.append(peer.stop)
        return peer.start()

    def rtp_phone(self, codec: str = "PCMU") -> RtpPhone:
        phone = RtpPhone(codec)
        self._ends.append(phone.close)
        return phone

    def _new_directory(self, name: str) -> Path:
        return self._directory / f"{len(self._evidence)}-{name}"


def credentials(names: Sequence[str], password: str = PASSWORD) -> list[tuple[str, str]]:
    """Rows for register.xml: a user name, and what SIPp answers a challenge with."""
    return [(name, f"[authentication username={name} password={password}]") for name in names]
