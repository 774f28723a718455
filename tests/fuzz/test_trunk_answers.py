"""Whatever a provider answers to our REGISTER and OPTIONS, its link has a state, and nothing is raised."""

from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.entropy import SeededEntropy
from softswitch.sip.core import SipCore
from softswitch.sip.outputs import RequestFinished
from softswitch.sip.plain_request import PlainRequests
from softswitch.sip.settings import SipSettings, TrunkPeer
from softswitch.sip.trunks.health import HealthSettings
from softswitch.sip.trunks.trunk_link import TrunkLink
from softswitch.sip.trunks.trunk_settings import LinkSettings

LINK = LinkSettings(
    registrar="sip:nowhere.example",
    account_uri="sip:acc77@nowhere.example",
    options_uri="sip:nowhere.example",
    is_registering=True,
    health=HealthSettings(options_every_s=30.0),
)

values = st.one_of(
    st.text(max_size=60),
    st.integers(-(10**25), 10**25).map(str),
    st.sampled_from(
        ["<sip:a@b;line=LINE>;expires=60", '"a" <sip:a@b;line=LINE>;expires=x, *', "60 (soon);duration=5", "*"]
    ),
)
headers = st.lists(
    st.tuples(
        st.sampled_from(["contact", "expires", "min-expires", "retry-after", "www-authenticate", "x-odd"]), values
    ),
    max_size=5,
)
answers = st.lists(st.tuples(st.integers(200, 699), st.text(max_size=20), headers), min_size=1, max_size=8)


@given(answers=answers, seed=st.integers(0, 2**16))
def test_any_answer_leaves_a_state(answers: list[tuple[int, str, list[tuple[str, str]]]], seed: int) -> None:
    core = SipCore(SipSettings(domain="us.example"), SeededEntropy(seed))
    link = TrunkLink(core, PlainRequests(core), "provider")
    link.update(TrunkPeer(name="provider", addresses=(), link=LINK), 0.0)
    now = 0.0
    for status, reason, found in answers:
        told = tuple((name, value.replace("LINE", link.line)) for name, value in found)
        for number in link.pending:
            link.request_finished(RequestFinished(number, status, reason, told), now)
        summary = link.summary(now)
        assert summary.registration in ("trying", "registered", "refused")
        assert summary.health in ("unknown", "up", "down")
        assert len(link.pending) <= 2
        now += 7200.0
        link.handle_timeout(now)
    core.outputs.clear()
