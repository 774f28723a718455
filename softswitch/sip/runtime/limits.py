"""The bounds of the SIP transports, each with its reason."""

PEERS_REMEMBERED_MAX = 50_000
"""Remote addresses whose flow or route is remembered: as many as there are contacts. Forgetting is safe."""

RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024
"""Asked of the kernel for each UDP socket: what arrives while the loop is busy for a quarter of a second."""

CONNECTIONS_MAX = 20_000
"""Open stream connections; each costs about 10 KiB here and in the kernel, and 50 KiB more with TLS."""

CONNECTIONS_PER_SOURCE_MAX = 1_000
"""Open stream connections from one address: a large office behind one NAT."""

MESSAGE_TIMEOUT_S = 15.0
"""A connection that has begun a message, or a handshake, must finish it, and one that has sent nothing must begin,
within this time."""

HANDSHAKE_BYTES_MAX = 16_384
"""The request that opens a WebSocket: browsers send one or two kilobytes, more with cookies."""

FAILURES_REMEMBERED_MAX = 1_000
"""Peers whose failed TLS has been told of; forgetting means telling again."""

IDLE_TIMEOUT_S = 7_500.0
"""Silence on a connection that has sent a message before: a little more than the longest registration."""

STRANGER_TIMEOUT_S = 180.0
"""How long a connection may be there for nothing: nobody registered along it, no call, no subscription, no trunk. Time
to type a password; whoever is only here to hold a connection begins again every three minutes."""

STRANGERS_MAX = 4_000
"""Connections of peers along which nobody is registered yet, the oldest goes first: so many phones connect in the two
seconds that registering may take after the power came back, and the room of all others stays theirs."""

EVICTED_AT_ONCE_MAX = 100
"""Strangers looked at when there is no room for another: finding out who is none costs a look at all calls."""

KEEP_ALIVE_IDLE_S = 120
KEEP_ALIVE_EVERY_S = 20
KEEP_ALIVE_PROBES = 4
"""After so long a silence the kernel asks whether the other end is there, and gives up after three minutes in all: two
hours, as it is elsewhere, would be longer than any registration."""

CONNECT_TIMEOUT_S = 5.0
"""How long opening a connection may take; longer, and the transaction has better been told."""

PENDING_MESSAGES_MAX = 100
"""Messages that wait for one connection to open."""

UNSENT_BYTES_MAX = 1024 * 1024
"""What a peer may leave unread before its connection is closed."""

SEARCHES_MAX = 2_000
"""Names looked up at a time; as many as the endpoint asks for."""

SEARCH_TIMEOUT_S = 4.0
"""How long finding the servers of a name may take, all questions together: a caller hears nothing meanwhile."""

ANSWERS_REMEMBERED_MAX = 4_096
"""Answers of name servers that are kept; the oldest goes first."""

ANSWER_KEPT_MIN_S = 5.0
"""Some owners say 0, and would be asked for every call."""

ANSWER_KEPT_MAX_S = 3_600.0
"""Some owners say a week, and move all the same."""

NO_ANSWER_KEPT_S = 15.0
"""That there is no such name, or no name server: asked again soon, since somebody is probably repairing it."""

HELD_BACK_MAX = 5_000
"""Messages that come while a new switch takes over the calls of the one before, in some tenths of a second: more than
the kernel would hold. What is more is lost, as it would be there, and sent again."""
