"""Bounds of a simulation, which runs on a machine that may be carrying calls."""

AGENTS_MAX = 20_000
"""Agents of one simulation; twice the largest centre planned for."""

CALLS_MAX = 5_000_000
"""Calls of one simulation; a month of the largest centre, some 1.5 GB."""

INTERVALS_MAX = 20_000
"""Rows of one report for each queue; a year of half-hours."""
