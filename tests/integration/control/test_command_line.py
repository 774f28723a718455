"""The commands that speak to a running switch, over a real control socket."""

import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from softswitch.base.ids import CallId, RecordingId
from softswitch.calls.told.events import Numbered
from softswitch.cli.main import main
from softswitch.control.protocol.replies import Refused, Reloaded
from softswitch.sip.tracing.pcap import FILE_HEADER
from softswitch.store import open_store
from softswitch.store.schema import ActiveCall, Cdr, StoredRecording
from softswitch.testing.fixed_switch import STARTED_AT
from softswitch.testing.operations import FixedOperations
from softswitch.testing.traced_call import LEGS

pytestmark = pytest.mark.network

ROWS = [
    "calls",
    "agents",
    "queues",
    "registrations",
    "subscriptions",
    "mailboxes",
    "phones",
    "bans",
    "limits",
    "trunks",
]
LISTINGS = ["status", *ROWS, "media"]


@pytest.fixture(autouse=True)
def surroundings(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(directory))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def printed(*arguments: str) -> list[str]:
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return [line.rstrip() for line in result.stdout.splitlines()]


def parsed(*arguments: str) -> Any:
    return json.loads("\n".join(printed(*arguments, "--json")))


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("command", LISTINGS)
def test_every_listing_keeps_to_80_columns_and_has_no_traceback(command: str) -> None:
    assert all(len(line) <= 80 for line in printed(command))


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("command", ROWS)
def test_json_is_what_the_switch_said(operations: FixedOperations, command: str) -> None:
    assert parsed(command) == msgspec.to_builtins(getattr(operations, command)())


def test_a_phone_is_shown_and_changed(server: object, operations: FixedOperations) -> None:
    assert [row["username"] for row in parsed("phones", "show", "110")] == ["hall"]
    assert printed("phones", "set", "101", "--busy", "", "--unregistered", "103", "--dnd") == [
        "anna: forwards after 20 s to +442071838750, not there to 103, does not want to be disturbed, call waiting"
    ]
    assert printed("phones", "set", "anna", "--no-forwards") == ["anna: forwards nothing, takes calls, call waiting"]
    assert operations.orders == [("set_phone", "101"), ("set_phone", "anna")]


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "nobody"), 'there is no phone "nobody"'),
        (("set", "nobody", "--dnd"), 'there is no phone "nobody"'),
        (("set", "anna"), "nothing is to be changed"),
    ],
)
def test_a_phone_that_cannot_be_shown_or_changed(arguments: tuple[str, ...], told: str) -> None:
    result = run("phones", *arguments)
    assert result.exit_code == 1
    assert told in result.stderr


def test_a_ban_is_added_and_lifted(server: object, operations: FixedOperations) -> None:
    assert printed("bans", "add", "198.51.100.0/24", "--for", "2h", "--reason", "rude") == [
        "198.51.100.0/24: not listened to for 2:00:00"
    ]
    assert printed("bans", "lift", "192.0.2.66") == ["lifted 1 ban: 192.0.2.66"]
    assert operations.orders == [("add_ban", "198.51.100.0/24", "7200.0", "rude"), ("lift_ban", "192.0.2.66")]
    refused = run("bans", "lift", "192.0.2.1")
    assert refused.exit_code != 0
    assert "nobody bans 192.0.2.1" in refused.stderr
    assert run("bans", "add", "192.0.2.1", "--for", "soon").exit_code == 2


def test_a_queue_is_closed_and_opened(server: object, operations: FixedOperations) -> None:
    assert printed("queues", "close", "support", "--reason", "fire alarm", "--waiting", "finish") == [
        "support: closed (fire alarm), until `softswitch queues open support`"
    ]
    assert printed("queues", "open", "support") == ["support: open"]
    assert operations.orders == [
        ("set_queue", "support", "close", "fire alarm", "finish"),
        ("set_queue", "support", "open", "", "announce"),
    ]
    assert "there is no queue sales" in run("queues", "close", "sales").stderr
    assert printed("queues", "close", "--all", "--reason", "storm")[0].startswith("support: closed (storm)")
    assert printed("queues", "open", "--all") == ["support: open"]
    assert run("queues", "close").exit_code == run("queues", "open", "--all", "support").exit_code == 2


