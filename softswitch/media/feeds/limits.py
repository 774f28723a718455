"""What a program can make grow, and how far. Times are in frames of 20 ms."""

WAITING_FRAMES_MAX = 100
"""Sound that a program has not taken: two seconds; what comes later is of no use to somebody who answers."""

WAITING_TEXTS_MAX = 200
"""Messages that it has not taken: keys and marks. A program that takes none of so many is cut off."""

SAID_FRAMES_MAX = 3000
"""What a program has said ahead: a minute, for those that send a whole sentence, or a story, at once."""

MARKS_MAX = 500
"""Marks in what it has said ahead: eight a second of the minute."""

FAULTS_MAX = 50
"""Messages that are not understood before a program is cut off: it is of another protocol."""

MESSAGE_BYTES_MAX = 1024 * 1024
"""One message: half a minute of sound at 16 kHz, or the longest result."""

RESULT_BYTES_MAX = 64 * 1024
"""What a program's "stop" may say: it goes to the flow."""

MARK_CHARACTERS_MAX = 200
"""A mark's name comes back as it was."""

DIGITS_MAX = 64
"""Digits to be sent to the caller in one message: no number that anybody dials is longer."""

CONNECTIONS_MAX = 1000
"""Feeds of the streamer, above what one core carries: [streams] max is reached before."""
