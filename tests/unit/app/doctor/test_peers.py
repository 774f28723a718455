"""Who can be reached, and where others are told to reach us."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from softswitch import __version__
from softswitch.app.certificates import certificate_faults
from softswitch.app.doctor.certificates import certificate_findings
from softswitch.app.doctor.peers import Service, connecting_finding, name_findings, nat_findings, services
from softswitch.app.doctor.running import running_findings
from softswitch.config import Configuration
from softswitch.config.caller_rows import LookupRow
from softswitch.config.settings import MailSection, MediaSection, Settings, SipSection, TlsSection
from softswitch.config.trunk_rows import TrunkRow as ConfiguredTrunk
from softswitch.config.web_settings import WebSection
from softswitch.control.protocol.replies import Status
from softswitch.control.protocol.rows import StoreRow, TrunkRow, WebRow, WorkerRow
from softswitch.testing.certificates import Authority

NAMES = {"sip.provider.example": ["8.8.8.8"], "pbx.local.example": ["10.1.1.1"]}


def resolve(host: str) -> list[str]:
    if host not in NAMES:
        raise OSError(-2, "Name or service not known")
    return NAMES[host]


def centre(ip: str, trunk: str = "", advertised_sip: str = "", advertised_media: str = "") -> Configuration:
    return Configuration(
        directory="/etc/softswitch",
        settings=Settings(
            sip=SipSection(domain=ip, advertised_ip=advertised_sip),
            media=MediaSection(ip=ip, advertised_ip=advertised_media),
        ),
        trunks=(ConfiguredTrunk(name="provider", host=trunk, port=5060),) if trunk else (),
    )


@pytest.mark.parametrize(
    ("configuration", "levels"),
    [
        (centre("203.0.113.9", "sip.provider.example"), ["good"]),
        (centre("10.0.0.5", "pbx.local.example"), ["good"]),
        (centre("10.0.0.5"), ["good"]),
        (centre("10.0.0.5", "sip.provider.example"), ["warning"]),
        (centre("10.0.0.5", "sip.provider.example", "8.8.4.4", "8.8.4.4"), ["good"]),
        (centre("10.0.0.5", "sip.provider.example", "8.8.4.4"), ["warning", "warning"]),
    ],
)
def test_a_provider_outside_must_be_told_a_public_address(configuration: Configuration, levels: list[str]) -> None:
    if configuration.settings.media.ip.startswith("203"):
        settings = configuration.settings
        public = msgspec.structs.replace(settings, media=MediaSection(ip="8.8.4.4"))
        configuration = msgspec.structs.replace(configuration, settings=public)
    assert [finding.level for finding in nat_findings(configuration, resolve)] == levels


def test_a_domain_nobody_can_find_is_told() -> None:
    found = nat_findings(centre("gone.example"), resolve)
    assert [finding.what for finding in found if finding.level == "warning"] == [
        "phones register at gone.example, and this machine cannot find such a name"
    ]


def test_names_of_trunks_are_looked_up() -> None:
    (known,) = name_findings(centre("10.0.0.5", "sip.provider.example"), resolve)
    (unknown,) = name_findings(centre("10.0.0.5", "nowhere.example"), resolve)
    assert (known.level, known.what) == ("good", "trunk provider: sip.provider.example is 8.8.8.8")
    assert unknown.level == "warning"
    assert "name or service not known" in unknown.what


def test_everybody_who_is_asked_over_tcp_is_tried() -> None:
    configuration = msgspec.structs.replace(
        centre("10.0.0.5"),
        settings=Settings(mail=MailSection(server="mail.example")),
        lookups=(LookupRow(id="crm", url="https://crm.example/who?n={calling_number}"),),
        trunks=(ConfiguredTrunk(name="secure", host="tls.example", transport="tls"),),
    )
    asked = [(service.what, service.host, service.port) for service in services(configuration)]
    assert asked == [
        ("mail", "mail.example", 587),
        ("trunk secure", "tls.example", 5061),
        ("lookup crm", "crm.example", 443),
    ]


def test_who_does_not_answer_is_told_with_the_remedy() -> None:
    def refuse(host: str, port: int) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    service = Service("mail", "mail.example", 25, "Start it")
    assert connecting_finding(service, lambda host, port: None).level == "good"
    finding = connecting_finding(service, refuse)
    assert (finding.level, finding.what, finding.remedy) == (
        "warning",
        "mail: mail.example:25 cannot be reached: connection refused",
        "Start it",
    )


@pytest.mark.parametrize(
    ("ends_in_days", "domain", "levels"),
    [
        (30.0, "pbx.example", ["good"]),
        (30.0, "a.wild.example", ["good"]),
        (10.0, "pbx.example", ["warning"]),
        (-1.0, "pbx.example", ["fault"]),
        (30.0, "other.example", ["good", "warning"]),
    ],
)
def test_a_certificate_is_told_before_it_ends_and_by_its_name(
    tmp_path: Path, ends_in_days: float, domain: str, levels: list[str]
) -> None:
    own = Authority(tmp_path).issue("own", ["pbx.example", "*.wild.example"], ends_in_days=ends_in_days)
    configuration = msgspec.structs.replace(
        centre(domain),
        settings=Settings(sip=SipSection(domain=domain), tls=TlsSection(certificate=own.certificate)),
    )
    found = certificate_findings(configuration, datetime.now(UTC).timestamp())
    assert [finding.level for finding in found] == levels


@pytest.mark.parametrize(("ends_in_days", "level"), [(30.0, "good"), (-1.0, "fault")])
def test_the_certificate_of_the_web_process_is_looked_at(tmp_path: Path, ends_in_days: float, level: str) -> None:
    """It need not be for the name that phones use."""
    own = Authority(tmp_path).issue("web", ["desk.example"], ends_in_days=ends_in_days)
    configuration = msgspec.structs.replace(
        centre("pbx.example"),
        settings=Settings(
            sip=SipSection(domain="pbx.example"), web=WebSection(enabled=True, certificate=own.certificate)
        ),
    )
    now = datetime.now(UTC).timestamp()
    assert [finding.level for finding in certificate_findings(configuration, now)] == [level]
    faults = list(certificate_faults(configuration, now))
    assert [("browsers will not accept it" in fault.reason) for fault in faults] == ([True] if level == "fault" else [])


def status(**changes: object) -> Status:
    fields: dict[str, object] = {
        "version": __version__,
        "pid": 1,
        "started_at": 0.0,
        "uptime_s": 5.0,
        "domain": "pbx.example",
        "listen": [],
        "calls": 3,
        "registrations": 2,
        "agents": 0,
        "agents_logged_in": 0,
        "queues": 0,
        "waiting": 0,
        "workers": [],
        "store": StoreRow(directory="store"),
        "configuration_directory": "/etc/softswitch",
        "configuration_loaded_at": 0.0,
    }
    return msgspec.convert(msgspec.to_builtins(fields | changes) | {"type": "Status"}, Status)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(version="0.0.9"), "version 0.0.9 runs"),
        (status(store=StoreRow(directory="store", fault="the disk is full")), "nothing can be stored"),
        (status(web=WebRow(url="http://127.0.0.1:8080")), "nobody is answered at http://127.0.0.1:8080"),
        (status(loop_lag_ms=45.0), "late by 45 ms"),
        (status(workers=[WorkerRow(name="media-0", pid=1, is_connected=False)]), "media-0 is not there"),
        (status(workers=[WorkerRow(name="media-0", pid=1, is_connected=True, cpu=0.93)]), "93 % of its core"),
        (status(workers=[WorkerRow(name="media-0", pid=1, is_connected=True, overruns=4)]), "late 4 times"),
    ],
)
def test_what_a_running_switch_suffers_from_is_told(answer: Status, words: str) -> None:
    told = [finding for finding in running_findings(answer, [], __version__) if finding.level != "good"]
    assert [words in finding.what and bool(finding.remedy) for finding in told] == [True]


def test_a_trunk_that_is_down_says_why() -> None:
    trunks = [
        TrunkRow(name="a", health="up"),
        TrunkRow(name="b", health="down", last_failure="408 Request Timeout"),
        TrunkRow(name="c", health="up", registration="refused", registration_reason="403 Forbidden"),
    ]
    told = [finding.what for finding in running_findings(status(), trunks, __version__)]
    assert told[1:] == ["trunk a is up", "trunk b is down: 408 Request Timeout", "trunk c is down: 403 Forbidden"]