def test_conferences_are_shown_and_run_from_outside(server: object, operations: FixedOperations) -> None:
    assert any("2 of 15" in line and "The board" in line for line in printed("conferences"))
    shown = printed("conferences", "show", "board")
    assert any("Anna" in line and "talks" in line for line in shown)
    assert shown[-1] == "2 participants, calling +4930124"
    assert json.loads(run("conferences", "show", "board", "--json").stdout)["participants"][1]["is_heard"] is False
    assert printed("conferences", "lock", "board") == ["board: 2 participants, locked, calling +4930124"]
    assert printed("conferences", "end", "board") == ["board: over"]
    for words in (
        ("mute", "board", "2"),
        ("unmute", "board"),
        ("lecture", "board", "on"),
        ("record", "board", "off"),
        ("add", "board", "201", "202"),
        ("call", "board"),
        ("remove", "board", "2"),
        ("unlock", "board"),
    ):
        assert run("conferences", *words).exit_code == 0
    assert [order[2:] for order in operations.orders] == [
        ("lock", "0", ""),
        ("end", "0", ""),
        ("mute", "2", ""),
        ("unmute", "0", ""),
        ("lecture", "0", ""),
        ("stop_recording", "0", ""),
        ("call", "0", "201"),
        ("call", "0", "202"),
        ("call", "0", ""),
        ("remove", "2", ""),
        ("unlock", "0", ""),
    ]
    assert 'nobody is in "sales"' in run("conferences", "mute", "sales").stderr
    assert 'there is no room "nowhere"' in run("conferences", "show", "nowhere").stderr


def test_voice_messages_are_listed_and_marked(server: object, operations: FixedOperations) -> None:
    assert any("sales" in line for line in printed("voicemail"))
    (listed,) = json.loads(run("voicemail", "list", "anna", "--json").stdout)
    assert listed["message_id"] == "0badcafe01"
    assert len(json.loads(run("voicemail", "list", "--deleted", "--json").stdout)) == 2
    assert "from +15550100 Dora" in "\n".join(printed("voicemail", "show", "0badcafe01"))
    assert printed("voicemail", "listen", "0badcafe01") == ["/var/voicemail/one.wav"]
    assert printed("voicemail", "mark", "0badcafe02", "--undelete") == ["0badcafe02: new"]
    operations.orders.clear()
    assert printed("voicemail", "mark", "0badcafe01", "--urgent", "--old")[0].endswith(", urgent")
    assert [order[2] for order in operations.orders] == ["old", "urgent"]
    assert "deleted" in printed("voicemail", "delete", "0badcafe01")[0]
    assert 'no voice message "0bad"' in run("voicemail", "show", "0bad").stderr
    assert "there is no box" in run("voicemail", "list", "nobody").stderr
    assert "--undelete" in run("voicemail", "mark", "0badcafe01").stderr
    assert any("421" in line for line in printed("mails"))
    assert printed("mails")[-1] == "since the start: 12 sent, 1 given up, 3 attempts came to nothing"


def test_call_backs_are_listed_added_and_cancelled(server: object, operations: FixedOperations) -> None:
    lines = printed("callbacks")
    assert "cb1" in lines[2]
    assert "+15550101" in lines[2]
    assert lines[-1] == "of the last thirty days: 1 served"
    assert not any("cb0" in line for line in lines)
    assert any("cb0" in line for line in printed("callbacks", "--all"))
    assert [row["callback_id"] for row in json.loads(run("callbacks", "--all", "--json").stdout)] == ["cb0", "cb1"]
    assert printed("callbacks", "add", "+15550199", "--queue", "support", "--name", "Eva") == [
        "cb9: +15550199 will be called back from support"
    ]
    assert "it was promised before" in printed("callbacks", "add", "+15550101", "--queue", "support")[0]
    assert printed("callbacks", "cancel", "cb1") == ["cb1: +15550101 cancelled"]
    assert "there is no call-back cb7" in run("callbacks", "cancel", "cb7").stderr
    assert operations.orders == [
        ("add_callback", "support", "+15550199", "Eva"),
        ("add_callback", "support", "+15550101", ""),
        ("cancel_callback", "cb1"),
        ("cancel_callback", "cb7"),
    ]


def test_a_media_worker_is_drained_and_resumed(server: object, operations: FixedOperations) -> None:
    assert printed("media", "drain", "media-0") == ["media-0: no new calls; 3 streams are left (pid 4712)"]
    assert printed("media", "drain", "media-1") == [
        "media-1: no new calls; nothing is left: it may be restarted (pid 4713)"
    ]
    assert printed("media", "resume", "media-0") == ["media-0: gets new calls"]
    assert operations.orders == [
        ("set_worker", "media-0", "drain"),
        ("set_worker", "media-1", "drain"),
        ("set_worker", "media-0", "resume"),
    ]
    assert "media-9" in run("media", "drain", "media-9").stderr
    assert [row["name"] for row in parsed("media")] == ["media-0", "media-1"]


