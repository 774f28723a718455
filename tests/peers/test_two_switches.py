"""Two switches with a trunk to each other, and phones on both: calls across are transferred, and the records agree.

anna (110), andy (111) ── west ══ trunk ══ east ── berta (210), boris (211)
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from softswitch.store.schema import Cdr
from softswitch.testing.certificates import Authority
from softswitch.testing.runtime.running import RunningSwitch
from tests.peers.loopback import own_address
from tests.peers.program import left_out
from tests.peers.softphone import Softphone
from tests.peers.stage import Evidence

pytestmark = [pytest.mark.peers, pytest.mark.network]

PASSWORD = "Blue-Heron-17"
PEOPLE = {"west": {"anna": "110", "andy": "111"}, "east": {"berta": "210", "boris": "211"}}
SETTLED_WITHIN_S = 8.0


class Exchange(RunningSwitch):
    """One of the two: its people call each other and, by the other's prefix, across."""

    def __init__(self, directory: Path, name: str, host: str, other_host: str, authority: Authority | None) -> None:
        other = "east" if name == "west" else "west"
        prefixes = {"west": "1", "east": "2"}
        transport = "udp" if authority is None else "tls"
        listen = f'"udp:{host}:5060", "tcp:{host}:5060"' + ("" if authority is None else f', "tls:{host}:5061"')
        files = {
            "softswitch.toml": f"""
            [sip]
            domain = "{host}"
            listen = [{listen}]
            [media]
            ip = "{host}"
            voice_from = "anywhere"
            workers = 1
            [shutdown]
            grace_s = 1
            """,
            "agents.toml": "\n".join(
                f'[[phone]]\nid = "{who}"\npassword = "{PASSWORD}"\nnumber = "{number}"'
                for who, number in PEOPLE[name].items()
            ),
            "numbers.toml": '[[route]]\nnumber = "xxx"\nflow = "extension"\n',
            "trunks.toml": f"""
            [[trunk]]
            name = "{other}"
            addresses = ["{other_host}"]
            host = "{other_host}"
            port = {5060 if authority is None else 5061}
            transport = "{transport}"
            prefix = "{prefixes[other]}"
            permitted_callers = ["*"]
            srtp = "{"off" if authority is None else "required"}"
            """,
        }
        if authority is not None:
            shown = authority.issue(name, [host])
            files["softswitch.toml"] += f"""
            [tls]
            certificate = "{shown.certificate}"
            private_key = "{shown.private_key}"
            ca = "{authority.ca}"
            """
        super().__init__(directory, files)
        self.host = host
        self._before: set[str] = set()
        """Calls of tests that are over."""

    def mark(self) -> None:
        with self.store() as store:
            self._before = {cdr.call_id for cdr in store.cdrs.ascending()}

    def cdrs(self, count: int) -> list[Cdr]:
        """Since the mark, oldest first; waits until there are so many and nothing is in progress."""

        def read() -> list[Cdr]:
            with self.store() as store:
                new = [cdr for cdr in store.cdrs.ascending() if cdr.call_id not in self._before]
                return sorted(new, key=lambda cdr: cdr.started_at)

        def is_settled() -> bool:
            with self.control() as client:
                return not client.calls() and len(read()) >= count

        self.wait_until(is_settled, SETTLED_WITHIN_S)
        return read()


class Scene:
    def __init__(self, west: Exchange, east: Exchange, phones: dict[str, Softphone]) -> None:
        self.west = west
        self.east = east
        self.phones = phones

    def connect(self, caller: str, called: str) -> tuple[int, int]:
        number = next(people[called] for people in PEOPLE.values() if called in people)
        outgoing = self.phones[caller].dial(number)
        incoming = self.phones[called].answer()
        self.phones[caller].talk(outgoing)
        self.phones[called].wait("CALL_ESTABLISHED", incoming)  # the ACK is there
        return outgoing, incoming

    def transfer(self, who: str, call: int, to: str) -> int:
        """Blind; returns the call of the one who has answered."""
        number = next(people[to] for people in PEOPLE.values() if to in people)
        with ThreadPoolExecutor(1) as pool:
            answered = pool.submit(self.phones[to].answer)
            assert self.phones[who].do("transfer", call, to=number) == ""
            return answered.result(30)

    def hear(self, one: tuple[str, int], other: tuple[str, int]) -> None:
        """A key pressed at each is heard at the other, end to end."""
        for (who, call), (whom, at) in ((one, other), (other, one)):
            assert self.phones[who].do("press", call, digits="7") == ""
            self.phones[whom].wait("digit", at)

    def hang_up(self, who: str, call: int) -> None:
        assert self.phones[who].do("hang_up", call) == ""


