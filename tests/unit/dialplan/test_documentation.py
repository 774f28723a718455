"""docs/dialplan.md has every verb and property of a call, with its real parameters and defaults, and no others."""

import inspect
import re
from pathlib import Path

import pytest

from softswitch.dialplan import Call, DialReason, QueueReason
from softswitch.dialplan.runtime.loader import load_flows, shipped_directory

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "dialplan.md").read_text()
VERBS = {name: member for name, member in inspect.getmembers(Call, inspect.isfunction) if not name.startswith("_")}
PROPERTIES = [name for name, _ in inspect.getmembers(Call, lambda member: isinstance(member, property))]


def section(name: str) -> str:
    found = re.search(rf"^### {name}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/dialplan.md has no section ### {name}"
    return found[1]


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_verb_has_a_section_with_its_signature_and_an_example(name: str) -> None:
    text = section(name)
    signature = inspect.signature(VERBS[name])
    parameters = [each for each in signature.parameters.values() if each.name != "self"]
    for each in parameters:
        default = "" if each.default is inspect.Parameter.empty else f" = {each.default!r}".replace("'", '"')
        annotation = str(each.annotation)
        assert f"{each.name}: {annotation}{default}" in text, f"{name}: {each.name}"
    if signature.return_annotation != "NoReturn":
        assert f"-> {signature.return_annotation}`" in text, name
    assert f"call.{name}(" in text.partition("```python")[2], f"{name} has no example"


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_is_there(name: str) -> None:
    assert f"`call.{name}`" in PAGE


def test_no_section_is_about_something_else() -> None:
    headings = re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)
    assert sorted(headings) == sorted(VERBS)


@pytest.mark.parametrize("reason", [*QueueReason, *DialReason])
def test_every_reason_is_explained(reason: QueueReason | DialReason) -> None:
    assert f"`{reason.name}`" in PAGE


def test_every_flow_that_ships_is_in_the_table() -> None:
    table = PAGE.partition("## Flows that come with the switch")[2].partition("\n## ")[0]
    flows, _ = load_flows([shipped_directory()])
    assert sorted(set(re.findall(r"`(\w+)`", table)) - {"dialplans"}) == sorted(flows)


def test_every_example_is_python() -> None:
    for example in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        compile(f"async def example():\n    pass\n{_indented(example)}", "docs/dialplan.md", "exec")


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())
