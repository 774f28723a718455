"""What asks a phone to answer by itself, through its loudspeaker: an intercom call.

Phones agree on nothing here. RFC 5373 has Answer-Mode; most desk phones know one of two forms of Alert-Info and
Call-Info that vendors have copied from each other. All are sent: a phone takes the one it knows and leaves the rest.
"""


def auto_answer_headers(domain: str) -> list[tuple[str, str]]:
    return [
        ("answer-mode", "Auto"),  # RFC 5373 section 4.1
        ("call-info", f"<sip:{domain}>;answer-after=0"),
        ("alert-info", f"<http://{domain}>;info=alert-autoanswer;delay=0"),
    ]
