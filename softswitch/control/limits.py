"""Every bound of the control socket."""

REQUEST_BYTES_MAX = 64 * 1024
"""A request is a few words; more is a client that speaks something else."""

REPLY_BYTES_MAX = 4 * 1024 * 1024
"""A frame of `ROWS_PER_FRAME` rows is some 10 KiB; the client refuses what cannot be a reply of a switch."""

ROWS_PER_FRAME = 25
"""A frame that fills a few packets; fewer rows, where they take longer than `TURN_S`."""

TURN_S = 0.00015
"""So long rows are made in one go on the switch's event loop, while an INVITE waits."""

REST_S = 0.002
"""And so long the loop is everybody else's before the next ones: about what an INVITE takes from packet to packet."""

CLIENTS_MAX = 64
"""Connections at a time: command lines and wallboards of one machine."""

IDLE_S = 600.0
"""A client that asks nothing for so long is disconnected, so that forgotten ones do not use up `CLIENTS_MAX`."""

SLOW_READER_S = 10.0
"""A client that does not take its reply within this is disconnected."""

SOCKET_PATH_BYTES_MAX = 107
"""The system's own limit on the path of a Unix socket (sun_path, without its final zero)."""
