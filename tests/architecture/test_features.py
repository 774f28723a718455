"""Every verb of flows, every code, every key of a conference or of somebody who talks is held by a scenario in virtual
time and by a call over real SIP and RTP. The tables say which; what is in none of them fails here, and so does a name
in them that is no test."""

import ast
import inspect
import re
from functools import cache
from pathlib import Path

import pytest

from softswitch.calls import call_keys
from softswitch.calls.conferences import keys
from softswitch.dialplan.call import Call

ROOT = Path(__file__).resolve().parents[2]
VIRTUAL, REAL = ROOT / "tests" / "simulation", ROOT / "tests" / "integration" / "app"

VERBS = {
    "agent_line": ("agent_line.a_contact_comes_without_ringing_and_the_line_stays_open", "verbs.at_a_desk"),
    "answer": ("callbacks.asked_for_twice_it_is_one", "shipped_dialplans.hotline"),
    "call_when_free": ("call_when_free.both_are_rung_when_they_are_free", "codes.commands_while_talking"),
    "cancel_calls_when_free": ("call_when_free.it_is_taken_back", "star_codes.calls_of_others"),
    "conference": ("conferences.a_private_talk_and_back", "shipped_dialplans.conference"),
    "delist": ("codes.a_caller_is_put_on_a_list_and_off_it", "verbs.known_and_surveyed"),
    "dial": ("ringing.several_ring_at_once_and_the_first_has_the_call", "shipped_dialplans.office"),
    "enlist": ("codes.a_caller_is_put_on_a_list_and_off_it", "shipped_dialplans.contest"),
    "finish_wrap_up": ("codes.work_and_breaks", "codes.work_by_code"),
    "gather": ("calls_digits.a_flow_counts_every_press_once", "shipped_dialplans.order_desk"),
    "hang_up": ("calls_faults.nothing_of_a_flow_runs_after_hang_up", "verbs.known_and_surveyed"),
    "log_in": ("codes.work_and_breaks", "verbs.at_a_desk"),
    "log_out": ("codes.work_and_breaks", "star_codes.work"),
    "look_up": ("known_callers.what_one_flow_knows_goes_with_the_caller_to_the_next", "verbs.known_and_surveyed"),
    "mask_recording": (
        "calls_recordings.a_flow_records_the_whole_call_with_whoever_joins_and_masks_it",
        "verbs.known_and_surveyed",
    ),
    "menu": (
        "speaking.digits_typed_ahead_go_through_menus_and_nothing_of_them_is_heard",
        "shipped_dialplans.hotline",
    ),
    "open_voice_box": ("voicemail.another_box_is_opened_by_keys", "shipped_dialplans.voicemail"),
    "park": (
        "pickup_and_parking.a_caller_is_parked_by_a_blind_transfer_and_fetched",
        "extensions.calls_of_extensions",
    ),
    "pause": ("dial_terms.who_presses_one_is_connected", "verbs.known_and_surveyed"),
    "pause_work": ("codes.work_and_breaks", "codes.work_by_code"),
    "pick_up": (
        "pickup_and_parking.who_shares_a_group_answers_in_the_place_of_the_phone_that_rings",
        "star_codes.calls_of_others",
    ),
    "play": ("speaking.values_lists_and_texts_are_heard_in_their_order", "spoken_menus.through_the_menus"),
    "play_recorded": ("voicemail.forward_and_back_in_a_message", "shipped_dialplans.voicemail"),
    "queue": ("calls.a_caller_waits_talks_is_recorded_and_rates", "shipped_dialplans.order_desk"),
    "record": ("calls.a_message_is_recorded_until_the_pound_key", "shipped_dialplans.leave_message"),
    "reject": ("known_callers.what_one_flow_knows_goes_with_the_caller_to_the_next", "shipped_dialplans.refused"),
    "request_callback": ("callbacks.asked_for_twice_it_is_one", "shipped_dialplans.called_back"),
    "resume_recording": (
        "calls_recordings.a_flow_records_the_whole_call_with_whoever_joins_and_masks_it",
        "verbs.known_and_surveyed",
    ),
    "resume_work": ("codes.work_and_breaks", "codes.work_by_code"),
    "retrieve": (
        "pickup_and_parking.a_caller_is_parked_by_a_blind_transfer_and_fetched",
        "extensions.calls_of_extensions",
    ),
    "ring": ("calls_digits.a_caller_who_is_connected_hears_it_ring", "verbs.known_and_surveyed"),
    "run": ("codes.a_caller_is_put_on_a_list_and_off_it", "verbs.known_and_surveyed"),
    "run_survey": ("codes.a_flow_asks_a_survey", "shipped_dialplans.run_survey"),
    "say": ("speaking.values_lists_and_texts_are_heard_in_their_order", "spoken_menus.through_the_menus"),
    "send_away": ("transfers.a_caller_is_sent_away_by_his_own_network", "shipped_dialplans.send_away"),
    "set_call_waiting": ("codes.switches", "star_codes.switches"),
    "set_do_not_disturb": ("codes.switches", "star_codes.switches"),
    "set_forwarding": ("codes.forwards_begin_and_end", "star_codes.forwards"),
    "start_recording": (
        "calls_recordings.a_flow_records_the_whole_call_with_whoever_joins_and_masks_it",
        "verbs.known_and_surveyed",
    ),
    "start_stream": (
        "streams.a_program_hears_whoever_the_caller_talks_to",
        "streams.a_program_hears_a_conversation",
    ),
    "stop_recording": (
        "calls_recordings.a_flow_records_the_whole_call_with_whoever_joins_and_masks_it",
        "verbs.known_and_surveyed",
    ),
    "stop_stream": (
        "streams.a_program_hears_whoever_the_caller_talks_to",
        "streams.a_program_hears_a_conversation",
    ),
    "stream": (
        "streams.a_bot_talks_to_the_caller_and_the_flow_goes_on_with_its_result",
        "streams.a_bot_says_back_what_it_hears",
    ),
    "supervise": ("codes.supervisors_dial_their_way_in", "star_codes.supervisors"),
    "survey": ("calls.a_caller_waits_talks_is_recorded_and_rates", "shipped_dialplans.hotline"),
    "transfer": ("transfers.a_flow_sends_its_caller_on", "verbs.known_and_surveyed"),
    "voicemail": ("voicemail.a_message_is_left_lights_the_lamp_is_heard_and_deleted", "shipped_dialplans.voicemail"),
}
ELSEWHERE = {"wait_for_fax"}
"""Needs a machine that sends faxes: tests/simulation/test_faxes.py, and whatever has one."""

