"""The bounds of what is kept of SIP messages, each with its reason."""

LOG_BYTES_MAX = 64 * 1024 * 1024
"""All messages kept in memory: five minutes of twenty calls a second, nine seconds of five hundred."""

SEGMENT_BYTES_MAX = 1024 * 1024
"""The log forgets by so much at a time, and searches so much in one turn of the loop: about a millisecond."""

MESSAGE_OVERHEAD_BYTES = 256
"""What a message in the log costs beside its bytes, so that LOG_BYTES_MAX bounds their number as well."""

KEEP_ALIVE_BYTES_MAX = 4
"""Datagrams up to this length only keep a NAT open and are not worth a place in the log."""

FIRST_MESSAGES_KEPT = 60
"""Of one call's messages, if there are too many: how it was set up;"""

LAST_MESSAGES_KEPT = 140
"""and how it ended. An ordinary call has 14 to 20."""

CALL_BYTES_MAX = 256 * 1024
"""Of one call's messages, however few they are: 200 messages of an ordinary size come to 150 KiB."""
