"""What every switch on the Internet meets first: SIPVicious and sipsak learn nothing, and are banned."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.base.address import HostPort
from softswitch.control.protocol.replies import BansLifted
from softswitch.control.protocol.requests import LiftBan
from softswitch.control.protocol.rows import BanRow
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch
from tests.peers.program import left_out

pytestmark = pytest.mark.peers

HERE = "127.0.0.1"
PASSWORD = "7Kq-opal-wing"
BAN_WITHIN_S = 5.0


def sipvicious(tool: str) -> str:
    path = Path(sys.executable).with_name(f"sipvicious_{tool}")
    return str(path) if path.exists() else left_out("SIPVicious is not installed: pip install sipvicious")


def run(*arguments: str, seconds: float = 60.0) -> str:
    """What it printed. One that goes on for longer is ended: a scanner may be as patient as it likes."""
    try:
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds
        )
        return done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as error:
        return (error.stdout or b"").decode(errors="replace")


class Target:
    """A switch with one extension, 101."""

    def __init__(self, directory: Path, address: HostPort) -> None:
        self.address = address
        files = {
            "softswitch.toml": f'[sip]\ndomain = "{HERE}"\nlisten = ["udp:{address}"]\n'
            f'[media]\nip = "{HERE}"\nports = "31000-31099"\nworkers = 1\n[guard]\nneighbours = 0\n',
            "agents.toml": f'[[phone]]\nid = "101"\npassword = "{PASSWORD}"\n',
        }
        self.switch = RunningSwitch(directory, files)

    def ban_of(self, host: str) -> BanRow | None:
        """The ban of a scanner's address, as soon as it is there."""
        deadline = time.monotonic() + BAN_WITHIN_S
        while time.monotonic() < deadline:
            with self.switch.control() as client:
                for row in client.bans():
                    if row.network == host:
                        return row
            time.sleep(0.05)
        return None


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    target = Target(tmp_path_factory.mktemp("target"), HostPort(HERE, free_port(HERE)))
    with target.switch:
        yield target
    log = target.switch.log()
    assert "Traceback" not in log, log[-4000:]


@pytest.fixture(autouse=True)
def nobody_is_banned(target: Target) -> None:
    """All but svmap come from one address, whatever they are told."""
    with target.switch.control() as client:
        for row in client.bans():
            client.ask(LiftBan(row.network), BansLifted)


def sipsak() -> str:
    return shutil.which("sipsak") or left_out("sipsak is not installed: apt-get install sipsak")


def test_sipsak_learns_nothing_by_options(target: Target) -> None:
    """The extension there is and one there is not are asked for a password alike."""
    for user in ("101", "nobody"):
        printed = run(sipsak(), "-vvv", "-s", f"sip:{user}@{target.address}", seconds=10.0)
        assert set(re.findall(r"SIP/2\.0 (\d{3})", printed)) == {"401"}, printed
        assert "softswitch" not in printed.lower()


def test_svmap_finds_no_switch(target: Target) -> None:
    printed = run(sipvicious("svmap"), "-p", str(target.address.port), "-b", "127.0.0.61", "-x", "127.0.0.61", HERE)
    assert "softswitch" not in printed.lower()
    assert not re.search(rf"{re.escape(HERE)}:{target.address.port}", printed), printed
    ban = target.ban_of("127.0.0.61")
    assert ban is not None
    assert ban.reason == "scanner"


@pytest.mark.parametrize("method", ["REGISTER", "OPTIONS", "INVITE"])
def test_svwar_tells_no_extension_from_another(target: Target, method: str) -> None:
    printed = run(
        *(sipvicious("svwar"), "-p", str(target.address.port), "-m", method),
        *("--force", "-e", "90-110", HERE),
        seconds=20.0,
    )
    rows = re.findall(r"^[│|]\s*(\d+)\s*[│|]\s*(\w+)", printed, flags=re.MULTILINE)
    verdicts = {verdict for _, verdict in rows}
    assert len(verdicts) <= 1, printed
    assert not rows or len(rows) == 21, "one extension is told from the others"
    assert target.ban_of(HERE) is not None


def test_svcrack_finds_no_password_though_it_has_it(target: Target, tmp_path: Path) -> None:
    """Its list ends with the right one."""
    words = tmp_path / "words"
    words.write_text("\n".join([*(f"guess{number}" for number in range(60)), PASSWORD]) + "\n")
    printed = run(
        *(sipvicious("svcrack"), "-p", str(target.address.port), "-u", "101", "-d", str(words), HERE),
        seconds=20.0,
    )
    assert PASSWORD not in printed, printed
    assert target.ban_of(HERE) is not None


def test_a_renamed_svwar_is_known_by_its_shape(target: Target, tmp_path: Path) -> None:
    """The name in User-Agent is the first thing that is changed, and From's the second."""
    package = Path(sys.executable).parents[1] / "lib"
    (source,) = package.glob("python3*/site-packages/sipvicious")
    shutil.copytree(source, tmp_path / "sipvicious")
    for path in (tmp_path / "sipvicious").rglob("*.py"):
        text = path.read_text()
        path.write_text(text.replace("friendly-scanner", "Asterisk PBX").replace('"sipvicious"', '"Anna"'))
    code = "import sys; sys.argv[0] = 'svwar'; from sipvicious.svwar import main; main()"
    arguments = ["-p", str(target.address.port), "--force", "-e", "90-110", HERE]
    subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=30,
        check=False,
    )
    ban = target.ban_of(HERE)
    assert ban is not None
    assert ban.reason == "scanner"


def test_a_flood_by_sipsak_leaves_the_switch_at_work(target: Target) -> None:
    """It comes from the address of the one before; the control socket answers, and most of it was never read."""
    run(sipsak(), "-F", "-e", "3000", "-s", f"sip:101@{target.address}", seconds=8.0)
    status = target.switch.status()
    assert status is not None
    assert status.security.dropped + status.security.unheard > 0
