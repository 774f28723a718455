"""What the checks say of machines: the kernel's files are written by the tests."""

import socket
from pathlib import Path

import pytest

from softswitch.app.doctor.clocks import TIME_ERROR, clock_findings, kept_state
from softswitch.app.doctor.disk import disk_findings, existing
from softswitch.app.doctor.examination import examine
from softswitch.app.doctor.finding import Finding
from softswitch.app.doctor.kernel import kernel_findings
from softswitch.app.doctor.ports import listener_findings, media_findings
from softswitch.base.address import HostPort, TransportKind
from softswitch.config import Configuration
from softswitch.config.settings import Settings
from softswitch.config.web_settings import WebSection

NOW = 1_780_000_000.0


def machine(root: Path, files: dict[str, str]) -> Path:
    for path, text in ({"proc/sys/kernel/osrelease": "6.1.0-27-amd64\n"} | files).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def told(root: Path, files: dict[str, str], files_hard: int = 100_000, workers: int = 2) -> list[Finding]:
    found = kernel_findings(machine(root, files), files_hard=files_hard, calls_max=2000, workers=workers)
    return [finding for finding in found if finding.level != "good"]


def test_a_good_machine_has_nothing_to_be_told_of(tmp_path: Path) -> None:
    assert told(tmp_path, {"proc/sys/net/core/rmem_max": "8388608\n"}) == []


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"proc/sys/kernel/osrelease": "4.19.0-27"}, "too old"),
        ({"proc/sys/net/core/rmem_max": "212992"}, "held to 208 KB"),
        ({"proc/net/snmp": "Udp: InDatagrams NoPorts RcvbufErrors\nUdp: 1000 0 9\n"}, "9 of 1009 UDP packets"),
        ({"proc/net/softnet_stat": "000003e8 00000005\n000003e8 00000000\n"}, "5 packets found the network card"),
        (
            {"proc/sys/net/netfilter/nf_conntrack_count": "900", "proc/sys/net/netfilter/nf_conntrack_max": "1000"},
            "90 % full",
        ),
        ({"sys/fs/cgroup/cpu.max": "150000 100000"}, "may use 1.5 cores, and the switch has 3 processes"),
        ({"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave"}, "lowest frequency"),
        ({"proc/stat": "cpu 100 0 100 600 0 0 0 200 0 0\n"}, "the host took 20 %"),
        ({"sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet"}, "clock source hpet"),
    ],
)
def test_each_fault_of_a_machine_is_told_with_what_to_do(tmp_path: Path, files: dict[str, str], words: str) -> None:
    findings = told(tmp_path, files)
    assert [finding for finding in findings if words in finding.what and finding.remedy], findings
    assert len(findings) == 1


def test_open_files_are_counted_for_the_calls_that_are_configured(tmp_path: Path) -> None:
    (finding,) = told(tmp_path, {}, files_hard=1024)
    assert finding.level == "warning"
    assert "some 256 calls" in finding.what
    assert "LimitNOFILE=4512" in finding.remedy


def test_a_taken_port_names_who_has_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        listeners = [(TransportKind.UDP, HostPort("127.0.0.1", port))]
        (finding,) = listener_findings(listeners, Path("/"))
    assert finding.level == "fault"
    assert f"udp 127.0.0.1:{port} is taken by " in finding.what
    (finding,) = listener_findings(listeners, Path("/"))
    assert (finding.level, finding.what) == ("good", f"udp 127.0.0.1:{port} is free")


def test_the_port_of_the_web_process_is_looked_at_as_well(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        listen = f"127.0.0.1:{holder.getsockname()[1]}"
        settings = Settings(web=WebSection(enabled=True, listen=listen))
        configuration = Configuration(directory=str(tmp_path), settings=settings)
        finding = next(each for each in examine(configuration, None, asks_others=False) if listen in each.what)
    assert (finding.level, finding.remedy) == ("fault", "Stop that program, or change [web] listen")


def test_an_address_of_another_machine_cannot_be_listened_at() -> None:
    (finding,) = listener_findings([(TransportKind.TCP, HostPort("192.0.2.77", 5060))], Path("/"))
    assert finding.level == "fault"
    assert "ip address" in finding.remedy


@pytest.mark.parametrize(("reserved", "is_told"), [("", True), ("40000-49999", True), ("4000,32768-34000", False)])
def test_ports_the_kernel_gives_to_others_must_be_reserved(tmp_path: Path, reserved: str, is_told: bool) -> None:
    files = {
        "proc/sys/net/ipv4/ip_local_port_range": "32768 60999",
        "proc/sys/net/ipv4/ip_local_reserved_ports": reserved,
    }
    findings = list(media_findings(range(30_000, 34_001), 100, machine(tmp_path, files), is_running=True))
    assert any("32768 to 34000" in finding.what for finding in findings) == is_told


def test_ports_that_are_too_few_or_taken_are_told(tmp_path: Path) -> None:
    rows = "".join(f"  1: 0100007F:{port:04X} 00000000:0000 07 0 0 0 0 0 77\n" for port in range(20_000, 20_100))
    root = machine(tmp_path, {"proc/net/udp": "  sl local_address\n" + rows})
    findings = list(media_findings(range(20_000, 20_400), 2000, root, is_running=False))
    assert [finding.level for finding in findings] == ["warning", "warning"]
    assert '"20000-27999"' in findings[0].remedy
    assert "100 of these ports" in findings[1].what


def test_the_clock_is_asked_and_judged() -> None:
    assert kept_state() in range(-1, 6)
    levels = [
        [finding.level for finding in clock_findings(wall, state)]
        for wall, state in ((NOW, 0), (NOW, TIME_ERROR), (0.0, 0))
    ]
    assert levels == [["good"], ["warning"], ["fault"]]


@pytest.mark.parametrize(
    ("mounts", "level"), [("disk / ext4", "good"), ("nas / nfs4", "fault"), ("none / overlay", "warning")]
)
def test_the_store_s_file_system_is_judged(tmp_path: Path, mounts: str, level: str) -> None:
    ticks = iter(range(1000))
    findings = disk_findings({"store": str(tmp_path / "a" / "b")}, mounts, lambda: next(ticks) * 0.001)
    assert level in {finding.level for finding in findings}
    assert existing(str(tmp_path / "a" / "b")) == tmp_path


@pytest.mark.parametrize(("seconds", "level"), [(0.002, "good"), (0.08, "warning"), (0.9, "fault")])
def test_a_slow_disk_is_told_by_what_a_promise_costs(tmp_path: Path, seconds: float, level: str) -> None:
    ticks = iter(range(1000))
    findings = list(disk_findings({"store": str(tmp_path)}, "disk / ext4", lambda: next(ticks) * seconds))
    assert findings[-1].level == level
    assert f"{seconds * 1000:.1f} ms" in findings[-1].what