_FORWARDS = ("codes.forwards_begin_and_end", "star_codes.forwards")
_SWITCHES = ("codes.switches", "star_codes.switches")
CODES = {
    **dict.fromkeys(("*21", "*21*", "*61", "*61*", "*62", "*62*", "*67", "*67*"), _FORWARDS),
    **dict.fromkeys(("*72", "*73", "*90", "*91", "*92", "*93", "*94", "*95"), _FORWARDS),
    **dict.fromkeys(("#002", "#21", "#61", "#62", "#67", "*#21"), _FORWARDS),
    **dict.fromkeys(("*26", "#26", "*78", "*79", "*43", "#43", "*70", "*71"), _SWITCHES),
    "*37": ("call_when_free.both_are_rung_when_they_are_free", "codes.commands_while_talking"),
    "#37": ("call_when_free.it_is_taken_back", "star_codes.calls_of_others"),
    "*69": ("codes.the_last_caller_is_called", "codes.screened_and_called_back"),
    "*80": ("forwarding.an_intercom_call_asks_the_phone_to_answer_by_itself", "star_codes.calls_of_others"),
    "**": VERBS["pick_up"],
    "*8": (VERBS["pick_up"][0], "extensions.calls_of_extensions"),
    **dict.fromkeys(("*51", "*52", "*53", "*54"), VERBS["supervise"]),
    "*85": VERBS["log_in"],
    "*86": VERBS["log_out"],
    "*87": VERBS["pause_work"],
    "*88": VERBS["resume_work"],
    "*89": VERBS["finish_wrap_up"],
    "*97": (VERBS["voicemail"][0], "voicemail.scenario"),
    "*98": VERBS["open_voice_box"],
}

