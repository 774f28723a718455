"""What the processes of a centre hold: what grows with every death is a leak."""

import os
from pathlib import Path

import msgspec

from tests.survival.centre import Centre

DESCRIPTORS_MAX, MEMORY_MAX = 12, 1.5
"""More open files than before, or so many times the memory, are a leak."""
MEMORY_FLOOR_KIB = 20_000
"""What a process takes for its first calls, and keeps."""


class Belongings(msgspec.Struct, frozen=True, kw_only=True):
    """While there are no calls: processes, and of each by its name open files and sockets, and memory."""

    processes: int
    descriptors: dict[str, int]
    memory_kib: dict[str, int]
    ports: int
    """UDP ports at the centre's address."""

    def grown(self, now: "Belongings") -> list[str]:
        """What has become more than it may, in a line each."""
        found: list[str] = []
        if now.processes > self.processes:
            found.append(f"{now.processes} processes, {self.processes} before")
        if now.ports > self.ports:
            found.append(f"{now.ports} UDP ports, {self.ports} before")
        for name, count in now.descriptors.items():
            if count > self.descriptors.get(name, count) + DESCRIPTORS_MAX:
                found.append(f"{name}: {count} open files, {self.descriptors[name]} before")
        for name, kib in now.memory_kib.items():
            if kib > MEMORY_MAX * self.memory_kib.get(name, kib) + MEMORY_FLOOR_KIB:
                found.append(f"{name}: {kib} KiB, {self.memory_kib[name]} before")
        return found


def belongings(centre: Centre) -> Belongings:
    pids = {name: centre.pid(name) for name in ("switch", "web", *centre.workers)}
    pids["supervisor"] = centre.supervisor_pid
    return Belongings(
        processes=_processes(str(centre.directory)),
        descriptors={name: len(os.listdir(f"/proc/{pid}/fd")) for name, pid in pids.items()},
        memory_kib={name: _own_kib(pid) for name, pid in pids.items()},
        ports=_ports(centre.host),
    )


def _processes(directory: str) -> int:
    """Whose command line names the centre's directory."""
    count = 0
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                count += directory.encode() in (process / "cmdline").read_bytes()
            except OSError:
                continue  # it has ended meanwhile
    return count


def _own_kib(pid: int) -> int:
    """Memory of the process's own; the pages of the store's file, which it maps, are the kernel's to keep or drop."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def _ports(host: str) -> int:
    address = "".join(f"{int(part):02X}" for part in reversed(host.split(".")))
    return Path("/proc/net/udp").read_text().count(f" {address}:")
