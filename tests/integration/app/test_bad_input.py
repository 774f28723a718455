"""What an operator sees when something is wrong: one clear line for each fault, exit code 2, nothing half-started."""

import socket
import subprocess
import sys
from pathlib import Path

import lmdb
import pytest

from softswitch.control.protocol.replies import Reloaded
from softswitch.control.protocol.requests import Reload
from softswitch.store import open_store
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

FLOW = """
from softswitch.dialplan import Call, flow

@flow
async def greet(call: Call) -> None:
    await call.play("greeting/welcome")
"""


def files(port: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}", "tcp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "12000-12099"\nworkers = 1\n',
        "numbers.toml": '[[route]]\nnumber = "100"\nflow = "greet"\n',
        "agents.toml": '[[agent]]\nid = "ann"\npassword = "long-enough-4711"\n',
        "dialplans/greet.py": FLOW,
    }


def serve(directory: Path, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    RunningSwitch(directory, files)
    arguments = [sys.executable, "-m", "softswitch", "serve", str(directory)]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)


def command(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "softswitch", *arguments]
    return subprocess.run(
        whole, capture_output=True, text=True, timeout=60, check=False, env={"SOFTSWITCH_CONFIG": str(directory)}
    )


def test_every_fault_of_the_configuration_at_once_and_nothing_started(tmp_path: Path) -> None:
    wrong = files(5060) | {
        "agents.toml": '[[agent]]\nid = "ann"\npassword = "ann"\nskils = {}\n',
        "numbers.toml": '[[route]]\nnumber = "100"\nflow = "gret"\n[[route]]\nnumber = "100"\nflow = "greet"\n',
        "queues.toml": '[[queue]]\nid = "support"\noverflow = "flow:gret"\n',
    }
    done = serve(tmp_path, wrong)
    assert done.returncode == 2
    said = done.stdout + done.stderr
    for fragment in (
        "skils",
        "password",
        "is already the number",
        '"gret"',
        "agents.toml",
        "numbers.toml",
        "queues.toml",
    ):
        assert fragment in said
    assert "Traceback" not in said
    assert not (tmp_path / "run" / "switch.pid").exists()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        done = serve(tmp_path, files(port))
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert str(port) in said
    assert "Traceback" not in said


@pytest.mark.parametrize("version", [b"9999", b"\xff\x00"], ids=["newer", "damaged"])
def test_a_store_of_another_version_is_left_alone(tmp_path: Path, version: bytes) -> None:
    port = free_port()
    open_store(str(tmp_path / "store"), report=lambda line: None).close()
    with lmdb.open(str(tmp_path / "store"), max_dbs=16) as environment:
        meta = environment.open_db(b"meta")
        with environment.begin(write=True, db=meta) as transaction:
            transaction.put(b"schema_version", version)
    done = serve(tmp_path, files(port))
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert "version" in said
    assert "Traceback" not in said


def test_a_flow_that_does_not_compile_leaves_the_old_one_in_force(tmp_path: Path) -> None:
    port = free_port()
    with RunningSwitch(tmp_path, files(port)) as switch:
        (tmp_path / "dialplans" / "greet.py").write_text(FLOW + "\nif True\n")
        refused = command(tmp_path, "reload")
        assert refused.returncode == 2
        assert "greet.py:" in refused.stdout + refused.stderr
        (tmp_path / "dialplans" / "greet.py").write_text(FLOW)
        (tmp_path / "agents.toml").write_text('[[agent]]\nid = "ann"\npassword = "long-enough-4711"\nname = "Ann"\n')
        accepted = command(tmp_path, "reload")
        assert accepted.returncode == 0, accepted.stderr
        with switch.control() as client:
            assert [agent.name for agent in client.agents()] == ["Ann"]
    assert "Traceback" not in switch.log()


def test_a_reload_says_which_changes_wait_for_a_restart(tmp_path: Path) -> None:
    before = files(free_port())
    with RunningSwitch(tmp_path, before) as switch:
        changed = before["softswitch.toml"].replace('ports = "', 'advertised_ip = "192.0.2.9"\nports = "')
        changed += '[sounds]\ntones = "gb"\n[limits]\ncalls = 7\n'
        (tmp_path / "softswitch.toml").write_text(changed)
        with switch.control() as client:
            reloaded = client.ask(Reload(), Reloaded)
            again = client.ask(Reload(), Reloaded)
    needed = {line.partition(":")[0] for line in reloaded.restart_needed}
    assert needed == {"settings.media.advertised_ip", "settings.sounds.tones"}
    assert again.restart_needed == again.changes == reloaded.restart_needed, "told until it is in force"
    assert {line.partition(":")[0] for line in reloaded.changes} == {
        "settings.media.advertised_ip",
        "settings.sounds.tones",
        "settings.limits.calls",
    }
