"""Recordings, from the tick to the archive."""