@pytest.mark.usefixtures("server")
def test_status_as_json_is_one_object() -> None:
    status = parsed("status")
    assert status["version"] == "0.1.0"
    assert status["workers"][0]["name"] == "media-0"
    assert "type" not in status


@pytest.mark.usefixtures("server")
def test_status_for_people() -> None:
    text = "\n".join(printed("status"))
    for expected in (
        "0.1.0, pid 4711, up 2:02:05",
        "register at sip:example.test",
        "udp:192.0.2.5:5060, tcp:192.0.2.5:5060",
        "2 in progress, 1 waiting in 1 queue",
        "4 of 4 logged in",
        "/srv/switch/store: 120 CDRs, 80 recordings, 3.0 MB",
        "1 missing, spoken by their names: shop/sale (en, 12 times)",
        "media-1",
        "away",
    ):
        assert expected in text


@pytest.mark.usefixtures("server")
def test_tables_for_people() -> None:
    assert printed("calls")[2].split() == [
        *("c1", "talking", "+442071838750", "100", "support", "anna", "0:12", "1:35"),
    ]
    assert printed("agents")[2].split() == ["anna", "Anna", "Petrova", "busy", "1:23", "registered", "7", "1"]
    assert "not ready (lunch)" in printed("agents")[3]
    assert printed("agents")[4].split() == ["clara", "Clara", "no", "phone", "0:07", "none", "0", "0"]
    assert printed("queues")[2].split() == ["support", "1", "0:20", "0", "1", "12", "9", "2", "75", "%", "0:14"]
    assert "UDP 192.0.2.9:5062" in printed("registrations")[2]
    assert printed("bans")[2].split()[0] == "192.0.2.66"
    assert printed("subscriptions")[2].split() == ["boris", "dialog", "anna", "UDP", "192.0.2.8:5060", "10:10"]
    assert printed("mailboxes")[2].split() == ["anna", "2", "5", "1", "0"]


@pytest.mark.usefixtures("server")
def test_registrations_are_found_and_removed(operations: FixedOperations) -> None:
    assert len(printed("registrations", "--match", "BARESIP")) == 3
    assert printed("registrations", "--match", "zoiper") == ['No registered phone has "zoiper" about it.']
    assert "removed" in printed("registrations", "remove", "sip:anna@example.test", "sip:anna@192.0.2.9:5062")[0]
    assert "boris@example.test is not registered" in run("registrations", "remove", "boris@example.test").stderr
    assert operations.orders[0] == ("remove_registration", "anna@example.test", "sip:anna@192.0.2.9:5062")


@pytest.mark.usefixtures("server")
def test_waiting_messages_are_counted(operations: FixedOperations) -> None:
    assert printed("mailboxes", "set", "anna", "--new", "3", "--urgent-new", "1") == ["anna: 3 new, 0 old"]
    assert operations.orders == [("set_mailbox", "anna", "3", "0", "1", "0")]


@pytest.mark.usefixtures("server")
def test_empty_listings_say_so(operations: FixedOperations) -> None:
    operations.call_rows, operations.registration_rows = [], []
    assert printed("calls") == ["No calls."]
    assert printed("registrations") == ["No phones are registered."]
    assert parsed("calls") == []


@pytest.mark.usefixtures("server")
def test_agents_are_logged_in_and_out_paused_and_resumed(operations: FixedOperations) -> None:
    assert printed("agents", "login", "boris") == ["boris: ready"]
    assert printed("agents", "pause", "boris", "--reason", "lunch") == ["boris: not ready (lunch)"]
    assert printed("agents", "pause", "anna") == ["anna: not ready when the call is over"]
    assert printed("agents", "resume", "boris") == ["boris: ready"]
    assert printed("agents", "logout", "boris") == ["boris: logged out"]
    assert operations.orders == [
        ("set_agent", "boris", "login", "", "0.0"),
        ("set_agent", "boris", "pause", "lunch", "0.0"),
        ("set_agent", "anna", "pause", "", "0.0"),
        ("set_agent", "boris", "resume", "", "0.0"),
        ("set_agent", "boris", "logout", "", "0.0"),
    ]


