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

LISTING_FRESH_S = 1.0
"""So old a listing may be that was not changed from here: a hundred wallboards cost the switch what one does, which is
less than a hundredth of its time with hundreds of calls; what must be known at once, the events tell."""

BUCKETS_MAX = 20_000
"""Users, keys and addresses whose requests are counted; those that have asked nothing lately are forgotten first."""

PATH_WORD_CHARACTERS_MAX = 500
"""Of a word in a path: the longest are signed links, of some 300."""

SECRET_CHARACTERS_MAX = 200
"""Of what is shown as a key; ours have 47."""

WEBSOCKET_MESSAGE_BYTES_MAX = 64 * 1024
"""Of a message from a client, which says in a few words what it wants to hear of."""

SESSIONS_MAX = 10_000
"""Users that are logged in: every agent of the largest centre."""

USER_SESSIONS_MAX = 20
"""Of one user: his desk, his telephone, and windows he forgot."""

SESSION_NOTED_EVERY_S = 60.0
"""That a session is used reaches the disk so often, at most: what idle sessions are judged by after a restart."""

PASSWORD_CHARACTERS_MAX = 500
"""A longer one only costs time."""

LOG_INS_PER_S = 0.2
"""Of one address and of one user, in the long run: nobody mistypes more often, and guessing takes centuries."""

LOG_INS_BURST = 10
"""At once."""

LOG_INS_AT_ONCE = 1
"""Passwords that are checked at the same time: 50 a second, at 20 ms and 19 MB each."""

LOG_INS_WAITING_MAX = 100
"""Log-ins that wait for that: two seconds of them."""

ANSWERS_KEPT_S = 86_400.0
"""How long an idempotency key is known."""

ANSWERS_MAX = 50_000
"""Answers to requests with idempotency keys that are kept: half an hour of 30 orders a second."""

ANSWERS_BYTES_MAX = 32 * 1024 * 1024
"""And all of them together."""

IDEMPOTENCY_KEY_CHARACTERS_MAX = 100
"""A UUID has 36."""

AUDIT_WHAT_CHARACTERS_MAX = 500
"""Of a request's body in the audit log."""

AUDIT_ROWS_MAX = 1000
"""Of the audit log in one answer."""

HISTORY_AT_ONCE = 2
"""Threads that read the store."""

HISTORY_WAITING_MAX = 50
"""Requests for records that are being answered or wait; each takes milliseconds, at most half a second."""

PAGE_ROWS_MAX = 500
"""In one page of records."""

PAGE_ROWS_SEARCHED_MAX = 20_000
"""Records that are looked through for one page: a fifth of a second. Behind them the next page goes on."""

LINK_S_MAX = 30 * 86_400.0
"""How long a signed link can be good for."""

FILE_CHUNK_BYTES = 64 * 1024
"""Of a file that is sent, in memory at a time."""

COMMANDS_AT_ONCE = 2
"""Processes of ours that work for requests: checks of the configuration, simulations, reports."""

COMMAND_S = 60.0
"""How long each may take."""

COMMAND_BYTES_MAX = 8 * 1024 * 1024
"""Of what each may print."""

RECORD_KEYS_SEARCHED_MAX = 10_000_000
"""Records among which one is found by its id, of which only the keys are read: a second or two."""

AUDIT_SEARCHED_MAX = 50_000
"""Rows of the audit log that are looked through for some: half a second."""

HOPS_MAX = 20
"""Addresses in X-Forwarded-For that are looked at: nobody has so many proxies."""

FILES_BESIDE_CONNECTIONS = 256
"""File descriptors beside those of connections: the store, files that are sent, processes of ours, the switch."""

WRITTEN_FRESH_S = 2.0
"""How old what was read of the configuration's files may be: reading those of a large centre takes half a second."""

OFFENCES_NOTED_PER_S = 0.1
"""Wrong keys and passwords of one address in the log: enough for fail2ban, and no way to fill a disk."""

RECENT_EVENTS = 5_000
"""In memory, or up to twice as many, for all readers together: some seconds of the busiest hour. Others are stored."""

EVENT_READERS_MAX = 500
"""WebSockets that follow the events; each costs a look at every event."""

EVENT_READERS_OF_ONE_MAX = 250
"""Of one user or key: the screens of a hall, served by one program."""

EVENTS_A_FRAME = 250
"""Looked at, and sent, at once: some 50 KiB."""

EVENT_SEND_S = 10.0
"""A reader who takes nothing for so long is sent away."""

HEARTBEAT_S = 15.0
"""Proxies close what is silent for a minute."""

RIGHTS_EVERY_S = 10.0
"""So often it is looked at again who a reader is, and what is his."""

STORIES_REMEMBERED_MAX = 5_000
"""Calls and contacts that are a reader's: what a hall has in a few hours."""

STORED_RECORDS_AT_ONCE = 4
"""Of events, read for a reader who catches up: up to 800 events."""

STORED_RECORDS_LOOKED_AT = 200
"""For one page of events: up to 40,000, a tenth of a second."""

DELIVERY_QUEUE_MAX = 1_000
"""Events of one webhook in memory; the others wait in the switch's store."""

BACKOFF_FIRST_S = 1.0
"""After the first failure of a webhook, up to so long; then twice as long each time,"""

BACKOFF_LONGEST_S = 120.0
"""but no longer than this."""

FAILURES_TO_REST = 8
"""In a row: two minutes of trying. It is then left alone,"""

REST_S = 120.0
"""for about so long, before one event is tried."""

REFUSALS_MAX = 3
"""An event that is refused so often is set aside."""

DEAD_LETTERS_MAX = 10_000
"""Of one webhook; the oldest go first: some megabytes."""

WEBHOOK_ANSWER_BYTES_MAX = 16 * 1024
"""Of what a webhook answers nothing is read beyond this."""

FAULT_CHARACTERS_MAX = 200
"""Of a webhook's fault, for people."""
