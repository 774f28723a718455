"""Who asks over HTTP is told routes, not commands."""

import re
from pathlib import Path

import pytest

import softswitch
from softswitch.control.protocol.replies import Refused
from softswitch.web.as_routes import ROUTES_OF_COMMANDS, as_routes
from softswitch.web.endpoints.all_routes import ROUTES
from softswitch.web.problem import refused
from softswitch.web.route import PREFIX

ROOT = Path(softswitch.__file__).parent
WHO_REFUSES = [*ROOT.glob("app/*_operations.py"), ROOT / "app/operations.py", ROOT / "control/scope.py"]


def test_every_route_exists() -> None:
    known = {f"{route.method} {PREFIX}{route.path}" for route in ROUTES}
    assert set(ROUTES_OF_COMMANDS.values()) <= known


@pytest.mark.parametrize("path", WHO_REFUSES, ids=lambda path: path.name)
def test_every_command_that_a_refusal_names_has_one(path: Path) -> None:
    for command in re.findall(r"`softswitch [^`]*`", path.read_text()):
        assert "softswitch" not in as_routes(command), command


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ('there is no agent "x": see `softswitch agents`', "See GET /api/v1/agents"),
        ("x is not logged in: `softswitch agents login x` first", "POST /api/v1/agents/{agent_id}/state first"),
        ("there is none: `softswitch frobnicate` makes one", "`softswitch frobnicate` makes one"),
    ],
)
def test_a_refusal_of_the_switch(said: str, remedy: str) -> None:
    assert refused(Refused("not_found", said)).problem.remedy == remedy
