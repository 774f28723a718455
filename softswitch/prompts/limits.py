"""Every bound of the prompts, each with its reason."""

NUMBER_MAX = 999_999_999_999
"""The largest number with words for it; larger ones are read digit by digit."""

ORDINAL_MAX = 9_999
"""The largest number with an ordinal ("twenty-first"): all years have one."""

POSITION_MAX = 999
"""The largest place in a queue read as an ordinal; beyond it nobody would wait to hear it."""

DECIMALS_MAX = 3
"""Digits read after the point: "thousandths" are the smallest part there is a word for."""

LISTED_MAX = 50
"""Things read out in one list, and more than anybody remembers; with their phrases they still fit into one playback."""

NAME_CHARACTERS_MAX = 200
"""Longest name of a sound: with a hash and a suffix it stays below the 255 bytes a file system allows."""

TEXT_CHARACTERS_MAX = 2000
"""Longest text spoken at once: two minutes of speech, more than any caller listens to."""

SPOKEN_TEXTS_MAX = 2000
"""Texts of `say` kept in the cache; a flow that puts names into them would fill the disk otherwise."""

SPOKEN_BYTES_MAX = 200 * 1024 * 1024
"""What they may take on the disk, 3.5 hours of speech: 2000 of the longest would be 4 GB."""

MISSING_MAX = 200
"""Names without a prompt that are counted one by one; a flow that makes names up would fill the memory otherwise."""

RESOLVED_MAX = 20_000
"""Names whose file is remembered, for the same reason; looking all up again takes a second in all."""

SOUND_S_MAX = 15 * 60
"""Longest sound converted: longer than any prompt or piece of music, and a quarter of an hour is 170 MB of memory."""

RATE_HZ_MAX = 192_000
"""Highest sample rate converted: studio equipment ends here, a file that claims more is broken."""

MUSIC_S_MAX = 30 * 60
"""Longest music on hold, all files of a directory together; a media worker holds it in memory, 16 KB a second."""

FILES_MAX = 20_000
"""Recordings indexed below one directory; more means that the wrong directory was named."""

DIGITS_MAX = 64
"""Digits read out at once; a number that a peer made up may be as long as its message."""
