"""The demo's directory: new, or taken over from a former demo, and filled with the call centre's configuration."""

import os
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path
from string import Template

from softswitch.app.run_directory import RunDirectory
from softswitch.base.address import HostPort
from softswitch.base.entropy import SystemEntropy
from softswitch.cli.failure import CONFIGURATION, Failure

MARKER = ".softswitch-demo"
_MARKER_TEXT = "`softswitch demo` has made this directory, and may replace everything in it.\n"
_KEPT = "cache"
"""Spoken sentences take a few seconds to make and are the same every time."""

_FLOWS = "centre.py"
SOCKET_PATH_BYTES_MAX = 107
"""What the kernel takes as the address of a Unix socket (unix(7))."""


def prepare_directory(wanted: str | None) -> Path:
    """An empty directory but for the cache: a fresh one under /tmp, or `wanted`. Raises Failure and StartError."""
    if wanted is None:
        path = Path(tempfile.mkdtemp(prefix="softswitch-demo-"))
    else:
        path = Path(os.path.abspath(wanted))
        _clear(path)
    longest = len(os.fsencode(path / "run" / "control.sock"))
    if longest > SOCKET_PATH_BYTES_MAX:
        raise Failure(f"{path} is too long a path for the sockets in it: choose a shorter --directory", CONFIGURATION)
    (path / MARKER).write_text(_MARKER_TEXT)
    return path


def write_configuration(path: Path, sip: HostPort, media_ports: range, callers: str) -> None:
    """The call centre's files. `sip` is where the switch will be, `callers` the address that calls come from."""
    words = {
        "host": sip.host,
        "sip_port": sip.port,
        "first_media_port": media_ports.start,
        "last_media_port": media_ports.stop - 1,
        "callers": callers,
        "password": SystemEntropy().token(80),
    }
    (path / "dialplans").mkdir()
    for source in files("softswitch.cli.demo").joinpath("configuration").iterdir():
        if source.name == _FLOWS:
            (path / "dialplans" / _FLOWS).write_text(source.read_text("utf-8"), "utf-8")
        elif source.name.endswith(".toml"):
            text = Template(source.read_text("utf-8")).substitute(words)
            (path / source.name).write_text(text, "utf-8")
            (path / source.name).chmod(0o600)


def _clear(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    entries = list(path.iterdir())
    if entries and not (path / MARKER).is_file():
        raise Failure(
            f"{path} is not empty, and no demo has made it: name another --directory, or take away what is in it",
            CONFIGURATION,
        )
    former = RunDirectory(str(path / "run"))
    former.lock()
    former.unlock()
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            if entry.name != _KEPT:
                shutil.rmtree(entry)
        else:
            entry.unlink()
    shutil.rmtree(path / "run", ignore_errors=True)
