"""A client's digest and report through real processes and SMTP: what was due while the switch was down arrives at its
start.
"""

import time
from pathlib import Path

import openpyxl
import pytest
from aiosmtpd.controller import Controller

from softswitch.base.ids import CallId
from softswitch.store import open_store
from softswitch.store.digest_schema import StoredDigest, StoredReportTime
from softswitch.store.schema import Cdr
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.inbox import Inbox
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

DAY_S = 86_400.0


def files(port: int, mail_port: int) -> dict[str, str]:
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "12000-13999"\nworkers = 1\n'
        f'[mail]\nserver = "127.0.0.1"\nport = {mail_port}\nsecurity = "none"\nsender = "switch@example.com"\n',
        "projects.toml": '[[project]]\nid = "acme"\nname = "Acme Ltd"\ncontact = "office@acme.example"\n'
        'digest = ["daily 00:00", "daily 12:00"]\n',
        "reports.toml": '[[report]]\nid = "list"\nreport = "calls"\nwhen = "daily 00:00"\nproject = "acme"\n',
    }


def former_switch(directory: Path, wall: float) -> None:
    """What it has left: a client who knows of all until two days ago, and a call since."""
    directory.mkdir(parents=True)
    store = open_store(str(directory), map_size_mb=16, report=lambda line: None)
    store.digests.put("acme", StoredDigest(project="acme", until_wall=wall - 2 * DAY_S))
    store.report_times.put("list", StoredReportTime(report="list", due_wall=wall - DAY_S))
    cdr = Cdr(
        call_id=CallId("c1"),
        started_at=wall - DAY_S,
        ended_at=wall - DAY_S + 200,
        talk_s=190.0,
        calling_number="+15550100",
        called_number="100",
        project="acme",
        end_reason="completed",
        ended_by="caller",
    )
    store.cdrs.put((cdr.started_at, cdr.call_id), cdr)
    store.commit().result(timeout=10)
    store.close()


def test_a_digest_and_a_report_that_are_due_go_out_once(tmp_path: Path) -> None:
    wall = time.time()
    former_switch(tmp_path / "centre" / "store", wall)
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=(mail_port := free_port()))
    server.start()
    try:
        with RunningSwitch(tmp_path / "centre", files(free_port(), mail_port)) as switch:
            assert inbox.has_come.wait(20), switch.log
            deadline = time.monotonic() + 30
            while len(inbox.taken) < 2 and time.monotonic() < deadline:
                time.sleep(0.05)
    finally:
        server.stop()
    (report,) = (mail for mail in inbox.taken if mail.is_multipart())
    assert report["To"] == "office@acme.example"
    (document,) = report.iter_attachments()
    name = document.get_filename()
    assert name is not None
    assert name.startswith("calls-")
    (tmp_path / name).write_bytes(document.get_content())
    assert openpyxl.load_workbook(tmp_path / name)["calls"]["B4"].value == "+15550100"
    assert list((tmp_path / "centre").glob("store.mails/*")) == [], "what was sent is deleted"
    (mail,) = (mail for mail in inbox.taken if not mail.is_multipart())
    assert mail["To"] == "office@acme.example"
    assert "Acme Ltd" in mail["Subject"]
    assert "+15550100  talked 3:10" in mail.get_content()
    store = open_store(str(tmp_path / "centre" / "store"), map_size_mb=16, report=lambda line: None)
    known = store.digests.get("acme")
    store.close()
    assert known is not None
    assert known.until_wall >= wall, "the next switch tells of nothing twice"
