"""A call centre in which every kind of call can be in progress, in real processes on an address of its own."""

import hashlib
import socket
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.testing.runtime.running import RunningSwitch
from tests.survival.crowd import MUSIC_HZ, QUESTION_HZ
from tests.survival.voices import AMPLITUDE, RATE_HZ

PASSWORD = "Blue-Heron-17"
KEY = "ssw_survival"
WEB_PORT = 8080
WEB_WITHIN_S = 120.0
WRAP_UP_S = 1.0
SILENT_S = 10
"""A phone of which nothing is heard for so long has gone, though nobody has said so: his BYE was answered, and the
switch died before it was written down."""
TALK, RECORDED, RINGING, WAITING, MENU, ROOM = "101", "102", "103", "104", "105", "8800"
CHIEF, CHIEF_NUMBER = "chief", "111"
FLOWS = """
from softswitch.dialplan import Call, flow


@flow
async def talk(call: Call) -> None:
    await call.queue("talk")


@flow
async def recorded(call: Call) -> None:
    await call.queue("recorded")


@flow
async def ringing(call: Call) -> None:
    await call.queue("ringing")


@flow
async def waiting(call: Call) -> None:
    await call.queue("waiting")


@flow
async def menu(call: Call) -> None:
    choice = await call.menu("survival/question", digits="123", timeout_s=3600, tries=1)
    call.tag("choice", choice.digit)
    await call.queue("menu")
"""


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls there are of each kind; each of those in the conference is a call."""

    talking: int
    recorded: int
    dialled: int
    """From phone to phone."""
    waiting: int
    ringing: int
    menu: int
    conference: int
    spare: int = 0
    """Further agents in each queue, for calls that come and go."""

    @classmethod
    def of(cls, calls: int, *, spare: int = 0) -> "Sizes":
        """So many calls in all, from 30 on, fifteen of them in a conference."""
        conference = 15
        rest = calls - conference
        waiting, ringing, menu, recorded = rest // 4, max(2, rest // 20), max(2, rest // 15), max(2, rest // 7)
        dialled = max(1, rest // 30)
        talking = rest - waiting - ringing - menu - recorded - dialled
        return cls(
            talking=talking,
            recorded=recorded,
            dialled=dialled,
            waiting=waiting,
            ringing=ringing,
            menu=menu,
            conference=conference,
            spare=spare,
        )

    @property
    def calls(self) -> int:
        return sum(getattr(self, name) for name in self.__struct_fields__) - self.spare

    @property
    def voices(self) -> int:
        """Phones in a call at a time, when those who wait and choose have been served as well."""
        return 2 * self.calls + 20 + 20 * self.spare


class Centre(RunningSwitch):
    """Agents of a queue are called after it: talk1, talk2 … Those of `waiting` are logged out. Phones are desk1 …"""

    def __init__(self, directory: Path, sizes: Sizes, callers_host: str, host: str, *, workers: int = 2) -> None:
        self.host = host
        self.workers = [f"media-{number}" for number in range(workers)]
        self.queue_log = directory / "queue_log"
        self.agents: Mapping[str, list[str]] = {
            queue: [f"{queue}{number}" for number in range(1, count + 1 + sizes.spare)]
            for queue, count in (
                ("talk", sizes.talking),
                ("recorded", sizes.recorded),
                ("ringing", sizes.ringing),
                ("waiting", sizes.waiting),
                ("menu", sizes.menu),
            )
        }
        self.desks = [f"desk{number}" for number in range(1, 2 * sizes.dialled + 1)]
        self._callers_host = callers_host
        super().__init__(directory, self._files())
        at = np.arange(RATE_HZ) / RATE_HZ
        for name, hertz, seconds in (("music/tone", MUSIC_HZ, 4), ("en/survival/question", QUESTION_HZ, 2)):
            path = directory / "sounds" / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, np.tile(AMPLITUDE * np.sin(2 * np.pi * hertz * at), seconds).astype(np.float32))

    @property
    def phones(self) -> list[str]:
        """All accounts."""
        return [*(name for names in self.agents.values() for name in names), *self.desks, CHIEF]

    def number_of(self, desk: str) -> str:
        return str(3000 + int(desk.removeprefix("desk")))

    @property
    def supervisor_pid(self) -> int:
        return 0 if self._process is None else self._process.pid

    def wait_for_web(self) -> None:
        """Until its web process takes connections. It gives way to all others, so that may last."""
        self.wait_until(self._is_web_there, WEB_WITHIN_S)

    def _is_web_there(self) -> bool:
        try:
            socket.create_connection((self.host, WEB_PORT), timeout=5).close()
        except OSError:
            return False
        return True

    def bury_supervisor(self) -> None:
        """After it was killed: `start` starts the next one."""
        assert self._process is not None
        self._process.wait(timeout=10)

    # How it is set up

    def _files(self) -> Mapping[str, str]:
        agents = "\n".join(
            f'[[agent]]\nid = "{name}"\npassword = "{PASSWORD}"\nskills = {{{queue} = 5}}\n'
            f"auto_login = {str(queue != 'waiting').lower()}\n"
            for queue, names in self.agents.items()
            for name in names
        )
        phones = "\n".join(
            f'[[phone]]\nid = "{name}"\npassword = "{PASSWORD}"\nnumber = "{number}"\n'
            for name, number in [(CHIEF, CHIEF_NUMBER), *((name, self.number_of(name)) for name in self.desks)]
        )
        queues = "\n".join(
            f'[[queue]]\nid = "{name}"\nskills = {{{name} = 1}}\nring_timeout_s = 600\nwrap_up_s = {WRAP_UP_S}\n'
            f'max_wait_s = 86400\nmax_length = 10000\nrecord = "{"always" if name == "recorded" else "never"}"\n'
            "announce = {first_after_s = 86400, every_s = 86400}\n"
            for name in self.agents
        )
        routes = ((TALK, "talk"), (RECORDED, "recorded"), (RINGING, "ringing"), (WAITING, "waiting"), (MENU, "menu"))
        return {
            "softswitch.toml": f"""
            [sip]
            domain = "{self.host}"
            listen = ["udp:{self.host}:5060"]
            [media]
            ip = "{self.host}"
            workers = {len(self.workers)}
            timeout_s = {SILENT_S}
            [sounds]
            music = "tone"
            [web]
            enabled = true
            listen = "{self.host}:{WEB_PORT}"
            [events]
            queue_log = "{self.queue_log}"
            [shutdown]
            grace_s = 1
            """,
            "agents.toml": agents + phones,
            "queues.toml": queues,
            "conferences.toml": f'[[room]]\nid = "board"\nnumber = "{ROOM}"\nannounce = "nothing"\nrejoin_s = 0\n',
            "numbers.toml": "\n".join(
                f'[[route]]\nnumber = "{number}"\nflow = "{flow}"\n'
                for number, flow in (*routes, (ROOM, "conference"), ("3xxx", "extension"))
            ),
            "trunks.toml": f'[[trunk]]\nname = "outside"\naddresses = ["{self._callers_host}"]\noptions_s = 0\n',
            "users.toml": f'[[key]]\nid = "all"\nrole = "admin"\nhash = "{hashlib.sha256(KEY.encode()).hexdigest()}"\n',
            "dialplans/survival.py": FLOWS,
        }
