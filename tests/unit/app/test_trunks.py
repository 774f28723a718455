"""Rows of trunks.toml, and what the SIP endpoint and calls are told of them."""

from pathlib import Path

from softswitch.app.settings import call_settings, sip_settings
from softswitch.calls.settings import CallSettings
from softswitch.config import load
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.settings import TrunkPeer
from softswitch.sip.trunks.selection import FailoverRule


def settings(tmp_path: Path, trunks: str) -> tuple[dict[str, TrunkPeer], CallSettings]:
    (tmp_path / "softswitch.toml").write_text(
        '[sip]\ndomain = "pbx.example"\n[media]\nip = "192.0.2.1"\n'
        '[numbers]\ncountry_code = "7"\nnational_prefix = "8"\ninternational_prefix = "810"\nnational_digits = 10\n'
    )
    (tmp_path / "trunks.toml").write_text(trunks)
    configuration = load(tmp_path)
    return {peer.name: peer for peer in sip_settings(configuration).trunks}, call_settings(configuration)


def test_a_plain_trunk_is_called_and_neither_registered_with_nor_watched(tmp_path: Path) -> None:
    peers, calls = settings(tmp_path, '[[trunk]]\nname = "p"\nhost = "203.0.113.5"\naddresses = ["203.0.113.5"]\n')
    link = peers["p"].link
    assert link is not None
    assert not link.is_registering
    assert (link.health.options_every_s, link.health.is_answer_certain) == (60.0, False)
    assert (link.options_uri, link.account_uri) == ("sip:203.0.113.5", "sip:pbx.example")
    route = calls.trunk_named("p")
    assert route is not None
    assert route.identity is not None
    assert (route.identity.domain, route.identity.account) == ("pbx.example", "")
    assert route.numbers.outbound("84951234567", "called_out") == "84951234567"


def test_an_account_at_a_provider_behind_a_proxy(tmp_path: Path) -> None:
    peers, calls = settings(
        tmp_path,
        """
        [[trunk]]
        name = "p"
        host = "edge.provider.example"
        transport = "tcp"
        domain = "provider.example"
        username = "acc77"
        auth_username = "auth77"
        password = "secret"
        realm = "realm.example"
        register = true
        register_s = 300
        options_s = 30
        options_bad = [503]
        quirks = ["from_user_is_account", "options_to_account", "user_phone"]
        channels = 30
        calls_per_s = 5
        """,
    )
    peer = peers["p"]
    link = peer.link
    assert link is not None
    assert link.is_registering
    assert link.registrar == "sip:provider.example"
    assert link.account_uri == "sip:acc77@provider.example"
    assert link.options_uri == "sip:acc77@provider.example"
    assert link.route == ("<sip:edge.provider.example;transport=tcp;lr>",)
    assert link.credentials == Credential(username="auth77", realm="realm.example", password="secret")
    assert (link.expires_s, link.health.options_every_s, link.health.bad_statuses) == (300, 30.0, frozenset({503}))
    assert (peer.capacity.both_max, peer.capacity.out_per_s) == (30, 5.0)
    route = calls.trunk_named("p")
    assert route is not None
    assert route.identity is not None
    assert (route.identity.domain, route.identity.account) == ("provider.example", "acc77")
    assert route.identity.has_user_phone
    assert route.proxy_route == link.route[0]


def test_a_provider_without_a_domain_is_registered_with_at_its_host(tmp_path: Path) -> None:
    text = '[[trunk]]\nname = "p"\nhost = "sip.example"\nport = 5080\nusername = "u"\npassword = "p"\nregister = true\n'
    link = settings(tmp_path, text)[0]["p"].link
    assert link is not None
    assert (link.registrar, link.account_uri, link.route) == ("sip:sip.example:5080", "sip:u@sip.example", ())


def test_numbers_are_written_as_the_provider_writes_them(tmp_path: Path) -> None:
    peers, calls = settings(
        tmp_path,
        """
        [[trunk]]
        name = "germany"
        host = "sip.example"
        country_code = "49"
        national_prefix = "0"
        international_prefix = "00"
        national_digits = 0
        send_numbers_as = "national"
        receive_numbers_as = "+e164"
        called_number_from = "to"
        trusted = false
        rules = [{number = "calling_in", pattern = '9(.*)', replace = '\\1'}]
        """,
    )
    route = calls.trunk_named("germany")
    assert route is not None
    assert route.numbers.outbound("84951234567", "called_out") == "0074951234567"
    assert route.numbers.outbound("+493012345678", "called_out") == "03012345678"
    arrival = peers["germany"].arrival
    assert arrival.numbers.inbound("90074951234567", "calling_in") == "+74951234567"
    assert arrival.numbers.inbound("03012345678", "called_in") == "+493012345678"
    assert (arrival.called_number_from, arrival.is_trusted) == ("to", False)


def test_routes_to_the_outside(tmp_path: Path) -> None:
    trunks = "".join(f'[[trunk]]\nname = "{name}"\nhost = "{name}.example"\n' for name in "abc")
    _, calls = settings(
        tmp_path,
        trunks
        + """
        [[outbound]]
        number = "+7 (495) !"
        trunks = ["a", "b"]
        weights = {a = 70, b = 30}
        failover_on = [503]
        no_response_s = 3
        """,
    )
    route = calls.outbound_for("8 495 123-45-67")
    assert route is not None
    assert (route.number, route.trunks, route.weights) == ("+7495!", ("a", "b"), {"a": 70, "b": 30})
    assert route.failover == FailoverRule(statuses=frozenset({503}), no_response_s=3.0)
    other = calls.outbound_for("112")
    assert other is not None
    assert other.trunks == ("c",), "whom no route names"


def test_another_switch_has_an_account_here(tmp_path: Path) -> None:
    text = '[[trunk]]\nname = "branch"\naccept_username = "branch"\naccept_password = "between us"\n'
    peers, calls = settings(tmp_path, text)
    account = peers["branch"].account
    assert account is not None
    assert (account.username, account.password) == ("branch", "between us")
    assert peers["branch"].link is None
    assert calls.trunks == ()
