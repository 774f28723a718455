"""Every message of tests/golden/sip, sent to a whole endpoint by a trunk, gets the answer RFC 4475 asks for."""

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

ANSWERS = {
    "folded_and_spaced": 481,
    "every_token_character": 501,
    "percent_is_no_escape_here": 501,
    "binary_multipart": 405,
    "unknown_scheme": 416,
    "unusual_scheme": 416,
    "unknown_schemes_in_headers": 400,
    "require_and_proxy_require": 420,
    "unknown_content_type": 415,
    "unacceptable_accept": 406,
    "reason_in_utf8": None,
    "empty_reason": None,
    "broadcast_via": None,
}
"""What a message without fault is answered with, where that is not the usual: 100 to an INVITE, 401 to a REGISTER,
200 to OPTIONS. None is silence: a response that answers nothing of ours."""
USUAL = {"INVITE": 100, "REGISTER": 401, "OPTIONS": 200}


@pytest.mark.parametrize("row", VERDICTS, ids=lambda row: row["file"])
def test_answer(row: dict[str, str]) -> None:
    (path,) = GOLDEN.glob(f"*/{row['file']}.sip")
    endpoint = SipEndpoint(switch_settings(), entropy=SeededEntropy(1))
    endpoint.add_listener(TransportKind.UDP, SWITCH)
    endpoint.receive_datagram(path.read_bytes(), Flow(TransportKind.UDP, SWITCH, PROVIDER), 1.0)
    sent = [parse(output.message) for output in endpoint.take_outputs() if isinstance(output, Transmit)]
    statuses = [message.status for message in sent if isinstance(message, Response)]
    if row["verdict"] == "reject":
        expected = int(row["status"]) if row["status"] else None
    else:
        method = path.read_text(errors="replace").strip().partition(" ")[0].upper()
        expected = ANSWERS.get(row["file"], USUAL.get(method))
    assert statuses == ([] if expected is None else [expected])
