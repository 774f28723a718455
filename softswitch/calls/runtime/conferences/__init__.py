"""Telephone conferences in the running switch."""
