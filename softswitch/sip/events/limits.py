"""The bounds of subscriptions and publications, each with its reason."""

SUBSCRIPTIONS_MAX = 50_000
"""Of all watchers; each costs about 3 KiB: five thousand phones with ten lamps each."""

RESTORED_AFTER_S = 1.0
"""After a restart calls come first, then lamps."""

RESTORED_AT_ONCE = 25
"""Of subscriptions of another process, each with its NOTIFY: 4 ms."""

RESTORED_EVERY_S = 0.05
"""So many of them: 500 a second take a tenth of a core."""

SUBSCRIPTIONS_OF_ONE_MAX = 500
"""Of one account: a supervisor's console with some hundred lamps, on two devices, before and after a restart."""

SUBSCRIPTIONS_TO_ONE_MAX = 2_000
"""To one event of one account: each change is told to all of them."""

PUBLICATIONS_OF_ONE_MAX = 5
"""Devices that publish one person's presence at a time; the one that would expire first makes room."""

XML_BYTES_MAX = 16_384
"""A presence document of a phone is 500 bytes, one with every extension of RFC 4480 about 4 KiB."""

NOTE_CHARACTERS_MAX = 200
"""A note is a line on a phone's screen."""

ACCEPT_ELEMENTS_MAX = 32
"""Body types a watcher can read; phones name three."""
