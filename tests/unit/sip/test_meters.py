"""Requests and responses are counted once, under names of a closed set."""

from softswitch.sip.meters import SipMeters


def test_what_nobody_has_registered_makes_no_new_series() -> None:
    meters = SipMeters()
    for method in ("INVITE", "FROBNICATE", "X" * 1000):
        meters.received(method)
    assert meters.requests_in == {"INVITE": 1, "other": 2}
    for status in (486, 499, 498, 678):
        meters.answered("INVITE", status)
    assert meters.responses_out == {("INVITE", 486): 1, ("INVITE", 400): 2, ("INVITE", 600): 1}


def test_the_first_response_is_timed() -> None:
    meters = SipMeters()
    meters.heard("INVITE", 100, 0.02)
    meters.heard("INVITE", 180, None)
    assert sum(meters.first_response_s["INVITE"].counts) == 1
    assert meters.first_response_s["INVITE"].total == 0.02
    assert meters.responses_in == {("INVITE", 100): 1, ("INVITE", 180): 1}
