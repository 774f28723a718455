"""Every bound of reports, with its reason."""

INTERVALS_MAX = 20_000
"""Rows of one queue over time: 200 days in quarters of an hour. More is asked for by mistake."""

TABLE_ROWS_MAX = 200_000
"""Rows of one table: a document with more is opened by no spreadsheet on an office computer. The report says so."""

CALLS_LISTED = 1_000
"""Calls a list shows unless more are asked for: what somebody can look through."""

CALLS_LISTED_MAX = 100_000
"""Calls a list shows at most; whoever needs all of them exports the records."""

WAIT_S_MAX = 3_600
"""Waits are counted to the second up to this; who waited longer counts as this long in percentiles."""

NAMES_MAX = 65_535
"""Distinct names (of queues, agents, causes ...) among the facts of three hours; the rest are told as "(others)"."""

ZERO_DAY_S = 43_200.0
"""Read before the first facts, to know who was logged in and who waited: a long shift."""

LONGEST_CALL_S = 86_400.0
"""A call that began longer ago than this holds no channel any more, as far as reports are concerned."""
