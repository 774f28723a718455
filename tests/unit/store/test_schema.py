"""Keys sort as people expect, and records survive a change of the schema that only adds."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.errors import LocalError
from softswitch.store import conference_schema, digest_schema, schema, voicemail_schema
from softswitch.store.layout import KEY_BYTES_MAX, TableLayout

LAYOUTS = [schema.BINDINGS, schema.AGENT_STATES, schema.ACTIVE_CALLS, schema.CDRS, schema.RECORDINGS, schema.PHONES]
SCHEMAS = (schema, conference_schema, digest_schema, voicemail_schema)

wall_times = st.floats(0, 4e9, allow_nan=False)


@given(wall_times, wall_times, st.text("abc", min_size=1), st.text("abc", min_size=1))
def test_keys_of_calls_sort_by_time(first: float, second: float, first_id: str, second_id: str):
    if round(first * 1e6) < round(second * 1e6):
        assert schema.CDRS.key((first, first_id)) < schema.CDRS.key((second, second_id))


def test_bindings_of_one_aor_are_together():
    keys = [schema.BINDINGS.key((aor, contact)) for aor in ("ann@h", "anna@h") for contact in ("sip:a", "sip:b")]
    assert sorted(keys)[:2] == sorted(keys[:2])


def test_table_names_are_unique():
    names = [each.name for module in SCHEMAS for each in vars(module).values() if isinstance(each, TableLayout)]
    assert len(set(names)) == len(names) > len(LAYOUTS)


def test_the_longest_user_name_and_domain_make_a_key():
    assert len(schema.BINDINGS.key((f"{'u' * 64}@{'d' * 253}", "sip:x"))) <= KEY_BYTES_MAX


def test_an_oversized_key_is_refused():
    with pytest.raises(LocalError, match="bindings is 617 bytes"):
        schema.BINDINGS.key(("u" * 600, "sip:x"))


def test_a_record_of_a_newer_switch_with_more_fields_is_read():
    newer = msgspec.msgpack.encode({"agent_id": "anna", "status": "ready", "mood": "good"})
    assert msgspec.msgpack.decode(newer, type=schema.StoredAgentState).agent_id == "anna"


def test_every_field_that_may_be_missing_has_a_default():
    """Version 1 has these fields without a default; a field added later must have one (see the module)."""
    required = {
        layout.name: {field.name for field in msgspec.structs.fields(layout.value_type) if field.required}
        for layout in LAYOUTS
    }
    assert required == {
        "bindings": {
            "aor", "contact_uri", "transport", "local_host", "local_port", "remote_host", "remote_port",
            "expires_at_wall",
        },
        "agent_states": {"agent_id", "status"},
        "phones": {"username"},
        "active_calls": {"call_id", "started_at", "calling_number", "called_number"},
        "cdrs": {
            "call_id", "started_at", "ended_at", "calling_number", "called_number", "end_reason", "ended_by",
        },
        "recordings": {"recording_id", "call_id", "path", "started_at", "duration_s", "size_bytes"},
    }  # fmt: skip


def test_a_recording_indexed_before_there_was_an_archive_can_still_be_read() -> None:
    written = {
        "recording_id": "r",
        "call_id": "c",
        "path": "/a.wav",
        "started_at": 5.0,
        "duration_s": 1.0,
        "size_bytes": 32044,
        "agent": "anna",
        "queue": None,
        "calling_number": "1",
        "fault": "",
    }
    recording = msgspec.msgpack.decode(msgspec.msgpack.encode(written), type=schema.StoredRecording)
    assert (recording.agent, recording.format, recording.sha256, recording.masks) == ("anna", "wav", "", ())
