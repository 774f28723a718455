"""Every bound of the configuration, with its reason."""

FILE_BYTES_MAX = 16 * 1024 * 1024
"""Of one file: 10,000 agents take about 2 MB; anything larger is the wrong file."""

PASSWORD_CHARACTERS_MIN = 8
"""Scanners try every shorter one within days."""

SOCKET_PATH_BYTES_MAX = 100
"""The kernel takes 107 for a Unix socket; the media workers' sockets beside it have slightly longer names."""

MEDIA_PORTS_MIN = 4
"""One call with both its legs, each an even port with its odd neighbour."""

FAULT_CHARACTERS_MAX = 300
"""Of a reason or remedy, which quote what is in the file: the file may be a picture by mistake."""

PARKING_SLOTS_MAX = 1000
"""A floor of a thousand phones parks a hundred callers at a time; more is a mistake in a number."""

AGENT_CONTACTS_MAX = 25
"""Contacts of one channel an agent has at once: nobody reads more chats than that, whatever he says."""

DISPOSITIONS_MAX = 200
"""Words a queue has for what came of a contact; people choose from a list."""

LIST_FILE_BYTES_MAX = 64 * 1024 * 1024
"""Of one file of numbers: two million of them; more belongs into a database that a lookup asks."""

NOTE_CHARACTERS_MAX = 200
"""Of what a list says of a number: a line on somebody's screen."""

WORD_CHARACTERS_MAX = 80
"""Of a reason or a disposition: as much as the ACD keeps, and a column of a table shows."""

SURVEY_QUESTIONS_MAX = 20
"""Of one survey; nobody answers so many by telephone."""
