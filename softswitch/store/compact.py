"""Structs as they are stored in tables with very many rows: without the fields that have their defaults.

The twin of a Struct has the same fields, and twins in place of the Structs in them, but leaves out what has its
default. Who reads fills it in again, as with fields an older switch did not know. A call's record becomes a third
shorter, so that two or three of them, instead of one, share a page of the file. The price: their defaults may never
change.
"""

from collections.abc import Callable
from types import GenericAlias, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


def compact(struct: type[S]) -> Callable[[S], object]:
    """Makes the twin of a value."""
    twin = _twin(struct, {})

    def make(value: S) -> object:
        return cast(object, msgspec.convert(value, twin, from_attributes=True))

    return make


def _twin(struct: type[msgspec.Struct], made: dict[type, type[msgspec.Struct]]) -> type[msgspec.Struct]:
    if struct not in made:
        fields = [
            (field.name, _twin_type(field.type, made), *_default(field)) for field in msgspec.structs.fields(struct)
        ]
        made[struct] = msgspec.defstruct(
            f"Compact{struct.__name__}", cast(Any, fields), kw_only=True, frozen=True, omit_defaults=True, gc=False
        )
    return made[struct]


def _twin_type(kind: object, made: dict[type, type[msgspec.Struct]]) -> object:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _twin(kind, made)
    if get_origin(kind) is tuple:
        return GenericAlias(tuple, tuple(_twin_type(each, made) for each in get_args(kind)))
    if isinstance(kind, UnionType) and any(_is_struct(each) for each in get_args(kind)):
        raise TypeError(f"{kind} has no twin: a union of Structs needs tags")
    return cast(object, kind)


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _default(field: msgspec.structs.FieldInfo) -> tuple[object, ...]:
    if field.default is not msgspec.NODEFAULT:
        return (field.default,)
    if field.default_factory is not msgspec.NODEFAULT:
        return (msgspec.field(default_factory=cast(Callable[[], object], field.default_factory)),)
    return ()
