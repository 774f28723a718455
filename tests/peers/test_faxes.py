"""Pages of paper through the switch, from one fax machine (libspandsp) to the other, three at once: as T.38 into the
centre and out of it, and as sound where T.38 is forbidden. What comes out is what went in, pixel by pixel."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.peers.centre import PASSWORD, Centre
from tests.peers.fax_machine import T38, FaxMachine
from tests.peers.fax_page import page, read_tiff, write_tiff
from tests.peers.fax_terminal import FaxResult
from tests.peers.loopback import own_address
from tests.peers.program import wait_until
from tests.peers.stage import Evidence

pytestmark = [pytest.mark.peers, pytest.mark.network]

WITHIN_S = 60.0
SOON_S = 20.0
HALF_S = 4000
MOSTLY = 0.8
"""A busy computer loses a packet now and then; what was converted, or had a gain, would have nothing in common."""

FLOWS = """
from softswitch.dialplan import Call, flow


@flow
async def to_kitchen(call: Call) -> None:
    await call.dial("111")


@flow
async def to_lobby(call: Call) -> None:
    await call.dial("112")
"""
ROUTES = """
[[route]]
number = "103"
flow = "desk"
fax_flow = "to_kitchen"
[[route]]
number = "104"
flow = "desk"
fax_flow = "to_lobby"
"""


class FaxCentre(Centre):
    """The kitchen's machine may have T.38, the lobby's may not; 103 and 104 are hotlines whose faxes go there."""

    def _files(self) -> Mapping[str, str]:
        files = dict(super()._files())
        agents = files["agents.toml"]
        lobby = agents.index('id = "lobby"')
        files["agents.toml"] = f"{agents[:lobby]}t38 = false\n{agents[lobby:]}"
        files["numbers.toml"] += ROUTES
        files["dialplans/to_fax.py"] = FLOWS
        return files


@pytest.fixture
def centre(tmp_path: Path, evidence: Evidence) -> Iterator[Centre]:
    centre = FaxCentre(tmp_path / "centre", agents=1)
    evidence.append(("serve.log ends", lambda: centre.log()[-6000:]))
    try:
        centre.start()
        yield centre
    finally:
        centre.stop()
    assert "Traceback" not in centre.log(), centre.log()[-6000:]


class Transmission:
    """A page on its way from one machine to the other."""

    def __init__(self, sender: FaxMachine, receiver: FaxMachine, received: Path) -> None:
        self.sender = sender
        self.receiver = receiver
        self.received = received

    @property
    def is_over(self) -> bool:
        return self.sender.result is not None and self.receiver.result is not None

    def results(self) -> list[FaxResult | None]:
        return [self.sender.result, self.receiver.result]


def unchanged(said: bytes, heard: bytes) -> float:
    """How much of what one has said the other has heard byte by byte, in parts of half a second."""
    parts = [said[at : at + HALF_S] for at in range(0, len(said) - HALF_S, HALF_S)]
    is_sound = [part for part in parts if len(set(part)) > 4]
    return sum(part in heard for part in is_sound) / len(is_sound)


def test_pages_come_out_as_they_went_in(tmp_path: Path, centre: Centre) -> None:
    sent = tmp_path / "sent.tif"
    write_tiff(sent, page())
    machines: list[FaxMachine] = []

    def sender(name: str, host: str, *, password: str = "") -> FaxMachine:
        machines.append(FaxMachine(name, host, centre.host, sends=sent, password=password))
        return machines[-1]

    def receiver(name: str, host: str, *, password: str = "") -> FaxMachine:
        """It asks for T.38 when it has answered."""
        received = tmp_path / f"{name}.tif"
        machines.append(FaxMachine(name, host, centre.host, receives=received, password=password, offers_t38=True))
        return machines[-1]

    try:
        kitchen, lobby = (receiver(name, own_address(), password=PASSWORD) for name in ("kitchen", "lobby"))
        reception = sender("reception", own_address(), password=PASSWORD)
        outside = receiver("+4930999", centre.carrier_host)
        one, other = (sender(number, centre.caller_host()) for number in ("+4930111", "+4930222"))
        wait_until(lambda: all(each.is_registered for each in (kitchen, lobby, reception)), SOON_S, "they register")
        transmissions = [
            Transmission(one, kitchen, tmp_path / "kitchen.tif"),
            Transmission(other, lobby, tmp_path / "lobby.tif"),
            Transmission(reception, outside, tmp_path / "+4930999.tif"),
        ]
        for caller, number in ((one, "103"), (other, "104"), (reception, "+4930999")):
            caller.call(number)
        wait_until(lambda: len(centre.calls()) == 3, SOON_S, "they call")
        wait_until(lambda: kitchen.has_t38 and outside.has_t38 and lobby.is_refused_t38, SOON_S, "they agree")
        assert {row.calling_number: row.fax for row in centre.calls()} == {
            "+4930111": "t38", "+4930222": "g711", "110": "t38",
        }  # fmt: skip
        wait_until(lambda: all(each.is_over for each in transmissions), WITHIN_S, "the pages are through")
        for each in transmissions:
            assert [result and (result.code, result.pages) for result in each.results()] == [(0, 1), (0, 1)]
            assert (read_tiff(each.received) == page()).all()
        assert kitchen.image_attributes == one.image_attributes == T38
        assert not any(each.has_t38 for each in (other, lobby))
        assert unchanged(bytes(other.said), bytes(lobby.heard)) > MOSTLY
        assert {source[0] for source in (*one.heard_from, *kitchen.heard_from)} == {centre.host}
        kitchen.return_to_sound()
        wait_until(lambda: kitchen.has_returned and one.has_returned, SOON_S, "they carry sound again")
        for each in transmissions:
            each.sender.hang_up()
        wait_until(lambda: all(each.has_ended for each in machines), SOON_S, "they hang up")
        cdrs = centre.settled(3)
        assert {cdr.calling_number: cdr.tags["fax"] for cdr in cdrs} == {
            "+4930111": "t38", "+4930222": "g711", "110": "t38",
        }  # fmt: skip
        assert not any(cdr.fault for cdr in cdrs)
        print([each.results() for each in transmissions])
    finally:
        for each in machines:
            each.close()
