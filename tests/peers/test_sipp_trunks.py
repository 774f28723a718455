"""SIPp as providers: one that registers us, one that refuses calls, and one that wants a password for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.store.schema import Cdr
from softswitch.testing.runtime.running import RunningSwitch
from tests.peers.centre import PASSWORD
from tests.peers.loopback import own_address
from tests.peers.stage import Evidence, Stage, credentials

pytestmark = [pytest.mark.peers, pytest.mark.network]

OUTSIDE = "84951234567"
SETTLED_WITHIN_S = 8.0


class Office(RunningSwitch):
    """One phone and three trunks: registering, refusing, challenging."""

    def __init__(self, directory: Path) -> None:
        self.host = own_address()
        self.registrar, self.refusing, self.challenging = own_address(), own_address(), own_address()
        account = 'username = "acc77"\npassword = "trunk-secret"\nrealm = "provider.example"\n'
        files = {
            "softswitch.toml": f"""
            [sip]
            domain = "{self.host}"
            listen = ["udp:{self.host}:5060", "tcp:{self.host}:5060"]
            [media]
            ip = "{self.host}"
            voice_from = "anywhere"
            workers = 1
            [numbers]
            country_code = "7"
            national_prefix = "8"
            national_digits = 10
            [shutdown]
            grace_s = 1
            """,
            "agents.toml": f'[[phone]]\nid = "reception"\npassword = "{PASSWORD}"\nnumber = "110"\n',
            "numbers.toml": '[[route]]\nnumber = "!"\nflow = "extension"\n',
            "trunks.toml": f"""
            [[trunk]]
            name = "registrar"
            host = "{self.registrar}"
            options_s = 0
            domain = "provider.example"
            register = true
            {account}
            [[trunk]]
            name = "refusing"
            host = "{self.refusing}"
            options_s = 0
            permitted_callers = ["*"]
            [[trunk]]
            name = "challenging"
            host = "{self.challenging}"
            options_s = 0
            permitted_callers = ["*"]
            send_numbers_as = "+e164"
            identity = "p-asserted-identity"
            quirks = ["from_user_is_account"]
            {account}
            [[outbound]]
            number = "+7!"
            trunks = ["refusing", "challenging"]
            """,
        }
        super().__init__(directory, files)

    def the_call(self) -> Cdr:
        def read() -> list[Cdr]:
            with self.store() as store:
                return list(store.cdrs.ascending())

        self.wait_until(lambda: len(read()) == 1, SETTLED_WITHIN_S)
        return read()[0]


@pytest.fixture
def office(tmp_path: Path, evidence: Evidence) -> Iterator[Office]:
    """Not started."""
    office = Office(tmp_path / "office")
    evidence.append(("serve.log ends", lambda: office.log()[-6000:]))
    yield office
    office.stop()
    assert "Traceback" not in office.log()


def test_the_second_provider_takes_the_call_that_the_first_refuses(office: Office, stage: Stage) -> None:
    refusing = stage.sipp("provider_refuses", address=office.refusing).listening()
    answering = stage.rtp_phone()
    challenging = stage.sipp(
        "provider_challenges", address=office.challenging, keys=answering.keywords(), talk_ms=500
    ).listening()
    office.start()
    address = stage.register_at(office.host, ["reception"])
    phone = stage.sipp(
        "phone_calls",
        address=address,
        remote=office.host,
        number=OUTSIDE,
        rows=credentials(["reception"]),
        keys=stage.rtp_phone().keywords("reception"),
    )

    phone.wait()
    refusing.wait()
    challenging.wait()

    invite = challenging.received("INVITE")[-1]
    assert invite.first_line.startswith("INVITE sip:+74951234567@")
    assert f"acc77@{office.challenging}" in invite.header("From")
    assert "110@" in invite.header("P-Asserted-Identity")
    cdr = office.the_call()
    assert [(each.trunk, each.status) for each in cdr.trunks] == [("refusing", 503), ("challenging", 200)]
    assert cdr.talk_s > 0.2
    with office.control() as client:
        rows = {row.name: row for row in client.trunks()}
    assert rows["refusing"].last_failure == "503 Service Unavailable to INVITE"
    assert (rows["challenging"].calls_out, rows["challenging"].used_out) == (1, 0)


def test_a_provider_registers_us_and_is_left_in_order(office: Office, stage: Stage) -> None:
    registrar = stage.sipp("registrar_challenges", address=office.registrar).listening()
    office.start()

    def registration() -> str:
        with office.control() as client:
            return next(row.registration for row in client.trunks() if row.name == "registrar")

    office.wait_until(lambda: registration() == "registered", SETTLED_WITHIN_S)
    assert office.stop() == 0
    registrar.wait()

    first, second, last = registrar.received("REGISTER")
    assert first.first_line == "REGISTER sip:provider.example SIP/2.0"
    assert "trunk-secret" not in second.text
    assert ";line=" in second.header("Contact")
    assert (second.header("Expires"), last.header("Expires")) == ("600", "0")
    assert first.header("Call-ID") == last.header("Call-ID"), "one registration, told on"
