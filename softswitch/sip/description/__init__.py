"""Session descriptions: SDP, offer and answer, codecs as SDP names them, SRTP keys."""
