"""Records are stored without what says nothing, and read as they were."""

import msgspec
import pytest

from softswitch.billing.usage import BilledCall, BilledLeg, BilledStay
from softswitch.store import memory_store
from softswitch.store.compact import compact
from softswitch.store.schema import Cdr, ContactStay, SipLeg
from tests.unit.records.made import cdr, outbound


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    number: int = 7


class Outer(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    words: dict[str, int] = {}
    at: float | None = None


def stored(value: msgspec.Struct) -> object:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(compact(type(value))(value)))


def test_defaults_are_left_out_at_any_depth() -> None:
    value = Outer(name="a", many=(Inner(name="x"), Inner(name="y", number=8)))
    assert stored(Plain(name="a", many=value.many)) == {
        "name": "a",
        "many": [{"name": "x"}, {"name": "y", "number": 8}],
    }


class Plain(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    many: tuple[Inner, ...] = ()
    words: dict[str, int] = {}
    at: float | None = None


def test_what_is_no_default_is_there_also_if_it_is_empty() -> None:
    assert stored(Plain(name="", words={"a": 0}, at=0.0)) == {"name": "", "words": {"a": 0}, "at": 0.0}


def test_a_choice_between_structs_has_no_twin() -> None:
    with pytest.raises(TypeError, match="tags"):
        compact(Outer)


@pytest.mark.parametrize("call", [cdr(), outbound(), cdr(stays=(), legs=(), sip_legs=(), scores={}, tags={})])
def test_a_call_is_read_as_it_was_written(call: Cdr) -> None:
    store = memory_store()
    store.end_call(call)
    assert list(store.cdrs.ascending()) == [call]
    ((_, value),) = store.cdrs.raw(b"")
    assert len(value) < 0.75 * len(msgspec.msgpack.encode(call))


@pytest.mark.parametrize(("narrow", "whole"), [(BilledCall, Cdr), (BilledLeg, SipLeg), (BilledStay, ContactStay)])
def test_who_reads_a_part_has_the_same_defaults(narrow: type[msgspec.Struct], whole: type[msgspec.Struct]) -> None:
    fields = {field.name: field for field in msgspec.structs.fields(whole)}
    for field in msgspec.structs.fields(narrow):
        assert field.required == fields[field.name].required, field.name
        assert field.required or field.default == fields[field.name].default or field.default in ("", 0.0), field.name
