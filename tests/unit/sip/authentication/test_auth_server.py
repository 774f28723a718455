"""Challenges and checks, with our own client as the phone."""

import pytest

from softswitch.base.entropy import SeededEntropy
from softswitch.base.errors import LocalError
from softswitch.sip.authentication.auth_client import answer_challenge
from softswitch.sip.authentication.auth_server import NONCE_LIFETIME_S, Accepted, Credential, DigestServer, Rejected
from softswitch.sip.authentication.digest import HASHES, compute_ha1, compute_response, parse_digest, print_digest

REALM = "pbx.example"
URI = "sip:pbx.example"
ACCOUNTS = {
    "lea": Credential(username="lea", realm=REALM, password="s3cret"),
    "ivo": Credential(username="ivo", realm=REALM, ha1_md5=compute_ha1("MD5", "ivo", REALM, "geheim")),
}


def make_server(*algorithms: str, nonces_max: int = 100, accept_without_qop: bool = True) -> DigestServer:
    return DigestServer(
        REALM,
        algorithms or ("MD5",),
        SeededEntropy(1),
        b"signing secret",
        accept_without_qop=accept_without_qop,
        nonces_max=nonces_max,
    )


class Phone:
    """Answers challenges and counts nonces, as a phone does."""

    def __init__(self, username: str = "lea", password: str = "s3cret") -> None:
        self.username = username
        self.password = password
        self.nonce_counts: dict[str, int] = {}

    def answer(self, challenges: list[str], method: str = "REGISTER", uri: str = URI) -> list[str]:
        value = answer_challenge(
            challenges, self.username, self.password, method, uri, SeededEntropy(2), self.nonce_counts
        )
        assert value is not None
        return [value]


def without_qop(challenge: str) -> list[str]:
    """The answer of a phone of RFC 2069."""
    parameters = parse_digest(challenge)
    assert parameters is not None
    ha1 = compute_ha1("MD5", "lea", REALM, "s3cret")
    response = compute_response("MD5", ha1, parameters["nonce"], "REGISTER", URI)
    return [
        print_digest(
            {"username": "lea", "realm": REALM, "nonce": parameters["nonce"], "uri": URI, "response": response}, {}
        )
    ]


def check(
    server: DigestServer, values: list[str], now: float = 1000.0, method: str = "REGISTER"
) -> Accepted | Rejected:
    return server.check(values, method, URI, ACCOUNTS.get, now)


@pytest.mark.parametrize(
    "algorithms", [("MD5",), ("SHA-256",), ("MD5", "SHA-256"), ("SHA-256", "MD5"), ("SHA-512-256",)]
)
def test_the_right_password_is_accepted(algorithms: tuple[str, ...]) -> None:
    server = make_server(*algorithms)
    challenges = server.challenge(1000.0)
    assert len(challenges) == len(algorithms)
    values = Phone().answer(challenges)
    assert ("SHA-256" in values[0]) == ("SHA-256" in algorithms)
    assert check(server, values, 1001.0) == Accepted("lea")


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512-256"])
def test_the_strongest_is_answered_and_a_hash_of_it_is_enough(algorithm: str) -> None:
    ha1 = compute_ha1(algorithm, "eva", REALM, "geheim")
    hashes = {"MD5": Credential(username="eva", realm=REALM, ha1_md5=ha1)}
    hashes["SHA-256"] = Credential(username="eva", realm=REALM, ha1_sha256=ha1)
    hashes["SHA-512-256"] = Credential(username="eva", realm=REALM, ha1_sha512_256=ha1)
    server = make_server("MD5", algorithm) if algorithm != "MD5" else make_server("MD5")
    values = Phone("eva", "geheim").answer(server.challenge(1000.0))
    assert f"algorithm={algorithm}" in values[0]
    known = {"eva": hashes[algorithm]}
    assert server.check(values, "REGISTER", URI, known.get, 1000.0) == Accepted("eva")


