"""Groups that belong to a project: dialled by their short names by its calls, and by nobody else's."""

import pytest

from softswitch.base.errors import LocalError
from softswitch.calls.ringing import Ring
from softswitch.calls.runtime.dialling import own_targets
from softswitch.calls.settings import CallSettings, RingGroup

SETTINGS = CallSettings(
    domain="centre.test",
    media_ip="127.0.0.1",
    recordings_directory="/nowhere",
    groups={
        "acme.mobile": RingGroup(name="acme.mobile", number="601", project="acme", members=("+1",)),
        "hall": RingGroup(name="hall", members=("101",)),
    },
)


def test_a_group_of_its_own_comes_by_its_short_name() -> None:
    assert own_targets(SETTINGS, "acme", ["mobile", "hall", "102", Ring("mobile", 5.0)]) == [
        "acme.mobile", "hall", "102", Ring("acme.mobile", 5.0),
    ]  # fmt: skip


@pytest.mark.parametrize(("project", "target"), [("", "acme.mobile"), ("bolt", "acme.mobile"), ("bolt", "601")])
def test_nobody_else_dials_it(project: str, target: str) -> None:
    with pytest.raises(LocalError, match="belongs to project acme"):
        own_targets(SETTINGS, project, [target])
