"""Flows in motion: loading them from files and running one for each call."""