def test_integrity_protection_was_not_offered_and_is_refused() -> None:
    server = make_server()
    (value,) = Phone().answer(server.challenge(1000.0))
    result = check(server, [value.replace("qop=auth", "qop=auth-int")])
    assert result == Rejected(False, "qop auth-int was not offered", "lea")


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512-256"])
def test_every_refusal_costs_the_same_hashes(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = make_server(algorithm)
    accounts = {
        "lea": ACCOUNTS["lea"],
        "hash": Credential(username="hash", realm=REALM, ha1_md5="0" * 32, ha1_sha256="0" * 64),
        "disabled": Credential(username="disabled", realm=REALM),
    }
    answers = {name: Phone(name, "x").answer(server.challenge(1000.0)) for name in (*accounts, "unknown")}
    hashed: list[int] = []
    original = HASHES[algorithm]

    def counting(text: str) -> str:
        hashed.append(1)
        return original(text)

    monkeypatch.setitem(HASHES, algorithm, counting)
    costs: dict[str, int] = {}
    for name, values in answers.items():
        hashed.clear()
        result = server.check(values, "REGISTER", URI, accounts.get, 1000.0)
        assert isinstance(result, Rejected)
        assert not result.stale
        costs[name] = len(hashed)
    assert costs == dict.fromkeys(answers, 3)


def test_an_account_may_be_a_hash() -> None:
    server = make_server("MD5", "SHA-256")
    md5, sha256 = server.challenge(1000.0)
    phone = Phone("ivo", "geheim")
    assert check(server, phone.answer([md5])) == Accepted("ivo")
    assert isinstance(check(server, phone.answer([sha256])), Rejected)


def test_unknown_user_and_wrong_password_differ_in_nothing_the_peer_sees() -> None:
    server = make_server()
    wrong = check(server, Phone(password="x").answer(server.challenge(1000.0)))
    unknown = check(server, Phone("eve").answer(server.challenge(1000.0)))
    assert wrong == Rejected(False, "wrong password", "lea")
    assert unknown == Rejected(False, "unknown user", "eve")


def test_a_nonce_counts_up_and_is_never_replayed() -> None:
    server = make_server()
    challenges = server.challenge(1000.0)
    phone = Phone()
    first, second, third = (phone.answer(challenges) for _ in range(3))
    assert check(server, first) == Accepted("lea")
    assert check(server, third) == Accepted("lea")
    assert check(server, third) == Rejected(True, "nonce count replayed", "lea")
    assert check(server, second) == Rejected(True, "nonce count replayed", "lea")


@pytest.mark.parametrize("password", ["s3cret", "x"])
def test_with_a_nonce_that_is_not_good_nothing_is_judged(password: str) -> None:
    """Too old, of another process, or given to somebody else: the answer is the same whoever knows the password."""
    server = make_server()
    late = 1000.1 + NONCE_LIFETIME_S
    other = DigestServer(REALM, ("MD5",), SeededEntropy(1), b"another secret")
    elsewhere = server.challenge(1000.0, source="192.0.2.1")
    phone = Phone(password=password)
    assert check(server, phone.answer(server.challenge(1000.0)), late) == Rejected(True, "nonce too old")
    assert check(server, phone.answer(other.challenge(1000.0))) == Rejected(True, "nonce not ours")
    assert check(server, phone.answer(elsewhere)) == Rejected(True, "nonce not ours")
    assert "stale=true" in server.challenge(late, stale=True)[0]
    assert "stale" not in server.challenge(late)[0]


def test_who_was_challenged_can_answer() -> None:
    server = make_server()
    values = Phone().answer(server.challenge(1000.0, source="192.0.2.1"))
    assert server.check(values, "REGISTER", URI, ACCOUNTS.get, 1001.0, "192.0.2.1") == Accepted("lea")


def test_forgotten_nonces_are_stale_not_open_to_replay() -> None:
    server = make_server(nonces_max=2)
    answers = [Phone().answer(server.challenge(1000.0 + second)) for second in range(4)]
    for values in answers[:3]:
        assert check(server, values, 1010.0) == Accepted("lea")
    assert check(server, answers[0], 1010.0) == Rejected(True, "nonce forgotten", "lea")
    assert check(server, answers[1], 1010.0) == Rejected(True, "nonce count replayed", "lea")
    assert check(server, answers[3], 1010.0) == Accepted("lea")


def test_a_client_without_qop_uses_a_nonce_once() -> None:
    server = make_server()
    values = without_qop(server.challenge(1000.0)[0])
    assert check(server, values) == Accepted("lea")
    assert check(server, values) == Rejected(True, "nonce count replayed", "lea")
    strict = make_server(accept_without_qop=False)
    assert check(strict, without_qop(strict.challenge(1000.0)[0])) == Rejected(False, "answer without qop", "lea")


def test_a_digest_for_another_method_is_wrong() -> None:
    server = make_server()
    assert isinstance(check(server, Phone().answer(server.challenge(1000.0)), method="INVITE"), Rejected)


def test_a_digest_over_another_uri_is_told() -> None:
    server = make_server()
    values = Phone().answer(server.challenge(1000.0), uri="sip:192.0.2.1")
    assert check(server, values) == Accepted("lea", uri_matches=False)


def test_the_answer_for_our_realm_is_found_among_others() -> None:
    server = make_server()
    ours = Phone().answer(server.challenge(1000.0))
    other = ['Digest username="lea", realm="elsewhere", nonce="1", uri="sip:x", response="0"', "Basic eDp5"]
    assert check(server, other + ours) == Accepted("lea")
    assert check(server, other) == Rejected(False, "no digest answer for our realm")
    assert check(server, []) == Rejected(False, "no digest answer for our realm")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nc=00000001", "nc=1"),
        ("nc=00000001", "nc=0000000g"),
        ("nc=00000001", "nc=00000000"),
        ("nc=00000001", "nc=+0000001"),
        ("qop=auth", "qop=auth-int"),
        ("cnonce=", "xnonce="),
        ("algorithm=MD5", "algorithm=SHA-256"),
        ("algorithm=MD5", "algorithm=MD5-sess"),
        ('response="', 'response="\udcff'),
        ('nonce="', 'nonce="\udcff'),
    ],
)
def test_a_tampered_answer_is_rejected(old: str, new: str) -> None:
    server = make_server()
    (value,) = Phone().answer(server.challenge(1000.0))
    assert old in value
    assert isinstance(check(server, [value.replace(old, new)]), Rejected)


def test_response_in_capitals_and_lower_case_algorithm_are_read() -> None:
    server = make_server()
    (value,) = Phone().answer(server.challenge(1000.0))
    parameters = parse_digest(value)
    assert parameters is not None
    value = value.replace(parameters["response"], parameters["response"].upper()).replace("=MD5", "=md5")
    assert check(server, [value]) == Accepted("lea")


def test_unsupported_algorithms_are_our_own_mistake() -> None:
    with pytest.raises(LocalError, match="SHA-256"):
        make_server("MD4")
