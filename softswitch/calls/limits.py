"""Every bound of calls that a peer, or a flow on his behalf, could otherwise make grow."""

RING_TARGETS_MAX = 32
"""Phones or groups that one `dial` names: each rings with a stream and a leg of its own, so this many calls' worth."""

SIP_LEGS_MAX = 64
"""Legs of one call that its record names: a caller who waits for hours has many phones rung for him."""

HISTORY_MAX = 64
"""Forwards, tries of trunks and linked calls a record names, the newest: flows dial, and phones transfer, for hours."""

LEGS_REMEMBERED_MAX = 20_000
"""Call-IDs of which is known whose they were: more than the log of messages holds of ordinary calls."""

FAILURES_WAITING_MAX = 100
"""Failed calls whose messages wait to be stored, for a second each: when everything fails, a hundred a second tell
why as well as all of them, and the disk has other work. What is passed over is counted and logged."""

RECORDS_SEARCHED_MAX = 5_000
"""Of the newest, for calls that are being wrapped up when the switch begins: what a large centre has in an hour."""

KEEP_AFTER_S = 1.0
"""After the end of a failed call, until its last answers and acknowledgements have passed as well."""

PRUNED_AT_ONCE_MAX = 100
"""Stored traces that are looked at, and deleted if need be, in one turn of the loop."""

CALLBACKS_MAX = 20_000
"""Call-backs promised and not yet kept: a day of a large centre; each is looked at when time passes."""

LISTED_NUMBERS_MAX = 100_000
"""Numbers added to lists of callers, all of which are in memory; longer lists are files."""

LOOKUPS_AT_ONCE_MAX = 256
"""Questions on their way to services outside; more would be sockets by the thousand to a server that hangs."""

LOOKUP_ANSWER_BYTES_MAX = 65_536
"""What a customer's card in JSON takes, many times over."""

LOOKUP_ANSWERS_MAX = 10_000
"""Answers one lookup remembers; the oldest go first."""

LOOKUP_FAULT_CHARACTERS_MAX = 200
"""Of what an exception says of somebody else's server, in a line of the log."""

DIALLED_DIGITS_MAX = 32
"""Of a number that is typed for a transfer: E.164 has fifteen digits, with prefixes some more."""

COMPLETIONS_MAX = 1000
"""Calls to busy people that wait for both to be free, each for three quarters of an hour."""

COMPLETIONS_PER_PHONE_MAX = 5
"""Of one phone: whom else one wanted is forgotten by then."""

CALLBACK_KEEP_DAYS = 30
"""How long call-backs that are over are kept for reports,"""

CALLBACKS_OVER_MAX = 20_000
"""and how many of them: all are in memory, half a kilobyte each, and are listed in one answer."""

AGENT_SOUNDS_MAX = 4
"""Sounds an agent hears before each caller, who waits for their end: a tone, a company, a queue, and one to spare."""

FORWARDS_MAX = 5
"""Forwards one call may go through, with those it came with: offices chain two or three, loops across switches end."""

TOLL_LEGS_MAX = 100_000
"""Calls to the outside that are counted at a time: far above the sessions there may be."""

COMES_MAX = 4
"""Times a call comes to the same number, by way of providers and phones, before it is refused as a loop: twice is how
people forward, and of a company whose people all show one number so many calls may be taken for one."""

NUMBERS_PASSED_MAX = 10
"""Numbers a call comes to in that way, whichever they are: for loops in which every round adds a digit."""

VERBS_PER_SECOND_MAX = 200
"""Verbs a flow may use within a second: ten are many while somebody listens, hundreds are a loop that never waits."""

JOURNAL_ENTRIES_MAX = 1000
"""Verbs and changed readings of one flow that are noted, so that it can be resumed: three hundred rounds of a menu."""

JOURNAL_BYTES_MAX = 65_536
"""And what they take: it is written anew with each change of the call, ten times a minute while somebody types."""

SPEAKING_S_MAX = 5.0
"""How long a caller waits, in silence, for a text to be spoken: it takes 50 ms, and longer if many wait for theirs."""

PIN_GUESSERS_MAX = 10_000
"""Boxes and callers whose wrong PINs are counted: more than guess honestly in five minutes anywhere."""

VOICE_MESSAGES_MAX = 500_000
"""Messages in all boxes together, half a gigabyte of memory; each box has its own bound far below."""

DELETED_KEPT_S = 86_400.0
"""A deleted message can be had back for a day."""

UNFINISHED_S = 86_400.0
"""No caller takes so long for a message: its file is lost, and it must not count against what the box holds."""

GREETING_MAX_S = 90.0
"""A greeting of one's own: nobody listens longer."""

VOICEMAIL_SWEEP_S = 3600.0
"""How often old and deleted messages are looked for: days are the unit of their keeping."""

SWEPT_AT_ONCE = 1000
"""Messages looked at in one turn of the event loop: a millisecond."""

ORPHAN_S = 86_400.0
"""A file in voicemail's directory that no message and no greeting names is deleted after this time: whatever was
recording it is over, and a crash may have cost us its row."""

FORMER_CONTACTS_MAX = 3
"""Of a customer, on the screen of an agent: what a person reads while his phone rings."""

CUSTOMERS_REMEMBERED_MAX = 20_000
"""Whose last calls are kept in memory: some 10 MB."""

CONTACTS_NOT_CALLS_MAX = 10_000
"""Chats, mails and tasks whose senders are remembered until an agent is reserved for them."""

VARIABLES_TOLD_MAX = 50
"""Of a call, in an event: a flow may note what it likes, and every reader gets it."""

VARIABLE_TOLD_CHARACTERS_MAX = 1_000
"""Of one of them, for the same reason."""

EVENTS_IN_MEMORY = 5_000
"""For those who follow them: what 100 calls a second make in two and a half seconds. Who is further behind is cut off,
and goes on from the store."""

CONSULTATION_MAX_S = 4 * 3600.0
"""A recording is masked no longer while its caller asks somebody else by key: a mask must have an end."""

LAST_CALLS_KEEP_S = 30 * 86_400.0
"""Who has called a phone last is forgotten after this time, and phones that are no more are with it."""
DIGITS_SENT_MAX = 32
"""By one order of a program: two long numbers."""

WORDS_PLAYED_MAX = 20
"""Prompts, by one order of a program: a sentence with a sum and a date in it."""
