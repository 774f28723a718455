"""URIs that lead to one phone of somebody's (RFC 5627): a registered phone with an instance id is told its public one.

It is the address-of-record with the instance id: `sip:anna@pbx.example;gr=urn:uuid:…`, valid for as long as the account
is, and of no use for anything the address-of-record is not: who may call the one may call the other. Temporary ones,
which hide whose phone it is, are not given; a phone that wants to hide asks for privacy. What is sent to a phone within
its calls goes along its flow, whether it names its GRUU as Contact or its address.
"""

import re

from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.option_tags import has_option
from softswitch.sip.messages.uri import SipUri, Uri, parse_uri
from softswitch.sip.outputs import Binding

_INSTANCE = re.compile(r"<(urn:[A-Za-z0-9:._-]{1,100})>")
"""What a Contact's +sip.instance is when it can stand in a URI as it is (RFC 5626 section 4.1 wants a URN)."""


def pub_gruu(binding: Binding) -> str:
    """The parameter of its Contact in the 200 to a REGISTER; "" if the phone has no instance id to build on."""
    match = _INSTANCE.fullmatch(binding.instance)
    return f';pub-gruu="sip:{binding.aor};gr={match[1]}"' if match else ""


def wants_gruu(register: Request) -> bool:
    return has_option(register, "supported", "gruu")


def instance_in(uri: Uri) -> str:
    """The instance a GRUU means, as `Binding.instance` has it; "" for any other URI."""
    named = uri.params.get("gr") if isinstance(uri, SipUri) else None
    return f"<{named}>" if named else ""


def instance_in_text(uri: str) -> str:
    """The same of what may be no URI at all."""
    try:
        return instance_in(parse_uri(uri))
    except Malformed:
        return ""