KEYS = {
    "*1": ("conferences.mute_oneself_all_and_one", "conference.run_sales"),
    "*2": ("conferences.mute_oneself_all_and_one", "conference.run_board"),
    "*3": ("conferences.mute_oneself_all_and_one", "conference.run_board"),
    "*4": ("conferences.louder_softer_remove_and_leave", "conference.run_sales"),
    "*#4": ("conferences.louder_softer_remove_and_leave", "conference.run_staff"),
    "*#6": ("conferences.louder_softer_remove_and_leave", "conference.run_staff"),
    "*5": ("conferences.a_private_talk_and_back", "conference.run_board"),
    "*6": ("conferences.louder_softer_remove_and_leave", "conference.run_sales"),
    "*7": ("conferences.louder_softer_remove_and_leave", "conference.run_sales"),
    "*8": ("conferences.lecture_lock_and_count", "conference.run_sales"),
    "*9": ("conferences.lecture_lock_and_count", "conference.run_sales"),
    "*0": ("conference_calls.a_host_calls_somebody_in_who_joins_with_one", "conference.run_sales"),
    "*#0": ("conference_calls.a_host_fetches_somebody_talks_to_him_alone_and_brings_him_back", "conference.run_staff"),
    "*#1": ("conferences.lecture_lock_and_count", "conference.run_sales"),
    "*#2": ("conferences.lecture_lock_and_count", "conference.run_board"),
    "*#3": ("conferences.recording_of_the_room_by_key", "conference.run_board"),
    "*#9": ("conferences.recording_of_the_room_by_key", "conference.run_board"),
    "**": ("conferences.lecture_lock_and_count", "conference.run_sales"),
}

WHILE_TALKING = {
    "*1": ("call_keys.a_recording_on_demand", "codes.commands_while_talking"),
    "*2": ("call_keys.a_transfer_by_key", "codes.commands_while_talking"),
    "*3": ("key_consultation.all_three_talk_and_whoever_leaves_the_others_go_on", "codes.asked_before"),
    "*4": ("key_consultation.to_and_fro", "codes.asked_before"),
}


def verbs() -> set[str]:
    own = [name for name in dir(Call) if not name.startswith("_")]
    return {name for name in own if inspect.iscoroutinefunction(getattr(Call, name))}


def codes() -> set[str]:
    """In the tables of star_codes.py, and in what the other dialplans say for numbers.toml."""
    folder = ROOT / "dialplans"
    star_codes = (folder / "star_codes.py").read_text("utf-8").partition('"""\n\nfrom')[2].partition("@flow")[0]
    found = set(re.findall(r'"([*#][*#0-9]+)"', star_codes))
    for name in ("desk.py", "supervisor.py", "voicemail.py"):
        found |= set(re.findall(r'number = "(\*[0-9]+)', (folder / name).read_text("utf-8")))
    return found


def conference_keys() -> set[str]:
    return set(re.findall(r"`(\*[#*0-9]+)", inspect.getdoc(keys) or ""))


def keys_while_talking() -> set[str]:
    return {f"*{key}" for name, key in vars(call_keys).items() if name.endswith("_KEY")}


def test_the_tables_are_complete() -> None:
    assert set(VERBS) | ELSEWHERE == verbs()
    assert set(CODES) == codes()
    assert set(KEYS) == conference_keys()
    assert set(WHILE_TALKING) == keys_while_talking()


@pytest.mark.parametrize("place", [0, 1], ids=["in virtual time", "over real SIP"])
def test_what_they_name_is_a_test(place: int) -> None:
    named = {both[place] for table in (VERBS, CODES, KEYS, WHILE_TALKING) for both in table.values()}
    missing = [name for name in sorted(named) if not is_there(VIRTUAL if place == 0 else REAL, *name.split("."))]
    assert not missing


def is_there(folder: Path, file: str, name: str) -> bool:
    return name in functions(folder / f"test_{file}.py") or f"test_{name}" in functions(folder / f"test_{file}.py")


@cache
def functions(path: Path) -> set[str]:
    """Those of a file that somebody in it uses, and its tests."""
    text = path.read_text("utf-8")
    found = {each.name for each in ast.parse(text).body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {name for name in found if name.startswith("test_") or len(re.findall(rf"\b{name}\b", text)) > 1}
