"""Processes beside the switch give way to it, whatever sessions they are in."""

import os
import subprocess
import sys
from pathlib import Path

from softswitch.base.giving_way import AUTOGROUP

PROGRAM = f"""
import os
from softswitch.base.giving_way import give_way
give_way(7)
print(os.nice(0), open("{AUTOGROUP}").read() if os.path.exists("{AUTOGROUP}") else "nice 7")
"""


def session_niceness() -> str:
    """Where the kernel has such a thing."""
    return Path(AUTOGROUP).read_text() if Path(AUTOGROUP).exists() else ""


def test_a_process_is_nice_and_so_is_its_own_session() -> None:
    arguments = [sys.executable, "-c", PROGRAM]
    said = subprocess.run(arguments, check=True, capture_output=True, text=True, start_new_session=True).stdout.split()
    assert said[0] == str(min(19, os.nice(0) + 7))
    assert said[-2:] == ["nice", "7"]


def test_a_session_it_shares_with_others_stays_as_it_is() -> None:
    before = session_niceness()
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True)
    assert session_niceness() == before
