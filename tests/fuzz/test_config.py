"""Whatever is in the files, loading gives a configuration or one-line faults, and nothing else."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.base.entropy import SeededEntropy
from softswitch.base.errors import ConfigurationError, Fault
from softswitch.config import init, load
from softswitch.config.draft import FILES

values = st.sampled_from(
    [
        "0", "-1", "1.5", "nan", "inf", "true", '""', '"x"', "'a\\b'", "[]", "[[]]", "{}", "{a = {b = 1}}", '["a", 5]',
        "2026-01-01", "10:00:00", '"""\nlines\n"""', "99999999999999999999", '"queue:support"', '"0.0.0.0/0"', "[{}]",
    ]
)  # fmt: skip


def load_or_list_faults(directory: Path) -> None:
    for fault in faults_of(directory):
        assert str(fault).isprintable()
        assert fault.remedy


def faults_of(directory: Path) -> list[Fault]:
    try:
        load(directory)
    except ConfigurationError as error:
        return error.faults
    return []


def started(directory: str) -> Path:
    init(Path(directory, "pbx"), domain="pbx.example.com", entropy=SeededEntropy(1))
    return Path(directory, "pbx")


@settings(max_examples=150, deadline=None)
@given(file=st.sampled_from(FILES), place=st.floats(0, 1), value=values, comments=st.booleans())
def test_another_value_for_some_key(file: str, place: float, value: str, comments: bool):
    with TemporaryDirectory() as directory:
        path = started(directory) / file
        text = path.read_text()
        if comments:
            text = text.replace("\n# ", "\n")  # defaults come to life, and so do sentences that are no TOML
        lines = text.splitlines()
        candidates = [index for index, line in enumerate(lines) if " = " in line]
        if not candidates:
            return
        chosen = candidates[round(place * (len(candidates) - 1))]
        lines[chosen] = f"{lines[chosen].split(' = ')[0]} = {value}"
        path.write_text("\n".join(lines))
        load_or_list_faults(path.parent)


@settings(max_examples=100, deadline=None)
@given(file=st.sampled_from(FILES), content=st.binary(max_size=300), at=st.floats(0, 1))
def test_any_bytes_in_the_middle_of_a_file(file: str, content: bytes, at: float):
    with TemporaryDirectory() as directory:
        path = started(directory) / file
        before = path.read_bytes()
        cut = round(at * len(before))
        path.write_bytes(before[:cut] + content + before[cut:])
        load_or_list_faults(path.parent)


KEYS = st.sampled_from(["id", "name", "number", "skills", "queues", "overflow", "hours", "addresses", "password", "zz"])


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.dictionaries(KEYS, values, max_size=6), max_size=4), file=st.sampled_from(FILES[1:]))
def test_any_rows(rows: list[dict[str, str]], file: str):
    kind = file.removesuffix("s.toml").replace("number", "route")
    text = "".join(f"[[{kind}]]\n{''.join(f'{key} = {value}' + chr(10) for key, value in row.items())}" for row in rows)
    with TemporaryDirectory() as directory:
        path = started(directory) / file
        path.write_text(text)
        load_or_list_faults(path.parent)
