"""The disk is full while calls are up, by hand, as root: unshare -m python -m tests.integration.attack.disk_full

Store and recordings are on file systems of 16 MiB each, which nobody outside this process's mount namespace sees. They
are filled during four calls; a fifth call comes; then there is room again.
"""

import asyncio
import errno
import subprocess
import tempfile
import time
from pathlib import Path

from tests.integration.attack.arena import PASSWORD, Arena


def fill(directory: Path) -> Path:
    """Leave no byte free."""
    filler = directory / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017
    return filler


async def run(directory: Path) -> None:
    with Arena(directory, agents=6) as arena, arena.control():
        async with arena.conversations(directory / "phones", 4) as talks:
            await asyncio.sleep(2)
            fillers = [fill(directory / name) for name in ("store", "recordings")]
            await asyncio.sleep(3)
            agent = await talks.phones.register("agent5", PASSWORD)
            arena.log_in("agent5")
            began_at = time.monotonic()
            caller = await talks.phones.dial("100", calling_number="+1555")
            line = await asyncio.wait_for(agent.next_call(), 5)
            await line.answer()
            assert await caller.answered()
            print(f"call set up in {time.monotonic() - began_at:.3f} s on a full disk")
            status = arena.status()
            assert status is not None
            print(status)
            await asyncio.sleep(2)
            line.hang_up()
            print(await asyncio.wait_for(caller.ended(), 5))
            for filler in fillers:
                filler.unlink()
            await asyncio.sleep(3)
        await asyncio.sleep(1)
        with arena.store() as store:
            print(len(list(store.cdrs.ascending())), "call records")
            for recording in store.recordings.ascending():
                print(recording)
        print(arena.status())
        print("\n".join(line for line in arena.log().splitlines() if "[error" in line or "[warning" in line))


def main() -> None:
    directory = Path(tempfile.mkdtemp(prefix="full"))
    for name in ("store", "recordings"):
        (directory / name).mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(directory / name)], check=True)
    asyncio.run(run(directory))


if __name__ == "__main__":
    main()
