"""What serves HTTP is imported by the web process alone: neither the switch nor the command line carries it."""

import subprocess
import sys

import pytest

WEIGHTS = ("argon2", "litestar", "tomlkit", "uvicorn", "softswitch.web.runtime.server")


@pytest.mark.parametrize("module", ["softswitch.app.switch", "softswitch.cli.main", "softswitch.cli.serve"])
def test_nothing_else_imports_it(module: str):
    code = f"import sys, {module}; print([name for name in {WEIGHTS!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
