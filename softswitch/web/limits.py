"""Every bound of the web process."""

BODY_BYTES_MAX = 48 * 1024
"""Of a request: it goes on to the switch, which reads 64 KiB, as at most so many bytes."""

HEAD_BYTES_MAX = 16 * 1024
"""Of a request's line and headers; browsers send 1 to 2 KiB."""

REQUEST_S = 15.0
"""From a connection's first byte, or the last answer's, until a request is there as a whole."""

KEEP_ALIVE_S = 30
"""A connection along which nothing is asked for so long is closed."""

SLOW_READER_S = 20.0
"""A client that takes nothing of its answer for so long is disconnected."""

CACHED_LISTINGS_MAX = 256
"""Listings that are remembered for a moment: some twenty kinds, for a dozen projects."""

LISTING_FRESH_S = 0.25
"""So old a listing may be that was not changed from here: a hundred wallboards cost the switch what one does."""

BUCKETS_MAX = 20_000
"""Users, keys and addresses whose requests are counted; those that have asked nothing lately are forgotten first."""

PATH_WORD_CHARACTERS_MAX = 200
"""Of an id in a path: no id of ours is longer."""

SECRET_CHARACTERS_MAX = 200
"""Of what is shown as a key; ours have 47."""

WEBSOCKET_MESSAGE_BYTES_MAX = 64 * 1024
"""Of a message from a client, which says in a few words what it wants to hear of."""
