"""The digest itself, against the examples of the RFCs, and the parameters' grammar."""

import pytest

from softswitch.sip.authentication.digest import compute_ha1, compute_response, parse_digest, print_digest

RFC7616_NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
RFC7616_CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc7616_section_3_9_1(algorithm: str, response: str) -> None:
    ha1 = compute_ha1(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life")
    qop = ("00000001", RFC7616_CNONCE)
    assert compute_response(algorithm, ha1, RFC7616_NONCE, "GET", "/dir/index.html", qop) == response


def test_rfc2617_section_3_5() -> None:
    ha1 = compute_ha1("MD5", "Mufasa", "testrealm@host.com", "Circle Of Life")
    nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    qop = ("00000001", "0a4f113b")
    assert compute_response("MD5", ha1, nonce, "GET", "/dir/index.html", qop) == "6629fae49393a05397450978507c4ef1"


def test_without_qop() -> None:
    """The example of RFC 2069 section 2.4 as corrected by its erratum."""
    ha1 = compute_ha1("MD5", "Mufasa", "testrealm@host.com", "CircleOfLife")
    nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    assert compute_response("MD5", ha1, nonce, "GET", "/dir/index.html") == "1949323746fe6a43ef61f9606e7febea"


def test_parameters() -> None:
    value = 'dIgEsT Realm="a, \\"b\\"" , nonce=x==,opaque="",  STALE=true'
    assert parse_digest(value) == {"realm": 'a, "b"', "nonce": "x==", "opaque": "", "stale": "true"}
    assert print_digest({"realm": 'a"b'}, {"nc": "00000001"}) == 'Digest realm="a\\"b", nc=00000001'


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Digest",
        "Basic bGVhOnB3",
        "NoOneKnowsThisScheme opaque-data=here",
        'Digest realm="open',
        'Digest realm="a" nonce="b"',
        'Digest realm="a", realm="b"',
        "Digest ,realm=a",
        "Digest =a",
        "Digest " + ", ".join(f"p{number}=1" for number in range(25)),
    ],
)
def test_what_is_no_digest(value: str) -> None:
    assert parse_digest(value) is None