@pytest.mark.usefixtures("server")
def test_wrap_up_is_extended_and_ended_and_what_came_of_a_contact_is_said(operations: FixedOperations) -> None:
    assert printed("agents", "extend", "dora", "30") == ["dora: wrap up for 0:20 more"]
    assert printed("agents", "dispose", "dora", "sold") == ["dora: sold, wrap up"]
    assert printed("agents", "dispose", "dora", "lost", "--contact", "c7") == ["dora: lost, wrap up"]
    assert printed("agents", "done", "dora") == ["dora: ready"]
    assert operations.orders == [
        ("set_agent", "dora", "extend", "", "30.0"),
        ("set_disposition", "dora", "sold", ""),
        ("set_disposition", "dora", "lost", "c7"),
        ("set_agent", "dora", "done", "", "0.0"),
    ]
    refused = run("agents", "dispose", "dora", "nonsense")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == '"nonsense" is no disposition of queue support: it has sold, lost\n'


@pytest.mark.usefixtures("server")
def test_contacts_that_are_no_calls_come_are_answered_and_end(operations: FixedOperations) -> None:
    assert printed("contacts")[2].split() == ["mail-7", "email", "support", "alerting", "clara", "1:15"]
    added = printed("contacts", "add", "support", "chat", "--id", "chat-1", "--from", "eve")
    assert added == ["chat-1: waiting in support, place 1"]
    assert printed("contacts", "accept", "mail-7", "clara") == ["mail-7: with clara"]
    assert printed("contacts", "decline", "mail-7", "clara") == ["mail-7: waiting in support, place 1"]
    assert printed("contacts", "replied", "mail-7") == ["mail-7: with"]
    assert printed("contacts", "finish", "mail-7") == ["mail-7: over"]
    assert printed("contacts", "withdraw", "mail-7") == ["mail-7: over"]
    assert operations.orders[:2] == [
        ("queue_contact", "support", "chat", "chat-1", "eve"),
        ("set_contact", "mail-7", "accept", "clara"),
    ]
    refused = run("contacts", "accept", "mail-9", "clara")
    assert (refused.exit_code, refused.stdout) == (1, "")


@pytest.mark.usefixtures("server")
def test_who_waits_is_ordered_about(operations: FixedOperations) -> None:
    assert printed("contacts", "move", "mail-7", "sales") == ["mail-7: waiting in sales, place 1, boost 30 s"]
    assert printed("contacts", "boost", "mail", "-90") == ["mail-7: alerting clara, boost -90 s"]
    assert printed("contacts", "assign", "mail-7", "anna") == ["mail-7: alerting anna, boost 30 s"]
    assert printed("contacts", "withdraw", "mail-7", "--reason", "prank") == ["mail-7: over"]
    assert operations.orders == [
        ("order_contact", "mail-7", "move", "sales", "0", ""),
        ("order_contact", "mail-7", "boost", "", "-90", ""),
        ("order_contact", "mail-7", "assign", "anna", "0", ""),
        ("order_contact", "mail-7", "withdraw", "", "0", "prank"),
    ]
    assert "there is no contact c7" in run("contacts", "boost", "c7", "60").stderr


@pytest.mark.usefixtures("server")
def test_an_agent_is_supervised(operations: FixedOperations) -> None:
    assert printed("agents", "supervise", "anna", "--phone", "carl", "--follow")[0] == (
        "Phone carl rings; answered, it takes part in all conversations of anna (listen)."
    )
    assert operations.orders == [("supervise_agent", "anna", "carl", "listen", "True")]
    assert run("agents", "supervise", "nobody", "--phone", "carl").exit_code == 1


@pytest.mark.usefixtures("server")
def test_skills_are_changed(operations: FixedOperations) -> None:
    assert printed("agents", "skill", "anna", "juggling=5")[0].endswith("juggling=5; serves support")
    assert printed("agents", "skill", "anna", "--reset")[0].endswith("; serves support")
    assert operations.orders == [("set_skills", "anna", "juggling=5"), ("set_skills", "anna")]
    assert "write skills such as billing=8" in run("agents", "skill", "anna").stderr
    assert (
        '"billing" is no skill with a level: write billing=5, say' in run("agents", "skill", "anna", "billing").stderr
    )


@pytest.mark.usefixtures("server")
def test_an_unknown_agent_is_one_line_and_code_1() -> None:
    result = run("agents", "login", "nobody")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "there is no agent nobody; `softswitch agents` lists them all\n"


@pytest.mark.usefixtures("server")
def test_a_call_is_hung_up(operations: FixedOperations) -> None:
    assert printed("calls", "hangup", "c1") == ["Call c1 was ended."]
    assert operations.orders == [("hang_up", CallId("c1"))]
    assert run("calls", "hangup", "c9").exit_code == 1


