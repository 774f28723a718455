"""Lines of keys: for every way TOML can write them."""

import tomllib
from typing import Any, cast

import pytest

from softswitch.config.toml_lines import KeyPath, find_lines, line_of

TEXT = '''\
# a comment with [brackets] and "quotes
title = "x"                # and [another
[sip]
domain = "[not] = a header"
listen = [
    "udp:0.0.0.0:5060",    # ]
    "tcp:0.0.0.0:5060",
]
text = """
[[agent]]
id = "not a row"
"""
after = \'\'\'
a = 1 \'\'\'
  "quoted key"  = 1
[[queue]]
id = "a"
skills.billing = 3
announce = {first_after_s = 5, position = true}
[queue.nested]
deep = 1
[[queue]]
id = "b"
[[queue.step]]
after_s = 5
[[queue.step]]
after_s = 9
[ spaced . "out header" ]
last = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("sip",), 3),
        (("sip", "domain"), 4),
        (("sip", "listen"), 5),
        (("sip", "listen", 1), 5),
        (("sip", "text"), 9),
        (("sip", "after"), 13),
        (("sip", "quoted key"), 15),
        (("queue", 0), 16),
        (("queue", 0, "id"), 17),
        (("queue", 0, "skills", "billing"), 18),
        (("queue", 0, "skills"), 18),
        (("queue", 0, "announce", "position"), 19),
        (("queue", 0, "nested", "deep"), 21),
        (("queue", 1, "id"), 23),
        (("queue", 1, "step", 0, "after_s"), 25),
        (("queue", 1, "step", 1, "after_s"), 27),
        (("queue", 1, "missing"), 22),
        (("spaced", "out header", "last"), 29),
        (("nowhere",), None),
        ((), None),
    ],
)
def test_the_line_of_a_key(path: KeyPath, line: int | None):
    tomllib.loads(TEXT)
    assert line_of(path, find_lines(TEXT)) == line


def test_no_key_is_missed_and_none_is_invented():
    lines = find_lines(TEXT)
    assert set(lines) == set(_paths(tomllib.loads(TEXT), ()))


def _paths(value: object, path: KeyPath) -> list[KeyPath]:
    """Every table, row and key, but not what is inside inline tables and arrays of values."""
    found: list[KeyPath] = []
    if isinstance(value, dict) and path[-1:] != ("announce",):
        for key, each in cast(dict[str, Any], value).items():
            found += [(*path, key), *_paths(each, (*path, key))]
    elif isinstance(value, list) and all(isinstance(row, dict) for row in cast(list[Any], value)):
        for index, each in enumerate(cast(list[Any], value)):
            found += [(*path, index), *_paths(each, (*path, index))]
    return found
