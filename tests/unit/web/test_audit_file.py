"""The audit log: the newest first, never larger than it may be, and read after a crash."""

from pathlib import Path

from softswitch.web.audit import AuditRow, what_of
from softswitch.web.endpoints.session import LogIn
from softswitch.web.runtime.audit_file import AuditFile, newest_rows


def row(number: int) -> AuditRow:
    return AuditRow(at=float(number), caller="olga", role="admin", address="192.0.2.1", method="POST", path="/x")


def test_rows_come_newest_first_across_both_files(tmp_path: Path):
    log = AuditFile(str(tmp_path / "audit.jsonl"), bytes_max=100_000)
    for number in range(700):
        log.write(row(number))
    seen = [int(each.at) for each in log.newest()]
    assert seen == list(range(699, 699 - len(seen), -1))
    assert len(seen) > 300
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 100_000
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_half_a_row_is_passed_over(tmp_path: Path):
    path = tmp_path / "audit.jsonl"
    log = AuditFile(str(path), bytes_max=100_000)
    log.write(row(1))
    with path.open("ab") as file:
        file.write(b'{"at": 2, "call\n')
    log.write(row(3))
    assert [each.at for each in newest_rows(str(path))] == [3.0, 1.0]


def test_no_log_is_an_empty_one(tmp_path: Path):
    assert list(newest_rows(str(tmp_path / "none"))) == []


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path):
    log = AuditFile(str(tmp_path / "no" / "such" / "audit.jsonl"), bytes_max=100_000)
    log.write(row(1))
    log.write(row(2))
    assert log.lost == 2


def test_secrets_are_left_out_and_long_bodies_cut():
    assert what_of(LogIn("olga", "secret")) == '{"user":"olga","password":"***"}'
    assert len(what_of(LogIn("olga" * 200, "secret"))) < 510
    assert what_of(None) == ""
