"""What is said over the control socket: msgpack requests and replies, each behind a 4-byte big-endian length.

A client sends one request and reads its reply before it sends the next. A listing is answered with one or more
frames of rows, all but the last with `is_last` False, so that ten thousand rows never hold up a call. Whatever
cannot be done is answered with `Refused`.

Both sides may be of different versions: fields are only ever added, and with a default; unknown fields are ignored;
a request the switch does not know is refused by name.

Times named `*_at` are seconds since the epoch (for people to read), times named `*_s` are durations in seconds.
An empty string means "none" throughout.
"""
