"""What the kernel allows, and what it has thrown away: proc(5), sysctl(8), cgroups(7).

`root` stands before every path read, so that a test can bring a machine of its own.
"""

from collections.abc import Iterator
from pathlib import Path

from softswitch.app.doctor.finding import Finding

FILES_PER_CALL = 4
"""A bridged call has two streams of a socket for RTP and one for RTCP each."""
FILES_BESIDE_CALLS = 512
"""Of a process that has no call: logs, sounds, recordings, its other sockets."""
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
"""What the switch and its workers ask for where one socket carries the packets of many."""
KERNEL_MIN = (5, 3)
"""The first with pidfds, by which the supervisor knows its children."""
LOST_SHARE_MAX = 1e-4
"""Of all packets since the machine started; one in ten thousand is heard by nobody."""
STEAL_MAX = 0.02
CONNTRACK_MAX = 0.7
SLOW_CLOCKS = ("hpet", "acpi_pm", "jiffies")


def kernel_findings(root: Path, *, files_hard: int, calls_max: int, workers: int) -> Iterator[Finding]:
    """`files_hard` is the hard limit on open files of who runs the switch, `calls_max` how many calls it may carry at
    a time, in `workers` media processes."""
    yield _version(root)
    yield _open_files(files_hard, calls_max, workers)
    yield _receive_buffers(root)
    yield from _lost_packets(root)
    yield from _connection_tracking(root)
    yield from _processors(root, workers)
    yield from _clock_source(root)


def _version(root: Path) -> Finding:
    text = _text(root / "proc/sys/kernel/osrelease")
    numbers = tuple(int(part) for part in text.partition("-")[0].split(".")[:2] if part.isdigit())
    if numbers >= KERNEL_MIN:
        return Finding("kernel", "good", f"Linux {text}")
    return Finding("kernel", "fault", f"Linux {text or 'of unknown version'} is too old", "Install 5.3 or newer")


def _open_files(hard: int, calls_max: int, workers: int) -> Finding:
    needed = FILES_BESIDE_CALLS + FILES_PER_CALL * -(-calls_max // workers)
    if hard >= needed:
        return Finding("kernel", "good", f"{hard} open files are allowed, {needed} may be needed")
    carried = max(0, hard - FILES_BESIDE_CALLS) // FILES_PER_CALL * workers
    return Finding(
        "kernel",
        "fault" if carried < 10 else "warning",
        f"{hard} open files are allowed: enough for some {carried} calls, and [limits] calls is {calls_max}",
        f"LimitNOFILE={needed} in the systemd unit, or `ulimit -Hn {needed}` in the shell that starts the switch",
    )


def _receive_buffers(root: Path) -> Finding:
    allowed = _number(root / "proc/sys/net/core/rmem_max")
    if allowed is None or allowed >= RECEIVE_BUFFER_BYTES:
        return Finding("kernel", "good", "receive buffers may be as large as the switch asks for")
    return Finding(
        "kernel",
        "warning",
        f"receive buffers are held to {allowed // 1024} KB: a burst of packets is lost while the machine is busy",
        f"sysctl -w net.core.rmem_max={RECEIVE_BUFFER_BYTES}, and the same line in /etc/sysctl.d/softswitch.conf",
    )


def _lost_packets(root: Path) -> Iterator[Finding]:
    """UDP packets that found a full buffer, and those the network card's queue had no room for."""
    udp = _snmp(root / "proc/net/snmp", "Udp")
    received, lost = udp.get("InDatagrams", 0), udp.get("RcvbufErrors", 0)
    if lost > LOST_SHARE_MAX * (received + lost):
        yield Finding(
            "kernel",
            "warning",
            f"{lost} of {received + lost} UDP packets found a full buffer since the machine started",
            "See which process is late: softswitch media; give it a core of its own, or raise net.core.rmem_max",
        )
    rows = [line.split() for line in _text(root / "proc/net/softnet_stat").splitlines()]
    taken, dropped = (sum(int(row[column], 16) for row in rows if len(row) > 1) for column in (0, 1))
    if dropped > LOST_SHARE_MAX * (taken + dropped):
        yield Finding(
            "kernel",
            "warning",
            f"{dropped} packets found the network card's queue full since the machine started",
            "sysctl -w net.core.netdev_max_backlog=10000",
        )


def _connection_tracking(root: Path) -> Iterator[Finding]:
    """Every stream is a connection to a firewall with state; new ones are dropped when its table is full."""
    folder = root / "proc/sys/net/netfilter"
    used, most = _number(folder / "nf_conntrack_count"), _number(folder / "nf_conntrack_max")
    if used is not None and most and used > CONNTRACK_MAX * most:
        yield Finding(
            "kernel",
            "warning",
            f"the firewall's table of connections is {used * 100 // most} % full: when it is, calls have no sound",
            f"sysctl -w net.netfilter.nf_conntrack_max={most * 4}, or exempt RTP from tracking (NOTRACK)",
        )


def _processors(root: Path, workers: int) -> Iterator[Finding]:
    quota, _, period = _text(root / "sys/fs/cgroup/cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit() and int(quota) < int(period) * (workers + 1):
        yield Finding(
            "kernel",
            "warning",
            f"this container may use {int(quota) / int(period):.1f} cores, and the switch has {workers + 1} processes",
            "Give it more, or set [media] workers lower: a process that is stopped by its quota makes gaps in calls",
        )
    governor = _text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor == "powersave" and "intel_pstate" not in _text(
        root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_driver"
    ):
        yield Finding(
            "kernel",
            "warning",
            "the processor is held at its lowest frequency (governor powersave)",
            "cpupower frequency-set -g performance",
        )
    times = [int(word) for word in _text(root / "proc/stat").partition("\n")[0].split()[1:9] if word.isdigit()]
    if len(times) == 8 and times[7] > STEAL_MAX * sum(times):
        yield Finding(
            "kernel",
            "warning",
            f"the host took {times[7] * 100 / sum(times):.0f} % of this virtual machine's time for others",
            "Ask for cores that are not shared: stolen time is heard as gaps",
        )


def _clock_source(root: Path) -> Iterator[Finding]:
    source = _text(root / "sys/devices/system/clocksource/clocksource0/current_clocksource")
    if source in SLOW_CLOCKS:
        yield Finding(
            "kernel",
            "warning",
            f"reading the clock is slow (clock source {source})",
            "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource, if it is available",
        )


def _snmp(path: Path, protocol: str) -> dict[str, int]:
    """The counters of a protocol: a line of names, and one of numbers."""
    rows = [line.split()[1:] for line in _text(path).splitlines() if line.startswith(f"{protocol}:")]
    return dict(zip(rows[0], map(int, rows[1]), strict=False)) if len(rows) == 2 else {}


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdigit() else None


def _text(path: Path) -> str:
    """ "" for what this kernel does not have, or does not show us."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
