"""Passwords and their hashes."""

from softswitch.web.passwords import hash_password, is_password


def test_a_password_is_known_by_its_hash_alone():
    known = hash_password("correct horse")
    assert known.startswith("$argon2id$")
    assert "horse" not in known
    assert is_password("correct horse", known)
    assert not is_password("correct house", known)


def test_nobody_s_password_is_none():
    assert not is_password("", "")
    assert not is_password("softswitch", "")
    assert not is_password("x", "no hash at all")
    assert not is_password("x" * 10_000, hash_password("x"))
