"""Call records in a real PostgreSQL: what is copied is what was recorded, whatever happens to either side."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from softswitch.app.warehouse_state import STATE_FILE
from softswitch.records.runtime.postgresql import Warehouse
from softswitch.store import Store, open_store
from softswitch.store.schema import ActiveCall
from tests.peers.program import left_out
from tests.unit.records.made import AT, cdr

pytestmark = pytest.mark.network
WAIT_S = 30.0


class Database:
    """A server of its own on a Unix socket, which never runs as root."""

    def __init__(self, directory: Path, programs: Path) -> None:
        self._directory = directory
        self._programs = programs
        self._server: subprocess.Popen[bytes] | None = None
        self.dsn = f"host={directory} user=switch dbname=postgres"
        self._as_user: dict[str, Any] = {}
        """For `subprocess`."""
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(directory, nobody.pw_uid, nobody.pw_gid)
            self._as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        arguments = ["-D", str(directory / "data"), "-U", "switch", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        subprocess.run(
            [str(programs / "initdb"), *arguments],
            check=True,
            capture_output=True,
            timeout=60,
            cwd=directory,
            **self._as_user,
        )

    def start(self) -> None:
        where = ["-D", str(self._directory / "data"), "-k", str(self._directory), "-h", ""]
        self._server = subprocess.Popen[bytes](
            [str(self._programs / "postgres"), *where, "-F"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._directory,
            **self._as_user,
        )
        until(self._answers)

    def stop(self) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)  # fast shutdown
            self._server.wait(WAIT_S)
            self._server = None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query.encode()).fetchall()

    def _answers(self) -> bool:
        try:
            self.rows("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        left_out("PostgreSQL is not installed: apt-get install postgresql")
    directory = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        made = Database(directory, found[-1].parent)
        made.start()
        yield made
        made.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "store"), report=pytest.fail)
    yield opened
    opened.close()


def write(directory: Path, database: Database, prefix: str) -> None:
    (directory / "run").mkdir(exist_ok=True)
    (directory / "softswitch.toml").write_text(
        f'[warehouse]\ndsn = "{database.dsn}"\ntable_prefix = "{prefix}"\nevery_s = 1\n[log]\nlevel = "error"\n'
    )


def test_a_call_is_copied_with_its_legs_and_contacts_as_often_as_one_likes(database: Database) -> None:
    warehouse = Warehouse(database.dsn, "one_")
    assert warehouse.position() == b""
    call = cdr(calling_name='a "name"\t\\with\n\0everything; ИП', tags={"key": "x\0y"})
    for wrap_up_s in (0.0, 9.0):
        assert (
            warehouse.copy([msgspec.structs.replace(call, wrap_up_s=wrap_up_s), cdr("c2", AT + 1)], b"somewhere") == 0
        )
    assert warehouse.position() == b"somewhere"
    warehouse.close()
    assert database.rows("SELECT call_id, wrap_up_s, talk_s, calling_name FROM one_calls ORDER BY started_at") == [
        ("c1", 9.0, 40.0, 'a "name"\t\\with\neverything; ИП'),
        ("c2", 0.0, 40.0, ""),
    ]
    ((answered_s, legs),) = database.rows(
        "SELECT extract(epoch FROM min(answered_at))::float8, count(*) FROM one_legs WHERE call_id = 'c1'"
    )
    assert (answered_s, legs) == (AT + 1, 2)
    assert database.rows("SELECT queue, agent, wrap_up_s FROM one_contacts WHERE call_id = 'c1'") == [
        ("support", "ann", 7.0)
    ]


def test_a_record_the_database_will_not_take_holds_no_other_up(database: Database) -> None:
    warehouse = Warehouse(database.dsn, "two_")
    calls = [cdr(f"c{number}", AT + number) for number in range(9)]
    calls[4] = msgspec.structs.replace(calls[4], cause=2**70)
    assert warehouse.copy(calls, b"end") == 1
    assert warehouse.position() == b"end"
    warehouse.close()
    assert database.rows("SELECT count(*) FROM two_calls") == [(8,)]


def test_a_table_of_an_older_version_gets_the_columns_it_lacks(database: Database) -> None:
    with psycopg.connect(database.dsn) as connection:
        connection.execute("CREATE TABLE three_calls (call_id text PRIMARY KEY, talk_s double precision)")
    warehouse = Warehouse(database.dsn, "three_")
    warehouse.copy([cdr()], b"x")
    warehouse.close()
    assert database.rows("SELECT chain_id, talk_s FROM three_calls") == [("c1", 40.0)]


def test_the_process_goes_on_where_it_was_when_the_database_comes_back(
    database: Database, store: Store, tmp_path: Path
) -> None:
    write(tmp_path, database, "four_")
    now = time.time()
    long = cdr("long", now - 60)
    store.begin_call(
        ActiveCall(call_id=long.call_id, started_at=long.started_at, calling_number="1", called_number="2")
    )
    for number in range(3):
        store.end_call(cdr(f"c{number}", now - 30 + number))
    store.commit().result(5)
    process = subprocess.Popen([sys.executable, "-P", "-m", "softswitch.app.warehouse", str(tmp_path)])

    def state() -> dict[str, Any]:
        path = tmp_path / "run" / STATE_FILE
        return json.loads(path.read_text()) if path.exists() else {}

    def copied() -> int:
        return database.rows("SELECT count(*) FROM four_calls")[0][0]

    try:
        until(lambda: state().get("complete_at") is not None)
        assert (state()["copied"], copied()) == (3, 3)
        database.stop()
        until(lambda: not state()["is_connected"])
        assert state()["reason"]
        store.end_call(long)
        store.change_cdr((now - 30, cdr("c0").call_id), lambda known: msgspec.structs.replace(known, wrap_up_s=12.0))
        store.commit().result(5)
        database.start()
        until(lambda: copied() == 4)
        until(lambda: database.rows("SELECT wrap_up_s FROM four_calls WHERE call_id = 'c0'") == [(12.0,)])
        store.end_call(cdr("last", now))
        store.commit().result(5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0
        assert copied() == 5, "what was there when it was told to stop is copied"
        assert not (tmp_path / "run" / STATE_FILE).exists()
    finally:
        process.kill()
        process.wait()
