"""Calls in motion: the parts of `calls` that wait, and so need the event loop."""
