"""Another version of the softswitch, installed beside this one: the same code under another version's name."""

import os
import sys
import sysconfig
from pathlib import Path

import softswitch


def install(directory: Path, version: str) -> Path:
    """A virtual environment that has it; its interpreter. All but the version is shared with this one."""
    python = directory / "bin" / "python"
    python.parent.mkdir(parents=True)
    base = os.path.realpath(sys.executable)
    python.symlink_to(base)
    (directory / "pyvenv.cfg").write_text(f"home = {os.path.dirname(base)}\ninclude-system-site-packages = false\n")
    packages = directory / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    package = packages / "softswitch"
    package.mkdir(parents=True)
    original = Path(softswitch.__file__).parent
    for entry in original.iterdir():
        if entry.name not in ("__init__.py", "__pycache__"):
            (package / entry.name).symlink_to(entry)
    (package / "__init__.py").write_text(f'__version__ = "{version}"\n')
    beside = [original.parent, original.parent / "codecs", sysconfig.get_path("purelib")]
    (packages / "beside.pth").write_text("".join(f"{path}\n" for path in beside))
    return python
