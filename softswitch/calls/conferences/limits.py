"""Every bound of conferences, with its reason."""

FORMER_MAX = 256
"""People who have left and may come back without a PIN: a room of the largest size, once over."""

STAYS_MAX = 1000
"""Stays in the minutes of one conference: a phone that redials all day must not fill the store."""

EVENTS_MAX = 500
"""Orders the minutes of one conference name; a host who plays with the keys gets no further."""

GAIN_MAX_DB = 12.0
"""How far anybody makes himself, or what he hears, louder or softer: four presses of a key."""

TIMES_GRACE_S = 900.0
"""A time at which the list was to be called, and the switch was down, is made up for within a quarter of an hour: later
people have gone on to something else."""

MISSED_TIMES_MAX = 10
"""Of one room that are reported, after a long time."""

ROOMS_MAX = 1000
"""Conferences at a time: as many rooms as one media worker has."""

INVITATIONS_MAX = 50
"""Numbers of one conference that are being called, or will be again: each is a call with a stream."""

ANNOUNCEMENTS_MAX = 8
"""Announcements that wait for one participant: of twenty who come at once he hears that the first ones have."""

CALLERS_REMEMBERED_MAX = 10_000
"""Callers who have typed a wrong PIN lately; beyond this the oldest are forgotten."""

SOUNDS_SPOKEN_MAX = 200
"""Sounds of one announcement: a roll call of a room of 15 has a hundred and fifty."""

ASIDES_MAX = 16
"""Private talks at a time in one conference: each is a room of its own at the media worker."""

MINUTES_PRUNED_MAX = 500
"""Old minutes deleted at a time, once a day and whenever a conference begins by itself."""
