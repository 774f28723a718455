"""What peers call themselves goes to the disk, the log and the control socket: octets of any kind harm none of them."""

import pytest

from tests.integration.attack.arena import GOOD_HOST, Arena, Attacker, sdp, traceback_of

pytestmark = pytest.mark.network

ODD = "\udcfc\udc9b"  # octets FC 9B: no UTF-8


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("from", f'"M{ODD}ller" <sip:+49%FC%1B%0D%0A@192.0.2.1>;tag=1'),
        ("from", f"<sip:+49{ODD}@192.0.2.1>;tag=1"),
        ("p-asserted-identity", f'"{ODD}" <sip:+49%FC@192.0.2.1>'),
        ("from", '"a\\\x07b" <sip:+49@192.0.2.1>;tag=1'),
        ("user-agent", ODD),
        ("call-id", ODD),
        ("x-any", ODD),
        ("diversion", f"<sip:{ODD}@192.0.2.1>"),
    ],
)
def test_a_call_is_taken_listed_and_recorded(arena: Arena, header: str, value: str) -> None:
    with Attacker(arena, GOOD_HOST) as trunk:
        invite = trunk.request("INVITE", f"sip:100%FC@{arena.address}", (header, value), body=sdp(GOOD_HOST, 4000))
        answer = trunk.ask(invite)
        assert answer is not None
        assert answer.status == 404, "nobody has the number 100\\xfc"
    with arena.control() as control:
        control.calls()
    assert "Traceback" not in arena.log(), traceback_of(arena.log())


def test_a_phone_is_registered_and_listed(arena: Arena) -> None:
    with Attacker(arena, "127.0.0.71") as phone:
        contact = f'"{ODD}" <sip:m{ODD}@{phone.address}>;+sip.instance="<{ODD}>"'
        odd = (("contact", contact), ("user-agent", ODD), ("path", f"<sip:{ODD}@192.0.2.1;lr>"), ("call-id", ODD))
        phone.authorized(phone.request("REGISTER", "", ("contact", "*"), ("expires", "0")))
        phone.authorized(phone.request("REGISTER", "", *odd))
        answer = phone.authorized(phone.request("REGISTER", "", *odd))
        assert answer is not None
        assert answer.status == 200
        assert len(answer.get_all("contact")) == 1
        with arena.control() as control:
            listed = [row for row in control.registrations() if "mallory" in row.aor]
        assert len(listed) == 1
        answer = phone.authorized(phone.request("REGISTER", "", ("contact", "*"), ("expires", "0")))
        assert answer is not None
        assert answer.status == 200
    assert "Traceback" not in arena.log(), traceback_of(arena.log())


def test_a_guesser_is_logged(arena: Arena) -> None:
    with Attacker(arena, "127.0.0.72") as guesser:
        answer = guesser.authorized(guesser.request("REGISTER"), f"who\n{ODD}")
        assert answer is None or answer.status in (400, 401)
        answer = guesser.authorized(guesser.request("REGISTER"), f"who{ODD}")
        assert answer is not None
        assert answer.status == 401
    assert "Traceback" not in arena.log(), traceback_of(arena.log())