@pytest.mark.usefixtures("server")
def test_a_caller_is_transferred(operations: FixedOperations) -> None:
    (line,) = printed("calls", "transfer", "c1", "120")
    assert line.endswith(" is being connected to 120: call c2.")
    assert operations.orders == [("transfer_call", CallId("c1"), "120")]
    assert run("calls", "transfer", "c9", "120").exit_code == 1


@pytest.mark.usefixtures("server")
def test_programs_hear_calls_until_they_are_stopped(operations: FixedOperations) -> None:
    assert printed("calls", "streams") == ["No streams."]
    (line,) = printed("calls", "stream", "c1", "bot", "--side", "caller")
    assert line == "bot is being connected with call c1: stream 7."
    assert json.loads(run("calls", "streams", "--json").stdout)[0]["stream"]["program"] == "bot"
    assert printed("calls", "streams")[2].split()[:5] == ["7", "c1", "bot", "caller", "connected"]
    assert printed("calls", "stop-stream", "c1") == ["Stream 7 of call c1 was ended."]
    assert operations.orders == [("start_stream", "c1", "bot", "caller"), ("stop_stream", "c1", "7")]
    for wrong in (("stop-stream", "c1"), ("stop-stream", "c1", "8"), ("stream", "c9", "bot")):
        assert run("calls", *wrong).exit_code == 1


@pytest.mark.usefixtures("server")
def test_a_call_is_named_by_the_beginning_of_its_id_as_the_narrow_table_shows_it(operations: FixedOperations) -> None:
    first, second = CallId("bac48bfd64bae48a2b94fa3a"), CallId("bac48f0087122e8aa6d16897")
    operations.call_rows = [
        msgspec.structs.replace(row, call_id=call_id)
        for row, call_id in zip(operations.call_rows, (first, second), strict=True)
    ]
    assert [line.split()[0] for line in printed("calls")[2:]] == ["bac48bfd", "bac48f00"]
    assert printed("calls", "hangup", "bac48bfd") == [f"Call {first} was ended."]
    ambiguous = run("calls", "hangup", "bac48")
    assert (ambiguous.exit_code, len(ambiguous.stderr.splitlines())) == (1, 1)
    assert "2 calls begin with bac48" in ambiguous.stderr
    assert operations.orders == [("hang_up", first)]


@pytest.mark.usefixtures("server")
def test_a_supervisor_is_rung_and_switched(operations: FixedOperations) -> None:
    assert printed("calls", "listen", "c1", "--phone", "carl") == [
        "Phone carl rings; answered, it hears both, and nobody hears it.",
        "Its keys switch: 4 listen, 5 whisper to the agent, 6 barge in.",
    ]
    assert printed("calls", "mode", "c1", "barge") == ["Phone carl hears both, and both hear it."]
    printed("calls", "listen", "c1", "--phone", "110", "--mode", "whisper")
    printed("calls", "mode", "c1", "listen", "--phone", "110")
    assert operations.orders == [
        ("supervise", "c1", "carl", "listen"),
        ("set_supervision", "c1", "barge", ""),
        ("supervise", "c1", "110", "whisper"),
        ("set_supervision", "c1", "listen", "110"),
    ]
    assert run("calls", "listen", "c9", "--phone", "carl").exit_code == 1
    assert run("calls", "mode", "c1", "shout").exit_code == 2


def test_what_is_recorded_of_a_call_can_be_masked_and_ended(
    server: object, operations: FixedOperations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "otto")
    told = "Call c1: what is said is not recorded for 1:00, or until unmasked."
    assert printed("recordings", "mask", "c1", "--for", "60") == [told]
    assert operations.orders[-1] == ("set_recording", "c1", "mask", "60.0", "otto")
    assert printed("recordings", "unmask", "c1") == ["Call c1: recorded."]
    assert printed("recordings", "start", "c1") == ["Call c1: recorded."]
    assert printed("recordings", "stop", "c1") == ["Call c1: not recorded."]
    assert run("recordings", "stop", "c9").exit_code == 1


@pytest.mark.usefixtures("server")
def test_a_recording_is_held_and_released_by_its_id_or_its_call_s(directory: Path, operations: FixedOperations) -> None:
    store = open_store(str(directory / "store"), report=pytest.fail)
    store.put_recording(
        StoredRecording(
            recording_id=RecordingId("r42"),
            call_id=CallId("c42"),
            path="/a.wav",
            started_at=1_700_000_000.0,
            duration_s=1.0,
            size_bytes=1,
        )
    )
    store.commit().result(5)
    store.close()
    assert printed("recordings", "hold", "r4") == ["Recording r42 is kept until it is released."]
    assert operations.orders[-1] == ("hold_recording", "r42", "1700000000.0", "True")
    assert printed("recordings", "release", "c42") == ["Recording r42 is held no more."]
    assert operations.orders[-1] == ("hold_recording", "r42", "1700000000.0", "False")


