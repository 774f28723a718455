"""Choosing and answering challenges."""

from softswitch.base.entropy import SeededEntropy
from softswitch.sip.authentication.auth_client import answer_challenge
from softswitch.sip.authentication.digest import parse_digest


def answer(
    challenges: list[str], counts: dict[str, int] | None = None, realm: str | None = None
) -> dict[str, str] | None:
    value = answer_challenge(
        challenges,
        "lea",
        "pw",
        "INVITE",
        "sip:ivo@gw.example",
        SeededEntropy(1),
        {} if counts is None else counts,
        realm=realm,
    )
    return None if value is None else parse_digest(value)


MD5 = 'Digest realm="gw", nonce="n1", algorithm=MD5, qop="auth,auth-int"'
SHA256 = 'Digest realm="gw", nonce="n2", algorithm="sha-256", qop="auth", opaque="o\\"p"'


def test_the_strongest_wins_in_any_order() -> None:
    for challenges in ([MD5, SHA256], [SHA256, MD5]):
        parameters = answer(challenges)
        assert parameters is not None
        assert (parameters["algorithm"], parameters["nonce"], parameters["opaque"]) == ("SHA-256", "n2", 'o"p')
        assert (parameters["qop"], parameters["nc"]) == ("auth", "00000001")


def test_what_cannot_be_answered_is_passed_over() -> None:
    unknown = 'Digest realm="gw", nonce="n3", algorithm=SHA3-256, qop="auth"'
    integrity = 'Digest realm="gw", nonce="n4", qop="auth-int"'
    assert answer([unknown, integrity, "Basic realm=x", 'Digest realm="gw"', ""]) is None
    parameters = answer([unknown, integrity, MD5])
    assert parameters is not None
    assert parameters["nonce"] == "n1"


def test_only_the_realm_asked_for_is_answered() -> None:
    assert answer([MD5], realm="trunk") is None
    assert answer([MD5], realm="gw") is not None


def test_an_old_server_without_qop_and_algorithm() -> None:
    parameters = answer(['Digest realm="gw", nonce="n"'])
    assert parameters is not None
    assert not parameters.keys() & {"qop", "nc", "cnonce", "algorithm"}


def test_the_nonce_count_goes_up_and_only_the_current_nonce_is_kept() -> None:
    counts: dict[str, int] = {}
    assert [(answer([MD5], counts) or {})["nc"] for _ in range(2)] == ["00000001", "00000002"]
    assert (answer([SHA256], counts) or {})["nc"] == "00000001"
    assert counts == {"n2": 1}
