"""Feeds: a call's sound for another program, and the program's voice for the call."""
