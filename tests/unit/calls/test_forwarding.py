"""Forwards of extensions: which are followed, and that no chain of them is without end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.errors import LocalError
from softswitch.calls.forwarding import REASONS, ForwardChain, ForwardReason, refusal_of, with_forward
from softswitch.calls.limits import FORWARDS_MAX
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.store.schema import StoredPhone

NAMES = ("ann", "bob", "carl", "dora", "eve", "fred", "gus", "hal")
SETTINGS = CallSettings(
    domain="centre.test",
    media_ip="10.0.0.1",
    recordings_directory="/nowhere",
    extensions={
        name: Extension(username=name, number=str(101 + place), trunks=frozenset({"provider"} if place < 4 else ()))
        for place, name in enumerate(NAMES)
    },
    trunks=(TrunkRoute(name="provider", host="198.51.100.1", prefix="+"),),
)


def forwarding(reason: ForwardReason, target: str) -> StoredPhone:
    return with_forward(StoredPhone(username="ann"), reason, target)


def test_a_forward_is_followed_for_its_reason_only():
    chain, ann = ForwardChain(), SETTINGS.extensions["ann"]
    chosen = forwarding("busy", "102")
    assert chain.follow(ann, chosen, "no_answer", SETTINGS) is None
    assert chain.follow(ann, chosen, "busy", SETTINGS) == "102"


@pytest.mark.parametrize("target", ["bob", "102"])
def test_nobody_is_asked_twice_whatever_he_is_called(target: str):
    chain = ForwardChain()
    chain.asks("bob")
    assert chain.follow(SETTINGS.extensions["ann"], forwarding("always", target), "always", SETTINGS) is None


def test_a_call_is_not_forwarded_to_whoever_makes_it():
    chain = ForwardChain(caller="bob")
    assert chain.follow(SETTINGS.extensions["ann"], forwarding("always", "102"), "always", SETTINGS) is None


def test_forwards_it_came_with_count():
    chain = ForwardChain(came_with=FORWARDS_MAX)
    assert chain.follow(SETTINGS.extensions["ann"], forwarding("always", "102"), "always", SETTINGS) is None


@pytest.mark.parametrize(
    ("extension", "target", "refusal"),
    [
        ("ann", "+4420", ""),
        ("hal", "+4420", "hal may not call out through provider"),
        ("ann", "4420", '"4420" is no extension, and no trunk leads there'),
        ("ann", "101", "it is the extension itself"),
        ("hal", "ann", ""),
    ],
)
def test_where_an_extension_may_forward_to(extension: str, target: str, refusal: str):
    assert refusal_of(SETTINGS.extensions[extension], target, SETTINGS).startswith(refusal)
    assert bool(refusal_of(SETTINGS.extensions[extension], target, SETTINGS)) == bool(refusal)


def test_a_forward_is_set_changed_and_taken_back():
    chosen = with_forward(forwarding("no_answer", "102"), "no_answer", "103", 12)
    assert (chosen.forwards, chosen.no_answer_s) == ({"no_answer": "103"}, 12)
    assert with_forward(chosen, "no_answer", "") == StoredPhone(username="ann", no_answer_s=12)
    with pytest.raises(LocalError, match="1 to 300 seconds"):
        with_forward(chosen, "no_answer", "103", 0.5)


@given(
    chosen=st.fixed_dictionaries(
        {
            name: st.dictionaries(st.sampled_from(REASONS), st.sampled_from([*NAMES, "101", "104", "+7"]))
            for name in NAMES
        }
    ),
    reasons=st.lists(st.sampled_from(REASONS), min_size=30, max_size=30),
    came_with=st.integers(0, 9),
)
def test_no_chain_of_forwards_is_longer_than_the_limit(
    chosen: dict[str, dict[ForwardReason, str]], reasons: list[ForwardReason], came_with: int
):
    chain, asked, extension = ForwardChain(came_with=came_with), ["ann"], SETTINGS.extensions["ann"]
    chain.asks("ann")
    for reason in reasons:
        phone = StoredPhone(username=extension.username, forwards={**chosen[extension.username]})
        target = chain.follow(extension, phone, reason, SETTINGS)
        if target is None:
            continue
        goal = SETTINGS.extension_for(target)
        name = target if goal is None else goal.username
        assert name not in asked
        asked.append(name)
        chain.asks(name)
        if goal is None:
            break
        extension = goal
    assert len(asked) <= 1 + max(0, FORWARDS_MAX - came_with)