@pytest.fixture(scope="module", params=["udp", "tls"])
def exchanges(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Exchange, Exchange]]:
    """West and east, in the clear or with TLS and SRTP between them."""
    directory = tmp_path_factory.mktemp(str(request.param))
    authority = Authority(directory / "authority") if request.param == "tls" else None
    hosts = {"west": own_address(), "east": own_address()}
    west = Exchange(directory / "west", "west", hosts["west"], hosts["east"], authority)
    east = Exchange(directory / "east", "east", hosts["east"], hosts["west"], authority)
    with west, east:
        yield west, east
    for exchange in (west, east):
        assert "Traceback" not in exchange.log()


@pytest.fixture
def scene(exchanges: tuple[Exchange, Exchange], tmp_path: Path, evidence: Evidence) -> Iterator[Scene]:
    if find_spec("baresip") is None:
        left_out("baresip-python is not installed: pip install --group peers")
    west, east = exchanges
    phones: dict[str, Softphone] = {}
    for exchange, name in ((west, "west"), (east, "east")):
        exchange.mark()
        evidence.append((name, exchange.log))
        for who in PEOPLE[name]:
            phones[who] = Softphone(tmp_path / who, who, PASSWORD, exchange.host)
            evidence.append((who, phones[who].story))
    try:
        for phone in phones.values():
            phone.start()
        for phone in phones.values():
            phone.registered()
        yield Scene(west, east, phones)
    finally:
        for phone in phones.values():
            phone.stop()


def test_the_called_side_sends_the_caller_on(scene: Scene) -> None:
    anna, berta = scene.connect("anna", "berta")
    boris = scene.transfer("berta", berta, "boris")
    scene.hear(("anna", anna), ("boris", boris))
    scene.hang_up("boris", boris)
    (across,) = scene.west.cdrs(1)
    first, second = scene.east.cdrs(2)
    assert (across.calling_number, across.called_number, across.end_reason) == ("110", "210", "completed")
    assert (first.calling_number, first.called_number) == ("110", "210")
    assert (first.end_reason, first.transferred_by, first.transferred_to) == ("transferred", "berta", "211")
    assert (second.calling_number, second.called_number, second.end_reason) == ("110", "211", "completed")
    assert first.linked_calls == (second.call_id,)
    assert across.talk_s >= first.talk_s + second.talk_s - 0.5
    assert (across.fault, first.fault, second.fault) == ("", "", "")


def test_the_calling_side_sends_the_called_on(scene: Scene) -> None:
    anna, berta = scene.connect("anna", "berta")
    andy = scene.transfer("anna", anna, "andy")
    scene.hear(("andy", andy), ("berta", berta))
    scene.hang_up("berta", berta)
    first, second = scene.west.cdrs(2)
    (across,) = scene.east.cdrs(1)
    assert (first.end_reason, first.transferred_by, first.transferred_to) == ("transferred", "anna", "111")
    assert (second.calling_number, second.called_number, second.end_reason) == ("210", "111", "completed")
    assert second.linked_calls == (first.call_id,)
    assert (across.calling_number, across.called_number, across.end_reason) == ("110", "210", "completed")
    assert across.talk_s >= first.talk_s + second.talk_s - 0.5


def test_the_caller_is_sent_back_across(scene: Scene) -> None:
    anna, berta = scene.connect("anna", "berta")
    andy = scene.transfer("berta", berta, "andy")
    scene.hear(("anna", anna), ("andy", andy))
    scene.hang_up("anna", anna)
    first, second = scene.east.cdrs(2)
    out, back = scene.west.cdrs(2)
    assert (first.end_reason, first.transferred_by, first.transferred_to) == ("transferred", "berta", "111")
    assert (second.calling_number, second.called_number, second.ended_by) == ("110", "111", "caller")
    assert (out.called_number, out.end_reason) == ("210", "completed")
    assert (back.called_number, back.end_reason) == ("111", "completed")


def test_attended_across(scene: Scene) -> None:
    anna, berta = scene.connect("anna", "berta")
    assert scene.phones["berta"].do("hold", berta) == ""
    asked, boris = scene.connect("berta", "boris")
    assert scene.phones["berta"].do("transfer", berta, to_call=asked) == ""
    scene.hear(("anna", anna), ("boris", boris))
    scene.hang_up("anna", anna)
    (across,) = scene.west.cdrs(1)
    first, second = scene.east.cdrs(2)
    assert (across.end_reason, across.ended_by) == ("completed", "caller")
    assert (first.end_reason, first.transferred_by) == ("transferred", "berta")
    assert (second.called_number, second.linked_calls) == ("211", (first.call_id,))
