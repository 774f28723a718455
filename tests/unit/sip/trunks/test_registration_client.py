"""Registering with a provider: refreshed in time, patient with refusals, gone at the end."""

import pytest

from softswitch.base.entropy import SeededEntropy
from softswitch.sip.trunks.registration_client import (
    REFUSED_FIRST_S,
    REFUSED_MAX_S,
    RETRY_FIRST_S,
    RETRY_MAX_S,
    RegisterAnswer,
    RegistrationClient,
    RegistrationState,
    RegistrationStateChanged,
    SendRegister,
)

OK = RegisterAnswer(status=200, reason="OK", granted_s=100)
SILENCE = RegisterAnswer(status=0, reason="no answer")


def answer(status: int, reason: str = "", **more: int) -> RegisterAnswer:
    return RegisterAnswer(status=status, reason=reason, **more)


def started(expires_s: int = 600) -> RegistrationClient:
    client = RegistrationClient(expires_s, SeededEntropy(1))
    client.start(0.0)
    assert client.take_outputs() == [
        RegistrationStateChanged(RegistrationState.TRYING, ""),
        SendRegister(expires_s),
    ]
    return client


def due(client: RegistrationClient) -> float:
    at = client.next_timeout()
    assert at is not None
    client.handle_timeout(at - 0.001)
    assert client.take_outputs() == []
    client.handle_timeout(at)
    return at


def test_a_binding_is_refreshed_before_it_ends_as_the_registrar_granted_it() -> None:
    client = started()
    client.answered(OK, 1.0)
    assert client.take_outputs() == [RegistrationStateChanged(RegistrationState.REGISTERED, "")]
    assert client.expires_at == 101.0
    at = due(client)
    assert 76.0 <= at <= 91.0
    assert client.take_outputs() == [SendRegister(600)]
    client.answered(OK, at)
    assert client.take_outputs() == [], "a refresh is no news"
    assert client.expires_at == at + 100


def test_what_the_registrar_does_not_say_is_what_was_asked_for() -> None:
    client = started(300)
    client.answered(answer(200), 0.0)
    assert client.expires_at == 300.0
    assert client.next_timeout() is not None


def test_a_registrar_that_grants_nothing_is_not_asked_without_end() -> None:
    client = started()
    client.answered(answer(200, granted_s=1), 0.0)
    at = client.next_timeout()
    assert at is not None
    assert at >= 7.5


def test_too_short_an_expiry_is_raised_once_and_at_once() -> None:
    client = started(60)
    client.answered(answer(423, "Interval Too Brief", min_expires_s=1800), 0.1)
    assert client.take_outputs() == [SendRegister(1800)]
    client.answered(answer(423, "Interval Too Brief", min_expires_s=3600), 0.2)
    assert client.take_outputs() == [RegistrationStateChanged(RegistrationState.REFUSED, "423 Interval Too Brief")]


def test_silence_is_met_with_ever_longer_pauses() -> None:
    client = started()
    client.answered(SILENCE, 32.0)
    assert client.take_outputs() == [RegistrationStateChanged(RegistrationState.TRYING, "no answer")]
    now, most_s = 32.0, RETRY_FIRST_S
    for _ in range(8):
        at = due(client)
        assert most_s / 2 <= at - now <= most_s
        now, most_s = at, min(2 * most_s, RETRY_MAX_S)
        assert client.take_outputs() == [SendRegister(600)]
        client.answered(SILENCE, now)
        assert client.take_outputs() == [], "told once"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "401 Unauthorized: wrong username, password or realm"),
        (403, "403 Unauthorized: the provider refuses this account"),
        (404, "404 Unauthorized: the provider does not know this account"),
        (480, "480 Unauthorized"),
    ],
)
def test_a_refusal_is_said_in_words_and_not_repeated_soon(status: int, told: str) -> None:
    client = started()
    client.answered(answer(status, "Unauthorized"), 0.0)
    assert client.take_outputs() == [RegistrationStateChanged(RegistrationState.REFUSED, told)]
    now, most_s = 0.0, REFUSED_FIRST_S
    for _ in range(6):
        at = due(client)
        assert client.take_outputs() == [SendRegister(600)]
        assert most_s / 2 <= at - now <= most_s
        now, most_s = at, min(2 * most_s, REFUSED_MAX_S)
        client.answered(answer(status, "Unauthorized"), now)
        client.take_outputs()
    client.handle_timeout(client.next_timeout() or 0)
    client.answered(OK, now)
    assert client.state is RegistrationState.REGISTERED


def test_a_wish_for_patience_is_granted_within_reason() -> None:
    client = started()
    client.answered(answer(503, "Busy", retry_after_s=120), 0.0)
    assert client.next_timeout() == 120.0
    client.handle_timeout(120.0)
    client.answered(answer(503, "Busy", retry_after_s=10**9), 120.0)
    assert client.next_timeout() == 120.0 + 3600


def test_a_refresh_that_fails_leaves_the_binding_until_it_ends() -> None:
    client = started()
    client.answered(OK, 0.0)
    client.take_outputs()
    now = due(client)
    while now < 100.0:
        assert client.state is RegistrationState.REGISTERED
        client.answered(SILENCE, now)
        client.take_outputs()
        now = due(client)
    assert now == 100.0
    assert client.state is RegistrationState.TRYING
    assert client.reason == "no answer"
    assert client.take_outputs() == [
        RegistrationStateChanged(RegistrationState.TRYING, "no answer"),
        SendRegister(600),
    ]


def test_the_binding_is_taken_back_at_the_end() -> None:
    client = started()
    client.answered(OK, 0.0)
    client.take_outputs()
    client.stop(5.0)
    assert client.take_outputs() == [RegistrationStateChanged(RegistrationState.STOPPED, ""), SendRegister(0)]
    assert not client.is_over
    client.answered(answer(200), 5.1)
    assert client.is_over
    assert client.next_timeout() is None


def test_a_stop_waits_for_what_is_on_its_way() -> None:
    client = started()
    client.stop(0.5)
    assert client.take_outputs() == []
    client.answered(OK, 1.0)
    assert client.take_outputs() == [RegistrationStateChanged(RegistrationState.STOPPED, ""), SendRegister(0)]
    client.answered(SILENCE, 33.0)
    assert client.is_over


def test_a_stop_after_a_refusal_has_nothing_to_take_back() -> None:
    client = started()
    client.answered(answer(403), 0.0)
    client.take_outputs()
    client.stop(1.0)
    assert client.take_outputs() == [RegistrationStateChanged(RegistrationState.STOPPED, "")]
    assert client.is_over


def test_who_starts_again_while_the_binding_is_taken_back_is_registered_again() -> None:
    client = started()
    client.answered(OK, 0.0)
    client.stop(1.0)
    client.start(1.0)
    client.take_outputs()
    client.answered(answer(200), 1.1)
    assert client.take_outputs() == [RegistrationStateChanged(RegistrationState.TRYING, ""), SendRegister(600)]


def test_what_a_registrar_grants_is_taken_at_its_word_within_bounds() -> None:
    client = started()
    client.answered(answer(200, granted_s=0), 0.0)
    assert client.expires_at == 10.0
    client = started()
    client.answered(answer(200, granted_s=2**31), 0.0)
    assert client.expires_at == 86_400.0