@pytest.mark.usefixtures("server")
def test_a_live_report_has_what_goes_on_now(directory: Path, operations: FixedOperations) -> None:
    store = open_store(str(directory / "store"), report=pytest.fail)
    call = ActiveCall(call_id=CallId("c1"), started_at=time.time() - 5, calling_number="+1555", called_number="100")
    store.begin_call(call)
    store.close()
    found = json.loads(run("report", "calls", "--live", "--format", "json").stdout)
    (row,) = found["tables"][0]["rows"]
    assert (row["call"], row["end"], found["live"]) == ("c1", "in progress", True)
    trunks = json.loads(run("report", "trunks", "--live", "--table", "now", "--format", "json").stdout)
    told = {row.name: (row.used_in, row.used_out) for row in operations.trunks()}
    assert told
    assert {row["trunk"]: (row["used_in"], row["used_out"]) for row in trunks["tables"][0]["rows"]} == told


@pytest.mark.usefixtures("server")
def test_reload_prints_the_changes(operations: FixedOperations) -> None:
    assert printed("reload") == ["queue support: wrap_up_s 10 -> 20"]
    operations.reload_reply = Reloaded([])
    assert printed("reload") == ["No key of the configuration has changed; the flows are loaded anew."]
    operations.reload_reply = Reloaded(["media.ports: a -> b"], ["media.ports"])
    assert printed("reload")[-1] == "Needs a restart of the switch: media.ports"


@pytest.mark.usefixtures("server")
def test_a_reload_with_faults_prints_them_all_and_exits_with_2(operations: FixedOperations) -> None:
    operations.reload_reply = Refused("configuration", "nothing was changed", ["queues.toml: a: b. c", "x.py: d: e. f"])
    result = run("reload")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == ["queues.toml: a: b. c", "x.py: d: e. f", "nothing was changed"]


@pytest.mark.parametrize("command", [*LISTINGS, "reload", "agents login anna", "calls hangup c1", "recordings mask c1"])
def test_without_a_switch_every_command_says_how_to_start_it(directory: Path, command: str) -> None:
    result = run(*command.split())
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == f"no switch is running for {directory}: start it with `softswitch serve {directory}`\n"


