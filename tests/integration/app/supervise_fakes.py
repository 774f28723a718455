"""A supervisor to be killed: supervise_fakes.py RUN_DIRECTORY COMMAND..., one child named "switch"."""

import asyncio
import sys

from softswitch.app.children import Role
from softswitch.app.run_directory import RunDirectory
from softswitch.app.supervisor import Program, supervise

run_directory = RunDirectory(sys.argv[1])
run_directory.lock()
role = Role(name="switch", stop_rank=0, kill_after_s=5.0)
sys.exit(asyncio.run(supervise([Program(role, tuple(sys.argv[2:]))], run_directory)))
