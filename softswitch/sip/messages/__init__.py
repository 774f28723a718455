"""SIP messages as bytes and as objects: grammar, URIs, headers, parser, framing."""