@pytest.mark.usefixtures("server")
def test_the_directory_may_be_named_in_every_way(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOFTSWITCH_CONFIG")
    assert parsed("queues", str(directory))
    assert parsed("queues", "--config", str(directory))
    assert parsed("agents", "--config", str(directory))
    assert printed("agents", "--config", str(directory), "login", "boris")
    assert printed("agents", "login", "boris", "--config", str(directory))
    monkeypatch.chdir(directory)
    assert parsed("queues")


@pytest.mark.usefixtures("server")
def test_a_call_in_progress_is_explained_by_its_messages() -> None:
    lines = printed("calls", "why", "c1")
    assert "why         The call is in progress." in lines
    assert any("486 Busy H" in line and "anna" not in line for line in lines)
    assert parsed("calls", "why", "c1")["messages_from"] == "memory"


@pytest.mark.usefixtures("server")
def test_a_call_that_was_refused_before_it_was_one_is_found_by_number_or_call_id(operations: FixedOperations) -> None:
    operations.call_rows = []
    for wanted in ("100", "one@provider"):
        explanation = parsed("calls", "why", wanted)
        assert explanation["facts"]["call_id"] == ""
        assert len(explanation["steps"]) == 8
    result = run("calls", "why", "nobody")
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'no call "nobody" was found' in result.stderr


@pytest.mark.usefixtures("server")
def test_an_ended_call_whose_messages_are_not_stored_has_those_in_memory(directory: Path) -> None:
    store = open_store(str(directory / "store"), report=pytest.fail)
    cdr = Cdr(
        call_id=CallId("0123456789"),
        started_at=STARTED_AT,
        ended_at=STARTED_AT + 1,
        calling_number="+442071838750",
        called_number="7777",
        end_reason="completed",
        ended_by="caller",
        sip_legs=LEGS[:1],
    )
    store.end_call(cdr)
    store.commit().result(5)
    store.close()
    explanation = parsed("calls", "why", "7777")
    assert (explanation["facts"]["call_id"], explanation["messages_from"]) == ("0123456789", "memory")


@pytest.mark.usefixtures("server")
def test_a_trace_is_a_ladder_as_it_comes(operations: FixedOperations) -> None:
    result = run("trace", "--number", "100", "--peer", "anna", "--last")
    assert result.exit_code == 0
    assert result.stderr == "5 messages were lost: this terminal or its reader is too slow\n"
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Seconds since ")
    assert ["trunk:provider", "softswitch", "anna"] in [line.split() for line in lines]
    assert sum("│" in line for line in lines) == 8
    assert operations.orders == [("trace", "", "100", "anna", "True")]


@pytest.mark.usefixtures("server")
def test_a_trace_as_text_and_into_a_capture_file(operations: FixedOperations, tmp_path: Path) -> None:
    capture = tmp_path / "call.pcap"
    result = run("trace", "--call", "c1", "--messages", "--pcap", str(capture))
    assert result.exit_code == 0
    assert "received from trunk:provider (UDP 198.51.100.7:5060, here 192.0.2.5:5060), call c1" in result.stdout
    assert "  SIP/2.0 486 Busy Here" in result.stdout
    data = capture.read_bytes()
    assert data.startswith(FILE_HEADER)
    assert data.count(b"Call-ID:") == 8
    assert ("trace", "c1", "", "", "True") in operations.orders


@pytest.mark.usefixtures("server")
def test_what_a_peer_wrote_cannot_command_the_terminal(operations: FixedOperations) -> None:
    traced = operations.message_rows[0]
    evil = traced.message.replace(b"SIP/2.0\r\n", b"SIP/2.0\r\nSubject: \x1b[2J\r\n", 1)
    operations.message_rows = [msgspec.structs.replace(traced, message=evil)]
    assert "\x1b[2J" not in run("trace", "--messages").stdout


@pytest.mark.usefixtures("server")
def test_events_are_followed_a_line_each_until_the_switch_ends_it(operations: FixedOperations) -> None:
    result = run("events", "--follow", "--after", "3", "--kind", "call", "--contact", "c1", "--json")
    assert operations.orders == [("watch_events", "3", "call", "c1")]
    rows = [msgspec.json.decode(line, type=Numbered) for line in result.stdout.splitlines()]
    assert rows == operations.event_rows
    assert result.exit_code == 1
    assert "some events after 3 are no longer stored" in result.stderr
    assert "too slow: 6000 events behind" in result.stderr
    shown = run("events", "--follow").stdout.splitlines()
    assert len(shown) == 3
    assert "call.began" in shown[0]
    assert "trunk=provider" in shown[2]


def test_a_kind_of_event_that_there_is_not_is_a_fault_of_usage() -> None:
    result = run("events", "--kind", "cal")
    assert result.exit_code == 2
    assert 'there is no kind of event "cal"' in result.stderr


@pytest.mark.usefixtures("server")
def test_orders_to_calls(operations: FixedOperations) -> None:
    made = printed("calls", "originate", "anna", "+4420", "--var", "customer=47=11", "--tag", "campaign=spring")
    assert made == ["anna is rung: call c3."]
    assert printed("calls", "answer", "c1", "--phone", "201") == ["Call c1: 201 is asked to pick up."]
    assert printed("calls", "hold", "c1", "--by", "otto") == ["Call c1: the caller is on hold."]
    assert printed("calls", "resume", "c1", "--side", "called") == ["Call c1: they talk."]
    assert printed("calls", "play", "c1", "greeting", "--text", "hello", "--to", "caller") == [
        "Call c1: played to caller."
    ]
    assert printed("calls", "play", "c1", "--stop") == ["Call c1: nothing is played to both."]
    assert printed("calls", "digits", "c1", "12#") == ["Call c1: sent to the called."]
    assert printed("calls", "note", "c1", "--tag", "ticket=T-7") == ["Call c1: ticket=T-7."]
    assert printed("calls", "park", "c1", "--slot", "702", "--timeout", "60")[0].startswith("+442071838750 is being")
    assert operations.orders == [
        ("originate", "anna", "+4420", ""),
        ("answer_call", "c1", "201", ""),
        ("hold_call", "c1", "True", "caller", "otto"),
        ("hold_call", "c1", "False", "called", ""),
        ("play_to_call", "c1", "greeting", "hello", "caller", "False"),
        ("stop_playing", "c1", "both"),
        ("send_digits", "c1", "12#", "called"),
        ("note_call", "c1", ""),
        ("park_call", "c1", "702", "60.0"),
    ]
    assert run("calls", "note", "c1", "--tag", "=x").exit_code == 2
    refused = run("calls", "originate", "nobody", "100")
    assert refused.exit_code == 1
    assert 'leads to "nobody"' in refused.stderr


def test_a_trace_needs_a_switch_that_runs() -> None:
    assert run("trace").exit_code == 3


@pytest.mark.usefixtures("server")
def test_figures_since_the_start_with_their_formulas() -> None:
    lines = printed("queues", "stats")
    assert all(len(line) <= 80 for line in lines[:3])
    assert lines[2].split()[-9:] == ["support", "101", "85", "15", "78", "%", "0:10", "2:10", "1:35"]
    assert "SL neg     = answered within T / ended; Cisco's type 'abandoned negative'" in lines
    document = parsed("queues", "stats")
    (row,) = document["rows"]
    assert (row["from_at"], row["until_at"]) == (STARTED_AT, STARTED_AT + 3600)
    assert row["figures"]["service_level_negative"] == 0.7
    assert row["figures"]["service_level_positive"] == 0.8
    assert document["formulas"].keys() == row["figures"].keys()
    assert printed("queues", "stats", "--queue", "sales") == ["Nothing happened then."]
    (agent,) = parsed("agents", "stats")["rows"]
    assert agent["counts"]["reasons_s"] == {"lunch": 600.0}
    assert agent["figures"]["occupancy"] == 0.75


def test_why_a_contact_waits_now(server: object, operations: FixedOperations) -> None:
    lines = printed("queues", "why", "c")
    assert lines[0] == "contact c2"
    assert "place       4 of 9: it counts as waiting for 80 s; 20 s and a boost of +60 s; 2" in lines
    assert "next        in 20 s: more agents may serve it: the next step, or an agent's" in lines
    assert "            boris (Boris) is not ready: lunch, for 1:02:05" in lines
    assert parsed("queues", "why", "c2")["now"]["position"] == 4
    assert operations.orders == [("explain_contact", "c"), ("explain_contact", "c2")]
    assert 'no contact "zz" is known' in run("queues", "why", "zz").stderr


@pytest.mark.usefixtures("server")
def test_lists_of_callers_are_shown_and_changed() -> None:
    assert "Important customers" in printed("lists")[2]
    assert "gold" in printed("lists", "show", "vip")[2]
    assert printed("lists", "add", "vip", "+15550100", "--note", "new", "--days", "2") == [
        "+15550100 is in vip for 2 d 0:00:00"
    ]
    assert [row["number"] for row in json.loads(run("lists", "show", "vip", "--json").stdout)] == [
        "442071838750",
        "+15550100",
    ]
    assert printed("lists", "remove", "vip", "+15550100") == ["+15550100 is no longer in vip"]
    for refused in (("show", "vop"), ("add", "vop", "1"), ("remove", "vop", "1")):
        assert 'there is no list "vop"' in run("lists", *refused).stderr


@pytest.mark.usefixtures("server")
def test_lookups_are_shown_and_tried() -> None:
    assert "late" in printed("lookups")[2]
    known = run("lookups", "try", "crm", "calling_number=+15550101")
    assert (known.stdout.rstrip(), known.stderr) == ('{"name":"Eva"}', "(20 ms)\n")
    assert run("lookups", "try", "crm", "calling_number=+1").stdout.rstrip() == "Nobody is known there."
    assert "it answers 500" in run("lookups", "try", "shop").stderr
    assert run("lookups", "try", "crm", "calling_number").exit_code == 2


def test_a_project_sees_and_does_only_what_is_its_own(server: object, operations: FixedOperations) -> None:
    first, second = operations.call_rows
    operations.call_rows = [
        msgspec.structs.replace(first, project="acme"),
        msgspec.structs.replace(second, project="b"),
    ]
    operations.belongings.owners = {("call", "c1"): "acme", ("call", "c2"): "bolt"}
    assert [row["call_id"] for row in parsed("--project", "acme", "calls")] == ["c1"]
    assert [row["call_id"] for row in parsed("calls", "--project", "acme")] == ["c1"]
    assert [row["project_id"] for row in parsed("projects")] == ["acme", "bolt"]
    assert "2 of 30" in printed("projects")[2]
    assert printed("--project", "acme", "calls", "hangup", "c1") == ["Call c1 was ended."]
    for arguments, told in (
        (("calls", "hangup", "c2"), "project acme has no such thing"),
        (("status",), "for operators of the whole switch"),
        (("reload",), "for operators of the whole switch"),
        (("calls", "why", "last"), "leave out --project"),
    ):
        refused = run("--project", "acme", *arguments)
        assert refused.exit_code == 1
        assert told in refused.stderr
    assert "there is no project" in run("--project", "acne", "calls").stderr
    assert operations.orders == [("hang_up", "c1")]
