"""Every message of tests/golden/sip, sent to a whole endpoint by a trunk, gets the answer RFC 4475 asks for.

`status` in verdicts.tsv is the first answer; none is silence: a response that answers nothing of ours, an ACK.
"""

import csv
from pathlib import Path

import pytest

from softswitch.base.address import Flow, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.messages.message import Response
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import Transmit
from softswitch.testing.sip_pair import PROVIDER, SWITCH, switch_settings

GOLDEN = Path(__file__).parents[1] / "golden" / "sip"
with (GOLDEN / "verdicts.tsv").open() as file:
    VERDICTS = list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.parametrize("row", VERDICTS, ids=lambda row: row["file"])
def test_answer(row: dict[str, str]) -> None:
    (path,) = GOLDEN.glob(f"*/{row['file']}.sip")
    endpoint = SipEndpoint(switch_settings(), entropy=SeededEntropy(1))
    endpoint.add_listener(TransportKind.UDP, SWITCH)
    endpoint.receive_datagram(path.read_bytes(), Flow(TransportKind.UDP, SWITCH, PROVIDER), 1.0)
    sent = [parse(output.message) for output in endpoint.take_outputs() if isinstance(output, Transmit)]
    statuses = [message.status for message in sent if isinstance(message, Response)]
    assert statuses == ([int(row["status"])] if row["status"] else [])
