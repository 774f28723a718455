"""Whatever menus lead to each other and whatever is typed, the call ends after a bounded number of questions."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from softswitch.config.menu_rows import MenuRow
from softswitch.dialplan.limits import MENU_ROUNDS_MAX
from softswitch.dialplan.menu_walk import menu_flows
from softswitch.dialplan.menus import compile_menu
from softswitch.testing.call import FakeCall

IDS = ("a", "b", "c")
OTHERS = ("play:news", "say:Hello.", "language:ru", "tag:a=b", "repeat", "back", "hangup")
STEPS = st.sampled_from([*(f"menu:{menu_id}" for menu_id in IDS), *OTHERS])
LISTS = st.lists(STEPS, max_size=3).map(tuple)
KEYS = st.dictionaries(st.sampled_from(["1", "2", "12", "1xx", "*", "#", "xn"]), LISTS, min_size=1)
ROWS = st.builds(
    MenuRow,
    id=st.just("a"),
    text=st.just("Choose."),
    keys=KEYS,
    tries=st.integers(1, 3),
    invalid=st.sampled_from(["", "wrong"]),
    no_choice=st.sampled_from(["", "silent"]),
    default=LISTS,
    after_wrong=LISTS,
)


@given(rows=st.tuples(*[ROWS] * len(IDS)), typed=st.text("0123*#.", max_size=200), hang_up_after=st.integers(1, 400))
def test_every_way_through_menus_ends(rows: tuple[MenuRow, ...], typed: str, hang_up_after: int) -> None:
    named = [replace(row, id=menu_id) for row, menu_id in zip(rows, IDS, strict=True)]
    flows = menu_flows([compile_menu(row) for row in named])
    call = FakeCall(digits=typed, hang_up_after=hang_up_after)
    call.run(flows["a"], flows=flows)
    asked = sum(line.startswith("play menus/") for line in call.transcript)
    assert asked <= MENU_ROUNDS_MAX * 3  # each of so many questions is put as often as there are tries
