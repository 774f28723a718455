"""The bounds of the SIP domain, each with its reason. Whoever passes one gets an answer that says so, or silence."""

MESSAGE_BYTES_MAX = 65_535
"""The largest UDP datagram; a stream peer has no reason to send more."""

HEAD_BYTES_MAX = 32_768
"""Start line and headers. Thirty proxies' Via and Record-Route headers come to 6 KiB."""

HEADERS_MAX = 256
"""Header lines of one message; the longest seen in the field has about sixty."""

SDP_BYTES_MAX = 16_384
"""A WebRTC offer of three streams with all its candidates is about 8 KiB; our audio needs 300 bytes."""

SDP_MEDIA_MAX = 32
"""m= lines of one description: every one must be mirrored in the answer."""

MEDIA_REMEMBERED = 512
"""Descriptions of media last read, ports aside: each model of phone has a few, all phones together dozens."""

MEDIA_CHARACTERS_MAX = 1_000
"""Longer ones are read anew each time, and so are browsers', of which each is different."""

CHOICES_REMEMBERED = 256
"""Codecs last chosen, each with the lines they were chosen from: whatever peers send, no more than 4 MiB."""

NONCES_MAX = 65_536
"""Nonces whose count is remembered against replay. Older ones are refused as stale, so forgetting is safe."""

EXTENSIONS_CHARACTERS_MAX = 512
"""Parameters of a Contact that are only given back; what phones tell of their abilities (RFC 3840) is about 200."""

REFERS_MAX = 4
"""Transfers under way in one dialog at a time. A phone asks for one, and once more if it went wrong."""

URIS_REMEMBERED = 8_192
"""URIs last read, so that a phone's is taken apart once and not in every message: as many as phones call in an hour."""

ADDRESSES_REMEMBERED = 8_192
"""Values of From, To and Contact last read: those of a thousand calls that begin, and of as many phones."""

CSEQS_REMEMBERED = 4_096
"""Values of CSeq last read: each comes again in all responses, and ours are the same few in every call."""

REMEMBERED_CHARACTERS_MAX = 200
"""Longer ones are read anew each time, which keeps what is remembered below 16 MiB whatever peers send."""

SOURCES_MAX = 20_000
"""Addresses whose requests, offences and good deeds are remembered, the oldest goes first. Who can send from more of
them than this wins a full bucket."""

BANS_MAX = 20_000
"""Bans in force or remembered: each costs about 400 bytes, and a network attack has thousands of addresses."""

BAN_MEMORY_S = 86_400.0
"""How long after its end a ban still makes the next one longer."""

VERDICTS_MAX = 50_000
"""Addresses of which it is remembered whether they are banned or denied. Forgetting costs a look-up."""
LOOKUPS_MAX = 2_000
"""Names being looked up at a time, each for some seconds at most: more calls than a switch begins in that time."""

DNS_RECORDS_MAX = 64
"""Records of one answer that are looked at; providers have a handful."""

DESTINATIONS_MAX = 16
"""Servers of a name that are tried: by then the caller has gone."""

T38_ATTRIBUTES_MAX = 24
"""Attributes of T.38 passed on of one description; the standard has fourteen."""
